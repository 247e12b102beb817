"""The outside places as the installation names them: a TOML file, read without Django, with every mistake in words.

[[timestamp]]           an RFC 3161 authority
name = "office"         [a-z0-9-]{1,32}, unique over all places
url = "https://..."
roots = "office.pem"    trusted root(s), PEM, beside the file; intermediates may stand in it too
every_s = 600           a token for the newest checkpoint at most so often

[[witness]]             a C2SP tlog-witness
name = "north"
url = "https://.../"    submission prefix: POST <url>/add-checkpoint
key = "name+id+base64"  verifier key of the witness, algorithm 0x04 (cosignature/v1)
every_s = 5

[[copy]]                where signed checkpoints are kept
name = "shelf"
to = "file:///mnt/other", "https://..." (PUT) or "mailto:rights@example.org"
every_s = 3600
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from cryptography import x509

from provenance.notes import NoteError
from provenance.outside.cosigning import CosignerKey

MAX_FILE_BYTES: Final = 1 << 20
MAX_PLACES: Final = 64
_NAME = re.compile(r"[a-z0-9-]{1,32}")
_ADDRESS = re.compile(r"[^@\s<>,;\"]{1,64}@[^@\s<>,;\"]{1,190}")
_FIELDS: Final = {
    "timestamp": ({"name", "url", "roots"}, {"every_s": 600}),
    "witness": ({"name", "url", "key"}, {"every_s": 5}),
    "copy": ({"name", "to"}, {"every_s": 3600}),
}


class ConfigError(ValueError):
    """The file cannot be used as it is; `problems` says each mistake in a sentence."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Roots:
    """Certificates that an authority's tokens must lead to, and those that may stand between."""

    roots: tuple[x509.Certificate, ...]
    intermediates: tuple[x509.Certificate, ...]


@dataclass(frozen=True, slots=True)
class Authority:
    name: str
    url: str
    roots_path: Path
    every_s: int
    kind: str = "timestamp"

    def roots(self) -> Roots:
        """Raises ConfigError where the file lacks a root."""
        return read_roots(self.roots_path)


@dataclass(frozen=True, slots=True)
class Witness:
    name: str
    url: str
    key: CosignerKey
    every_s: int
    kind: str = "witness"


@dataclass(frozen=True, slots=True)
class Copy:
    """`kind` is folder, http or mail."""

    name: str
    to: str
    every_s: int
    kind: str

    @property
    def folder(self) -> Path:
        return Path(unquote(urlsplit(self.to).path))

    @property
    def address(self) -> str:
        return unquote(urlsplit(self.to).path)


Place = Authority | Witness | Copy


@dataclass(frozen=True, slots=True)
class Outside:
    places: tuple[Place, ...] = ()

    @property
    def authorities(self) -> tuple[Authority, ...]:
        return tuple(place for place in self.places if isinstance(place, Authority))

    @property
    def witnesses(self) -> tuple[Witness, ...]:
        return tuple(place for place in self.places if isinstance(place, Witness))

    @property
    def copies(self) -> tuple[Copy, ...]:
        return tuple(place for place in self.places if isinstance(place, Copy))


def load(path: Path) -> Outside:
    """The places that `path` names, their root files looked at too. Raises ConfigError."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ConfigError([f"{path} has more than {MAX_FILE_BYTES} bytes."])
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError([f"{path} cannot be read: {error.strerror}."]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path} is not UTF-8 text."]) from error
    outside = parse(text, folder=path.parent)
    problems: list[str] = []
    for authority in outside.authorities:
        try:
            authority.roots()
        except ConfigError as error:
            problems += [f"Timestamp {authority.name!r}: {sentence}" for sentence in error.problems]
    if problems:
        raise ConfigError(problems)
    return outside


def parse(text: str, *, folder: Path) -> Outside:
    """The places in a TOML document; `folder` is what its relative paths start from. Reads no file."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"It is not TOML: {error}."]) from error
    problems: list[str] = []
    places: list[Place] = []
    for kind in document.keys() - _FIELDS.keys():
        problems.append(f"{kind!r} is not known: write [[timestamp]], [[witness]] or [[copy]].")
    for kind in _FIELDS:
        items = document.get(kind, [])
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            problems.append(f"Write [[{kind}]] in double brackets, once for each place.")
            continue
        for number, item in enumerate(items, start=1):
            what = f"{kind.capitalize()} {item.get('name', number)!r}"
            try:
                places.append(_place(kind, item, folder))
            except ConfigError as error:
                problems += [f"{what}: {sentence}" for sentence in error.problems]
    problems += _collisions(places)
    if len(places) > MAX_PLACES:
        problems.append(f"{len(places)} places are named, at most {MAX_PLACES} are served.")
    if problems:
        raise ConfigError(problems)
    return Outside(tuple(places))


