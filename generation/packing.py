"""A dataset's frozen version as a ZIP that trainers read. For workers.

`audio/` holds the recordings as they are stored, `manifest.jsonl` a line for each: `path`, `duration` (seconds) and
`sample_rate` as AudioCraft's `AudioMeta` names them (its reader leaves other keys alone), then `sha256`, `caption`
where everybody who agreed lets words go along, and the consents. A caption also stands in a JSON file beside its
recording, where AudioCraft's `MusicDataset` looks for it as `description`. The same version gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from artists.models import Consent
from generation.models import DatasetMember, DatasetVersion
from generation.services import datasets
from provenance import assets, blobs
from provenance.blobs import Staged
from provenance.jobs import Claim

_ENDINGS: Final = {
    "audio/wav": ".wav", "audio/flac": ".flac", "audio/mpeg": ".mp3", "audio/ogg": ".ogg", "audio/aiff": ".aiff",
    "audio/mp4": ".m4a",
}  # fmt: skip
_TIME: Final = (1980, 1, 1, 0, 0, 0)
_README: Final = """{title}, version {number}

{purpose}

{recordings} recordings, frozen on {day}. `audio/` holds them as they are; `manifest.jsonl` has one line of JSON for
each: path, duration in seconds, sample_rate, channels, sha256, artist, part, caption (where the artists let it go
along) and consents, each with its id, the ledger entry by which it was given (the hash of its leaf) and its last day.

Tools: {tools}. Places: {places}.

Every recording stands on consents that can end. Whoever keeps this archive asks the label whether they still hold
before training; a model that learned from it may run only as long as they do. `sha256sum -c SHA256SUMS` checks the
files. This is evidence, not legal advice.
"""


@dataclass(frozen=True, kw_only=True)
class Packed:
    archive: Staged
    manifest_sha256: str
    captions: int


def pack(version: DatasetVersion, claim: Claim) -> Packed:
    """Pack a version and store the archive. Nothing refers to it yet."""
    members = {
        str(row.pk): row
        for row in DatasetMember.objects.filter(
            pk__in=[line["member"] for line in version.lines]
        ).select_related("asset", "project")
    }
    agreed = datasets.consents_of_lines(version)
    with tempfile.TemporaryFile(prefix="deadwax-dataset-") as file:
        sums: dict[str, str] = {}
        manifest = []
        with zipfile.ZipFile(file, "w") as archive:
            for place, line in enumerate(version.lines, 1):
                claim.progress(place - 1, len(version.lines), "packing")
                row = members[line["member"]]
                path = f"audio/{place:04d}-{line['sha256'][:12]}{_ENDINGS.get(row.asset.media_type, '')}"
                with blobs.store().open(line["sha256"]) as source:
                    _copied(archive, path, source)
                sums[path] = line["sha256"]
                fact = _fact(path, line, row, agreed)
                if caption := fact.get("caption"):
                    beside = _json({"description": caption, "artist": line["artist_name"]})
                    sums[_beside(path)] = _written(archive, _beside(path), beside)
                manifest.append(_json(fact))
            lines = b"\n".join(manifest) + b"\n"
            digest = sums["manifest.jsonl"] = _written(archive, "manifest.jsonl", lines)
            sums["README.txt"] = _written(archive, "README.txt", _readme(version).encode())
            listed = "".join(f"{sha256}  {path}\n" for path, sha256 in sorted(sums.items()))
            _written(archive, "SHA256SUMS", listed.encode())
        size = file.tell()
        file.seek(0)
        staged = assets.ingest(file, limit_bytes=size)
    return Packed(
        archive=staged, manifest_sha256=digest, captions=sum(b'"caption"' in line for line in manifest)
    )


def _fact(
    path: str, line: Mapping[str, Any], row: DatasetMember, agreed: Mapping[str, Consent]
) -> dict[str, Any]:
    probe = row.asset.probe
    caption = datasets.caption_of(row) if line["captions"] else ""
    return {
        "path": path,
        "duration": (row.asset.duration_ms or 0) / 1000,
        "sample_rate": int(probe.get("sample_rate_hz", 0)),
        "channels": int(probe.get("channels", 0)),
        "sha256": line["sha256"],
        "artist": line["artist_name"],
        "part": line["part"],
        "source": line["ref"],
        **({"caption": caption} if caption else {}),
        "consents": [
            {
                "id": pk,
                "given": bytes(agreed[pk].entry.leaf_hash).hex(),
                "until": agreed[pk].ends_on.isoformat() if agreed[pk].ends_on else None,  # type: ignore[union-attr]
            }
            for pk in line["consents"]
        ],
    }


def _readme(version: DatasetVersion) -> str:
    dataset = version.dataset
    return _README.format(
        title=dataset.title,
        number=version.number,
        purpose=dataset.purpose,
        recordings=len(version.lines),
        day=f"{version.created_at:%d %B %Y}",
        tools=", ".join(version.tools) or "any",
        places=", ".join(version.territories),
    )


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=False).encode()


def _beside(path: str) -> str:
    return str(Path(path).with_suffix(".json"))


def _info(path: str, *, stored: bool) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(path, _TIME)
    info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    info.create_system = 3
    info.external_attr = 0o100644 << 16
    return info


def _copied(archive: zipfile.ZipFile, path: str, source: IO[bytes]) -> None:
    with archive.open(_info(path, stored=True), "w", force_zip64=True) as out:
        shutil.copyfileobj(source, out, 1 << 20)


def _written(archive: zipfile.ZipFile, path: str, data: bytes) -> str:
    archive.writestr(_info(path, stored=False), data)
    return hashlib.sha256(data).hexdigest()
