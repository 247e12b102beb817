"""The seam between Deadwax and anything that makes sound: frozen requests in, frozen outputs out.

Pure: no Django, no torch. Adapters import this module; nothing here imports an adapter.
Audio is float32 `[channels, samples]`, about -1..1. Facts hold strings and integers only (units in the name):
they go into ledger bodies, which have no floats.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeGuard, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from generation.symbolic.theory import BadTheory, Key, Metre

Audio = NDArray[np.float32]
Progress = Callable[[int, int], None]
ParameterValue = int | str | float | bool

TEXT_TO_MUSIC = "text_to_music"

MIN_TEMPO_BPM = 20.0
MAX_TEMPO_BPM = 300.0
MAX_SEEDS = 30
MAX_SEED = 2**63 - 1
MAX_TEXT = 4_000
MAX_LIST = 64


class EngineError(Exception):
    """Root of everything an engine raises on purpose: a stable `code` and a plain message."""

    retryable = False

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class RequestRefused(EngineError):
    """The request cannot be served as asked; the message says what to change. Never retry unchanged."""


class EngineUnavailable(EngineError):
    """The engine is not installed here, or lacks its weights or soundfont; the message says which."""


class EngineFailure(EngineError):
    """Our fault: the engine broke on a valid request. `retryable` says whether trying again makes sense."""

    def __init__(self, code: str, message: str, *, retryable: bool = False) -> None:
        super().__init__(code, message)
        self.retryable = retryable


@dataclass(frozen=True, kw_only=True)
class BriefSpec:
    """What the artist asked for. Empty (or None) means not stated: the engine chooses and says so in facts.

    `tempo_bpm` counts quarter notes, as MIDI and DAWs do, in every metre. `energy` is 0..1 along the piece.
    """

    genre: str = ""
    mood: str = ""
    tempo_bpm: float | None = None
    key: str = ""
    metre: str = ""
    structure: tuple[str, ...] = ()
    energy: tuple[float, ...] = ()
    instruments: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class GenerationRequest:
    """One request to an engine: one take per seed."""

    mode: str
    prompt: str
    duration_s: float
    seeds: tuple[int, ...]
    brief: BriefSpec | None = None
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class StemAudio:
    """One part of a take, alone: `audio` float32 `[channels, samples]`, as long as the take's mix."""

    role: str
    name: str
    audio: Audio


@dataclass(frozen=True, kw_only=True)
class GenerationOutput:
    """One take. Where an engine delivers stems, they sum to `audio` exactly."""

    index: int
    seed: int
    audio: Audio
    sample_rate_hz: int
    stems: tuple[StemAudio, ...] = ()
    midi: bytes | None = None
    facts: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False)
class PartialAudio:
    """A piece of a take that is still being made: `audio` from sample `start` on; the whole will have `samples`.

    It is for listening only. What counts is the take's `GenerationOutput`, which may differ from it by rounding.
    """

    index: int
    start: int
    audio: Audio
    sample_rate_hz: int
    samples: int


@dataclass(frozen=True, kw_only=True)
class ParameterSpec:
    """One knob of an engine. `default` None means: the engine chooses (by genre, say)."""

    name: str
    title: str
    kind: str  # "int" | "float" | "bool" | "choice"
    default: ParameterValue | None
    help: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What an engine offers on this machine, and why not where it does not."""

    name: str
    version: str
    title: str
    modes: tuple[str, ...]
    min_duration_s: float
    max_duration_s: float
    max_variations: int
    available: bool
    unavailable_reason: str
    needs_gpu: bool
    tool: str
    parameters: tuple[ParameterSpec, ...] = ()


class Engine(Protocol):
    """MUST refuse a bad request from `generate` itself, before the first take is asked for.

    MUST yield each take as it is finished; whatever `progress(done, total)` raises MUST reach the caller
    unchanged and leave the engine usable.
    """

    def capabilities(self) -> Capabilities: ...

    def generate(self, request: GenerationRequest, progress: Progress) -> Iterator[GenerationOutput]: ...


class Listener(Protocol):
    """Who hears takes while they are made. MUST return at once and MUST NOT raise: listening never harms making."""

    @property
    def scratch(self) -> Path:
        """A folder for an engine's own temporary files of this request. Who made it removes it."""

    def __call__(self, partial: PartialAudio) -> None: ...


@runtime_checkable
class AudibleEngine(Engine, Protocol):
    """An engine that hands out sound while it works.

    For each take the pieces MUST come in order and without gaps, from sample 0 on. They MAY end before the take
    does. With and without a listener the takes MUST be the same.
    """

    def generate_audibly(
        self, request: GenerationRequest, progress: Progress, listener: Listener
    ) -> Iterator[GenerationOutput]: ...


def generate(
    engine: Engine, request: GenerationRequest, progress: Progress, listener: Listener
) -> Iterator[GenerationOutput]:
    """The engine's takes; what it hands out of them on the way goes to the listener, if it hands out anything."""
    if isinstance(engine, AudibleEngine):
        return engine.generate_audibly(request, progress, listener)
    return engine.generate(request, progress)


