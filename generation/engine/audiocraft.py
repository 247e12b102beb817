"""MusicGen by audiocraft, offered where the engines extra and weights are there. The weights may not be used for sale.

This module imports no torch: it finds what is installed and hands requests to the model process (`host.py`,
`musicgen.py`).
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from generation.engine import audiocraft_models as models
from generation.engine import device
from generation.engine.audiocraft_models import MUSICGEN, Family
from generation.engine.base import (
    Capabilities,
    Engine,
    EngineUnavailable,
    GenerationRequest,
    GivenInput,
    Listener,
    Made,
    ModeSpec,
    ParameterSpec,
    ParameterValue,
    Progress,
    RequestRefused,
)
from generation.engine.checking import check_request
from generation.engine.host import ModelHost
from generation.engine.libraries import library_version
from generation.engine.offered import SEAM_PARAMETERS
from generation.engine.weights import Checkpoint
from generation.modes import (
    CONTINUATION,
    MELODY,
    MODES,
    REPLACEMENT,
    TEXT_TO_MUSIC,
    UNCONDITIONAL,
)
from generation.symbolic import midi, render

MIN_DURATION_S = 1.0
MAX_DURATION_S = 120.0
MIN_MELODY_S, MAX_MELODY_S = 1.0, 300.0
STEPS_PER_S = 50
"""What published models take; a model's own figure replaces it as soon as it is loaded."""

SAMPLING = (
    ParameterSpec(
        name="guidance", title="Guidance", kind="float", default=3.0, minimum=0.0, maximum=10.0,
        help="How closely the prompt is followed: 1 loosely, 3 as usual, more is stricter and less varied.",
    ),
    ParameterSpec(
        name="temperature", title="Temperature", kind="float", default=1.0, minimum=0.1, maximum=2.0,
        help="Lower is safer, higher is stranger.",
    ),
    ParameterSpec(
        name="top_k", title="Top k", kind="int", default=250, minimum=0, maximum=2048,
        help="Choose each step among so many likeliest sounds; 0 means among all.",
    ),
    ParameterSpec(
        name="top_p", title="Top p", kind="float", default=0.0, minimum=0.0, maximum=1.0,
        help="Choose among the likeliest sounds up to this probability, instead of top k; 0 is off.",
    ),
)  # fmt: skip
FORWARDS = (
    "MusicGen goes forwards only: it extends a piece at its end. For what leads up to a beginning choose an engine "
    "that hears both sides, such as ACE-Step."
)
SIDE = ParameterSpec(
    name="side", title="Where", kind="choice", default="end", choices=("end",),
    help=FORWARDS,
)  # fmt: skip
_SEAM_CHANGES: dict[str, dict[str, Any]] = {
    "context_s": {
        "default": 10.0, "maximum": 15.0,
        "help": "So many seconds before are listened to and gone on from. What comes after a section is not heard by "
        "MusicGen: level and crossfade fit it in.",
    },
    "crossfade_ms": {"maximum": 1000.0},
}  # fmt: skip
SEAMS = tuple(replace(spec, **_SEAM_CHANGES.get(spec.name, {})) for spec in SEAM_PARAMETERS)
_USUAL = ("model", *(spec.name for spec in SAMPLING))
_SEAM_NAMES = tuple(spec.name for spec in SEAMS)


class Audiocraft:
    """Keeps the protocol of `base.Engine`. The model stays warm in its own process between requests."""

    def __init__(self) -> None:
        self._host = ModelHost("generation.engine.musicgen", environment=models.environment(MUSICGEN))

    def capabilities(self) -> Capabilities:
        usable = models.usable(MUSICGEN)
        return offer(MUSICGEN, _modes(usable), usable, (*SAMPLING, SIDE, *SEAMS), MAX_DURATION_S)

    def generate_audibly(
        self, request: GenerationRequest, progress: Progress, listener: Listener
    ) -> Iterator[Made]:
        """As `generate`; the listener hears about every second of a take as soon as it is there, where our fast
        decoder and a codec that can be decoded in pieces are at work, and the take is not set into a source.
        """
        return self._generate(request, progress, listener)

    def generate(self, request: GenerationRequest, progress: Progress) -> Iterator[Made]:
        """Check the request at once, then return an iterator of takes in the order of the seeds.

        Each take is one file of the model's own rate (32 kHz), without stems; a replaced section and a longer piece
        have the source's rate and channels, and are the source, bit by bit, outside of the seams (`kept`). It equals
        bit by bit the take that its seed gives alone on the same device, whatever other requests share its steps.
        `progress` counts frames of all takes, 50 a second; while the model loads it repeats the last count.

        Raises:
            RequestRefused, EngineUnavailable: see `check_request`.
        """
        return self._generate(request, progress, None)

    def _generate(
        self, request: GenerationRequest, progress: Progress, listener: Listener | None
    ) -> Iterator[Made]:
        if request.parameters.get("side") == "start":
            raise RequestRefused("parameter", FORWARDS)
        check_request(request, self.capabilities())
        if MODES[request.mode].prompt == "required" and not request.prompt.strip():
            raise RequestRefused("prompt", "MusicGen reads the prompt and nothing else: write one.")
        checkpoint = _chosen(request)
        asked = job(MUSICGEN, request, checkpoint, (*SAMPLING, *SEAMS))
        inputs = tuple(one if one.notes is None else _played(one) for one in request.inputs)
        if inputs != request.inputs:
            asked["given_facts"] = {**_facts_of(request.inputs), "melody_played_by": render.SOUNDFONT}
        return self._host.run(
            asked, progress, total=frames_asked(request), inputs=inputs, listener=listener,
            memory_mb=models.memory_mb(MUSICGEN, checkpoint),
        )  # fmt: skip

    @property
    def host(self) -> ModelHost:
        """The model's process, to look at or to end."""
        return self._host


