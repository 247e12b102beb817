"""What the runners of diffusers' pipelines share: loading with every check, batches that shrink, decoding in tiles.

Imported in model processes only: it loads torch. Weights are read as safetensors by diffusers' own `from_pretrained`.
"""

import contextlib
import gc
import logging
import math
import pickle
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from generation.engine import published, weights
from generation.engine.base import (
    Audio,
    EngineError,
    EngineFailure,
    EngineUnavailable,
    FailedTake,
    GivenInput,
    RequestRefused,
)
from generation.engine.fast.codec import Window
from generation.engine.fast.shortage import ran_out
from generation.engine.libraries import library_version, versions
from generation.engine.published import Damaged, Folder, Layout
from provenance.audiofile import resample

LIBRARIES = ("torch", "diffusers", "transformers", "numpy")
SILENT = 1e-4
"""A take whose loudest sample lies below (-80 dBFS) is no sound."""
TILE = 128
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


class Loaded:
    """A pipeline in memory, on its device, with the facts that say which it is."""

    def __init__(
        self, folder: Folder, pipeline: Any, where: torch.device, facts: Mapping[str, str | int]
    ) -> None:
        self.folder, self.pipeline, self.device, self.facts = folder, pipeline, where, dict(facts)
        self.faster: Any = None
        """What makes its takes faster, where there is such; it goes with the pipeline when another one is loaded."""
        self.tick: Callable[[], None] = lambda: None
        """Called before every block of the denoiser and the encoder, so that a request can end within a step."""
        for name in ("transformer", "vae"):
            for holder in getattr(pipeline, name).modules():
                if isinstance(holder, torch.nn.ModuleList) and len(holder) > 1:
                    for block in holder:
                        block.register_forward_pre_hook(lambda *_: self.tick())

    @property
    def batch(self) -> int:
        """So many takes at once without being told: all on a GPU; one by one on a CPU, where a batch saves nothing
        and each take is heard sooner.
        """
        return 64 if self.device.type == "cuda" else 1

    def generators(self, seeds: Sequence[int]) -> list[torch.Generator]:
        """One for each take, on the CPU: the same noise on every device, whatever else is in the batch."""
        return [torch.Generator().manual_seed(seed) for seed in seeds]


class Cabinet:
    """Keeps the last pipeline in memory."""

    def __init__(self, layouts: Mapping[str, Layout]) -> None:
        self._layouts = layouts
        self._key: object = None
        self._loaded: Loaded | None = None

    def ready(self, job: Mapping[str, Any]) -> Loaded:
        """The pipeline of this job's model. Raises EngineUnavailable, EngineFailure (`out_of_memory`)."""
        asked = job["model"]
        where = settled_device(job["device"])
        dtype = settled_precision(job["precision"], where)
        folder = published.looked_at(asked["name"], Path(asked["folder"]), self._layouts)
        if folder is None:
            raise unusable(asked["name"], Damaged(f"its {published.INDEX} is gone"))
        stats = [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in _files(folder)]
        key = (asked["trusted"], str(where), str(dtype), stats)
        if self._loaded is None or key != self._key:
            self._key = self._loaded = None  # frees the old one before the new one needs the room
            free()
            self._loaded = load(folder, where, dtype, asked)
            self._key = key
        return self._loaded


def load(folder: Folder, where: torch.device, dtype: torch.dtype, asked: Mapping[str, Any]) -> Loaded:
    """A pipeline by diffusers' own loader, after everything about its files was checked.

    Raises:
        EngineUnavailable: the weights cannot be used, and why.
        EngineFailure: `out_of_memory`.
    """
    import diffusers

    name = folder.name
    if folder.problem:
        raise unusable(name, Damaged(folder.problem))
    if folder.pickled and not asked["trusted"]:
        raise EngineUnavailable(
            "weights_pickled",
            f"The weights of {name} ({', '.join(folder.pickled)}) are pickled, so they could run code here. Use "
            f"safetensors; or, if you trust where they come from, add {name} to DEADWAX_TRUSTED_MODELS and start "
            "Deadwax again.",
        )
    try:
        shapes = {part: _shapes(folder, part) for part in folder.parts if _has_weights(part)}
        digests = published.checked_digests(folder)
    except (OSError, Damaged, weights.DigestMismatch) as error:
        raise unusable(name, error) from error
    # The codec computes in full precision where it is small: it is the last step, and half of it is heard.
    dtypes = {"default": dtype, "vae": torch.float32} if asked["full_codec"] else {"default": dtype}
    logging.getLogger("diffusers").setLevel(logging.ERROR)
    try:
        pipeline = getattr(diffusers, folder.pipeline).from_pretrained(
            str(folder.folder), dtype=dtypes, local_files_only=True,
            use_safetensors=None if folder.pickled else True,
        )  # fmt: skip
        _check_filled(pipeline, shapes)
        pipeline.set_progress_bar_config(disable=True)
        pipeline.to(where)
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise no_room(name) from error
    except pickle.UnpicklingError as error:
        raise EngineUnavailable(
            "weights_hold_code",
            f"The weights of {name} hold more than numbers, so they could run code here, and are read as numbers only. "
            "Download them as safetensors.",
        ) from error
    except Exception as error:  # a damaged file fails in any way it likes
        if ran_out(error):
            raise no_room(name) from error
        raise unusable(name, error) from error
    return Loaded(folder, pipeline, where, _facts(folder, digests, where, dtype, asked))


