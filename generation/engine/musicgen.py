"""MusicGen in its model process: loads checkpoints by audiocraft's own loader and makes takes, one seed each.

The takes of a request are made as one batch by our fast decoder; audiocraft's own loop makes them one after
another where
that decoder does not know the model. A take's facts say which, and a seed is worth something with the same one only.

Imported only there (see `host.py`): it loads torch. Weights are read as plain data; a checkpoint that holds code is
refused unless its name is in DEADWAX_TRUSTED_MODELS.
"""

import contextlib
import gc
import math
import pickle
import platform
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from generation.engine import compat, weights
from generation.engine.base import (
    Audio,
    EngineFailure,
    EngineUnavailable,
    GenerationOutput,
    Progress,
    RequestRefused,
)
from generation.engine.fast.codec import Codec
from generation.engine.fast.sampling import Sampling
from generation.engine.fast.shape import Unsupported
from generation.engine.host_process import Hear
from generation.engine.musicgen_fast import FastMusicGen
from generation.engine.musicgen_partial import Partials, codec_for_chunks

LIBRARIES = ("torch", "audiocraft", "transformers", "numpy")
OTHER_MODELS = frozenset({"audiogen", "magnet", "jasco"})
"""Kinds that MusicGen's loader reads, too, and whose terms are others'."""
EXTEND_STRIDE_S = 18.0
"""Beyond the window that it was trained on, a model goes on from so far behind the window's start."""


def runner() -> "MusicGenRunner":
    """The runner for `host_process`."""
    stood_in = compat.install()
    torch.backends.cudnn.benchmark = False  # the same seed, the same bits
    torch.backends.cudnn.deterministic = True
    return MusicGenRunner(stood_in)


