"""Demucs models on this machine: found, and looked through before anything of them is loaded. Imports no torch.

A folder holds a bag (`htdemucs.yaml`: signatures of its models, weights by source) and for each signature either
`<signature>.safetensors`, as the models' own page has them, or `<signature>-<first of the SHA-256>.th`, as demucs
published them first (facebookresearch/demucs, demucs/hf.py and demucs/repo.py).
"""

import importlib.util
import json
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from generation.engine import published, weights
from generation.engine.published import Damaged

CLASSES = ("demucs.htdemucs.HTDemucs", "demucs.hdemucs.HDemucs", "demucs.demucs.Demucs")
FOUR = ("vocals", "drums", "bass", "other")
SIX = ("vocals", "drums", "bass", "guitar", "piano", "other")
ROLES = {
    "vocals": ("lead_vocal", "Vocals"),
    "drums": ("drums", "Drums"),
    "bass": ("bass", "Bass"),
    "guitar": ("guitar", "Guitar"),
    "piano": ("keys", "Piano"),
}
"""What a model calls a source, and the role and name of its stem. What is left over is `other`."""

_NAME = re.compile(r"h?t?demucs([-_][A-Za-z0-9._-]{1,56})?", re.IGNORECASE)
_SIGNATURE = re.compile(r"[A-Za-z0-9_]{4,64}")
_MAX_BAG_BYTES = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Separator:
    """A model on disk. `problem` says why it cannot be loaded, empty where nothing speaks against it so far."""

    name: str
    folder: Path
    files: tuple[Path, ...] = ()
    bag: Mapping[str, Any] | None = None
    problem: str = ""

    @property
    def size_bytes(self) -> int:
        return sum(file.stat().st_size for file in self.files)

    @property
    def sources(self) -> tuple[str, ...]:
        """What it tells apart, as far as its name says it."""
        return SIX if "6s" in self.name else FOUR


def find(env: Mapping[str, str]) -> list[Separator]:
    """Every folder that holds a bag or weights of Demucs, by name; folders of their own win over caches."""
    found: dict[str, Separator] = {}
    for name, folder in weights.candidates(env, lambda name: _NAME.fullmatch(name) is not None):
        own = name.lower().replace("-", "_")
        if own not in found and (one := looked_at(own, folder)) is not None:
            found[own] = one
    return sorted(found.values(), key=lambda one: one.name)


def looked_at(name: str, folder: Path) -> Separator | None:
    """What lies in this folder; None where there is nothing of Demucs."""
    bags = sorted(folder.glob("*.yaml"))
    held = [file for file in folder.iterdir() if file.suffix in {".safetensors", ".th"}]
    if not bags and not held:
        return None
    try:
        bag = _bag(bags, name)
        files = tuple(_file(folder, signature) for signature in bag["models"])
        for file in files:
            if file.suffix == ".safetensors":
                published.check_safetensors(file)
    except (OSError, Damaged) as error:
        return Separator(name=name, folder=folder, problem=str(error))
    return Separator(name=name, folder=folder, files=files, bag=bag)


def foreign_code(file: Path) -> str:
    """What a safetensors file would have demucs import that is no model of demucs; empty where there is nothing.

    The names of classes stand in the file, and the loader imports what they say. Raises Damaged, OSError.
    """
    with file.open("rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        if not 2 <= length <= published.MAX_HEADER_BYTES:
            raise Damaged(f"{file.name} is no safetensors file, or cut short")
        try:
            said = json.loads(stream.read(length)).get("__metadata__") or {}
        except (ValueError, RecursionError, AttributeError) as error:
            raise Damaged(f"the header of {file.name} cannot be read") from error
    klass = str(said.get("klass", ""))
    if klass not in CLASSES:
        return klass[:120] or "no class"
    return "a structure of its own" if '"_class"' in str(said.get("structure", "")) else ""


def _bag(bags: list[Path], name: str) -> Mapping[str, Any]:
    """The bag beside the weights, else the one that comes with demucs. Raises Damaged."""
    if len(bags) > 1:
        raise Damaged(f"there are {len(bags)} bags (*.yaml) where one model has one")
    file = bags[0] if bags else _known_bag(name)
    try:
        with file.open("rb") as stream:
            bag: Any = yaml.safe_load(stream.read(_MAX_BAG_BYTES))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise Damaged(f"{file.name} cannot be read") from error
    models = bag.get("models") if isinstance(bag, dict) else None
    if not isinstance(models, list) or not 1 <= len(models) <= 16:
        raise Damaged(f"{file.name} names no models")
    if not all(isinstance(one, str) and _SIGNATURE.fullmatch(one) for one in models):
        raise Damaged(f"{file.name} names models by what is no signature")
    named: Mapping[str, Any] = bag
    return named


def _known_bag(name: str) -> Path:
    spec = importlib.util.find_spec("demucs")
    if spec is not None and spec.origin is not None:
        file = Path(spec.origin).parent / "remote" / f"{name}.yaml"
        if file.is_file():
            return file
    raise Damaged(f"{name}.yaml is missing")


def _file(folder: Path, signature: str) -> Path:
    whole = folder / f"{signature}.safetensors"
    if whole.is_file():
        return whole
    several = [*folder.glob(f"{signature}-*.th"), *folder.glob(f"{signature}.th")]
    if len(several) != 1:
        raise Damaged(
            f"{signature}.safetensors is missing"
            if not several
            else f"{signature} is there {len(several)} times"
        )
    return several[0]