def settled_device(asked: str) -> torch.device:
    """The device that is meant. Raises EngineUnavailable where it is not there."""
    if asked == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    found = torch.device(asked)
    if found.type == "cuda" and (found.index or 0) >= torch.cuda.device_count():
        raise EngineUnavailable(
            "no_gpu",
            f"DEADWAX_DEVICE asks for {asked} and torch sees no such GPU here. Set it to auto, or mend the driver.",
        )
    return found


def settled_precision(asked: str, where: torch.device) -> torch.dtype:
    """Half precision on a GPU unless said otherwise."""
    if asked != "auto":
        return DTYPES[asked]
    if where.type != "cuda":
        return torch.float32
    return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16


def in_batches(
    seeds: Sequence[int], size: int, make: Callable[[int, Sequence[int]], Sequence[Tensor]], *, name: str
) -> Iterator[tuple[int, Tensor, dict[str, str | int]]]:
    """`make(first index, seeds)` for as many takes at a time as fit: the batch is halved whenever memory runs out.

    Yields index, what was made, and facts: `batch`, and `batch_asked` where it had to be smaller.

    Raises EngineFailure (`out_of_memory`) when one take alone does not fit; takes that came are with the caller.
    """
    asked = min(size, len(seeds))
    size, at = asked, 0
    while at < len(seeds):
        part = seeds[at : at + size]
        try:
            made = list(make(at, part))
        except (RuntimeError, MemoryError) as error:
            if not ran_out(error):
                raise
            if len(part) == 1:
                raise no_room(name) from error
            size = len(part) // 2
        else:
            facts: dict[str, str | int] = {"batch": len(part)}
            if size < asked:
                facts["batch_asked"] = asked
            for offset in range(len(part)):
                yield at + offset, made[offset], facts
            at += len(part)
            continue
        free()  # outside of the handler, whose traceback keeps the tensors alive


def free() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def decoded(vae: Any, latents: Tensor, samples: int, tick: Callable[[], None]) -> Audio:
    """The first `samples` of sound of one take's latents `[channels, frames]`, in tiles that overlap.

    Memory is that of a tile, however long the take. Equal to decoding at once but for rounding: a frame's sound
    depends on no more frames around it than the overlap has (`reach`).
    """
    hop, context = hop_of(vae), reach(vae)
    x = latents.unsqueeze(0).to(next(vae.parameters()).dtype)
    x = x[..., : math.ceil(samples / hop)]
    layers = [vae.decoder] if hasattr(vae, "hop_length") else [lambda part: vae.decode(part).sample]
    window, parts = Window(layers, hop, context), []
    with torch.no_grad():
        for at in range(0, x.shape[-1], TILE):
            tick()
            made = window.push(x[..., at : at + TILE], at + TILE >= x.shape[-1])
            if made is not None:
                parts.append(made[0].float().cpu())
    sound: Audio = torch.cat(parts, dim=-1)[:, :samples].numpy()
    return sound


def encoded(vae: Any, encode: Callable[[Tensor], Any], sound: Tensor, tick: Callable[[], None]) -> Tensor:
    """Latents `[1, channels, frames]` of sound `[1, channels, samples]` by a codec of transformers, in tiles that
    overlap: its attention masks grow with the square of the length.
    """
    hop, context = hop_of(vae), reach(vae)
    frames = sound.shape[-1] // hop
    found = []
    for at in range(0, frames, TILE):
        tick()
        first, last = max(0, at - context), min(frames, at + TILE + context)
        made = encode(sound[..., first * hop : last * hop]).latents
        found.append(made[..., at - first : min(at + TILE, frames) - first])
    return torch.cat(found, dim=-1)


def hop_of(vae: Any) -> int:
    """Samples of one latent frame."""
    return int(getattr(vae, "hop_length", 0) or vae.downsampling_ratio)


