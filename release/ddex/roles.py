"""From elements of the authorship map to DDEX contributor roles, for people and for generative AI."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, cast

from provenance.elements import Origin, element_label, element_order
from release.ddex.findings import Finding, Severity
from release.ddex.message import BadMessage, ContainsAi, Contributor, Role
from release.labels.involvement import RECORDING, ElementFinding, Involvement, combine, involvement, matching

ELEMENT_ROLES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "lyrics": ("Lyricist", ""),
        "melody": ("Composer", ""),
        "harmony": ("Composer", ""),
        "arrangement": ("Arranger", ""),
        "performance:lead_vocal": ("LeadVocalist", ""),
        "performance:backing_vocal": ("BackgroundVocalist", ""),
        "performance:lead": ("Musician", ""),
        "performance:keys": ("Musician", "Keyboard"),
        "performance:guitar": ("Musician", "Guitar"),
        "performance:strings": ("Musician", "StringSection"),
        "performance:pads": ("Musician", "SynthPad"),
        "performance:bass": ("Musician", "Bass"),
        "performance:drums": ("Musician", "DrumKit"),
        "performance:percussion": ("Musician", "PercussionInstrument"),
        "performance:effects": ("Musician", "SoundEffects"),
        "performance:full_mix": ("Performer", ""),
        "performance:other": ("Musician", ""),
        "production": ("StudioProducer", ""),
        "mix": ("Mixer", ""),
        "mastering": ("MasteringEngineer", ""),
        "artwork": ("CoverDesigner", ""),
    }
)
"""Element -> (ContributorRole, InstrumentType or ""), all of DDEX's allowed values 9."""


def role_of(element: str) -> tuple[str, str]:
    """The role and instrument of an element; an element without a role of its own is a musician's work."""
    return ELEMENT_ROLES.get(element, ("Musician", ""))


def contains_ai(findings: Iterable[ElementFinding], *, patterns: Sequence[str] = RECORDING) -> ContainsAi:
    """ContainsAI of a recording, or of the cover with patterns=("artwork",).

    Raises BadMessage where an origin is unknown or no element is there: neither may be sent as None.
    """
    shares = {f.element: involvement(f.origins) for f in matching(findings, patterns)}
    unknown = [element_label(element) for element, share in shares.items() if share is Involvement.UNKNOWN]
    if unknown:
        raise BadMessage(f"Nobody recorded where this comes from: {', '.join(unknown)}. Declare it first.")
    share = combine(shares.values())
    if share is None:
        raise BadMessage(
            "The ledger knows no element of this recording. Render the master from its arrangement."
        )
    return cast(ContainsAi, str(share))


def release_contains_ai(parts: Iterable[ContainsAi]) -> ContainsAi:
    """ContainsAI of a release from that of its recordings and cover. Raises BadMessage for no parts."""
    share = combine(Involvement(part) for part in parts)
    if share is None:
        raise BadMessage("The release has no tracks. Add at least one recording.")
    return cast(ContainsAi, str(share))


@dataclass(frozen=True, kw_only=True)
class Credit:
    """A person and the elements they are credited for. `party` is the key of a message party."""

    party: str
    elements: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Credits:
    """The computed contributors, and the credits that the evidence does not carry."""

    contributors: tuple[Contributor, ...]
    problems: tuple[Finding, ...]


def contributors_for(
    findings: Iterable[ElementFinding],
    people: Sequence[Credit],
    *,
    patterns: Sequence[str] = RECORDING,
) -> Credits:
    """The contributors of a recording: people as credited, and GenerativeAI for every element it had a part in.

    A person's AiContribution is None or Partly (ERN 4.3.2). A person who is credited for an element that is wholly
    AI, or for one that the recording does not have, is left out there and named in `problems`.
    """
    found = {finding.element: finding for finding in matching(findings, patterns)}
    problems: list[Finding] = []
    contributors: list[Contributor] = []
    credited: set[str] = set()
    for person in people:
        credited.update(person.elements)
        contributors.extend(_person(person, found, problems))
    made = [e for e, f in found.items() if involvement(f.origins) in (Involvement.ALL, Involvement.PARTLY)]
    if made:
        contributors.append(Contributor(roles=_roles(made), ai="All"))
    for element, finding in found.items():
        if Origin.HUMAN in finding.origins and element not in credited:
            problems.append(
                Finding(
                    code="credit_missing",
                    sentence=f"A person had a part in the {element_label(element)}, and nobody is credited for it.",
                    cure="Add the person to the contributors with this role.",
                    where=element,
                    severity=Severity.WARNING,
                )
            )
    return Credits(contributors=tuple(contributors), problems=tuple(problems))


def cover_contributors(findings: Iterable[ElementFinding], people: Sequence[Credit]) -> Credits:
    """The contributors of the cover."""
    return contributors_for(findings, people, patterns=("artwork",))


def _person(
    person: Credit, found: Mapping[str, ElementFinding], problems: list[Finding]
) -> list[Contributor]:
    """One contributor for each AiContribution that this person's roles have."""
    by_role: dict[str, list[str]] = {}
    for element in sorted(set(person.elements), key=element_order):
        if element not in found:
            problems.append(
                Finding(
                    code="credit_for_nothing",
                    sentence=f"{person.party} is credited for {element_label(element)}, which is not in the recording.",
                    cure="Remove this credit, or put the material into the recording.",
                    where=element,
                    severity=Severity.WARNING,
                )
            )
            continue
        by_role.setdefault(role_of(element)[0], []).append(element)
    by_share: dict[ContainsAi, list[str]] = {}
    for elements in by_role.values():
        share = combine(involvement(found[element].origins) for element in elements)
        match share:
            case Involvement.ALL:
                names = ", ".join(element_label(element) for element in elements)
                problems.append(
                    Finding(
                        code="credit_against_evidence",
                        sentence=f"{person.party} is credited for {names}, which the ledger shows to be wholly AI.",
                        cure="Remove this credit, or record what the person did.",
                        where=", ".join(elements),
                    )
                )
            case Involvement.UNKNOWN:
                names = ", ".join(element_label(element) for element in elements)
                problems.append(
                    Finding(
                        code="origin_unknown",
                        sentence=f"Nobody recorded where this comes from: {names}.",
                        cure="Declare the origin with its evidence, or replace the material.",
                        where=", ".join(elements),
                    )
                )
            case _:
                by_share.setdefault(cast(ContainsAi, str(share)), []).extend(elements)
    return [
        Contributor(party=person.party, roles=_roles(elements), ai=share)
        for share, elements in by_share.items()
    ]


def _roles(elements: Sequence[str]) -> tuple[Role, ...]:
    """Distinct roles in the order of pages, instruments gathered under their role."""
    gathered: dict[str, list[str]] = {}
    for element in sorted(elements, key=element_order):
        value, instrument = role_of(element)
        instruments = gathered.setdefault(value, [])
        if instrument and instrument not in instruments:
            instruments.append(instrument)
    return tuple(Role(value=value, instruments=tuple(found)) for value, found in gathered.items())
