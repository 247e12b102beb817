"""Demucs in its model process: loads published models by demucs' own loaders and takes recordings apart.

Imported only there (see `host.py`): it loads torch. Weights are read as plain data: files may name Demucs' own classes,
pickled ones fractions, too; anything else needs the model's name in DEADWAX_TRUSTED_MODELS.
"""

import contextlib
import gc
import math
import pickle
import platform
import random
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch
from demucs.apply import BagOfModels, apply_model
from demucs.demucs import Demucs
from demucs.hdemucs import HDemucs
from demucs.hf import load_safetensors_model
from demucs.htdemucs import HTDemucs
from demucs.repo import LocalRepo

from generation.audio.apart import exact
from generation.engine import separators, weights
from generation.engine.base import (
    Audio,
    EngineFailure,
    EngineUnavailable,
    FailedTake,
    GenerationOutput,
    Made,
    Progress,
    RequestRefused,
    StemAudio,
)
from generation.engine.host_process import Hear
from generation.engine.libraries import library_version, versions
from generation.engine.published import Damaged, folder_sha256
from generation.engine.separators import ROLES, Separator
from generation.modes import SOURCE
from provenance.audiofile import resample

LIBRARIES = ("torch", "demucs", "numpy")
OVERLAP = 0.25
REST_ROLE, REST_NAME = "other", "Everything else"


def runner() -> "DemucsRunner":
    """The runner for `host_process`."""
    torch.backends.cudnn.benchmark = False  # the same seed, the same bits
    torch.backends.cudnn.deterministic = True
    return DemucsRunner()


class DemucsRunner:
    """Keeps the last model in memory."""

    def __init__(self) -> None:
        self._key: object = None
        self._model: Any = None
        self._facts: dict[str, str | int] = {}

    def run(self, job: Mapping[str, Any], progress: Progress, hear: Hear | None = None) -> Iterator[Made]:
        """Yield the recording as it was given, with its stems, which sum to it exactly.

        Raises:
            EngineUnavailable: the weights cannot be used, and why.
            RequestRefused, EngineFailure: see their messages.
        """
        progress(0, 1)
        model = self._ready(job)
        source = next(one for one in job["inputs"] if one.role == SOURCE)
        asked = _asked_for(job["targets"], model.sources)
        mix, rate = source.audio, int(model.samplerate)
        sound = resample(mix, source.sample_rate_hz, rate)
        sound = np.repeat(sound, model.audio_channels, axis=0) if sound.shape[0] == 1 else sound
        random.seed(job["seed"])
        try:
            found = self._separated(sound, job["passes"], progress)
        except torch.OutOfMemoryError as error:
            raise _no_room(job["model"]["name"]) from error
        if not np.isfinite(found).all():
            yield FailedTake(
                index=0, seed=job["seed"], code="not_finite",
                message="The model made no sound but broken numbers. Try another model.",
            )  # fmt: skip
            return
        stems = {
            name: _fitted(resample(stem, rate, source.sample_rate_hz), mix)
            for name, stem in zip(model.sources, found, strict=True)
        }
        made = exact(mix, [stems[name] for name in asked])
        complete = set(asked) | {REST_ROLE} >= set(model.sources)
        names = [*(ROLES[name] for name in asked), (REST_ROLE, "Other" if complete else REST_NAME)]
        residual = mix - np.sum(list(stems.values()), axis=0)
        yield GenerationOutput(
            index=0,
            seed=job["seed"],
            audio=made.mix,
            sample_rate_hz=source.sample_rate_hz,
            stems=tuple(
                StemAudio(role=role, name=name, audio=part)
                for (role, name), part in zip(names, made.parts, strict=True)
            ),
            facts={
                **self._facts,
                "mode": job["mode"],
                "seed": job["seed"],
                "passes": job["passes"],
                "sources": ", ".join(model.sources),
                "rest": names[-1][1],
                "residual_millibel": _relative_millibel(residual, mix),
                "gain_millibel": round(made.gain_db * 100),
            },
        )

    def _separated(self, sound: Audio, passes: int, progress: Progress) -> Audio:
        """`[sources, channels, samples]`, by demucs' own way of cutting, padding and crossing pieces."""
        model, device = self._model, self._facts["device"]
        wav = torch.from_numpy(np.ascontiguousarray(sound))
        mean, deviation = wav.mean(0).mean(), wav.mean(0).std() + 1e-8
        shifts = passes if passes > 1 else 0
        total = _pieces(model, wav.shape[1], shifts)
        done = 0

        def heard(state: Mapping[str, Any]) -> None:
            nonlocal done
            done += state["state"] == "end"
            progress(min(done, total - 1), total)

        with torch.no_grad():
            out = apply_model(
                model, ((wav - mean) / deviation)[None], shifts=shifts, overlap=OVERLAP, device=str(device),
                callback=heard,
            )  # fmt: skip
        found: Audio = (out[0].float().cpu() * deviation + mean).numpy()
        progress(total, total)
        return found

    def _ready(self, job: Mapping[str, Any]) -> Any:
        asked = job["model"]
        device = _device(job["device"])
        one = separators.looked_at(asked["name"], Path(asked["folder"]))
        if one is None or one.problem:
            raise _unusable(asked["name"], Damaged(one.problem if one else "its folder is empty"))
        stats = [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in one.files]
        key = (asked["trusted"], device, stats)
        if key != self._key:
            self._key = self._model = None  # frees the old one before the new one needs the room
            gc.collect()
            if device.startswith("cuda"):
                torch.cuda.empty_cache()
            self._model, self._facts = _load(one, device, trusted=asked["trusted"])
            self._key = key
        return self._model