def reach(vae: Any) -> int:
    """Latent frames on either side that decide a frame's sound."""
    if hasattr(vae, "hop_length"):
        # Seven wide at the ends; after every upsampling three of them, dilated 1, 3 and 9.
        found, scale = 3.0, 1
        for ratio in reversed(vae.config.downsampling_ratios):
            found += 1 / scale
            scale *= int(ratio)
            found += 3 * (1 + 3 + 9) / scale
        return math.ceil(found + 3 / scale)
    config = vae.config
    layers: int = sum(config.encoder_transformer_depths)
    return int(config.sliding_window) * layers + 2


def fitted(given: GivenInput, rate_hz: int, channels: int) -> Tensor:
    """A given sound `[channels, samples]` at the model's rate."""
    assert given.audio is not None
    audio = resample(given.audio, given.sample_rate_hz, rate_hz)
    if audio.shape[0] != channels:
        audio = np.repeat(audio.mean(axis=0, keepdims=True), channels, axis=0)
    return torch.from_numpy(np.ascontiguousarray(audio))


def padded(sound: Tensor, hop: int, *, before: int = 0, after: int = 0) -> Tensor:
    """With so many samples of silence around it, and more at the end up to whole frames."""
    length = before + sound.shape[-1] + after
    return torch.nn.functional.pad(sound, (before, after + -length % hop))


def check_length(tokenizer: Any, name: str, words: str, most: int) -> None:
    """Refuse words that a pipeline would cut off without saying so."""
    count = len(tokenizer(words).input_ids)
    if count > most:
        raise RequestRefused(
            name,
            f"The model reads {most} pieces of words and the {name.replace('_', ' ')} has {count}; shorten it to about "
            f"{100 * most // count} % of its length.",
        )


def trouble(audio: Audio, index: int, seed: int) -> FailedTake | None:
    """Why this take is none: broken numbers or silence."""
    if not np.isfinite(audio).all():
        return FailedTake(
            index=index, seed=seed, code="not_finite",
            message="The model made no sound but broken numbers; try another seed, or float32 precision.",
        )  # fmt: skip
    if not audio.size or np.abs(audio).max() < SILENT:
        return FailedTake(
            index=index, seed=seed, code="silent", message="The model made silence; try another seed."
        )
    return None


def unusable(name: str, error: Exception) -> EngineError:
    if isinstance(error, EngineError):
        return error
    reason = next(iter(str(error).splitlines()), "")[:200].rstrip(".") or type(error).__name__
    return EngineUnavailable(
        "weights_broken", f"The weights of {name} cannot be used ({reason}). Download them again."
    )


def no_room(name: str) -> EngineFailure:
    return EngineFailure(
        "out_of_memory",
        f"There is too little free memory for {name}. Choose a smaller model or a shorter take, or end what else "
        "needs the memory.",
    )


def _has_weights(part: str) -> bool:
    return part not in {"scheduler", "tokenizer"}


def _files(folder: Folder) -> list[Path]:
    with contextlib.suppress(OSError):
        return published.read_files(folder)
    return []


def _shapes(folder: Folder, part: str) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for file in published.weight_files(folder.folder, part):
        if file.suffix == ".safetensors":
            found |= published.check_safetensors(file)
    return found


def _check_filled(pipeline: Any, shapes: Mapping[str, Mapping[str, tuple[int, ...]]]) -> None:
    """Every number of every part came from its file: the loaders fill what is missing by chance, and only warn.

    Raises Damaged.
    """
    for part, held in shapes.items():
        if not held:  # pickled and trusted
            continue
        names = set(held) | {
            name.partition(".")[2] for name in held
        }  # transformers may put the model's name before
        state = getattr(pipeline, part).state_dict(keep_vars=True)
        filled = {value.data_ptr() for name, value in state.items() if name in names}
        for name, value in state.items():
            if name not in names and value.data_ptr() not in filled and value.numel():
                raise Damaged(f"{part} lacks {name}")


def _facts(
    folder: Folder,
    digests: Mapping[str, str],
    where: torch.device,
    dtype: torch.dtype,
    asked: Mapping[str, Any],
) -> dict[str, str | int]:
    digest = published.folder_sha256(digests)
    return {
        "model": folder.name,
        "model_sha256": digest,
        "weights_sha256": digest,
        "weights_licence": asked["licence"],
        "weights_trusted": int(asked["trusted"]),
        "device": where.type,
        "device_name": torch.cuda.get_device_name(where) if where.type == "cuda" else platform.machine(),
        "precision": str(dtype).removeprefix("torch."),
        "threads": torch.get_num_threads(),
        **versions(LIBRARIES),
        "engine_version": library_version("diffusers"),
    }
