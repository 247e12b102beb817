"""Where weights lie on this machine, and their digests. Reads names and bytes only: nothing in them is run.

Two layouts are found: a folder of its own below the models folder (`musicgen-small/state_dict.bin` and
`compression_state_dict.bin`), and the cache of the `hf` download tool. Folders of diffusers are read by `published.py`.
"""

import hashlib
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

LANGUAGE_MODEL = "state_dict.bin"
CODEC = "compression_state_dict.bin"
SUMS = "SHA256SUMS"

_NAME = re.compile(r"musicgen[A-Za-z0-9._-]{0,56}", re.IGNORECASE)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_ENCODER_WEIGHTS = ("model.safetensors", "pytorch_model.bin")
_ENCODER_WORDS = ("tokenizer.json", "spiece.model")
_ROOT = Path(__file__).resolve().parents[2]


class DigestMismatch(Exception):
    """A file of weights is not the one that its checksum promises."""


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A MusicGen model on disk: `folder` holds the language model and the codec."""

    name: str
    folder: Path
    size_bytes: int


def models_folder(env: Mapping[str, str]) -> Path:
    """DEADWAX_MODELS_DIR, else `models` in the data folder."""
    chosen = env.get("DEADWAX_MODELS_DIR")
    if chosen:
        return Path(chosen).expanduser().absolute()
    return Path(env.get("DEADWAX_DATA") or _ROOT / ".deadwax").expanduser().absolute() / "models"


def hub_folders(env: Mapping[str, str]) -> list[Path]:
    """Caches of the download tool, the models folder's own first."""
    own = models_folder(env)
    cache = Path(env.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = Path(env.get("HF_HOME") or cache / "huggingface").expanduser()
    return [own, own / "hub", Path(env.get("HF_HUB_CACHE") or home / "hub").expanduser()]


def trusted(env: Mapping[str, str], name: str) -> bool:
    """Whether this model's weights may hold more than numbers: its name stands in DEADWAX_TRUSTED_MODELS."""
    return name in {one.strip() for one in env.get("DEADWAX_TRUSTED_MODELS", "").split(",")}


def download_tool() -> Path:
    """The download tool that comes with the engines extra."""
    return Path(sys.executable).with_name("hf")


def find_checkpoints(env: Mapping[str, str], names: re.Pattern[str] = _NAME) -> list[Checkpoint]:
    """Every model in audiocraft's format that is complete, the smallest first; a folder of its own wins over a
    cache. `names`: MusicGen's unless said otherwise.
    """
    found: dict[str, Checkpoint] = {}
    for name, folder in candidates(env, lambda name: names.fullmatch(name) is not None):
        files = [folder / LANGUAGE_MODEL, folder / CODEC]
        if name not in found and all(file.is_file() for file in files):
            size = sum(file.stat().st_size for file in files)
            found[name] = Checkpoint(name=name, folder=folder, size_bytes=size)
    return sorted(found.values(), key=lambda checkpoint: (checkpoint.size_bytes, checkpoint.name))


def find_text_encoder(env: Mapping[str, str], name: str = "t5-base") -> Path | None:
    """The cache folder that holds this text encoder completely, or None."""
    return next((hub for hub in hub_folders(env) if encoder_weights(hub, name) is not None), None)


def encoder_weights(hub: Path, name: str = "t5-base") -> Path | None:
    """The weights file of a text encoder in this cache, if configuration and words are there, too."""
    snapshot = _snapshot(hub / f"models--{name.replace('/', '--')}")
    if snapshot is None or not (snapshot / "config.json").is_file():
        return None
    if not any((snapshot / file).is_file() for file in _ENCODER_WORDS):
        return None
    return next((snapshot / file for file in _ENCODER_WEIGHTS if (snapshot / file).is_file()), None)


def checked_sha256(file: Path) -> str:
    """The file's SHA-256, hex. Raises `DigestMismatch` where a promised digest differs.

    A digest is promised by a line for this file in SHA256SUMS beside it, or by the cache, which names large
    files by their digest.
    """
    with file.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    promised = promised_sha256(file)
    if promised is not None and promised != found:
        raise DigestMismatch(f"{file.name} has the SHA-256 {found[:16]}…, not {promised[:16]}… as promised")
    return found


def promised_sha256(file: Path) -> str | None:
    """What `checked_sha256` holds the file against; a folder's SHA256SUMS counts for the folders in it, too."""
    for parent, name in ((file.parent, file.name), (file.parent.parent, f"{file.parent.name}/{file.name}")):
        try:
            lines = (parent / SUMS).read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        for line in lines:
            digest, _, named = line.strip().partition(" ")
            if named.strip().lstrip("*").removeprefix("./") == name:
                return digest.lower()
    stored = Path(os.path.realpath(file)).name
    return stored if _SHA256.fullmatch(stored) else None


def candidates(env: Mapping[str, str], wanted: Callable[[str], bool]) -> list[tuple[str, Path]]:
    """Folders that may hold a model of a wanted name: below the models folder, then in the caches."""
    found = []
    for folder in _folders(models_folder(env)):
        if wanted(folder.name):
            found.append((folder.name, folder))
    for hub in hub_folders(env):
        for folder in _folders(hub):
            kind, _, name = folder.name.partition("--")
            name = name.partition("--")[2]
            snapshot = _snapshot(folder) if kind == "models" and wanted(name) else None
            if snapshot is not None:
                found.append((name, snapshot))
    return found


def _folders(parent: Path) -> list[Path]:
    try:
        return sorted(child for child in parent.iterdir() if child.is_dir())
    except OSError:
        return []


def _snapshot(repository: Path) -> Path | None:
    """The revision that the cache calls `main`, else the newest."""
    snapshots = _folders(repository / "snapshots")
    try:
        main = (repository / "refs" / "main").read_text().strip()
    except OSError:
        main = ""
    for folder in snapshots:
        if folder.name == main:
            return folder
    return max(snapshots, key=lambda folder: folder.stat().st_mtime, default=None)
