"""ACE-Step 1.5 by diffusers: music, songs with words, covers, repainted sections, longer pieces, parts. Its terms (MIT)
let its output be sold.

This module imports no torch: it finds what is installed and hands requests to the model process (`host.py`,
`acestep_run.py`). What the tasks are: the pipeline's own documentation (diffusers, AceStepPipeline).
"""

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
from generation.modes import (
    AUDIO,
    AUDIO_TO_AUDIO,
    CONTINUATION,
    LYRICS,
    MELODY,
    MELODY_INPUT,
    PARTS,
    REFERENCE,
    REPLACEMENT,
    SOURCE,
    TEXT_TO_MUSIC,
    UNCONDITIONAL,
)
from generation.symbolic.theory import Key, Metre

TITLE = "ACE-Step"
PIPELINE = "AceStepPipeline"
MIN_DURATION_S = 5.0
MAX_DURATION_S = 600.0
RATE_HZ = 48_000

LAYOUTS = {
    PIPELINE: Layout(
        pipeline=PIPELINE,
        parts={
            "vae": ("diffusers.AutoencoderOobleck",),
            "text_encoder": ("transformers.Qwen3Model",),
            "tokenizer": tuple(
                f"transformers.{name}" for name in
                ("Qwen2TokenizerFast", "Qwen2Tokenizer", "PreTrainedTokenizerFast", "TokenizersBackend")
            ),
            "transformer": ("diffusers.AceStepTransformer1DModel",),
            "condition_encoder": ("ace_step.AceStepConditionEncoder",),
            "scheduler": ("diffusers.FlowMatchEulerDiscreteScheduler",),
            "audio_tokenizer": ("ace_step.AceStepAudioTokenizer",),
            "audio_token_detokenizer": ("ace_step.AceStepAudioTokenDetokenizer",),
        },
        optional=frozenset({"audio_tokenizer", "audio_token_detokenizer"}),
    )
}  # fmt: skip
KNOWN = (
    Known(
        name="acestep-v15-xl-turbo-diffusers", title="ACE-Step 1.5 XL turbo", tool="ace-step", licence="MIT",
        size_bytes=11_500_000_000, source="ACE-Step/acestep-v15-xl-turbo-diffusers",
    ),
    Known(
        name="acestep-v15-xl-base-diffusers", title="ACE-Step 1.5 XL base", tool="ace-step", licence="MIT",
        size_bytes=11_500_000_000, source="ACE-Step/acestep-v15-xl-base-diffusers",
    ),
)  # fmt: skip

_LANGUAGES = (
    "ar az bg bn ca cs da de el en es fa fi fr he hi hr ht hu id is it ja ko la lt ms ne nl no pa pl pt ro ru sa sk sr "
    "sv sw ta te th tl tr uk ur vi yue zh"
)
LANGUAGES = tuple(_LANGUAGES.split())
"""What the model was trained to sing (ACE-Step 1.5, `acestep/constants.py`)."""
TRACKS = {
    "lead_vocal": "vocals", "backing_vocal": "backing_vocals", "keys": "keyboard", "guitar": "guitar",
    "strings": "strings", "pads": "synth", "bass": "bass", "drums": "drums", "percussion": "percussion",
    "effects": "fx",
}  # fmt: skip
"""Our roles as the model names its tracks."""
INSTRUMENTAL = "[Instrumental]"
UNKNOWN_LANGUAGE = "unknown"

PARAMETERS = (
    ParameterSpec(
        name="steps", title="Steps", kind="int", default=None, minimum=1, maximum=200,
        help="More steps take longer and sound cleaner, up to a point. Empty: as the model is made for "
        "(8 for turbo, 50 for base).",
    ),
    ParameterSpec(
        name="guidance", title="Guidance", kind="float", default=None, minimum=1.0, maximum=20.0,
        help="How closely the words are followed: 1 loosely, 7 as usual for base models. Turbo has it built in.",
    ),
    ParameterSpec(
        name="strength", title="How far away", kind="float", default=0.2, minimum=0.0, maximum=1.0,
        help="0 keeps the course of what is given, 1 keeps next to nothing of it.",
    ),
    ParameterSpec(
        name="side", title="Where", kind="choice", default="end", choices=("end", "start"),
        help="Go on after the end, or lead up to the start.",
    ),
    ParameterSpec(
        name="part", title="What to make", kind="choice", default="add", choices=("add", "complete", "extract"),
        help="add: the new part alone. complete: what is there with the new parts, as one mix. "
        "extract: the part that is in it already, made again alone.",
    ),
    *SEAM_PARAMETERS,
)  # fmt: skip
_USUAL = ("model", "steps", "guidance")


