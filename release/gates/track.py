"""Gates of a track: its evidence and declaration, the artist's method, consents, credits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from generation.services.methods import Standing
from provenance.elements import element_label
from provenance.words import join
from release import identifiers
from release.consent_effects import Lapse, Unasked
from release.credits import CREDIT_ROLES
from release.errors import UserFault
from release.evidence import Evidence
from release.gates.gate import Gate, Level
from release.gates.known import Known
from release.gates.terms import licences, receivers
from release.models import Recording, Track
from release.reading import standing_credits

WHOLE_BP = 10_000


def of_track(track: Track, known: Known, territories: Sequence[str], *, warnings: bool = True) -> list[Gate]:
    recording = track.recording
    if recording.master.wav is None:
        return [
            Gate(
                code="missing_metadata",
                level="block",
                sentence=f"{recording.title} has no finished master.",
                cure="generation:master",
                cure_args=(recording.master_id,),
                cure_title="The master",
            )
        ]
    evidence = known.evidence[recording.master_id]
    return [
        *_evidence(recording, evidence, known.signed),
        *licences(recording, known.terms[recording.master_id]),
        *(receivers(recording, evidence, known.terms[recording.master_id]) if warnings else ()),
        *_method(recording, known.methods[recording.master_id]),
        *_consents(recording, known.agreed[recording.master_id], territories),
        *_unasked(recording, known.unasked[recording.master_id]),
        *_credits(recording, evidence),
    ]


def _evidence(recording: Recording, evidence: Evidence, signed: frozenset[int]) -> Iterator[Gate]:
    title, master_id = recording.title, recording.master_id
    for element in evidence.unknown:
        yield Gate(
            code="unknown_origin",
            level="block",
            sentence=f"{title}: nobody knows who or what made the {element_label(element).lower()}.",
            why="Unknown is never shown as none. Find its source, or let rights settle it with a reason.",
            cure="release:declaration",
            cure_args=(master_id,),
            cure_title="Declaration",
        )
    for contradiction in evidence.contradictions:
        yield Gate(
            code="statement_against_evidence",
            level="block",
            sentence=f"{title}: {contradiction.sentence}",
            why="The artist declares anew, or rights settles it with a reason.",
            cure="release:declaration",
            cure_args=(master_id,),
            cure_title="Settle it",
        )
    if evidence.declaration is None:
        sentence = f"{title}: the artist has not declared what they did."
    elif not evidence.declaration.approved:
        sentence = f"{title}: the artist's declaration is a draft and not approved."
    elif evidence.declaration.entry_id in signed:
        return
    else:
        yield Gate(
            code="declaration_unsigned",
            level="block",
            sentence=f"{title}: the declaration is approved, but not signed by who made it.",
            why="The artist signs it with a key of their own, so that nobody can have declared in their name.",
            cure="release:declaration",
            cure_args=(master_id,),
            cure_title="Sign it",
        )
        return
    yield Gate(
        code="not_declared",
        level="block",
        sentence=sentence,
        why="The artist sees the evidence beside each element, then approves.",
        cure="release:declaration",
        cure_args=(master_id,),
        cure_title="Declaration",
    )


def _method(recording: Recording, standing: Standing) -> Iterator[Gate]:
    """What the artist's method says about the master, as far as it was verified."""

    def gate(code: str, sentence: str, why: str, level: Level = "block", title: str = "The method") -> Gate:
        return Gate(
            code=code,
            level=level,
            sentence=f"{recording.title}: {sentence}",
            why=why,
            cure="generation:master-method",
            cure_args=(recording.master_id,),
            cure_title=title,
        )

    check = standing.check
    if check is None:
        if standing.bound:
            yield gate(
                "method_unchecked",
                "it was not held against the artist's method yet.",
                "A worker does that by itself once the master is made. Ask for it where it has not happened.",
                title="Check it",
            )
        return
    if standing.stale:
        yield gate(
            "method_unchecked",
            "what is in it was marked anew after it was held against the method.",
            "A worker does that again by itself.",
            title="Check it",
        )
        return
    version = f"Version {check.method.number} of the method says so."
    for outcome in check.with_verdict("refuted"):
        yield gate(
            "method_refuted",
            f"{outcome['sentence']} The evidence says otherwise.",
            f"{outcome['because']} {version} Transform it, replace it, or write a new version with a reason.",
        )
    for outcome in check.with_verdict("undecided"):
        yield gate(
            "method_undecided",
            f"nothing decides whether the method is kept. {outcome['sentence']}",
            outcome["because"],
            "warn",
        )


def _consents(recording: Recording, agreed: Iterable[Lapse], territories: Sequence[str]) -> Iterator[Gate]:
    for one in agreed:
        if wrong := one.for_places(territories):
            yield Gate(
                code="consent_missing",
                level="block",
                sentence=f"{recording.title}: {wrong}",
                why="Something in it was made under that consent. Replace it, or agree anew.",
                cure="artists:consent",
                cure_args=(one.consent.pk,),
                cure_title="The consent",
            )


def _unasked(recording: Recording, unasked: Iterable[Unasked]) -> Iterator[Gate]:
    for one in unasked:
        yield Gate(
            code="sampling_missing",
            level="block",
            sentence=f"{recording.title}: {one.sentence}",
            why="It was brought in as the artist's own, and the ledger knows whose it is. Ask them, or replace it.",
            cure="artists:consents",
            cure_args=(one.artist.pk,),
            cure_title="Ask them",
        )


def _credits(recording: Recording, evidence: Evidence) -> Iterator[Gate]:
    rows = standing_credits(recording)

    def gate(code: str, sentence: str, why: str = "", level: Level = "block") -> Gate:
        return Gate(
            code=code,
            level=level,
            sentence=f"{recording.title}: {sentence}",
            why=why,
            cure="release:contributions",
            cure_args=(recording.pk,),
            cure_title="Credits",
        )

    human_composition = [
        finding.element
        for finding in evidence.findings
        if finding.element in {"lyrics", "melody", "harmony"} and "human" in finding.origins
    ]
    if not rows:
        if any("human" in finding.origins for finding in evidence.findings):
            yield gate("shares", "nobody is credited.", "A distributor refuses a track without contributors.")
        return
    total = sum(row.share_bp for row in rows if row.scope == "work")
    if human_composition and total != WHOLE_BP:
        yield gate(
            "shares", f"the shares of the composition total {total / 100:g} %.", "They must total 100 %."
        )
    try:
        identifiers.check_isrc(recording.isrc)
    except UserFault as fault:
        yield gate("invalid_metadata", fault.message)
    present = {finding.element: finding.origins for finding in evidence.findings}
    spoken = {
        element for row in rows if row.role in CREDIT_ROLES for element in CREDIT_ROLES[row.role].elements
    }
    nobody = [name for name, origins in present.items() if "human" in origins and name not in spoken]
    if nobody:
        yield gate(
            "credit_missing",
            f"a person had a part in the {join(map(element_label, nobody))}, and nobody is credited for it.",
            "The package can be built; a registration has to name the author.",
            "warn",
        )
    for row in rows:
        role = CREDIT_ROLES.get(row.role)
        if role is None:
            yield gate("invalid_metadata", f"{row.role} is not a role that can be credited.")
            continue
        known = [present[element] for element in role.elements if element in present]
        if known and all(origins == frozenset({"trained_model"}) for origins in known):
            yield gate(
                "statement_against_evidence",
                f"{row.person.credit_name} is credited as {role.title}, which the ledger says a model made alone.",
                "Take the credit off, or find the human part.",
            )