class MusicGenRunner:
    """Keeps the last model in memory."""

    def __init__(self, stood_in: tuple[str, ...]) -> None:
        self._stood_in = stood_in
        self._key: object = None
        self._model: Any = None
        self._fast: FastMusicGen | None = None
        self._codec: Codec | None = None
        self._facts: dict[str, str | int] = {}

    def run(
        self, job: Mapping[str, Any], progress: Progress, hear: Hear | None = None
    ) -> Iterator[GenerationOutput]:
        """Yield one take a seed; each equals the one that its seed gives alone, and whether somebody hears it or not.

        A take that comes out broken is told of after all others.

        Raises:
            EngineUnavailable: the weights cannot be used, and why.
            RequestRefused, EngineFailure: see their messages.
        """
        model = self._ready(job)
        frames, samples = _set_up(model, job)
        made = (
            self._slow(model, job, frames, progress)
            if self._fast is None
            else self._quick(job, samples, progress, hear)
        )
        broken: EngineFailure | None = None
        for index, found in made:
            try:
                audio = _finite(found)
            except EngineFailure as error:
                broken = error
                continue
            seed = job["seeds"][index]
            yield GenerationOutput(
                index=index,
                seed=seed,
                audio=_fitted(audio, samples),
                sample_rate_hz=int(model.sample_rate),
                facts=self._facts | _asked(job, seed),
            )
        if broken is not None:
            raise broken

    def _quick(
        self, job: Mapping[str, Any], samples: int, progress: Progress, hear: Hear | None
    ) -> Iterator[tuple[int, Any]]:
        """All takes as one batch; each is decoded alone, so that its sound is that of its codes whatever the batch."""
        assert self._fast is not None
        asked, prompted = job["parameters"], job["mode"] != "unconditional"
        sampling = Sampling(
            temperature=asked["temperature"],
            top_k=asked["top_k"],
            top_p=asked["top_p"],
            guidance=asked["guidance"]
            if prompted
            else 1.0,  # without a prompt there is nothing to lead away from
        )
        frames = _frames(self._model, job)
        partials = None
        if hear is not None and self._codec is not None:
            partials = Partials(self._codec, hear, frames=frames, samples=samples)
        try:
            for index, codes in self._fast.codes(
                prompt=job["prompt"] if prompted else None, seeds=job["seeds"], frames=frames, sampling=sampling,
                progress=progress, on_chunk=partials,
            ):  # fmt: skip
                yield index, self._model.generate_audio(codes.unsqueeze(0).to(self._model.device))
        except torch.OutOfMemoryError as error:
            self._fast.decoder.release()
            raise _no_room(job["checkpoint"]["name"]) from error

    def _slow(
        self, model: Any, job: Mapping[str, Any], frames: int, progress: Progress
    ) -> Iterator[tuple[int, Any]]:
        total = frames * len(job["seeds"])
        progress(0, total)
        for index, seed in enumerate(job["seeds"]):
            yield index, self._take(model, job, seed, _Steps(progress, index * frames, frames, total))

    def _take(self, model: Any, job: Mapping[str, Any], seed: int, steps: "_Steps") -> Any:
        torch.manual_seed(seed)
        model.set_custom_progress_callback(steps)
        try:
            if job["mode"] == "unconditional":
                made = model.generate_unconditional(1, progress=True)
            else:
                made = model.generate([job["prompt"]], progress=True)
        except torch.OutOfMemoryError as error:
            raise _no_room(job["checkpoint"]["name"]) from error
        finally:
            model.set_custom_progress_callback(None)
        steps(steps.frames, 0)
        return made

    def _ready(self, job: Mapping[str, Any]) -> Any:
        checkpoint = job["checkpoint"]
        folder = Path(checkpoint["folder"])
        device = "cuda" if torch.cuda.is_available() else "cpu"
        files = [folder / weights.LANGUAGE_MODEL, folder / weights.CODEC]
        stats = [file.stat() for file in files if file.is_file()]
        key = (
            str(folder),
            checkpoint["trusted"],
            device,
            [(stat.st_size, stat.st_mtime_ns) for stat in stats],
        )
        if key != self._key:
            # Frees the old one before the new one needs the room.
            self._key = self._model = self._fast = self._codec = None
            gc.collect()
            if device == "cuda":
                torch.cuda.empty_cache()
            self._model, self._facts = self._load(checkpoint, files, device)
            self._fast, facts = _fast(self._model, checkpoint["name"])
            self._facts |= facts
            self._codec = codec_for_chunks(self._model) if self._fast is not None else None
            self._key = key
        return self._model

    def _load(
        self, checkpoint: Mapping[str, Any], files: list[Path], device: str
    ) -> tuple[Any, dict[str, str | int]]:
        name = checkpoint["name"]
        try:
            digests = [weights.checked_sha256(file) for file in files]
        except (OSError, weights.DigestMismatch) as error:
            raise _unusable(name, error) from error
        model = _loaded(name, Path(checkpoint["folder"]), device, trusted=checkpoint["trusted"])
        facts: dict[str, str | int] = {
            "engine": "audiocraft",
            "model": name,
            "weights_sha256": digests[0],
            "codec_sha256": digests[1],
            "weights_licence": "CC-BY-NC-4.0",
            "weights_trusted": int(checkpoint["trusted"]),
            **_encoder_facts(checkpoint),
            "device": device,
            "device_name": torch.cuda.get_device_name() if device == "cuda" else platform.machine(),
            "precision": str(next(model.lm.parameters()).dtype).removeprefix("torch."),
            "threads": torch.get_num_threads(),
            "stand_ins": ", ".join(self._stood_in),
            "python_version": platform.python_version(),
            **{f"{library}_version": _version(library) for library in LIBRARIES},
            "engine_version": _version("audiocraft"),
        }
        return model, facts


def _fast(model: Any, name: str) -> tuple[FastMusicGen | None, dict[str, str | int]]:
    """The fast decoder of this model, or None; and the facts that say which decoder it is, and why."""
    try:
        found = FastMusicGen(model, stride_s=EXTEND_STRIDE_S)
    except torch.OutOfMemoryError as error:
        raise _no_room(name) from error
    except (Unsupported, RuntimeError) as error:
        reason = next(iter(str(error).splitlines()), "")[:200]
        return None, {
            "decoder": "audiocraft",
            "decoder_version": _version("audiocraft"),
            "decoder_reason": reason,
        }
    return found, found.facts


class _Steps:
    """One take's steps as part of the request's. A model that goes on in a further window counts some steps again."""

    def __init__(self, progress: Progress, before: int, frames: int, total: int) -> None:
        self.frames = frames
        self._progress, self._before, self._total = progress, before, total
        self._most = 0

    def __call__(self, done: int, _of: int) -> None:
        self._most = max(self._most, min(done, self.frames))
        self._progress(self._before + self._most, self._total)


