"""The seam between Deadwax and anything that makes sound: frozen requests in, frozen outputs out.

Pure: no Django, no torch. Adapters import this module; nothing here imports an adapter.
Audio is float32 `[channels, samples]`, about -1..1. Facts hold strings and integers only (units in the name):
they go into ledger bodies, which have no floats.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Audio = NDArray[np.float32]
Progress = Callable[[int, int], None]
ParameterValue = int | str | float | bool

MIN_TEMPO_BPM = 20.0
MAX_TEMPO_BPM = 300.0
MAX_SEEDS = 30
MAX_SEED = 2**63 - 1
MAX_TEXT = 4_000
MAX_LYRICS = 20_000
MAX_LIST = 64
MAX_NOTES_BYTES = 4 << 20


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


@dataclass(frozen=True, kw_only=True, eq=False)
class GivenInput:
    """Something that a request is given, under a role of its mode: sound, or notes as a standard MIDI file.

    `audio` float32 `[channels, samples]` at the file's own rate. Exactly one of `audio` and `notes` is there.
    `sha256` is the digest of the asset that it was read from.
    """

    role: str
    sha256: str
    audio: Audio | None = None
    sample_rate_hz: int = 0
    notes: bytes | None = None

    @property
    def seconds(self) -> float | None:
        """Length of the sound; None for notes, which an engine must read to know."""
        return self.audio.shape[1] / self.sample_rate_hz if self.audio is not None else None


@dataclass(frozen=True, kw_only=True)
class GenerationRequest:
    """One request to an engine: one take per seed.

    `duration_s` means what the mode says (`Mode.length`). `section_s` is a range (from, to) of the source in seconds.
    `targets` are roles of parts (`provenance/elements`): which to make, or to take out. `chords` is a progression in
    words, such as `Dm | Bb | F | C`. `language` is a BCP 47 code, empty where the engine chooses.
    """

    mode: str
    prompt: str
    duration_s: float
    seeds: tuple[int, ...]
    brief: BriefSpec | None = None
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    inputs: tuple[GivenInput, ...] = ()
    negative_prompt: str = ""
    lyrics: str = ""
    language: str = ""
    chords: str = ""
    targets: tuple[str, ...] = ()
    section_s: tuple[float, float] | None = None

    def given(self, role: str) -> GivenInput | None:
        """What the request is given under this role."""
        return next((one for one in self.inputs if one.role == role), None)


@dataclass(frozen=True, kw_only=True)
class StemAudio:
    """One part of a take, alone: `audio` float32 `[channels, samples]`, as long as the take's mix."""

    role: str
    name: str
    audio: Audio


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A stretch of a take that is an input, untouched: `from_ms`..`to_ms` of that input, from `at_ms` of the take on.

    Attribution reads it: what is kept has the input's origins, the rest is the engine's.
    """

    role: str
    from_ms: int
    to_ms: int
    at_ms: int


@dataclass(frozen=True, kw_only=True)
class FailedTake:
    """A take that could not be made while its siblings could: out of range, silent, or refused by the model."""

    index: int
    seed: int
    code: str
    message: str


@dataclass(frozen=True, kw_only=True)
class GenerationOutput:
    """One take. Where an engine delivers stems, they sum to `audio` exactly.

    `kept`: what of it is an input, untouched; empty where all is new.
    """

    index: int
    seed: int
    audio: Audio
    sample_rate_hz: int
    stems: tuple[StemAudio, ...] = ()
    midi: bytes | None = None
    facts: Mapping[str, str | int] = field(default_factory=dict)
    kept: tuple[Kept, ...] = ()


Made = GenerationOutput | FailedTake


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
class ModeSpec:
    """How an engine serves one mode. What is None is as the engine has it for all its modes.

    `parameters`: the names of those that mean something here. `inputs`: for a role of the mode, the kinds that the
    engine reads where it reads not all of them, and optional roles that it reads at all. `targets`: roles of parts
    that may be asked for. `brief`: it reads the brief's fields, not only the prompt. `chance` is False where every
    seed gives the same result, so that more than one variation makes no sense.
    """

    name: str
    parameters: tuple[str, ...] | None = None
    min_duration_s: float | None = None
    max_duration_s: float | None = None
    inputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    targets: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    negative_prompt: bool = False
    brief: bool = False
    chance: bool = True


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """Weights that an engine can use: present, or what it would take. `tool` is the catalogue's key of their terms.

    `reason` says what to do while they are not there. `sha256` is the digest that they must have, if one is pinned.
    `published`: others know this model under this name; else it was made by who runs this installation.
    """

    name: str
    title: str
    tool: str
    licence: str
    size_bytes: int
    source: str
    present: bool
    reason: str = ""
    sha256: str = ""
    trusted: bool = False
    published: bool = True


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What an engine offers on this machine, and why not where it does not.

    `tool` is the catalogue's key of the terms of its output; where the chosen model decides (parameter `model`), the
    model's own `tool` counts.
    """

    name: str
    version: str
    title: str
    modes: tuple[ModeSpec, ...]
    min_duration_s: float
    max_duration_s: float
    max_variations: int
    available: bool
    unavailable_reason: str
    needs_gpu: bool
    tool: str
    parameters: tuple[ParameterSpec, ...] = ()
    models: tuple[ModelSpec, ...] = ()

    def mode(self, name: str) -> ModeSpec | None:
        """How it serves this mode; None where it does not."""
        return next((mode for mode in self.modes if mode.name == name), None)


class Engine(Protocol):
    """MUST refuse a bad request from `generate` itself, before the first take is asked for.

    MUST yield each take as it is finished, or a `FailedTake` in its place; whatever `progress(done, total)` raises
    MUST reach the caller unchanged and leave the engine usable.
    """

    def capabilities(self) -> Capabilities: ...

    def generate(self, request: GenerationRequest, progress: Progress) -> Iterator[Made]: ...


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
    ) -> Iterator[Made]: ...


def generate(
    engine: Engine, request: GenerationRequest, progress: Progress, listener: Listener
) -> Iterator[Made]:
    """The engine's takes; what it hands out of them on the way goes to the listener, if it hands out anything."""
    if isinstance(engine, AudibleEngine):
        return engine.generate_audibly(request, progress, listener)
    return engine.generate(request, progress)
