"""A take made once more and held against the first: for workers.

The take's own seed alone is asked for, with the words, inputs and settings of its run. Sound that is written to the
same bytes is bit-equal; else the loudest difference decides, and what the engine states otherwise now says why.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from generation import giving, measuring
from generation.audio.arrays import Audio
from generation.engine import registry
from generation.engine.base import (
    EngineError,
    EngineUnavailable,
    FailedTake,
    GenerationOutput,
    GenerationRequest,
    Progress,
    RequestRefused,
)
from generation.facts import ledger_facts
from generation.models import PromptRun, Take, TakeReplay
from generation.services.replays import TOLERANCE_MILLIBEL, Change, Reason, Replayed
from provenance.jobs import JobFailed
from provenance.services import Asset

Verdict = TakeReplay.Verdict
#: Facts that say with what a take was made; others (how full a batch was) follow from the day.
_WITH: Final = re.compile(r"version|sha256|device|precision|model|library|engine|soundfont|decoder")


def replayed(take: Take, progress: Progress) -> Replayed:
    """Make the take again and say how close it came. Raises what a retry may mend (`EngineFailure`)."""
    try:
        request = _request(take.run, take.seed)
        output = _made(take.run, request, progress)
    except _NotHere as error:
        return Replayed(verdict=Verdict.NOT_REPRODUCIBLE, reasons=(error.reason,))
    changed = changes(take.facts, ledger_facts(output.facts))
    pairs = _pairs(take, output)
    if isinstance(pairs, Reason):
        return Replayed(verdict=Verdict.NOT_REPRODUCIBLE, reasons=(pairs, *_why(changed)), changed=changed)
    mix = _sha256(output.audio, output.sample_rate_hz)
    unlike = [
        (asset, audio)
        for place, (asset, audio) in enumerate(pairs)
        if asset.sha256 != (mix if place == 0 else _sha256(audio, output.sample_rate_hz))
    ]
    notes_equal = _notes(take.midi) == (hashlib.sha256(output.midi).hexdigest() if output.midi else "")
    if not unlike and notes_equal:
        return Replayed(verdict=Verdict.BIT_EQUAL, sha256=mix, peak_ppb=0, changed=changed)
    measured = [difference(measuring.decoded(asset.sha256)[0], audio) for asset, audio in unlike]
    if any(one is None for one in measured):
        reason = Reason(
            code="another_length", sentence="It is not as long as the first, or has other channels."
        )
        return Replayed(
            verdict=Verdict.NOT_REPRODUCIBLE, sha256=mix, reasons=(reason, *_why(changed)), changed=changed
        )
    peak = max((one[0] for one in measured if one), default=0.0)
    rms = max((one[1] for one in measured if one), default=0.0)
    close = _millibel(peak) is None or (_millibel(peak) or 0) <= TOLERANCE_MILLIBEL
    reasons: list[Reason] = []
    if not notes_equal:
        reasons.append(Reason(code="other_notes", sentence="The notes are not the same bytes."))
    if not close:
        reasons += _why(changed) or [
            Reason(
                code="engine_varies",
                sentence="Nothing that the engine states has changed, and still it does not give the same sound "
                "twice on this machine.",
            )
        ]
    return Replayed(
        verdict=Verdict.WITHIN_TOLERANCE if close else Verdict.NOT_REPRODUCIBLE,
        sha256=mix,
        peak_ppb=round(peak * 1e9),
        peak_millibel=_millibel(peak),
        rms_millibel=_millibel(rms),
        reasons=reasons,
        changed=changed,
    )


def difference(first: Audio, second: Audio) -> tuple[float, float] | None:
    """Peak and RMS of the difference between two sounds of full scale 1; None where their shapes differ."""
    if first.shape != second.shape:
        return None
    apart = np.abs(first.astype(np.float64) - second)
    if not np.isfinite(apart).all():
        return None
    return float(apart.max(initial=0.0)), float(np.sqrt(np.mean(apart**2))) if apart.size else 0.0


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Change, ...]:
    """What the engine states otherwise than it did, of the facts that say with what a take is made."""
    names = sorted(name for name in {*before, *now} if _WITH.search(name))
    return tuple(
        Change(fact=name, was=str(before.get(name, "")), now=str(now.get(name, "")))
        for name in names
        if before.get(name) != now.get(name)
    )


class _NotHere(Exception):
    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = Reason(code=code, sentence=sentence)


def _request(run: PromptRun, seed: int) -> GenerationRequest:
    if run.words_erased:
        said = " and ".join(name.replace("_", " ") for name in run.words_erased)
        raise _NotHere("erased_words", f"Words that it was made from are erased: the {said}.")
    if run.brief is not None and run.brief.words_erased:
        raise _NotHere("erased_words", "Words of the brief that it was made from are erased.")
    try:
        return giving.request_of(run, (seed,))
    except JobFailed as error:
        raise _NotHere("given_gone", error.message) from error


def _made(run: PromptRun, request: GenerationRequest, progress: Progress) -> GenerationOutput:
    try:
        engine = registry.engine(run.engine)
        made = next(iter(engine.generate(request, progress)), None)
    except EngineUnavailable as error:
        raise _NotHere("engine_unavailable", error.message) from error
    except RequestRefused as error:
        raise _NotHere("refused", f"The engine refuses now what it made then: {error.message}") from error
    except EngineError as error:
        if error.retryable:
            raise
        raise _NotHere(error.code, error.message) from error
    if made is None:
        raise _NotHere("nothing_came", "The engine ended without a take.")
    if isinstance(made, FailedTake):
        raise _NotHere(made.code, f"The engine could not make it: {made.message}")
    return made


def _pairs(take: Take, output: GenerationOutput) -> list[tuple[Asset, Audio]] | Reason:
    """What was made then beside what was made now: the mix, then each stem."""
    if int(take.asset.probe.get("sample_rate_hz", 0)) != output.sample_rate_hz:
        return Reason(code="another_rate", sentence="It comes at another sample rate than the first.")
    stems = {stem.role: stem.audio for stem in output.stems}
    before = {stem.role: stem.asset for stem in take.stems.all()}
    if stems.keys() != before.keys():
        return Reason(code="other_stems", sentence="It comes with other stems than the first.")
    return [(take.asset, output.audio), *((before[role], stems[role]) for role in sorted(stems))]


def _why(changed: tuple[Change, ...]) -> list[Reason]:
    return [
        Reason(
            code="other_"
            + ("weights" if "sha256" in one.fact else "device" if "device" in one.fact else "version"),
            sentence=f"{one.fact.replace('_', ' ')} was {one.was or 'not stated'}; here it is "
            f"{one.now or 'not stated'}.",
        )
        for one in changed
    ]


def _notes(midi: Asset | None) -> str:
    return midi.sha256 if midi is not None else ""


def _sha256(audio: Audio, sample_rate_hz: int) -> str:
    with measuring.written(audio, sample_rate_hz) as (path, _, _), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _millibel(value: float) -> int | None:
    return round(2000 * math.log10(value)) if value > 0 else None