def _loaded(name: str, folder: Path, device: str, *, trusted: bool) -> Any:
    """A model by audiocraft's own loader. Raises EngineUnavailable, EngineFailure."""
    from audiocraft.models.musicgen import MusicGen

    try:
        with _code_in_weights(trusted):
            model = MusicGen.get_pretrained(str(folder), device=device)
    except torch.OutOfMemoryError as error:
        raise _no_room(name) from error
    except pickle.UnpicklingError as error:
        raise EngineUnavailable(
            "weights_hold_code",
            f"The weights of {name} hold more than numbers, so they could run code here. Use an exported checkpoint; "
            f"or, if you trust where they come from, add {name} to DEADWAX_TRUSTED_MODELS and start Deadwax again.",
        ) from error
    except Exception as error:  # a damaged file fails in any way it likes
        raise _unusable(name, error) from error
    solver, kind = str(model.cfg.get("solver", "")), str(model.cfg.lm_model)
    if kind != "transformer_lm" or solver in OTHER_MODELS:
        raise EngineUnavailable(
            "weights_foreign", f"The model in {folder} is not MusicGen ({solver}, {kind}); move it elsewhere."
        )
    return model


@contextlib.contextmanager
def _code_in_weights(allowed: bool) -> Iterator[None]:
    """Let this one load read a checkpoint that holds code. The loader has no switch for it of its own."""
    real = torch.load

    def load(*args: Any, **kwargs: Any) -> Any:
        return real(*args, **{**kwargs, "weights_only": False})

    if not allowed:
        yield
        return
    torch.load = load
    try:
        yield
    finally:
        torch.load = real


def _frames(model: Any, job: Mapping[str, Any]) -> int:
    """Frames that hold the length asked for."""
    frames: int = math.ceil(round(job["duration_s"] * float(model.frame_rate), 6))
    return frames


def _finite(made: Any) -> Audio:
    """The one take of a batch of one. Raises EngineFailure where it holds no numbers."""
    audio: Audio = made[0].detach().float().cpu().numpy()
    if not np.isfinite(audio).all():
        raise EngineFailure("not_finite", "The model made no sound but broken numbers; try another seed.")
    return audio


def _set_up(model: Any, job: Mapping[str, Any]) -> tuple[int, int]:
    """Set what the request asks for. Returns the steps of one take and its length in samples."""
    asked = job["parameters"]
    if asked["top_k"] > model.lm.card:
        raise RequestRefused("parameter", f"Top k must be at most {model.lm.card} for this model.")
    rate = float(model.frame_rate)
    frames = _frames(model, job)
    if frames / rate > model.max_duration:
        frames += 1  # windows are rounded down
    duration_s = frames / rate
    while int(duration_s * rate) < frames:
        duration_s = math.nextafter(duration_s, math.inf)
    model.set_generation_params(
        duration=duration_s,
        use_sampling=True,
        temperature=asked["temperature"],
        top_k=asked["top_k"],
        top_p=asked["top_p"],
        cfg_coef=asked["guidance"],
        extend_stride=EXTEND_STRIDE_S,
    )
    return frames, round(job["duration_s"] * model.sample_rate)


def _fitted(audio: Audio, samples: int) -> Audio:
    """Exactly as long as asked for: the model makes whole frames."""
    if audio.shape[1] < samples:
        raise EngineFailure("too_short", f"The model made {audio.shape[1]} of {samples} samples; try again.")
    return np.ascontiguousarray(audio[:, :samples])


def _asked(job: Mapping[str, Any], seed: int) -> dict[str, str | int]:
    asked = job["parameters"]
    return {
        "mode": job["mode"],
        "seed": seed,
        "guidance_milli": round(asked["guidance"] * 1000),
        "temperature_milli": round(asked["temperature"] * 1000),
        "top_k": asked["top_k"],
        "top_p_milli": round(asked["top_p"] * 1000),
    }


def _encoder_facts(checkpoint: Mapping[str, Any]) -> dict[str, str | int]:
    file = weights.encoder_weights(Path(checkpoint["text_encoder_hub"]))
    if file is None:
        return {}
    try:
        return {"text_encoder": "t5-base", "text_encoder_sha256": weights.checked_sha256(file)}
    except (OSError, weights.DigestMismatch) as error:
        raise _unusable("t5-base", error) from error


def _unusable(name: str, error: Exception) -> EngineUnavailable:
    reason = next(iter(str(error).splitlines()), "")[:200] or type(error).__name__
    return EngineUnavailable(
        "weights_broken", f"The weights of {name} cannot be used ({reason}). Download them again."
    )


def _no_room(name: str) -> EngineFailure:
    return EngineFailure(
        "out_of_memory",
        f"The GPU has too little free memory for {name}. Choose a smaller model or a shorter take, or end what else "
        "uses the GPU.",
    )


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "unknown"