def engine() -> Engine:
    """Return the MusicGen engine."""
    return Audiocraft()


def offer(
    family: Family,
    modes: tuple[ModeSpec, ...],
    usable: list[Checkpoint],
    parameters: tuple[ParameterSpec, ...],
    max_duration_s: float,
) -> Capabilities:
    """What a family of audiocraft's models offers here."""
    reason = models.unavailable(family)
    names = tuple(checkpoint.name for checkpoint in usable)
    choice = ParameterSpec(
        name="model", title="Model", kind="choice", default=names[0] if names else None, choices=names,
        help="Larger models sound better and take longer.",
    )  # fmt: skip
    return Capabilities(
        name=family.engine,
        version=library_version("audiocraft", absent=""),
        title=family.title,
        modes=modes,
        min_duration_s=MIN_DURATION_S,
        max_duration_s=max_duration_s,
        max_variations=30,
        available=not reason,
        unavailable_reason=reason,
        needs_gpu=True,
        tool=family.tool,
        parameters=(*((choice,) if names else ()), *parameters),
        models=models.specs(family),
    )


def job(
    family: Family, request: GenerationRequest, checkpoint: Checkpoint, parameters: tuple[ParameterSpec, ...]
) -> dict[str, object]:
    """A checked request as the model process reads it: plain data, but for its sounds."""
    asked: dict[str, ParameterValue] = {
        spec.name: request.parameters.get(spec.name, spec.default or 0) for spec in parameters
    }
    kinds: dict[str, Callable[[ParameterValue], ParameterValue]] = {"float": float, "int": int, "bool": bool}
    batch = os.environ.get("DEADWAX_ENGINE_BATCH", "")
    return {
        "mode": request.mode,
        "prompt": request.prompt,
        "duration_s": float(request.duration_s or 0),
        "section_s": request.section_s,
        "seeds": list(request.seeds),
        "parameters": {
            **{spec.name: kinds.get(spec.kind, str)(asked[spec.name]) for spec in parameters},
            "side": "end",
        },
        "checkpoint": models.checkpoint_job(family, checkpoint),
        "device": device.device(),
        "batch": int(batch) if batch.isdigit() else 0,
        "given_facts": _facts_of(request.inputs),
    }


def frames_asked(request: GenerationRequest) -> int:
    """About as many as a request will take, until the model says for certain."""
    seconds = request.duration_s
    if request.section_s is not None:
        seconds = request.section_s[1] - request.section_s[0]
    return round(seconds * STEPS_PER_S) * len(request.seeds)


def _modes(usable: list[Checkpoint]) -> tuple[ModeSpec, ...]:
    found = [
        ModeSpec(name=TEXT_TO_MUSIC, parameters=_USUAL),
        ModeSpec(name=UNCONDITIONAL, parameters=tuple(name for name in _USUAL if name != "guidance")),
        ModeSpec(name=CONTINUATION, parameters=(*_USUAL, SIDE.name, *_SEAM_NAMES)),
        ModeSpec(name=REPLACEMENT, parameters=(*_USUAL, *_SEAM_NAMES)),
    ]
    if any(models.follows_melodies(one.name) for one in usable):
        found.insert(2, ModeSpec(name=MELODY, parameters=_USUAL))
    return tuple(found)


def _chosen(request: GenerationRequest) -> Checkpoint:
    usable = models.usable(MUSICGEN)
    name = request.parameters.get("model")
    if request.mode != MELODY:
        return next(one for one in usable if name is None or one.name == name)
    able = [one for one in usable if models.follows_melodies(one.name)]
    for one in able:
        if name is None or one.name == name:
            return one
    others = ", ".join(one.name for one in able)
    raise RequestRefused("model", f"{name} follows no melody; choose one of: {others}.")


def _facts_of(inputs: tuple[GivenInput, ...]) -> dict[str, str | int]:
    return {f"{one.role}_sha256": one.sha256 for one in inputs}


def _played(melody: GivenInput) -> GivenInput:
    """Notes as sound: all parts but drums, dry. Raises RequestRefused, EngineUnavailable."""
    assert melody.notes is not None
    try:
        score = midi.read(melody.notes)
    except midi.BadMidi as error:
        raise RequestRefused("inputs", error.message) from error
    tuned = replace(score, parts=tuple(part for part in score.parts if not part.drums and part.notes))
    if not tuned.parts:
        raise RequestRefused("inputs", "The melody has no notes but drums; give one with notes.")
    seconds = tuned.seconds(tuned.end_tick)
    if not MIN_MELODY_S <= seconds <= MAX_MELODY_S:
        raise RequestRefused(
            "inputs",
            f"The melody is {seconds:.1f} seconds long; give {MIN_MELODY_S:g} to {MAX_MELODY_S:g} seconds.",
        )
    samples = round(seconds * render.SAMPLE_RATE_HZ)
    try:
        made = render.render(tuned, samples=samples, fade_from=samples, sound=render.Sound(reverb=0.0))
    except render.SoundfontMissing as error:
        raise EngineUnavailable("soundfont", str(error)) from error
    return GivenInput(
        role=melody.role, sha256=melody.sha256, audio=made.mix, sample_rate_hz=render.SAMPLE_RATE_HZ
    )
