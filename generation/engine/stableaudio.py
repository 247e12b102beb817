"""Stable Audio Open and Stable Audio 3 by diffusers: music, sounds, one sound turned into another, replaced sections.

This module imports no torch: it finds what is installed and hands requests to the model process (`host.py`,
`stableaudio_run.py`). Their terms depend on the label's revenue (the catalogue has them).
"""

import math
import os
from collections.abc import Iterator, Sequence
from typing import Any

from generation.engine import offered, published
from generation.engine.base import (
    BriefSpec,
    Capabilities,
    Engine,
    GenerationRequest,
    Made,
    ModelSpec,
    ModeSpec,
    ParameterSpec,
    Progress,
    RequestRefused,
)
from generation.engine.host import ModelHost
from generation.engine.libraries import library_version
from generation.engine.offered import SEAM_NAMES, SEAM_PARAMETERS, Known
from generation.engine.published import Folder, Layout
from generation.modes import AUDIO_TO_AUDIO, REPLACEMENT, SOUND_EFFECTS, TEXT_TO_MUSIC, UNCONDITIONAL

TITLE = "Stable Audio"
OPEN, THREE = "StableAudioPipeline", "StableAudio3Pipeline"
MIN_DURATION_S = 1.0
MAX_DURATION_S = 380.0
"""What the largest published model makes; a model that is here says its own."""
LEAST_CONTEXT_S = 1.0

_TOKENIZERS = ("PreTrainedTokenizerFast", "TokenizersBackend")
LAYOUTS = {
    OPEN: Layout(
        pipeline=OPEN,
        parts={
            "vae": ("diffusers.AutoencoderOobleck",),
            "text_encoder": ("transformers.T5EncoderModel",),
            "tokenizer": tuple(f"transformers.{name}" for name in ("T5TokenizerFast", "T5Tokenizer", *_TOKENIZERS)),
            "projection_model": ("stable_audio.StableAudioProjectionModel",),
            "transformer": ("diffusers.StableAudioDiTModel",),
            "scheduler": (
                "diffusers.CosineDPMSolverMultistepScheduler", "diffusers.EDMDPMSolverMultistepScheduler",
            ),
        },
    ),
    THREE: Layout(
        pipeline=THREE,
        parts={
            "vae": ("diffusers.AutoencoderSAME",),
            "text_encoder": ("transformers.T5GemmaEncoderModel",),
            "tokenizer": tuple(
                f"transformers.{name}" for name in ("GemmaTokenizerFast", "GemmaTokenizer", *_TOKENIZERS)
            ),
            "duration_embedder": ("stable_audio_3.StableAudio3DurationEmbedder",),
            "transformer": ("diffusers.StableAudio3DiTModel",),
            "scheduler": ("diffusers.FlowMatchEulerDiscreteScheduler",),
        },
    ),
}  # fmt: skip
_TERMS = "Stability AI Community Licence: free under USD 1M of yearly revenue"
KNOWN = (
    Known(
        name="stable-audio-3-medium", title="Stable Audio 3 Medium", tool="stable-audio-3", licence=_TERMS,
        size_bytes=10_400_000_000, source="stabilityai/stable-audio-3-medium", gated=True,
    ),
    Known(
        name="stable-audio-3-medium-base", title="Stable Audio 3 Medium Base", tool="stable-audio-3", licence=_TERMS,
        size_bytes=10_400_000_000, source="stabilityai/stable-audio-3-medium-base",
    ),
    Known(
        name="stable-audio-open-1.0", title="Stable Audio Open 1.0", tool="stable-audio-open", licence=_TERMS,
        size_bytes=5_300_000_000, source="stabilityai/stable-audio-open-1.0", gated=True,
    ),
)  # fmt: skip
TERMS = {OPEN: KNOWN[2], THREE: KNOWN[0]}

PARAMETERS = (
    ParameterSpec(
        name="steps", title="Steps", kind="int", default=None, minimum=1, maximum=500,
        help="More steps take longer and sound cleaner, up to a point. Empty: as the model is made for "
        "(100, or 8 for Stable Audio 3's fast models).",
    ),
    ParameterSpec(
        name="guidance", title="Guidance", kind="float", default=None, minimum=1.0, maximum=25.0,
        help="How closely the words are followed: 1 loosely, 7 as usual. Empty: as the model is made for.",
    ),
    ParameterSpec(
        name="strength", title="How far away", kind="float", default=0.6, minimum=0.05, maximum=1.0,
        help="A little keeps the sound and roughens it, 1 keeps next to nothing.",
    ),
    *SEAM_PARAMETERS,
)  # fmt: skip
_USUAL = ("model", "steps", "guidance")
_MODES = (
    ModeSpec(name=TEXT_TO_MUSIC, parameters=_USUAL, negative_prompt=True, brief=True),
    ModeSpec(name=SOUND_EFFECTS, parameters=_USUAL, negative_prompt=True),
    ModeSpec(name=UNCONDITIONAL, parameters=("model", "steps")),
    ModeSpec(name=AUDIO_TO_AUDIO, parameters=(*_USUAL, "strength"), negative_prompt=True, brief=True),
    ModeSpec(name=REPLACEMENT, parameters=("model", "steps", *SEAM_NAMES), brief=True),
)


