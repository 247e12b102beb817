"""Which of audiocraft's published models are on this machine, what the others would take, and how they are set up.

No torch here. Sizes of those that are not here follow from their parameters, in half precision, and the codec.
"""

import importlib.util
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from generation.engine import device, offered, separators, warm, weights
from generation.engine.base import EngineUnavailable, ModelSpec
from generation.engine.offered import Known
from generation.engine.weights import Checkpoint

SEPARATOR = "adefossez/HTDemucs"
_LICENCE = "CC-BY-NC-4.0"


def _known(name: str, title: str, gigabytes: float, tool: str = "musicgen") -> Known:
    return Known(
        name=name, title=title, tool=tool, licence=_LICENCE, size_bytes=round(gigabytes * 1e9),
        source=f"facebook/{name}",
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Family:
    """Models of one kind: how they are called, what reads their prompts, and what is published of them."""

    kind: str
    engine: str
    title: str
    tool: str
    names: re.Pattern[str]
    text_encoder: str
    encoder_gigabytes: float
    published: tuple[Known, ...]


MUSICGEN = Family(
    kind="musicgen",
    engine="audiocraft",
    title="MusicGen",
    tool="musicgen",
    names=re.compile(r"musicgen[A-Za-z0-9._-]{0,56}", re.IGNORECASE),
    text_encoder="t5-base",
    encoder_gigabytes=0.9,
    published=(
        _known("musicgen-small", "MusicGen small", 1.1),
        _known("musicgen-medium", "MusicGen medium", 3.9),
        _known("musicgen-melody", "MusicGen melody", 3.0),
        _known("musicgen-large", "MusicGen large", 6.7),
        _known("musicgen-melody-large", "MusicGen melody large", 5.1),
        _known("musicgen-stereo-small", "MusicGen stereo small", 1.1),
        _known("musicgen-stereo-medium", "MusicGen stereo medium", 4.0),
        _known("musicgen-stereo-melody", "MusicGen stereo melody", 3.1),
        _known("musicgen-stereo-large", "MusicGen stereo large", 6.8),
    ),
)
AUDIOGEN = Family(
    kind="audiogen",
    engine="audiogen",
    title="AudioGen",
    tool="audiogen",
    names=re.compile(r"audiogen[A-Za-z0-9._-]{0,56}", re.IGNORECASE),
    text_encoder="t5-large",
    encoder_gigabytes=3.0,
    published=(_known("audiogen-medium", "AudioGen medium", 3.9, "audiogen"),),
)


def follows_melodies(name: str) -> bool:
    """Whether a model of this name is conditioned on melodies; its loading says for certain."""
    return "melody" in name.lower()


def usable(family: Family) -> list[Checkpoint]:
    """Models that can be loaded here, the smallest first."""
    return [one for one in weights.find_checkpoints(os.environ, family.names) if not _lacks(family, one.name)]


def specs(family: Family) -> tuple[ModelSpec, ...]:
    """Models that are here, then published ones that are not; each that cannot be used says what to do."""
    here = weights.find_checkpoints(os.environ, family.names)
    by_name = {one.name: one for one in family.published}
    found = []
    for one in here:
        known = by_name.get(one.name)
        lacking = _lacks(family, one.name)
        found.append(
            ModelSpec(
                name=one.name,
                title=known.title if known else one.name,
                tool=family.tool,
                licence=_LICENCE if known else f"{_LICENCE}, unless its card says otherwise",
                size_bytes=one.size_bytes,
                source=known.source if known else one.folder.name,
                present=not lacking,
                reason=lacking,
                sha256=weights.promised_sha256(one.folder / weights.LANGUAGE_MODEL) or "",
                trusted=weights.trusted(os.environ, one.name),
                published=known is not None,
            )
        )
    names = {one.name for one in here}
    found += [
        ModelSpec(
            name=known.name,
            title=known.title,
            tool=known.tool,
            licence=known.licence,
            size_bytes=known.size_bytes,
            source=known.source,
            present=False,
            reason=_to_download(known),
        )
        for known in family.published
        if known.name not in names
    ]
    return tuple(found)


def unavailable(family: Family) -> str:
    """Why nothing of this family can be used here, and what to do; empty when something can."""
    if any(importlib.util.find_spec(package) is None for package in ("torch", "audiocraft")):
        return (
            f"{family.title} needs the engines extra. Stop Deadwax and start it with `python3 manage.py up --engines` "
            "(1 GB on disk, about 4 GB more where torch comes with CUDA)."
        )
    try:
        device.device()
        device.memory_limit_mb()
    except EngineUnavailable as error:
        return error.message
    if usable(family):
        return ""
    here = weights.find_checkpoints(os.environ, family.names)
    if here:
        return _lacks(family, here[0].name)
    return _to_download(family.published[0])


def environment(family: Family) -> Callable[[], Mapping[str, str]]:
    """What must be set before the libraries are imported: no network, and where the text encoder lies."""
    return partial(_environment, family)


def checkpoint_job(family: Family, checkpoint: Checkpoint) -> dict[str, object]:
    """A model as its process reads it."""
    return {
        "name": checkpoint.name,
        "kind": family.kind,
        "engine": family.engine,
        "folder": str(checkpoint.folder),
        "licence": _LICENCE,
        "trusted": weights.trusted(os.environ, checkpoint.name),
        "text_encoder": family.text_encoder,
        "text_encoder_hub": str(weights.find_text_encoder(os.environ, family.text_encoder)),
    }


def memory_mb(family: Family, checkpoint: Checkpoint) -> int:
    """About what the model holds once it is loaded: half precision on a GPU, float32 without; and its text encoder."""
    share = 1 if device.on_gpu() else 2
    held = share * checkpoint.size_bytes + family.encoder_gigabytes * 1e9 / 2
    if checkpoint.size_bytes < 50e6:  # no published model is so small
        held = 3 * checkpoint.size_bytes
    return round(held * (1 + offered.WORKING_SHARE) / 2**20) + offered.PROCESS_MB


def _lacks(family: Family, name: str) -> str:
    """What a model that is here needs beside its own weights, and how to get it; empty when it is there."""
    tool = Path(sys.executable).with_name("hf")  # comes with the extra
    folder = weights.models_folder(os.environ)
    encoder = family.text_encoder
    hub = weights.find_text_encoder(os.environ, encoder)
    if hub is None:
        return (
            f"{family.title}'s weights are here, its text encoder is not. Download it (about "
            f"{family.encoder_gigabytes:g} GB, Apache-2.0) with `{tool} download {encoder} config.json "
            f"model.safetensors spiece.model tokenizer.json tokenizer_config.json --cache-dir {folder}/hub`, then "
            "start Deadwax again."
        )
    if follows_melodies(name) and not _has_separator(hub):
        return (
            f"{name} takes a melody out of its accompaniment by HTDemucs, which is not here. Download it (about 0.1 "
            f"GB, MIT) with `{tool} download {SEPARATOR} --cache-dir {hub}`, then start Deadwax again."
        )
    return ""


def _has_separator(hub: Path) -> bool:
    repository = hub / f"models--{SEPARATOR.replace('/', '--')}"
    looked = (separators.looked_at("htdemucs", snapshot) for snapshot in repository.glob("snapshots/*"))
    return any(one is not None and not one.problem for one in looked)


def _to_download(one: Known) -> str:
    tool = Path(sys.executable).with_name("hf")
    folder = weights.models_folder(os.environ)
    more = (
        " It follows melodies, for which it needs HTDemucs, too (it says how when it is there)."
        if follows_melodies(one.name)
        else ""
    )
    return (
        f"{one.title} is not here. The licence of its weights is {one.licence}: for sketching, not for sale. Download "
        f"it (about {one.size_bytes / 1e9:.1f} GB) with `{tool} download {one.source} state_dict.bin "
        f"compression_state_dict.bin --local-dir {folder}/{one.name}`, then start Deadwax again.{more}"
    )


def _environment(family: Family) -> Mapping[str, str]:
    hub = weights.find_text_encoder(os.environ, family.text_encoder)
    return {
        # Kernels are compiled once a machine, which takes some twenty seconds.
        "TRITON_CACHE_DIR": os.environ.get("TRITON_CACHE_DIR") or str(warm.folder().with_name("triton")),
        **offered.model_environment(),
        **({"HF_HUB_CACHE": str(hub)} if hub else {}),
    }
