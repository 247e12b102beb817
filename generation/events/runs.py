"""What generation in all its modes writes to the ledger: later versions of kinds in `takes.py`, and kinds of its own.

Words (prompt, lyrics, chords, what an engine said of a failure) are sealed; modes, stretches, numbers and digests are
public.
"""

from __future__ import annotations

from collections.abc import Mapping

from provenance.events import Event, event, sealed

_ERASE = "Delete the vault rows of the entry: the commitment alone says nothing about the words."


@event
class RunAsked(Event):
    """Written when asked, so that the words survive whatever happens to the engine.

    `inputs` are the assets given, by role; `given` says of each where it comes from and which stretch is meant.
    `duration_ms` is 0 where only the engine can tell it. The section counts from the beginning of what is given.
    """

    kind = "run.requested"
    version = 2
    shred = _ERASE
    sentence = "asked {engine} for {variations} variations, {mode_words} (prompt run {number}): “{prompt}”"

    number: int
    engine: str
    engine_version: str
    mode: str
    mode_words: str
    variations: int
    seeds: tuple[int, ...]
    duration_ms: int
    section_from_ms: int | None
    section_to_ms: int | None
    given: tuple[Mapping[str, str | int | None], ...]
    targets: tuple[str, ...]
    language: str
    parameters: Mapping[str, str | int | bool]
    tool: str
    terms_version: int
    licence: str
    style_warnings: int
    warnings_acknowledged: bool
    brief: str
    again_of: str
    sweep: str
    prompt: str = sealed(default="")
    negative_prompt: str = sealed(default="")
    lyrics: str = sealed(default="")
    chords: str = sealed(default="")
    warnings: tuple[str, ...] = sealed(default=())


@event
class SweepRequested(Event):
    kind = "run.sweep_requested"
    sentence = "asked for the same with {parameter} at {values} (sweep {number})"

    number: int
    engine: str
    mode: str
    parameter: str
    values: tuple[str | int | bool, ...]
    runs: int


@event
class TakeFailed(Event):
    """A take that could not be made; its siblings could, or were tried. What the engine said may quote the prompt."""

    kind = "take.failed"
    shred = _ERASE
    sentence = "{engine} could not make take {number} of prompt run {run_number}: “{message}”"

    run_number: int
    number: int
    seed: int
    engine: str
    code: str
    message: str = sealed(default="")


@event
class RunEnded(Event):
    kind = "run.finished"
    version = 2
    sentence = "prompt run {number} is finished: {takes} of {variations} takes, {failed} could not be made"

    number: int
    takes: int
    failed: int
    variations: int


@event
class ReplayRequested(Event):
    kind = "take.replay_requested"
    sentence = "asked whether take {number} of prompt run {run_number} can be made again"

    run_number: int
    number: int


@event
class TakeReplayed(Event):
    """Made once more from its entry. Measures hold the unit in their name; None where nothing could be measured."""

    kind = "take.replayed"
    sentence = "made take {number} of prompt run {run_number} again: {verdict_words}"

    run_number: int
    number: int
    verdict: str
    verdict_words: str
    digest: str
    tolerance_millibel: int
    peak_difference_ppb: int | None
    peak_difference_millibel: int | None
    rms_difference_millibel: int | None
    reasons: tuple[Mapping[str, str], ...]
    changed: tuple[Mapping[str, str], ...]