class AceStep:
    """Keeps the protocol of `base.Engine`. The model stays warm in its own process between requests."""

    def __init__(self) -> None:
        self._host = ModelHost("generation.engine.acestep_run", environment=offered.model_environment)

    def capabilities(self) -> Capabilities:
        folders = published.find(os.environ, LAYOUTS)
        return _capabilities(folders, offered.specs(folders, KNOWN, {PIPELINE: KNOWN[0]}))

    def generate(self, request: GenerationRequest, progress: Progress) -> Iterator[Made]:
        """Check the request at once, then return an iterator of takes in the order of the seeds.

        Takes are 48 kHz stereo (the model's own rate and channels); a replaced section and a longer piece have the
        source's rate, and are the source, bit by bit, outside of the seams (`kept`). `progress` counts denoising
        steps of all takes; while the model loads it repeats the last count.

        Raises:
            RequestRefused, EngineUnavailable: see `check_request`.
        """
        folders = published.find(os.environ, LAYOUTS)
        models = offered.specs(folders, KNOWN, {PIPELINE: KNOWN[0]})
        words = caption(request)
        settled = offered.settled(
            request, words, folders=folders, models=models, offer=_capabilities(folders, models), can=_can,
            why=_WHY.get(request.mode, ""),
        )  # fmt: skip
        job = offered.job(
            request, settled, prompt=words, lyrics=request.lyrics.strip() or INSTRUMENTAL,
            language=(request.language or UNKNOWN_LANGUAGE) if request.lyrics.strip() else UNKNOWN_LANGUAGE,
            **_task(request),
        )  # fmt: skip
        steps = job["parameters"]["steps"] or 8
        return self._host.run(
            job,
            progress,
            total=int(steps) * len(request.seeds),
            inputs=request.inputs,
            memory_mb=offered.memory_mb(settled.folder),
        )

    @property
    def host(self) -> ModelHost:
        """The model's process, to look at or to end."""
        return self._host


def engine() -> Engine:
    """Return the ACE-Step engine."""
    return AceStep()


def caption(request: GenerationRequest) -> str:
    """What the model reads as the description: the prompt, then what the brief says beside it."""
    brief = request.brief or BriefSpec()
    said = request.prompt.strip()
    more = [brief.genre, brief.mood, *brief.instruments]
    return ", ".join([part for part in (said, *(one.strip() for one in more)) if part])


def metadata(brief: BriefSpec | None) -> dict[str, str | int]:
    """Tempo, key and metre as the model was trained to read them; what it does not know is left out."""
    found: dict[str, str | int] = {}
    if brief is None:
        return found
    if brief.tempo_bpm is not None:
        found["bpm"] = min(300, max(30, round(brief.tempo_bpm)))
    if brief.key:
        key = Key.parse(brief.key)
        found["keyscale"] = f"{key.tonic} {'minor' if key.is_minor else 'major'}"
    if brief.metre:
        beats = str(Metre.parse(brief.metre)).partition("/")[0]
        if beats in {"2", "3", "4", "6"}:
            found["timesignature"] = beats
    return found


