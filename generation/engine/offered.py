"""What the engines that load published diffusers folders share beside their models: which are here, what each takes,
and a request as their model process reads it. Imports no torch.
"""

import importlib.util
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generation.engine import device, published, weights
from generation.engine.base import (
    Capabilities,
    EngineUnavailable,
    GenerationRequest,
    ModelSpec,
    ParameterSpec,
    ParameterValue,
    RequestRefused,
)
from generation.engine.checking import check_request
from generation.engine.published import Damaged, Folder
from generation.modes import MODES

PROCESS_MB = 700
"""What Python and the libraries hold beside a model."""
WORKING_SHARE = 0.25
"""What a request needs beside the model's own numbers, as a share of them."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """A published model: where it comes from, and under which terms. `gated`: its terms are accepted there first."""

    name: str
    title: str
    tool: str
    licence: str
    size_bytes: int
    source: str
    gated: bool = False


SEAM_PARAMETERS = (
    ParameterSpec(
        name="context_s", title="Context", kind="float", default=30.0, minimum=1.0, maximum=300.0,
        help="So many seconds on either side are listened to, so that what is new fits them.",
    ),
    ParameterSpec(
        name="crossfade_ms", title="Crossfade", kind="float", default=40.0, minimum=1.0, maximum=2000.0,
        help="How long old and new sound together at a seam: short is crisp, long is smooth.",
    ),
    ParameterSpec(
        name="match_level", title="Match the level", kind="bool", default=True,
        help="What is new becomes as loud as what is around it.",
    ),
)  # fmt: skip
SEAM_NAMES = tuple(spec.name for spec in SEAM_PARAMETERS)


def missing_extra(title: str) -> str:
    """What to do while the engines extra is not installed; empty when it is."""
    if all(
        importlib.util.find_spec(package) is not None for package in ("torch", "diffusers", "transformers")
    ):
        return ""
    return (
        f"{title} needs the engines extra. Stop Deadwax and start it with `python3 manage.py up --engines` "
        "(1 GB on disk, about 4 GB more where torch comes with CUDA)."
    )


def specs(
    folders: Sequence[Folder], known: Sequence[Known], terms: Mapping[str, Known]
) -> tuple[ModelSpec, ...]:
    """Models that are here, then published ones that are not. `terms`: whose count for a pipeline's other models."""
    by_name = {one.name: one for one in known}
    here = [_spec(folder, by_name.get(folder.name) or terms[folder.pipeline], by_name) for folder in folders]
    names = {folder.name for folder in folders}
    absent = [
        ModelSpec(
            name=one.name, title=one.title, tool=one.tool, licence=one.licence, size_bytes=one.size_bytes,
            source=one.source, present=False, reason=to_download(one),
        )
        for one in known if one.name not in names
    ]  # fmt: skip
    return (*here, *absent)


def to_download(one: Known) -> str:
    """What to run, how large it is, and under which licence."""
    folder = weights.models_folder(os.environ) / one.name
    first = (
        f"Accept its terms at huggingface.co/{one.source}, then log in with `hf auth login`. "
        if one.gated
        else ""
    )
    command = f'{weights.download_tool()} download {one.source} --include model_index.json "*/*" --local-dir {folder}'
    return (
        f"{one.title} is not here. Its licence: {one.licence}. {first}Download it (about "
        f"{one.size_bytes / 1e9:.0f} GB) with `{command}`, then start Deadwax again."
    )


def unavailable(title: str, models: Sequence[ModelSpec]) -> str:
    """Why an engine cannot be used here, and what to do; empty when it can."""
    reason = missing_extra(title)
    if reason:
        return reason
    try:
        device.device()
        device.precision()
        device.memory_limit_mb()
    except EngineUnavailable as error:
        return error.message
    if any(model.present for model in models):
        return ""
    return next((model.reason for model in models), f"{title} has no model.")


