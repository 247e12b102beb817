"""Where everything lies in a release package, and the list of digests that proves it is whole.

    DWX-001 Runout/
      README.txt                         what is what
      manifest-sha256.txt                every other file, `sha256sum -c` reads it
      delivery/5012345000015/            for the distributor, as DDEX's batch choreography wants it
        5012345000015.xml                the message, beside its resources
        resources/5012345000015_01_001.flac ...
        resources/5012345000015.jpg
      masters/                           signed WAV masters
      credentials/                       C2PA sidecars: tools strip manifests silently
      documents/                         dossiers, label texts
      evidence/                          bundles that verify offline

Pure: names and digests only; whoever builds the archive reads the bytes.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from release.errors import SystemFault

MANIFEST: Final = "manifest-sha256.txt"
README: Final = "README.txt"


class BadLayout(SystemFault):
    """Two files in one place, or a path that leaves the package."""

    code = "bad_layout"


@dataclass(frozen=True, kw_only=True)
class PackageFile:
    """One file of the package. `path` is relative to the package's folder, with forward slashes."""

    path: str
    sha256: str
    size_bytes: int
    role: str
    media_type: str = "application/octet-stream"


@dataclass(frozen=True, kw_only=True)
class Part:
    """Something to be placed: bytes by digest, and what they are. `number` is the track's, where there is one."""

    role: str
    sha256: str
    size_bytes: int
    extension: str
    media_type: str
    number: int = 0
    name: str = ""
    """What the file is called, where the role does not decide it."""


def safe_name(text: str, *, limit: int = 60) -> str:
    """A file name of letters, digits, space, dot, hyphen and underscore that every system takes; never empty."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("ø", "o").replace("ł", "l"))
    plain = plain.encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9 ._-]+", " ", plain)
    plain = re.sub(r"\s+", " ", plain)[:limit].strip(" .")
    if not plain or re.fullmatch(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", plain, re.IGNORECASE):
        return f"untitled {plain}".strip()
    return plain


def package_name(catalogue_number: str, title: str) -> str:
    """The package's own folder."""
    return safe_name(f"{catalogue_number} {title}", limit=80)


def delivery_folder(release_id: str) -> str:
    """The folder that a distributor takes, named by the release's GTIN."""
    return f"delivery/{safe_name(release_id)}"


def message_path(release_id: str) -> str:
    return f"{delivery_folder(release_id)}/{safe_name(release_id)}.xml"


def audio_uri(release_id: str, number: int, extension: str, *, disc: int = 1) -> str:
    """URI of a track as the message names it, relative to the message's folder."""
    return f"resources/{safe_name(release_id)}_{disc:02d}_{number:03d}.{extension}"


def cover_uri(release_id: str, extension: str) -> str:
    """URI of the cover as the message names it."""
    return f"resources/{safe_name(release_id)}.{extension}"


def place(part: Part, release_id: str) -> str:
    """Where a part lies. Raises BadLayout for a role that has no place."""
    name = safe_name(part.name or part.role)
    track = f"{part.number:02d} {name}" if part.number else name
    folder = delivery_folder(release_id)
    match part.role:
        case "message":
            return message_path(release_id)
        case "audio":
            return f"{folder}/{audio_uri(release_id, part.number, part.extension)}"
        case "cover":
            return f"{folder}/{cover_uri(release_id, part.extension)}"
        case "master":
            return f"masters/{track}.{part.extension}"
        case "credential":
            return f"credentials/{track}.c2pa"
        case "document" | "labels":
            return f"documents/{track}.{part.extension}"
        case "evidence":
            return f"evidence/{track}.{part.extension}"
        case _:
            raise BadLayout(f"A package has no place for {part.role!r}.")


def tree(parts: Iterable[Part], *, release_id: str) -> tuple[PackageFile, ...]:
    """All files of the package but the manifest and the README, sorted by path. Raises BadLayout."""
    files: dict[str, PackageFile] = {}
    for part in parts:
        path = place(part, release_id)
        _guard(path)
        if path.lower() in {other.lower() for other in files}:
            raise BadLayout(f"Two parts of the package want to be {path}.")
        files[path] = PackageFile(
            path=path,
            sha256=part.sha256,
            size_bytes=part.size_bytes,
            role=part.role,
            media_type=part.media_type,
        )
    return tuple(files[path] for path in sorted(files))


def manifest(files: Sequence[PackageFile]) -> str:
    """The text of manifest-sha256.txt, in the form that `sha256sum -c` reads."""
    return "".join(f"{file.sha256}  {file.path}\n" for file in sorted(files, key=lambda file: file.path))


def parse_manifest(text: str) -> dict[str, str]:
    """Path -> digest of a manifest. Raises BadLayout for a line of another form."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        match = re.fullmatch(r"([0-9a-f]{64}) [ *](.+)", line)
        if not match:
            raise BadLayout(f"Line {number} of the manifest is not a digest and a path.")
        _guard(match[2])
        found[match[2]] = match[1]
    return found


def text_file(path: str, text: str) -> PackageFile:
    """The package's own text file, such as the README, for the manifest."""
    data = text.encode()
    digest = hashlib.sha256(data).hexdigest()
    return PackageFile(path=path, sha256=digest, size_bytes=len(data), role="readme", media_type="text/plain")


_MEANINGS: Final = {
    "message": "DDEX ERN 4.3.2 message; its folder is what a distributor takes",
    "audio": "tagged and C2PA-signed audio",
    "cover": "front cover",
    "master": "signed master",
    "credential": "C2PA manifest of the file of the same name, kept apart",
    "document": "registration dossier; not legal advice",
    "labels": "what each receiver is told about AI",
    "evidence": "evidence bundle; verifies without network or database",
}


def readme(title: str, files: Sequence[PackageFile], *, fictional: bool) -> str:
    """README.txt: what lies where, in plain words."""
    lines = [title, "=" * len(title), ""]
    if fictional:
        lines += ["Sample data. Nothing here is a real person, work or number. Do not deliver it.", ""]
    width = max((len(file.path) for file in files), default=0)
    lines += [f"{file.path:<{width}}  {_MEANINGS.get(file.role, file.role)}" for file in files]
    lines += ["", f"Check that nothing was changed: sha256sum -c {MANIFEST}", ""]
    return "\n".join(lines)


def _guard(path: str) -> None:
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or "\\" in path or "\x00" in path or "\n" in path:
        raise BadLayout(f"The path {path!r} leaves the package.")