def _task(request: GenerationRequest) -> dict[str, Any]:
    """The pipeline's task and what only that task reads. Raises RequestRefused."""
    options: dict[str, Any] = dict(metadata(request.brief))
    match request.mode:
        case mode if mode in {REPLACEMENT, CONTINUATION}:
            task = "repaint"
        case mode if mode in {MELODY, AUDIO_TO_AUDIO}:
            task = "cover"
            options["audio_cover_strength"] = 1.0 - float(request.parameters.get("strength", 0.2))
        case mode if mode == PARTS:
            task, tracks = _part(request)
            if task == "complete":
                options["complete_track_classes"] = tracks
            else:
                options["track_name"] = tracks[0]
        case _:
            task = "text2music"
    return {"task": task, "task_options": options}


def _part(request: GenerationRequest) -> tuple[str, list[str]]:
    how = str(request.parameters.get("part", "add"))
    tracks = [TRACKS[target] for target in request.targets]
    if not tracks:
        raise RequestRefused("targets", f"Say which part: {', '.join(TRACKS)}.")
    if how != "complete" and len(tracks) > 1:
        raise RequestRefused(
            "targets", "Ask for one part at a time, or for the whole with all of them (complete)."
        )
    return {"add": "lego", "complete": "complete", "extract": "extract"}[how], tracks


def _capabilities(folders: Sequence[Folder], models: Sequence[ModelSpec]) -> Capabilities:
    reason = offered.unavailable(TITLE, models)
    ready = [folder for folder in folders if not folder.problem]
    return Capabilities(
        name="acestep",
        version=library_version("diffusers", absent=""),
        title=TITLE,
        # Without any model everything is shown that one would bring.
        modes=tuple(mode for mode in _MODES if not ready or any(_can(folder, mode.name) for folder in ready)),
        min_duration_s=MIN_DURATION_S,
        max_duration_s=MAX_DURATION_S,
        max_variations=30,
        available=not reason,
        unavailable_reason=reason,
        needs_gpu=True,
        tool="ace-step",
        parameters=(*offered.model_choice(models), *PARAMETERS),
        models=tuple(models),
    )


def _can(folder: Folder, mode: str) -> bool:
    """Whether this model serves the mode: covers need its tokens of sound, parts a base model."""
    if mode in {MELODY, AUDIO_TO_AUDIO}:
        return {"audio_tokenizer", "audio_token_detokenizer"} <= set(folder.parts)
    if mode == PARTS:
        config = folder.configs.get("transformer", {})
        version = str(config.get("model_version", ""))
        return not config.get("is_turbo") and version not in {"turbo", "sft"} and "sft" not in folder.name
    return True


_SOUND = (AUDIO,)
_MODES = (
    ModeSpec(name=TEXT_TO_MUSIC, parameters=_USUAL, brief=True),
    ModeSpec(name=UNCONDITIONAL, parameters=_USUAL),
    ModeSpec(name=LYRICS, parameters=_USUAL, brief=True, languages=LANGUAGES),
    ModeSpec(name=REFERENCE, parameters=_USUAL, brief=True, languages=LANGUAGES),
    ModeSpec(
        name=MELODY, parameters=(*_USUAL, "strength"), brief=True, inputs={MELODY_INPUT: _SOUND},
        max_duration_s=300.0,
    ),
    ModeSpec(name=AUDIO_TO_AUDIO, parameters=(*_USUAL, "strength"), brief=True),
    ModeSpec(name=REPLACEMENT, parameters=(*_USUAL, *SEAM_NAMES), brief=True, languages=LANGUAGES),
    ModeSpec(
        name=CONTINUATION, parameters=(*_USUAL, "side", *SEAM_NAMES), brief=True, min_duration_s=1.0,
        max_duration_s=300.0,
    ),
    ModeSpec(
        name=PARTS, parameters=(*_USUAL, "part"), brief=True, inputs={SOURCE: _SOUND}, targets=tuple(TRACKS),
        languages=LANGUAGES,
    ),
)  # fmt: skip
_WHY = {
    mode.name: {
        MELODY: "This model has no tokens of sound, so it cannot take up a melody.",
        AUDIO_TO_AUDIO: "This model has no tokens of sound, so it cannot take up another piece.",
        PARTS: "Parts are made by ACE-Step's base models only.",
    }.get(mode.name, "No model that is here serves this mode.")
    for mode in _MODES
}
