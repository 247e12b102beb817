"""What happens to takes, and runs as they were asked for at first. Prompts and reasons are sealed."""

from __future__ import annotations

from collections.abc import Mapping

from provenance.events import Event, event, sealed

_ERASE = "Delete the vault rows of the entry: the commitment alone says nothing about the words."


@event
class RunRequested(Event):
    """Written when asked, so that the prompt survives whatever happens to the engine."""

    kind = "run.requested"
    shred = _ERASE
    sentence = "asked {engine} for {variations} variations (prompt run {number}): “{prompt}”"

    number: int
    engine: str
    engine_version: str
    mode: str
    variations: int
    seeds: tuple[int, ...]
    duration_ms: int
    parameters: Mapping[str, str | int | bool]
    tool: str
    terms_version: int
    licence: str
    style_warnings: int
    warnings_acknowledged: bool
    brief: str = ""
    prompt: str = sealed()
    warnings: tuple[str, ...] = sealed(default=())


@event
class TakeGenerated(Event):
    kind = "take.generated"
    sentence = "{engine} made take {number} of prompt run {run_number}"

    run_number: int
    number: int
    seed: int
    engine: str
    duration_ms: int
    stems: tuple[str, ...]
    facts: Mapping[str, str | int]


@event
class RunFinished(Event):
    kind = "run.finished"
    sentence = "prompt run {number} is finished: {takes} of {variations} takes"

    number: int
    takes: int
    variations: int


@event
class TakeShortlisted(Event):
    kind = "take.shortlisted"
    shred = _ERASE
    sentence = "kept take {number} of prompt run {run_number}: “{reason}”"

    run_number: int
    number: int
    blind: bool
    heard_percent: int
    reason: str = sealed(default="")


@event
class TakeRejected(Event):
    kind = "take.rejected"
    shred = _ERASE
    sentence = "let take {number} of prompt run {run_number} go: “{reason}”"

    run_number: int
    number: int
    blind: bool
    heard_percent: int
    reason: str = sealed(default="")


@event
class TakeReset(Event):
    kind = "take.reset"
    sentence = "took back the decision on take {number} of prompt run {run_number}"

    run_number: int
    number: int
    was: str


@event
class TakeHeard(Event):
    kind = "take.heard"
    sentence = "heard {heard_percent} % of take {number} of prompt run {run_number}"

    run_number: int
    number: int
    spans_ms: tuple[tuple[int, int], ...]
    heard_ms: int
    heard_percent: int
    blind: bool
