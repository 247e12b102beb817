"""Model folders in the published diffusers format: found, looked through before anything of them is loaded. No torch.

A folder holds `model_index.json`, which names a class for each part, and a folder for each part with its weights as
safetensors. Reading is of JSON and of safetensors headers only (format: an 8-byte little-endian length, a JSON object
of names to types, shapes and offsets, then the numbers; huggingface/safetensors, README). Nothing is unpickled.
"""

import hashlib
import json
import math
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from generation.engine import weights

INDEX = "model_index.json"
MAX_JSON_BYTES = 32 << 20
MAX_HEADER_BYTES = 64 << 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_KINDS = ("diffusion_pytorch_model", "model")
_READ = frozenset({".json", ".jinja", ".txt", ".model", ".safetensors", ".bin"})
_SMALL_BYTES = 64 << 20
"""Files below this are hashed when a pin is looked up; larger ones only where they are loaded."""
_TYPE_BYTES = {"BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2,
               "I32": 4, "U32": 4, "F32": 4, "F64": 8, "I64": 8, "U64": 8}  # fmt: skip


class Damaged(Exception):
    """A folder that is not what it should be; the message says which part and how, without a full stop."""


class Foreign(Damaged):
    """A whole folder, but of something else than this engine loads."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What a pipeline is made of: the classes that each part may have. Parts in `optional` may be missing.

    `weightless` parts hold no numbers (schedulers, tokenizers).
    """

    pipeline: str
    parts: Mapping[str, tuple[str, ...]]
    optional: frozenset[str] = frozenset()
    weightless: frozenset[str] = frozenset({"scheduler", "tokenizer"})


@dataclass(frozen=True, kw_only=True)
class Folder:
    """A model on disk. `problem` says why it cannot be loaded, empty where nothing speaks against it so far.

    `pickled`: parts whose weights are no safetensors, so that loading them needs trust. `configs`: each part's own.
    """

    name: str
    folder: Path
    pipeline: str
    parts: tuple[str, ...]
    size_bytes: int = 0
    problem: str = ""
    pickled: tuple[str, ...] = ()
    configs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def find(env: Mapping[str, str], layouts: Mapping[str, Layout]) -> list[Folder]:
    """Every folder whose index names one of these pipelines, the smallest first; own folders win over caches."""
    found: dict[str, Folder] = {}
    for name, folder in weights.candidates(env, lambda name: _NAME.fullmatch(name) is not None):
        if name in found:
            continue
        one = looked_at(name, folder, layouts)
        if one is not None:
            found[name] = one
    return sorted(found.values(), key=lambda one: (one.size_bytes, one.name))


def looked_at(name: str, folder: Path, layouts: Mapping[str, Layout]) -> Folder | None:
    """What lies in this folder; None where its index names none of these pipelines."""
    try:
        index = _json(folder / INDEX)
    except (OSError, Damaged):
        return None
    layout = layouts.get(str(index.get("_class_name")))
    if layout is None:
        return None
    parts = tuple(part for part in layout.parts if index.get(part) not in (None, [None, None]))
    made: dict[str, Any] = {"name": name, "folder": folder, "pipeline": layout.pipeline, "parts": parts}
    try:
        _check_classes(index, layout, parts)
        configs = {part: _config(folder, part) for part in parts if part != "tokenizer"}
        files = {part: weight_files(folder, part) for part in parts if part not in layout.weightless}
    except (OSError, Damaged) as error:
        return Folder(**made, problem=str(error))
    return Folder(
        **made,
        size_bytes=sum(file.stat().st_size for several in files.values() for file in several),
        pickled=tuple(part for part, several in files.items() if several[0].suffix == ".bin"),
        configs=configs,
    )


def weight_files(folder: Path, part: str) -> list[Path]:
    """The files that hold a part's numbers: one, or the pieces that its index names. Raises Damaged."""
    for stem in _KINDS:
        for suffix in (".safetensors", ".bin"):
            names = [stem] if suffix == ".safetensors" else [stem, "pytorch_model"]
            for name in names:
                whole = folder / part / f"{name}{suffix}"
                if whole.is_file():
                    return [whole]
                index = folder / part / f"{name}{suffix}.index.json"
                if index.is_file():
                    return _pieces(index, suffix)
    raise Damaged(
        f"{part} has no weights; {part}/{_KINDS[0]}.safetensors or {part}/{_KINDS[1]}.safetensors is missing"
    )