def check_request(request: GenerationRequest, capabilities: Capabilities) -> None:
    """Return when the engine can serve the request as it stands.

    Raises:
        EngineUnavailable: the engine is not ready on this machine.
        RequestRefused: something in the request must change; the message says what.
    """
    if not capabilities.available:
        raise EngineUnavailable("engine_unavailable", capabilities.unavailable_reason)
    if request.mode not in capabilities.modes:
        offered = ", ".join(capabilities.modes)
        raise RequestRefused(
            "mode",
            f"{capabilities.title} does not offer the mode {request.mode!r}; choose one of: {offered}.",
        )
    _check_text("prompt", request.prompt)
    _check_duration(request.duration_s, capabilities)
    _check_seeds(request.seeds, capabilities)
    if request.brief is not None:
        check_brief(request.brief)
    check_parameters(request.parameters, capabilities.parameters)


def check_brief(brief: BriefSpec) -> None:
    """Return when every stated field of the brief makes sense. Raises RequestRefused."""
    for name in ("genre", "mood", "key", "metre"):
        _check_text(name, getattr(brief, name))
    for name in ("structure", "instruments", "avoid"):
        values = getattr(brief, name)
        if isinstance(values, str) or len(values) > MAX_LIST:
            raise RequestRefused(name, f"Give {name} as a list of at most {MAX_LIST} entries.")
        for value in values:
            _check_text(name, value)
    check_tempo(brief.tempo_bpm)
    try:
        if brief.key:
            Key.parse(brief.key)
        if brief.metre:
            Metre.parse(brief.metre)
    except BadTheory as error:
        raise RequestRefused(error.code, error.message) from error
    if len(brief.energy) > MAX_LIST:
        raise RequestRefused("energy", f"Give the energy arc as at most {MAX_LIST} points.")
    for value in brief.energy:
        if not _is_number(value) or not 0.0 <= value <= 1.0:
            raise RequestRefused("energy", "Every point of the energy arc must lie between 0 and 1.")


def check_tempo(tempo_bpm: float | None) -> None:
    """Return for None (not stated) and for 20 to 300 quarter notes a minute. Raises RequestRefused."""
    if tempo_bpm is None:
        return
    if not _is_number(tempo_bpm) or not MIN_TEMPO_BPM <= tempo_bpm <= MAX_TEMPO_BPM:
        raise RequestRefused(
            "tempo",
            f"The tempo must lie between {MIN_TEMPO_BPM:g} and {MAX_TEMPO_BPM:g} quarter notes a minute; "
            "leave it empty to let the engine choose.",
        )


def check_parameters(values: Mapping[str, ParameterValue], specs: tuple[ParameterSpec, ...]) -> None:
    """Return when every value belongs to a known parameter and lies in its range. Raises RequestRefused."""
    known = {spec.name: spec for spec in specs}
    for name, value in values.items():
        spec = known.get(name)
        if spec is None:
            offered = ", ".join(sorted(known)) or "none"
            raise RequestRefused("parameter", f"There is no parameter {name!r}; choose among: {offered}.")
        _check_value(spec, value)


def _check_value(spec: ParameterSpec, value: object) -> None:
    match spec.kind:
        case "bool":
            if not isinstance(value, bool):
                raise RequestRefused("parameter", f"{spec.title} must be on or off.")
        case "choice":
            if value not in spec.choices:
                raise RequestRefused("parameter", f"{spec.title} must be one of: {', '.join(spec.choices)}.")
        case "int" | "float":
            low = -math.inf if spec.minimum is None else spec.minimum
            high = math.inf if spec.maximum is None else spec.maximum
            if not _is_number(value) or not low <= value <= high or (spec.kind == "int" and value % 1):
                kind = "a whole number" if spec.kind == "int" else "a number"
                raise RequestRefused("parameter", f"{spec.title} must be {kind} from {low:g} to {high:g}.")
        case _:
            raise EngineFailure(
                "parameter_kind", f"The parameter {spec.name} has the unknown kind {spec.kind}."
            )


def _check_duration(duration_s: float, capabilities: Capabilities) -> None:
    low, high = capabilities.min_duration_s, capabilities.max_duration_s
    if not _is_number(duration_s) or not low <= duration_s <= high:
        raise RequestRefused(
            "duration", f"{capabilities.title} makes {low:g} to {high:g} seconds; choose within that."
        )


def _check_seeds(seeds: tuple[int, ...], capabilities: Capabilities) -> None:
    most = min(MAX_SEEDS, capabilities.max_variations)
    if not 1 <= len(seeds) <= most:
        raise RequestRefused("seeds", f"Ask for 1 to {most} variations; this request has {len(seeds)}.")
    for seed in seeds:
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MAX_SEED:
            raise RequestRefused("seeds", "Every seed must be a whole number from 0 to 2^63 - 1.")
    if len(set(seeds)) != len(seeds):
        raise RequestRefused("seeds", "Give every variation its own seed: the same seed makes the same take.")


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise RequestRefused(name, f"The {name} must be text.")
    if "\0" in value:
        raise RequestRefused(name, f"The {name} holds a NUL character; remove it.")
    if len(value) > MAX_TEXT:
        raise RequestRefused(name, f"The {name} is longer than {MAX_TEXT} characters; shorten it.")


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
