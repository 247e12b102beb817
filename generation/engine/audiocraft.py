"""MusicGen by audiocraft, offered where the engines extra and weights are there. The weights may not be used for sale.

This module imports no torch: it finds what is installed and hands requests to the model process (`host.py`,
`musicgen.py`).
"""

import importlib.util
import os
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from generation.engine import weights
from generation.engine.base import (
    Capabilities,
    Engine,
    GenerationRequest,
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
from generation.engine.weights import Checkpoint
from generation.modes import TEXT_TO_MUSIC, UNCONDITIONAL

MIN_DURATION_S = 1.0
MAX_DURATION_S = 120.0
STEPS_PER_S = 50
"""What published models take; a model's own figure replaces it as soon as it is loaded."""
TEXT_ENCODER = "t5-base"

PARAMETERS = (
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


class Audiocraft:
    """Keeps the protocol of `base.Engine`. The model stays warm in its own process between requests."""

    def __init__(self) -> None:
        self._host = ModelHost("generation.engine.musicgen", environment=_model_environment)

    def capabilities(self) -> Capabilities:
        checkpoints = weights.find_checkpoints(os.environ)
        reason = _missing(checkpoints)
        return Capabilities(
            name="audiocraft",
            version=_version(),
            title="MusicGen",
            modes=(ModeSpec(name=TEXT_TO_MUSIC), ModeSpec(name=UNCONDITIONAL)),
            min_duration_s=MIN_DURATION_S,
            max_duration_s=MAX_DURATION_S,
            max_variations=30,
            available=not reason,
            unavailable_reason=reason,
            needs_gpu=True,
            tool="musicgen",
            parameters=(*_model_choice(checkpoints), *PARAMETERS),
        )

    def generate_audibly(
        self, request: GenerationRequest, progress: Progress, listener: Listener
    ) -> Iterator[Made]:
        """As `generate`; the listener hears about every second of a take as soon as it is there, where our fast
        decoder and a codec that can be decoded in pieces are at work.
        """
        return self._generate(request, progress, listener)

    def generate(self, request: GenerationRequest, progress: Progress) -> Iterator[Made]:
        """Check the request at once, then return an iterator of takes in the order of the seeds.

        Each take is one file of the model's own rate (32 kHz), without stems, and equals bit by bit the take that its
        seed gives alone on the same device. All are made as one batch (or as many at a time as there is room for).
        `progress` counts frames of all takes, 50 a second; while the model loads it repeats the last count.

        Raises:
            RequestRefused, EngineUnavailable: see `check_request`.
        """
        return self._generate(request, progress, None)

    def _generate(
        self, request: GenerationRequest, progress: Progress, listener: Listener | None
    ) -> Iterator[Made]:
        check_request(request, self.capabilities())
        if request.mode == TEXT_TO_MUSIC and not request.prompt.strip():
            raise RequestRefused("prompt", "MusicGen reads the prompt and nothing else: write one.")
        checkpoint = _chosen(request, weights.find_checkpoints(os.environ))
        total = round(request.duration_s * STEPS_PER_S) * len(request.seeds)
        return self._host.run(_job(request, checkpoint), progress, total=total, listener=listener)

    @property
    def host(self) -> ModelHost:
        """The model's process, to look at or to end."""
        return self._host


def engine() -> Engine:
    """Return the MusicGen engine."""
    return Audiocraft()


def _missing(checkpoints: list[Checkpoint]) -> str:
    """Why MusicGen cannot be used here, and what to do; empty when it can."""
    if any(importlib.util.find_spec(package) is None for package in ("torch", "audiocraft")):
        return (
            "MusicGen needs the engines extra. Stop Deadwax and start it with `python3 manage.py up --engines` "
            "(1 GB on disk, about 4 GB more where torch comes with CUDA)."
        )
    folder = weights.models_folder(os.environ)
    tool = Path(sys.executable).with_name("hf")  # comes with the extra
    if not checkpoints:
        return (
            "MusicGen's weights are not here. Their licence is CC-BY-NC-4.0: for sketching, not for sale. Download the "
            f"small model (about 1.1 GB) with `{tool} download facebook/musicgen-small state_dict.bin "
            f"compression_state_dict.bin --local-dir {folder}/musicgen-small`, then start Deadwax again."
        )
    if weights.find_text_encoder(os.environ, TEXT_ENCODER) is None:
        return (
            "MusicGen's weights are here, its text encoder is not. Download it (about 0.9 GB, Apache-2.0) with "
            f"`{tool} download {TEXT_ENCODER} config.json model.safetensors spiece.model tokenizer.json "
            f"tokenizer_config.json --cache-dir {folder}/hub`, then start Deadwax again."
        )
    return ""


def _model_choice(checkpoints: list[Checkpoint]) -> tuple[ParameterSpec, ...]:
    if not checkpoints:
        return ()
    names = tuple(checkpoint.name for checkpoint in checkpoints)
    return (
        ParameterSpec(
            name="model", title="Model", kind="choice", default=names[0], choices=names,
            help="Larger models sound better and take longer.",
        ),
    )  # fmt: skip


def _chosen(request: GenerationRequest, checkpoints: list[Checkpoint]) -> Checkpoint:
    name = request.parameters.get("model", checkpoints[0].name)
    return next(checkpoint for checkpoint in checkpoints if checkpoint.name == name)


def _job(request: GenerationRequest, checkpoint: Checkpoint) -> dict[str, object]:
    """The request as the model process reads it: plain data."""
    trusted = os.environ.get("DEADWAX_TRUSTED_MODELS", "").split(",")
    values: dict[str, ParameterValue] = {
        spec.name: request.parameters.get(spec.name, spec.default or 0) for spec in PARAMETERS
    }
    return {
        "mode": request.mode,
        "prompt": request.prompt,
        "duration_s": request.duration_s,
        "seeds": list(request.seeds),
        "parameters": {
            "guidance": float(values["guidance"]),
            "temperature": float(values["temperature"]),
            "top_k": int(values["top_k"]),
            "top_p": float(values["top_p"]),
        },
        "checkpoint": {
            "name": checkpoint.name,
            "folder": str(checkpoint.folder),
            "trusted": checkpoint.name in {name.strip() for name in trusted},
            "text_encoder_hub": str(weights.find_text_encoder(os.environ, TEXT_ENCODER)),
        },
    }


def _model_environment() -> Mapping[str, str]:
    """What must be set before the libraries are imported: no network, and where the text encoder lies."""
    hub = weights.find_text_encoder(os.environ, TEXT_ENCODER)
    return {
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_OFFLINE": "1",
        "PYTHONWARNINGS": "ignore::FutureWarning",
        "TOKENIZERS_PARALLELISM": "false",
        "TQDM_DISABLE": "1",
        **({"HF_HUB_CACHE": str(hub)} if hub else {}),
    }


def _version() -> str:
    try:
        return version("audiocraft")
    except PackageNotFoundError:
        return ""
