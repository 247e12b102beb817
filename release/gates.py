"""Gates: what still stands between a release and its package, each with a reason and a link to the cure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.urls import reverse
from django.utils import timezone

from generation.services import TermsUse, standings, terms_by_master
from generation.services.allowances import Verdict
from generation.services.methods import Standing
from provenance.elements import element_label
from provenance.signatures import signed_entries
from provenance.words import join
from release import identifiers
from release.clearance import clearances, terms_reasons
from release.consent_effects import Lapse, lapses_by_master
from release.credits import CREDIT_ROLES
from release.errors import UserFault
from release.evidence import Evidence, evidence_of
from release.models import Artwork, Recording, Release, Track
from release.reading import (
    Approvals,
    Contents,
    approvals_of,
    contents_by_release,
    contents_of,
    standing_credits,
)

Level = Literal["block", "warn"]
WHOLE_BP = 10_000
EARLIEST_YEAR = 1890


@dataclass(frozen=True, kw_only=True)
class Gate:
    """One thing to clear. `cure` names the page where that is done."""

    code: str
    level: Level
    sentence: str
    why: str = ""
    cure: str = ""
    cure_args: tuple[Any, ...] = ()
    cure_title: str = "Cure"

    @property
    def cure_url(self) -> str:
        return reverse(self.cure, args=self.cure_args) if self.cure else ""


@dataclass(frozen=True)
class Known:
    """What the ledger and the catalogue know of masters, by master id."""

    evidence: Mapping[object, Evidence]
    terms: Mapping[object, Sequence[TermsUse]]
    #: Entries of declarations that their actor signed.
    signed: frozenset[int]
    methods: Mapping[object, Standing]
    lapses: Mapping[object, Sequence[Lapse]]


def known_of(contents: Iterable[Contents]) -> Known:
    """What is known of all that is on some releases, in about as many queries as for one track."""
    masters = [track.recording.master for one in contents for track in one.tracks]
    evidence = evidence_of(master for master in masters if master.wav is not None)
    declared = [one.declaration.entry_id for one in evidence.values() if one.declaration]
    terms = terms_by_master((one.master, one.bodies) for one in evidence.values())
    made = [one.master for one in evidence.values()]
    lapses = lapses_by_master((one.master, one.bodies) for one in evidence.values())
    signed = signed_entries(declared) if declared else frozenset[int]()
    return Known(evidence, terms, signed, standings(made), lapses)


def gates(
    release: Release,
    *,
    approvals: Approvals | None = None,
    contents: Contents | None = None,
    known: Known | None = None,
) -> list[Gate]:
    """All gates that are not open, blocks first. Without a block among them the package can be built.

    `approvals`: those of the release as it stands, `contents`: what is on it, `known`: what is known of its masters.
    A page that shows them reads them once.
    """
    contents = contents or contents_of(release)
    known = known or known_of([contents])
    found = [*_metadata(release), *_cover(release, contents.cover)]
    if not contents.tracks:
        found.append(
            Gate(
                code="no_tracks",
                level="block",
                sentence="The release has no tracks.",
                why="Make a master a recording, then put it on the release.",
                cure="release:release",
                cure_args=(release.pk,),
                cure_title="Add a track",
            )
        )
    for track in contents.tracks:
        found += _track(track, known)
    if not any(gate.level == "block" for gate in found):
        found += _approval(release, approvals or approvals_of(release, contents=contents))
    return sorted(found, key=lambda gate: gate.level != "block")


def _approval(release: Release, approvals: Approvals) -> Iterator[Gate]:
    if not approvals.standing:
        before = release.approvals.exists()
        yield Gate(
            code="not_approved",
            level="block",
            sentence="Nobody approved the release as it stands now.",
            why="It was approved before, and changed since."
            if before
            else "Rights or the owner approves it.",
            cure="release:release",
            cure_args=(release.pk,),
            cure_title="Approve",
        )
    elif not approvals.complete:
        who = join((row.approved_by.full_name for row in approvals.unsigned or approvals.standing), limit=4)
        yield Gate(
            code="approval_unsigned",
            level="block",
            sentence=f"The approval by {who} is not signed.",
            why="Who approves signs with a key of their own, so that nobody can have approved in their name.",
            cure="artists:sign",
            cure_args=("approval", release.stream),
            cure_title="Sign it",
        )


def blocking(release: Release) -> list[Gate]:
    return [gate for gate in gates(release) if gate.level == "block"]


def blocking_by_release(releases: Sequence[Release]) -> dict[object, list[Gate]]:
    """Release id -> its closed gates, with what is on all of them read at once."""
    contents = contents_by_release(releases)
    known = known_of(contents.values())
    return {
        release.pk: [
            gate
            for gate in gates(release, contents=contents[release.pk], known=known)
            if gate.level == "block"
        ]
        for release in releases
    }


def _metadata(release: Release) -> Iterator[Gate]:
    def gate(code: str, sentence: str, why: str = "") -> Gate:
        return Gate(
            code=code,
            level="block",
            sentence=sentence,
            why=why,
            cure="release:release-edit",
            cure_args=(release.pk,),
            cure_title="Fill in",
        )

    if not release.genre:
        yield gate("missing_metadata", "The genre is missing.")
    if release.release_date is None:
        yield gate("missing_metadata", "The release date is missing.")
    if not release.territories:
        yield gate("missing_metadata", "The territories are missing.")
    if not release.catalogue_number:
        yield gate("missing_metadata", "The catalogue number is missing.")
    for name, year, owner in (
        ("P", release.p_line_year, release.p_line_owner),
        ("C", release.c_line_year, release.c_line_owner),
    ):
        if not year or not owner:
            yield gate(
                "missing_metadata", f"The {name} line is not complete.", "It needs a year and an owner."
            )
        elif not EARLIEST_YEAR <= year <= timezone.now().year + 2:
            yield gate("invalid_metadata", f"The {name} line's year {year} cannot be right.")
    if release.original_date and release.release_date and release.original_date > release.release_date:
        yield gate("invalid_metadata", "The original date is after the release date.")
    yield from _number(release.gtin, "GTIN", identifiers.check_gtin, gate)
    if not release.imprint.dpid:
        yield Gate(
            code="missing_metadata",
            level="block",
            sentence=f"The imprint {release.imprint.name} has no DDEX party id.",
            why="A message to distributors names its sender by it. DDEX gives it out for free.",
            cure="release:imprints",
            cure_title="Imprints",
        )


def _number(value: str, title: str, check: Any, gate: Any) -> Iterator[Gate]:
    if not value:
        yield gate("missing_metadata", f"The {title} is missing.")
        return
    try:
        check(value)
    except UserFault as fault:
        yield gate("invalid_metadata", fault.message)


def _cover(release: Release, cover: Artwork | None) -> Iterator[Gate]:
    where: dict[str, Any] = {
        "cure": "release:artwork",
        "cure_args": (release.pk,),
        "cure_title": "Upload a cover",
    }
    if cover is None:
        yield Gate(code="no_artwork", level="block", sentence="The cover is missing.", **where)
    elif cover.origin == "unknown":
        yield Gate(code="unknown_origin", level="block", sentence="Nobody said who made the cover.", **where)


def _track(track: Track, known: Known) -> list[Gate]:
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
        *_licences(recording, known.terms[recording.master_id]),
        *_receivers(recording, evidence, known.terms[recording.master_id]),
        *_method(recording, known.methods[recording.master_id]),
        *_consents(recording, known.lapses[recording.master_id]),
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


def _licences(recording: Recording, uses: Iterable[TermsUse]) -> Iterator[Gate]:
    """One gate for each set of terms that does not allow selling, with everything that came under it."""
    found: dict[object, list[TermsUse]] = {}
    for use in uses:
        if use.allowance.verdict in (Verdict.MAY_NOT, Verdict.ASKS):
            found.setdefault(use.terms.pk if use.terms else use.asset.pk, []).append(use)
    for those in found.values():
        why = join((use.why for use in those), limit=4)
        why = f"{why[:1].upper()}{why[1:]}."
        yield Gate(
            code="licence_forbids_sale",
            level="block",
            sentence=f"{recording.title}: {those[0].allowance.sentence}",
            why=f"{why} {_source(those[0])}",
            **_licence_cure(recording, those[0]),
        )


#: (asks, several) -> what is said of them.
_REFUSAL = {
    (False, False): "does not take it",
    (False, True): "do not take it",
    (True, False): "asks what nobody knows yet",
    (True, True): "ask what nobody knows yet",
}


def _receivers(recording: Recording, evidence: Evidence, uses: Sequence[TermsUse]) -> Iterator[Gate]:
    """Receivers that refuse the track by their own rules. It may be packaged, for the others."""
    if terms_reasons(uses) or evidence.unknown:
        return  # then it goes nowhere, and another gate says so
    refusing: dict[str, list[str]] = {}
    for answer in clearances(evidence, uses=uses):
        if answer.verdict in (Verdict.MAY_NOT, Verdict.ASKS):
            refusing.setdefault(answer.verdict, []).append(answer.title)
    for verdict, titles in refusing.items():
        asks = verdict == Verdict.ASKS
        yield Gate(
            code="receiver_asks" if asks else "receiver_refuses",
            level="warn",
            sentence=f"{recording.title}: {join(titles, limit=4)} {_REFUSAL[asks, len(titles) > 1]}.",
            why="What may go where is in the table below, with each receiver's rule and its source.",
        )


def _licence_cure(recording: Recording, use: TermsUse) -> dict[str, Any]:
    """Where an open question is answered, or what is barred is replaced."""
    if use.allowance.questions and use.terms is not None:
        return {
            "cure": "generation:tool",
            "cure_args": (use.terms.tool.key,),
            "cure_title": "Answer it",
        }
    if use.upload is not None and use.upload.terms_open:
        return {"cure": "generation:upload", "cure_args": (use.upload.pk,), "cure_title": "State the terms"}
    return {
        "cure": "generation:project",
        "cure_args": (recording.master.project.pk,),
        "cure_title": "Replace it",
    }


def _source(use: TermsUse) -> str:
    if use.upload is not None and use.terms is None and use.allowance.verdict is Verdict.ASKS:
        return "State the tool's terms on the upload's page, or replace it in the arrangement."
    if use.terms is None:
        return "Replace it in the arrangement, or bring it in anew with a licence that covers selling."
    asked = "Rights can answer what they leave open, with a source. " if use.allowance.questions else ""
    return f"{asked}Source: {use.terms.source}, {use.terms.source_date:%d %B %Y}."


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


def _consents(recording: Recording, lapses: Iterable[Lapse]) -> Iterator[Gate]:
    for lapse in lapses:
        yield Gate(
            code="consent_missing",
            level="block",
            sentence=f"{recording.title}: {lapse.sentence}",
            why="Something in it was made under that consent. Replace it, or agree anew.",
            cure="artists:consent",
            cure_args=(lapse.consent.pk,),
            cure_title="The consent",
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


def lead_days(release: Release, *, today: dt.date | None = None) -> int | None:
    """Days until the release date; negative when it has passed."""
    return (release.release_date - (today or timezone.now().date())).days if release.release_date else None
