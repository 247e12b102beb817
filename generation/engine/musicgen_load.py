"""Checkpoints in audiocraft's published format, by its own loader, with every check. In the model process only.

Weights are read as plain data; a checkpoint that holds code is refused unless its name is in DEADWAX_TRUSTED_MODELS.
"""

import contextlib
import pickle
import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from generation.engine import separators, weights
from generation.engine.base import EngineFailure, EngineUnavailable
from generation.engine.fast.codec import Codec
from generation.engine.fast.shape import Unsupported
from generation.engine.fast.shortage import ran_out
from generation.engine.libraries import library_version, versions
from generation.engine.musicgen_fast import FastMusicGen
from generation.engine.musicgen_partial import codec_for_chunks

LIBRARIES = ("torch", "audiocraft", "transformers", "numpy")
OTHER_MODELS = frozenset({"audiogen", "magnet", "jasco"})
"""Kinds that MusicGen's loader reads, too, and whose terms are others'."""
STRIDE_S = {"musicgen": 18.0, "audiogen": 2.0}
"""Beyond the window that it was trained on, a model goes on from so far behind the window's start."""
TITLES = {"musicgen": "MusicGen", "audiogen": "AudioGen"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Loaded:
    """A model in memory. `fast` is None where our decoder does not know it; `facts` say which model it is."""

    model: Any
    fast: FastMusicGen | None
    codec: Codec | None
    facts: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def hop(self) -> int:
        """Samples of one frame."""
        samples: int = round(self.model.sample_rate / self.model.frame_rate)
        return samples

    @property
    def window(self) -> int:
        """Frames that it was trained on."""
        frames: int = int(self.model.max_duration * self.model.frame_rate)
        return frames


def files_of(checkpoint: Mapping[str, Any]) -> list[Path]:
    folder = Path(checkpoint["folder"])
    return [folder / weights.LANGUAGE_MODEL, folder / weights.CODEC]


def load(checkpoint: Mapping[str, Any], device: str, stood_in: tuple[str, ...]) -> Loaded:
    """Raises EngineUnavailable where the weights cannot be used, EngineFailure (`out_of_memory`)."""
    name, kind = checkpoint["name"], checkpoint["kind"]
    try:
        digests = [weights.checked_sha256(file) for file in files_of(checkpoint)]
    except (OSError, weights.DigestMismatch) as error:
        raise unusable(name, error) from error
    model, separator = _loaded(name, kind, Path(checkpoint["folder"]), device, trusted=checkpoint["trusted"])
    fast, decoder_facts = _fast(model, kind, name)
    facts: dict[str, str | int] = {
        "engine": checkpoint["engine"],
        "model": name,
        "weights_sha256": digests[0],
        "codec_sha256": digests[1],
        "weights_licence": checkpoint["licence"],
        "weights_trusted": int(checkpoint["trusted"]),
        **_encoder_facts(checkpoint),
        **({"separator_sha256": weights.checked_sha256(separator[0])} if separator else {}),
        "device": device,
        "device_name": torch.cuda.get_device_name() if device == "cuda" else platform.machine(),
        "precision": str(next(model.lm.parameters()).dtype).removeprefix("torch."),
        "threads": torch.get_num_threads(),
        "stand_ins": ", ".join(stood_in),
        **versions(LIBRARIES),
        "engine_version": library_version("audiocraft"),
        **decoder_facts,
    }
    return Loaded(
        model=model, fast=fast, codec=None if fast is None else codec_for_chunks(model), facts=facts
    )


def _fast(model: Any, kind: str, name: str) -> tuple[FastMusicGen | None, Mapping[str, str | int]]:
    """The fast decoder of this model, or None; and the facts that say which decoder it is, and why."""
    try:
        found = FastMusicGen(model, stride_s=STRIDE_S[kind])
    except (Unsupported, RuntimeError) as error:
        if ran_out(error):
            raise no_room(name) from error
        reason = next(iter(str(error).splitlines()), "")[:200]
        return None, {
            "decoder": "audiocraft",
            "decoder_version": library_version("audiocraft"),
            "decoder_reason": reason,
        }
    return found, found.facts


def _loaded(name: str, kind: str, folder: Path, device: str, *, trusted: bool) -> tuple[Any, list[Path]]:
    from audiocraft.models.audiogen import AudioGen
    from audiocraft.models.musicgen import MusicGen

    try:
        with _code_in_weights(trusted), _separator_looked_at(trusted) as separator:
            maker = AudioGen if kind == "audiogen" else MusicGen
            model = maker.get_pretrained(str(folder), device=device)
    except pickle.UnpicklingError as error:
        raise EngineUnavailable(
            "weights_hold_code",
            f"The weights of {name} hold more than numbers, so they could run code here. Use an exported checkpoint; "
            f"or, if you trust where they come from, add {name} to DEADWAX_TRUSTED_MODELS and start Deadwax again.",
        ) from error
    except Exception as error:  # a damaged file fails in any way it likes
        if ran_out(error):
            raise no_room(name) from error
        raise unusable(name, error) from error
    solver, lm = str(model.cfg.get("solver", "")), str(model.cfg.lm_model)
    foreign = solver in OTHER_MODELS if kind == "musicgen" else solver != kind
    if lm != "transformer_lm" or foreign:
        raise EngineUnavailable(
            "weights_foreign",
            f"The model in {folder} is not {TITLES[kind]} ({solver}, {lm}); move it elsewhere.",
        )
    return model, separator


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


@contextlib.contextmanager
def _separator_looked_at(trusted: bool) -> Iterator[list[Path]]:
    """A melody model loads Demucs, which imports what the file names and looks on the network for what it misses: let
    it do neither. Yields the files that it loads.
    """
    from demucs import hf

    real_download, real_load = torch.hub.load_state_dict_from_url, hf.load_safetensors_model
    found: list[Path] = []
    foreign = ""

    def refuse(url: str, *_: Any, **__: Any) -> Any:  # also what demucs does when the file was not taken
        if foreign:
            raise pickle.UnpicklingError(f"the separator of melodies names {foreign}")
        raise OSError("its separator of melodies, HTDemucs, is missing or damaged")

    def look(path: str | Path) -> Any:
        nonlocal foreign
        foreign = "" if trusted else separators.foreign_code(Path(path))
        if foreign:
            raise OSError(f"it names {foreign}")
        found.append(Path(path))
        return real_load(path)

    torch.hub.load_state_dict_from_url, hf.load_safetensors_model = refuse, look
    try:
        yield found
    finally:
        torch.hub.load_state_dict_from_url, hf.load_safetensors_model = real_download, real_load


def _encoder_facts(checkpoint: Mapping[str, Any]) -> dict[str, str | int]:
    name = checkpoint["text_encoder"]
    file = weights.encoder_weights(Path(checkpoint["text_encoder_hub"]), name)
    if file is None:
        return {}
    try:
        return {"text_encoder": name, "text_encoder_sha256": weights.checked_sha256(file)}
    except (OSError, weights.DigestMismatch) as error:
        raise unusable(name, error) from error


def unusable(name: str, error: Exception) -> EngineUnavailable:
    reason = next(iter(str(error).splitlines()), "")[:200] or type(error).__name__
    return EngineUnavailable(
        "weights_broken", f"The weights of {name} cannot be used ({reason}). Download them again."
    )


def no_room(name: str) -> EngineFailure:
    return EngineFailure(
        "out_of_memory",
        f"There is too little free memory for {name}, even for one take at a time. Choose a smaller model or a shorter "
        "take, or end what else uses the memory.",
    )
