"""What may go where: for a master and a receiver may go, may go with a credit, may not, or asks - and why.

Two things decide, both data with a source and a date: the terms of everything in the master's lineage
(`generation/services/allowances.py`) and the receiver's own rules (`release/labels/profiles`). The worst of all counts.
What nobody knows is a question for the rights team, never a permission.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from generation.services import TermsUse, lineage_terms
from generation.services.allowances import Verdict, worst
from provenance.words import join
from release import labels
from release.evidence import Evidence
from release.labelling import circumstances_of, tools_of
from release.labels import ElementOrigins, Outcome, Profile, ReceiverLabels

#: Who takes recordings. Societies and messages have profiles, too, and are asked other things.
KINDS: Final = frozenset({"service", "distributor"})
_OF: Final[Mapping[Outcome, Verdict]] = {Outcome.REFUSED: Verdict.MAY_NOT, Outcome.ASKED: Verdict.ASKS}


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One thing that decides, with where it is written. `by`: terms, or the receiver itself."""

    verdict: Verdict
    sentence: str
    by: str
    source: str
    certainty: str
    cure: str = ""


@dataclass(frozen=True, kw_only=True)
class Clearance:
    """One receiver's answer. `credits` are owed wherever it goes; `remarks` change nothing about going."""

    receiver: str
    title: str
    kind: str
    verdict: Verdict
    reasons: tuple[Reason, ...]
    credits: tuple[str, ...]
    remarks: tuple[str, ...]

    @property
    def words(self) -> str:
        return self.verdict.words

    @property
    def because(self) -> str:
        """The reasons of the verdict in a line."""
        return " ".join(one.sentence for one in self.reasons if one.verdict is self.verdict)


def receiver_profiles() -> list[Profile]:
    """The receivers of recordings, by title."""
    return sorted((one for one in labels.profiles() if one.kind in KINDS), key=lambda one: one.name.lower())


def clearances(
    evidence: Evidence,
    *,
    uses: Sequence[TermsUse] | None = None,
    receivers: Iterable[str] | None = None,
    cover: Sequence[ElementOrigins] = (),
) -> list[Clearance]:
    """What each receiver's answer is about a master. `uses`: the terms in its lineage, where they are at hand."""
    if uses is None:
        uses = lineage_terms(evidence.master, bodies=evidence.bodies)
    wanted = None if receivers is None else set(receivers)
    own = terms_reasons(uses)
    owed = owed_credits(uses)
    tools, facts = tools_of(uses), circumstances_of(evidence)
    found = (*evidence.findings, *cover)
    return [
        _clearance(profile, labels.labels_for(profile, found, tools=tools, circumstances=facts), own, owed)
        for profile in receiver_profiles()
        if wanted is None or profile.id in wanted
    ]


def terms_reasons(uses: Iterable[TermsUse]) -> tuple[Reason, ...]:
    """What the terms in a lineage say against going anywhere; the same terms speak once."""
    found: dict[object, Reason] = {}
    for use in uses:
        if use.allowance.verdict not in (Verdict.MAY_NOT, Verdict.ASKS):
            continue
        terms = use.terms
        found.setdefault(
            terms.pk if terms else use.asset.pk,
            Reason(
                verdict=use.allowance.verdict,
                sentence=_capital(use.allowance.sentence),
                by="terms",
                source=f"{terms.source}, {terms.source_date:%d %B %Y}" if terms else use.why,
                certainty=terms.get_certainty_display().lower() if terms else "declared",
                cure="The rights team answers it, with a source."
                if use.allowance.questions
                else "Replace it.",
            ),
        )
    return tuple(sorted(found.values(), key=lambda one: -one.verdict.weight))


def owed_credits(uses: Iterable[TermsUse]) -> tuple[str, ...]:
    """The credits that licences in a lineage ask for, word for word, each once."""
    found = [
        use.allowance.credit or (use.terms.attribution if use.terms and use.is_generator else "")
        for use in uses
    ]
    return tuple(dict.fromkeys(filter(None, found)))


def _clearance(
    profile: Profile, told: ReceiverLabels, own: tuple[Reason, ...], owed: tuple[str, ...]
) -> Clearance:
    rules = [notice for notice in told.notices if notice.outcome in _OF]
    reasons = (
        *own,
        *(
            Reason(
                verdict=_OF[notice.outcome],
                sentence=f"{join(notice.tools)}: {notice.sentence}" if notice.tools else notice.sentence,
                by="receiver",
                source=f"{profile.source}, read {profile.date}",
                certainty=notice.certainty.label,
                cure=notice.cure,
            )
            for notice in rules
        ),
    )
    verdict = worst(one.verdict for one in reasons)
    if verdict is Verdict.MAY and owed:
        verdict = Verdict.CREDIT
    return Clearance(
        receiver=profile.id,
        title=profile.name,
        kind=profile.kind,
        verdict=verdict,
        reasons=reasons,
        credits=owed,
        remarks=(
            *(notice.sentence for notice in told.notices if notice.outcome not in _OF),
            *(f"Answer when delivering: {question}" for question in told.questions),
        ),
    )


def _capital(sentence: str) -> str:
    return f"{sentence[:1].upper()}{sentence[1:]}"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A track's answer in a release's table."""

    track: Any
    clearance: Clearance


@dataclass(frozen=True, kw_only=True)
class Row:
    """Receivers that answer alike about all tracks of a release; the worst of the tracks is the release's."""

    receivers: tuple[str, ...]
    verdict: Verdict
    cells: tuple[Cell, ...]
    because: tuple[str, ...]
    #: Receiver and what it says besides, which changes nothing about going.
    remarks: tuple[tuple[str, str], ...]

    @property
    def words(self) -> str:
        return self.verdict.words

    @property
    def title(self) -> str:
        return join(self.receivers)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        return tuple(dict.fromkeys(one for cell in self.cells for one in cell.clearance.reasons))


def table(cells: Iterable[tuple[Any, Sequence[Clearance]]]) -> list[Row]:
    """(track, its clearances) of a release as few rows, the worst first: who answers alike stands together."""
    by: dict[str, list[Cell]] = {}
    for track, answers in cells:
        for one in answers:
            by.setdefault(one.receiver, []).append(Cell(track=track, clearance=one))
    alike: dict[tuple[Verdict, tuple[str, ...]], list[list[Cell]]] = {}
    for found in by.values():
        verdict = worst(cell.clearance.verdict for cell in found)
        alike.setdefault((verdict, _because(found, verdict)), []).append(found)
    rows = [
        Row(
            receivers=tuple(cells[0].clearance.title for cells in group),
            verdict=verdict,
            cells=tuple(cell for cells in group for cell in cells),
            because=because,
            remarks=tuple(
                dict.fromkeys(
                    (cell.clearance.title, text)
                    for cells in group
                    for cell in cells
                    for text in cell.clearance.remarks
                )
            ),
        )
        for (verdict, because), group in alike.items()
    ]
    return sorted(rows, key=lambda row: (-row.verdict.weight, row.title.lower()))


def _because(cells: Sequence[Cell], verdict: Verdict) -> tuple[str, ...]:
    """Why, each reason once, naming the track where there are several."""
    said = []
    for cell in cells:
        if cell.clearance.verdict is verdict and cell.clearance.because:
            lead = f"{cell.track.recording.title}: " if len(cells) > 1 else ""
            said.append(f"{lead}{cell.clearance.because}")
    return tuple(dict.fromkeys(said))
