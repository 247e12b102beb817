"""Gates of a track that follow from the terms of the tools it was made with, and from receivers' rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from generation.services import TermsUse
from generation.services.allowances import Verdict
from provenance.words import join
from release.clearance import clearances, terms_reasons
from release.evidence import Evidence
from release.gates.gate import Gate
from release.models import Recording


def licences(recording: Recording, uses: Iterable[TermsUse]) -> Iterator[Gate]:
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


def receivers(recording: Recording, evidence: Evidence, uses: Sequence[TermsUse]) -> Iterator[Gate]:
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
    if use.upload is not None and use.terms is None:
        return {"cure": "generation:upload", "cure_args": (use.upload.pk,), "cure_title": "Their consent"}
    return {
        "cure": "generation:project",
        "cure_args": (recording.master.project.pk,),
        "cure_title": "Replace it",
    }


def _source(use: TermsUse) -> str:
    if use.upload is not None and use.terms is None and use.allowance.verdict is Verdict.ASKS:
        return "State the tool's terms on the upload's page, or replace it in the arrangement."
    if use.terms is None:
        return "Replace it, bring it in anew with a licence that covers selling, or get their consent for sampling."
    asked = "Rights can answer what they leave open, with a source. " if use.allowance.questions else ""
    return f"{asked}Source: {use.terms.source}, {use.terms.source_date:%d %B %Y}."