def read_roots(path: Path) -> Roots:
    """The certificates of a PEM file: self-issued ones are trusted, the others may stand between."""
    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        raise ConfigError([f"the roots in {path} cannot be read: {error.strerror}."]) from error
    except ValueError as error:
        raise ConfigError([f"{path} holds no certificates in PEM form."]) from error
    # A certificate twice would be refused by the library that verifies.
    unique = list(dict.fromkeys(found))
    roots = tuple(item for item in unique if item.issuer == item.subject)
    if not roots:
        raise ConfigError([f"{path} holds no root: a certificate whose issuer is itself."])
    return Roots(roots, tuple(item for item in unique if item.issuer != item.subject))


def _place(kind: str, item: dict[str, Any], folder: Path) -> Place:
    needed, optional = _FIELDS[kind]
    problems = [f"{name!r} is missing." for name in sorted(needed - item.keys())]
    problems += [f"{name!r} is not known here." for name in sorted(item.keys() - needed - optional.keys())]
    for name in sorted(needed & item.keys()):
        if not isinstance(item[name], str) or not item[name].strip():
            problems.append(f"{name!r} must be text.")
    every_s = item.get("every_s", optional["every_s"])
    if not isinstance(every_s, int) or isinstance(every_s, bool) or not 0 <= every_s <= 30 * 86400:
        problems.append("'every_s' is a whole number of seconds, at most 30 days.")
    if problems:
        raise ConfigError(problems)
    name = item["name"]
    if not _NAME.fullmatch(name):
        problems.append("'name' is made of a-z, 0-9 and -, at most 32.")
    if "url" in needed:
        problems += _url_problems(item["url"], "url")
    if problems:
        raise ConfigError(problems)
    if kind == "timestamp":
        return Authority(name, item["url"], folder / item["roots"], every_s)
    if kind == "witness":
        try:
            key = CosignerKey.parse(item["key"].strip())
        except NoteError as error:
            raise ConfigError([f"'key' cannot be used: {error}."]) from error
        return Witness(name, item["url"].rstrip("/"), key, every_s)
    return Copy(name, item["to"], every_s, _copy_kind(item["to"]))


def _copy_kind(to: str) -> str:
    parts = urlsplit(to)
    if parts.scheme == "file":
        if parts.netloc not in ("", "localhost") or not unquote(parts.path).startswith("/"):
            raise ConfigError(["'to' names a folder as file:///absolute/path."])
        return "folder"
    if parts.scheme in ("http", "https"):
        if problems := _url_problems(to, "to"):
            raise ConfigError(problems)
        return "http"
    if parts.scheme == "mailto":
        if not _ADDRESS.fullmatch(unquote(parts.path)) or parts.query:
            raise ConfigError(["'to' names one mail address as mailto:name@example.org."])
        return "mail"
    raise ConfigError(["'to' starts with file://, https:// or mailto:."])


def _url_problems(url: str, field: str) -> list[str]:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if usable and not parts.fragment and url.isascii() and not any(char <= " " for char in url):
        return []
    return [f"{field!r} is an address that starts with https:// or http://."]


def _collisions(places: list[Place]) -> Iterator[str]:
    names = [place.name for place in places]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"The name {name!r} is given twice: each place needs its own."
    # A stored cosignature is found by the name of the key.
    keys = [place.key.name for place in places if isinstance(place, Witness)]
    for name in sorted({name for name in keys if keys.count(name) > 1}):
        yield f"Two witnesses have keys of the name {name!r}."