class StableAudio:
    """Keeps the protocol of `base.Engine`. The model stays warm in its own process between requests."""

    def __init__(self) -> None:
        self._host = ModelHost("generation.engine.stableaudio_run", environment=offered.model_environment)

    def capabilities(self) -> Capabilities:
        folders = published.find(os.environ, LAYOUTS)
        return _capabilities(folders, offered.specs(folders, KNOWN, TERMS))

    def generate(self, request: GenerationRequest, progress: Progress) -> Iterator[Made]:
        """Check the request at once, then return an iterator of takes in the order of the seeds.

        Takes are stereo at the model's rate (44.1 kHz); a piece with a replaced section has the source's rate and is
        the source, bit by bit, outside of the seams (`kept`). `progress` counts denoising steps of all takes; while
        the model loads it repeats the last count.

        Raises:
            RequestRefused, EngineUnavailable: see `check_request`.
        """
        folders = published.find(os.environ, LAYOUTS)
        models = offered.specs(folders, KNOWN, TERMS)
        words = description(request)
        settled = offered.settled(
            request, words, folders=folders, models=models, offer=_capabilities(folders, models), can=_can,
            why="Sections are replaced by Stable Audio 3 only.",
        )  # fmt: skip
        folder = settled.folder
        job: dict[str, Any] = offered.job(
            request, settled, prompt=words, negative_prompt=_negative(request, folder),
            full_codec=folder.pipeline == OPEN,
        )  # fmt: skip
        _fit(request, folder, job)
        steps = job["parameters"]["steps"] or _usual_steps(folder)
        return self._host.run(
            job, progress, total=int(steps) * len(request.seeds), inputs=request.inputs,
            memory_mb=offered.memory_mb(folder),
        )  # fmt: skip

    @property
    def host(self) -> ModelHost:
        """The model's process, to look at or to end."""
        return self._host


def engine() -> Engine:
    """Return the Stable Audio engine."""
    return StableAudio()


def description(request: GenerationRequest) -> str:
    """What the model reads: the prompt, then what the brief says beside it, tempo and key as its training had them."""
    brief = request.brief or BriefSpec()
    more = [brief.genre, brief.mood, *brief.instruments, brief.key]
    if brief.tempo_bpm is not None:
        more.append(f"{brief.tempo_bpm:g} BPM")
    return ", ".join(part for part in (request.prompt.strip(), *(one.strip() for one in more)) if part)


def longest_s(folder: Folder) -> float:
    """The longest piece that this model makes."""
    try:
        if folder.pipeline == THREE:
            return min(MAX_DURATION_S, float(folder.configs["duration_embedder"].get("max_val", 384.0)))
        vae = folder.configs["vae"]
        samples: int = int(folder.configs["transformer"]["sample_size"]) * math.prod(
            vae["downsampling_ratios"]
        )
        tenths: int = math.floor(samples / int(vae["sampling_rate"]) * 10)
        return tenths / 10
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return MIN_DURATION_S  # loading says what is wrong


def _capabilities(folders: Sequence[Folder], models: Sequence[ModelSpec]) -> Capabilities:
    reason = offered.unavailable(TITLE, models)
    ready = [folder for folder in folders if not folder.problem]
    return Capabilities(
        name="stable-audio",
        version=library_version("diffusers", absent=""),
        title=TITLE,
        # Without any model everything is shown that one would bring.
        modes=tuple(mode for mode in _MODES if not ready or any(_can(folder, mode.name) for folder in ready)),
        min_duration_s=MIN_DURATION_S,
        max_duration_s=max((longest_s(folder) for folder in ready), default=MAX_DURATION_S),
        max_variations=30,
        available=not reason,
        unavailable_reason=reason,
        needs_gpu=True,
        tool=next((model.tool for model in models if model.present), "stable-audio-3"),
        parameters=(*offered.model_choice(models), *PARAMETERS),
        models=tuple(models),
    )


def _can(folder: Folder, mode: str) -> bool:
    return mode != REPLACEMENT or folder.pipeline == THREE


def _distilled(folder: Folder) -> bool:
    return bool(folder.configs.get("scheduler", {}).get("stochastic_sampling"))


def _usual_steps(folder: Folder) -> int:
    return 8 if folder.pipeline == THREE and _distilled(folder) else 100


def _negative(request: GenerationRequest, folder: Folder) -> str:
    """What to lead away from, where the model can. Raises RequestRefused where it is asked for in vain."""
    avoid = request.brief.avoid if request.brief is not None else ()
    words = ", ".join(
        part for part in (request.negative_prompt.strip(), *(one.strip() for one in avoid)) if part
    )
    guidance = request.parameters.get("guidance")
    usual = 1.0 if folder.pipeline == THREE and _distilled(folder) else 7.0
    guided = (usual if guidance is None else float(guidance)) > 1.0
    if folder.pipeline == THREE and request.mode not in {TEXT_TO_MUSIC, SOUND_EFFECTS}:
        guided = False
    if guided:
        return words
    if request.negative_prompt.strip():
        raise RequestRefused(
            "negative_prompt",
            f"{folder.name} does not read here what to avoid: it does so with guidance above 1, when it makes a piece "
            "from words. Leave it empty, or choose another model.",
        )
    return ""


def _fit(request: GenerationRequest, folder: Folder, job: dict[str, Any]) -> None:
    """Refuse what is longer than the model makes; a section's surroundings are cut down to what fits."""
    most = longest_s(folder)
    if request.mode == REPLACEMENT:
        assert request.section_s is not None
        start, end = request.section_s
        room = (most - (end - start)) / 2
        if room < LEAST_CONTEXT_S:
            raise RequestRefused(
                "section", f"{folder.name} works on {most:g} seconds at a time; choose a shorter section."
            )
        job["parameters"]["context_s"] = min(float(job["parameters"]["context_s"]), room)
        return
    wanted = offered.seconds_given(request) if request.mode == AUDIO_TO_AUDIO else request.duration_s
    if wanted > most:
        what = "inputs" if request.mode == AUDIO_TO_AUDIO else "duration"
        raise RequestRefused(what, f"{folder.name} makes {most:g} seconds at most; this is {wanted:.1f}.")