def _load(one: Separator, device: str, *, trusted: bool) -> tuple[Any, dict[str, str | int]]:
    """A bag of models by demucs' own loaders, after its files were checked. Raises EngineUnavailable, EngineFailure."""
    try:
        digests = {file.name: weights.checked_sha256(file) for file in one.files}
        foreign = [
            said
            for file in one.files
            if file.suffix == ".safetensors" and (said := separators.foreign_code(file))
        ]
    except (OSError, Damaged, weights.DigestMismatch) as error:
        raise _unusable(one.name, error) from error
    if foreign and not trusted:
        raise _holds_code(one.name)
    bag = one.bag or {}
    try:
        with _only_numbers(trusted):
            models = [_one(one, file) for file in one.files]
        model = BagOfModels(models, bag.get("weights"), bag.get("segment"))
        model.eval()
        model.to(device)
    except torch.OutOfMemoryError as error:
        raise _no_room(one.name) from error
    except pickle.UnpicklingError as error:
        raise _holds_code(one.name) from error
    except Exception as error:  # a damaged file fails in any way it likes
        raise _unusable(one.name, error) from error
    known = {*ROLES, REST_ROLE}
    if REST_ROLE not in model.sources or not set(model.sources) <= known:
        raise EngineUnavailable(
            "weights_foreign",
            f"{one.name} tells {', '.join(map(str, model.sources))[:200]} apart, which Deadwax has no parts for; use "
            "another model.",
        )
    digest = folder_sha256(digests)
    return model, {
        "engine": "stems",
        "model": one.name,
        "model_sha256": digest,
        "weights_sha256": digest,
        "weights_licence": "MIT",
        "weights_trusted": int(trusted),
        "model_sample_rate_hz": int(model.samplerate),
        "device": device.partition(":")[0],
        "device_name": torch.cuda.get_device_name(device)
        if device.startswith("cuda")
        else platform.machine(),
        "precision": str(next(model.parameters()).dtype).removeprefix("torch."),
        "threads": torch.get_num_threads(),
        **versions(LIBRARIES),
        "engine_version": library_version("demucs"),
    }


def _one(one: Separator, file: Path) -> Any:
    if file.suffix == ".safetensors":
        return load_safetensors_model(file)
    return LocalRepo(one.folder).get_model(file.stem.rsplit("-", 1)[0])  # checks the digest in the name, too


@contextlib.contextmanager
def _only_numbers(trusted: bool) -> Iterator[None]:
    """Let this one load read no code: demucs' loader asks torch to run what a checkpoint holds."""
    real: Callable[..., Any] = torch.load

    def load(*args: Any, **kwargs: Any) -> Any:
        return real(*args, **{**kwargs, "weights_only": True})

    if trusted:
        yield
        return
    torch.load = load
    try:
        with torch.serialization.safe_globals([HTDemucs, HDemucs, Demucs, Fraction]):
            yield
    finally:
        torch.load = real


def _asked_for(targets: list[str], sources: list[str]) -> list[str]:
    """The model's names of the parts to take out: all, or those of the roles asked for."""
    offered = {ROLES[name][0]: name for name in sources if name in ROLES}
    for target in targets:
        if target not in offered:
            raise RequestRefused(
                "targets", f"This model cannot take out {target!r}; it offers: {', '.join(offered)}."
            )
    return [name for role, name in offered.items() if not targets or role in targets]


def _pieces(model: Any, length: int, shifts: int) -> int:
    """About how many pieces will be worked on."""
    longest = length + (model.samplerate // 2 if shifts else 0)
    count = 0
    for one in model.models:
        stride = int((1 - OVERLAP) * int(one.samplerate * one.segment))
        count += max(1, shifts) * math.ceil(longest / max(1, stride))
    return max(1, count)


def _fitted(stem: Audio, mix: Audio) -> Audio:
    """As long and with as many channels as the recording."""
    stem = stem.mean(axis=0, keepdims=True) if mix.shape[0] == 1 else stem
    missing = mix.shape[1] - stem.shape[1]
    return np.pad(stem, ((0, 0), (0, missing))) if missing > 0 else stem[:, : mix.shape[1]]


def _relative_millibel(part: Audio, of: Audio) -> int:
    """The level of a part, in hundredths of a dB below the whole's."""
    power = [float(np.mean(np.square(one, dtype=np.float64))) for one in (part, of)]
    return round(1000 * math.log10(max(power[0], 1e-20) / max(power[1], 1e-20)))


def _device(asked: str) -> str:
    if asked == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if asked.startswith("cuda") and not torch.cuda.is_available():
        raise EngineUnavailable(
            "bad_device", "DEADWAX_DEVICE asks for a GPU, and torch finds none here. Set it to auto or cpu."
        )
    return asked


def _holds_code(name: str) -> EngineUnavailable:
    return EngineUnavailable(
        "weights_hold_code",
        f"The weights of {name} hold more than numbers, so they could run code here. Use the published safetensors; "
        f"or, if you trust where they come from, add {name} to DEADWAX_TRUSTED_MODELS and start Deadwax again.",
    )


def _unusable(name: str, error: Exception) -> EngineUnavailable:
    reason = next(iter(str(error).splitlines()), "")[:200].rstrip(".") or type(error).__name__
    return EngineUnavailable(
        "weights_broken", f"The weights of {name} cannot be used ({reason}). Download them again."
    )


def _no_room(name: str) -> EngineFailure:
    return EngineFailure(
        "out_of_memory",
        f"There is too little free memory for {name}. Take a shorter recording apart, or end what else needs it.",
    )