def model_choice(models: Sequence[ModelSpec]) -> tuple[ParameterSpec, ...]:
    """The parameter `model`: those that are here."""
    names = tuple(model.name for model in models if model.present)
    if not names:
        return ()
    return (
        ParameterSpec(
            name="model", title="Model", kind="choice", default=names[0], choices=names,
            help="Larger models sound better and take longer; each has its own terms.",
        ),
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class Settled:
    """A request that was checked, the model that serves it and the engine's parameters."""

    folder: Folder
    spec: ModelSpec
    parameters: tuple[ParameterSpec, ...]


def settled(
    request: GenerationRequest, words: str, *, folders: Sequence[Folder], models: Sequence[ModelSpec],
    offer: Capabilities, can: Callable[[Folder, str], bool], why: str,
) -> Settled:  # fmt: skip
    """Check the request, whose description is `words`, against what is offered and choose its model.

    Raises RequestRefused, with `why` where no model that is here serves the mode; EngineUnavailable.
    """
    check_request(request, offer)
    require_prompt(request, words, offer.title)
    ready = [folder for folder in folders if not folder.problem]
    folder = chosen(request, [one for one in ready if can(one, request.mode)], ready, why)
    spec = next(one for one in models if one.name == folder.name)
    return Settled(folder=folder, spec=spec, parameters=offer.parameters)


def chosen(
    request: GenerationRequest, able: Sequence[Folder], everything: Sequence[Folder], why: str
) -> Folder:
    """The model of the request: as asked, else the first that can. Raises RequestRefused with `why`."""
    asked = request.parameters.get("model")
    if asked is None:
        if not able:
            raise RequestRefused("model", why)
        return able[0]
    found = next((folder for folder in able if folder.name == asked), None)
    if found is None:
        others = ", ".join(folder.name for folder in able)
        raise RequestRefused("model", f"{why} Choose another model{f': {others}' if others else ''}.")
    return found


def require_prompt(request: GenerationRequest, words: str, title: str) -> None:
    """Refuse an empty description where the mode needs one."""
    if MODES[request.mode].prompt == "required" and not words.strip():
        raise RequestRefused("prompt", f"{title} needs a description: write what it should sound like.")


def job(
    request: GenerationRequest, settled: Settled, *, full_codec: bool = True, **more: Any
) -> dict[str, Any]:
    """The request as the model process reads it: plain data, but for its sounds. `full_codec`: the codec computes in
    float32 whatever the precision, as it is the last step and small.
    """
    values: dict[str, ParameterValue | None] = {
        one.name: request.parameters.get(one.name, one.default)
        for one in settled.parameters
        if one.name != "model"
    }
    folder, spec = settled.folder, settled.spec
    batch = os.environ.get("DEADWAX_ENGINE_BATCH", "")
    return {
        "mode": request.mode,
        "length": MODES[request.mode].length,
        "duration_s": float(request.duration_s),
        "section_s": request.section_s,
        "seeds": list(request.seeds),
        "parameters": values,
        "model": {
            "name": folder.name, "folder": str(folder.folder), "licence": spec.licence, "trusted": spec.trusted,
            "full_codec": full_codec,
        },
        "device": device.device(),
        "precision": device.precision(),
        "batch": int(batch) if batch.isdigit() else 0,
        **more,
    }  # fmt: skip


def memory_mb(folder: Folder) -> int:
    """About what the model holds once it is loaded, and what it needs to work."""
    numbers = 0
    try:
        for part in folder.parts:
            if part in {"scheduler", "tokenizer"}:
                continue
            for file in published.weight_files(folder.folder, part):
                if file.suffix == ".safetensors":
                    numbers += sum(math.prod(shape) for shape in published.check_safetensors(file).values())
                else:
                    numbers += file.stat().st_size // 4
    except (OSError, Damaged):
        return PROCESS_MB  # loading says what is wrong
    precision = device.precision()
    each = 4 if precision == "float32" or (precision == "auto" and not device.on_gpu()) else 2
    return round(numbers * each * (1 + WORKING_SHARE) / 2**20) + PROCESS_MB


def seconds_given(request: GenerationRequest) -> float:
    """How long what the mode is about is."""
    return max((one.seconds or 0.0 for one in request.inputs), default=0.0)


def model_environment() -> Mapping[str, str]:
    """What must be set before the libraries are imported: no network, the same sums every time."""
    return {
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_OFFLINE": "1",
        "PYTHONWARNINGS": "ignore::FutureWarning",
        "TOKENIZERS_PARALLELISM": "false",
        "TQDM_DISABLE": "1",
    }


def _spec(folder: Folder, like: Known, known: Mapping[str, Known]) -> ModelSpec:
    published_one = folder.name in known
    reason = (
        folder.problem
        and f"The weights of {folder.name} cannot be used ({folder.problem}). Download them again."
    )
    is_trusted = weights.trusted(os.environ, folder.name)
    if not reason and folder.pickled and not is_trusted:
        reason = (
            f"The weights of {folder.name} are pickled, so they could run code here. Use safetensors; or, if you trust "
            f"where they come from, add {folder.name} to DEADWAX_TRUSTED_MODELS and start Deadwax again."
        )
    return ModelSpec(
        name=folder.name,
        title=like.title if published_one else folder.name,
        tool=like.tool,
        licence=like.licence if published_one else f"{like.licence}, unless its card says otherwise",
        size_bytes=folder.size_bytes,
        source=like.source if published_one else str(folder.folder.name),
        present=not folder.problem,
        reason=reason,
        sha256=published.pinned_sha256(folder) if not folder.problem else "",
        trusted=is_trusted,
        published=published_one,
    )