def check_safetensors(file: Path) -> dict[str, tuple[int, ...]]:
    """The shapes by name that the file holds. Raises Damaged when it is cut, longer than said, or no safetensors."""
    size = file.stat().st_size
    try:
        with file.open("rb") as stream:
            head = stream.read(8)
            length = struct.unpack("<Q", head)[0] if len(head) == 8 else -1
            if not 2 <= length <= min(MAX_HEADER_BYTES, size - 8):
                raise Damaged(f"{file.name} is no safetensors file, or cut short")
            header = json.loads(stream.read(length))
        shapes, end = {}, 0
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            shape = tuple(int(length) for length in entry["shape"])
            first, last = entry["data_offsets"]
            each = _TYPE_BYTES.get(entry["dtype"])
            if each is not None and last - first != each * math.prod(shape):
                raise Damaged(f"{file.name} says two things about {name[:80]}")
            shapes[name], end = shape, max(end, int(last))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Damaged(f"the header of {file.name} cannot be read") from error
    if size != 8 + length + end:
        raise Damaged(f"{file.name} has {size} bytes and not {8 + length + end} as its header says")
    return shapes


def checked_digests(folder: Folder) -> dict[str, str]:
    """SHA-256 of every file that loading reads, by its path in the folder.

    Raises OSError, weights.DigestMismatch (a promised digest differs).
    """
    return {_path(folder, file): weights.checked_sha256(file) for file in read_files(folder)}


def folder_sha256(digests: Mapping[str, str]) -> str:
    """One digest for a folder: SHA-256 over its lines `<sha256>  <path>` in the order of the paths, as `sha256sum`
    prints them.
    """
    lines = "".join(f"{digests[path]}  {path}\n" for path in sorted(digests))
    return hashlib.sha256(lines.encode()).hexdigest()


def pinned_sha256(folder: Folder) -> str:
    """The digest that the folder must have; empty where not every large file's is promised."""
    digests = {}
    try:
        for file in read_files(folder):
            promised = weights.promised_sha256(file)
            if promised is None:
                if file.stat().st_size > _SMALL_BYTES or file.suffix in {".safetensors", ".bin"}:
                    return ""
                promised = hashlib.sha256(file.read_bytes()).hexdigest()
            digests[_path(folder, file)] = promised
    except OSError:
        return ""
    return folder_sha256(digests) if digests else ""


def read_files(folder: Folder) -> list[Path]:
    """The index and the files of each part that loading may read."""
    found = [folder.folder / INDEX]
    for part in folder.parts:
        found += sorted(
            file for file in (folder.folder / part).iterdir() if file.suffix in _READ and file.is_file()
        )
    return found


def _path(folder: Folder, file: Path) -> str:
    return file.relative_to(folder.folder).as_posix()


def _check_classes(index: Mapping[str, Any], layout: Layout, parts: tuple[str, ...]) -> None:
    """The index may only name what the pipeline has: diffusers imports the modules that stand there."""
    for part, allowed in layout.parts.items():
        if part not in parts:
            if part not in layout.optional:
                raise Damaged(f"{INDEX} names no {part}")
            continue
        named = index[part]
        if not isinstance(named, list) or len(named) != 2 or f"{named[0]}.{named[1]}" not in allowed:
            raise Foreign(
                f"{INDEX} names {str(named)[:120]} as its {part}, which {layout.pipeline} does not have"
            )
    for key, value in index.items():
        if key not in layout.parts and not key.startswith("_") and isinstance(value, list):
            raise Foreign(f"{INDEX} names a part {key[:80]!r}, which {layout.pipeline} does not have")


def _config(folder: Path, part: str) -> Mapping[str, Any]:
    name = "scheduler_config.json" if part == "scheduler" else "config.json"
    try:
        return _json(folder / part / name)
    except OSError as error:
        raise Damaged(f"{part}/{name} is missing") from error


def _pieces(index: Path, suffix: str) -> list[Path]:
    mapped = _json(index).get("weight_map")
    if not isinstance(mapped, dict) or not mapped:
        raise Damaged(f"{index.parent.name}/{index.name} names no files")
    names = sorted({str(name) for name in mapped.values()})
    for name in names:
        if not _NAME.fullmatch(name) or not name.endswith(suffix):
            raise Damaged(f"{index.parent.name}/{index.name} names {name[:80]!r}, which is no file beside it")
        if not (index.parent / name).is_file():
            raise Damaged(f"{index.parent.name}/{name} is missing")
    return [index.parent / name for name in names]


def _json(file: Path) -> dict[str, Any]:
    with file.open("rb") as stream:
        text = stream.read(MAX_JSON_BYTES + 1)
    try:
        found = json.loads(text) if len(text) <= MAX_JSON_BYTES else None
    except (ValueError, RecursionError) as error:
        raise Damaged(f"{file.parent.name}/{file.name} is no JSON") from error
    if not isinstance(found, dict):
        raise Damaged(f"{file.parent.name}/{file.name} is no JSON object")
    return found
