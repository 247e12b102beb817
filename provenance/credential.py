"""Content credentials (C2PA) in files from outside: what a manifest says, and whether it is intact. Reading only.

Pure, without Django. The library is loaded on first use.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

GENERATED: Final = "trainedAlgorithmicMedia"
COMPOSITE: Final = "compositeWithTrainedAlgorithmicMedia"
_MAX_TEXT: Final = 160


@dataclass(frozen=True, kw_only=True)
class Credential:
    """`state`: valid (signature and content agree), trusted (and the signer is on a trust list) or invalid.

    `source_types` are the last parts of IPTC digital source types, as the active manifest's actions name them.
    """

    state: str
    generator: str
    issuer: str
    title: str
    source_types: tuple[str, ...]

    @property
    def intact(self) -> bool:
        return self.state in {"valid", "trusted"}

    @property
    def generated(self) -> bool:
        """Whether an intact manifest calls the file the output of a trained model."""
        return self.intact and GENERATED in self.source_types

    def to_json(self) -> dict[str, Any]:
        return {
            "state": self.state,
            "generator": self.generator,
            "issuer": self.issuer,
            "title": self.title,
            "source_types": list(self.source_types),
            "generated": self.generated,
        }


def read(path: Path | str, media_type: str) -> Credential | None:
    """The credential inside a file; None when there is none or the format cannot hold one. Never raises for content."""
    import c2pa

    if media_type not in {"audio/wav", "audio/mpeg", "audio/flac", "audio/mp4"}:
        return None
    try:
        with Path(path).open("rb") as file:
            reader = c2pa.Reader.try_create(media_type, file)
            if reader is None:
                return None
            with reader:
                store = json.loads(reader.json())
                state = str(reader.get_validation_state() or "invalid").lower()
    except c2pa.C2paError as error:
        return Credential(state="invalid", generator="", issuer="", title=_text(str(error)), source_types=())
    manifest = store.get("manifests", {}).get(store.get("active_manifest"), {})
    signature = manifest.get("signature_info") or {}
    return Credential(
        state=state,
        generator=_text(_generator(manifest)),
        issuer=_text(str(signature.get("issuer") or signature.get("common_name") or "")),
        title=_text(str(manifest.get("title") or "")),
        source_types=tuple(dict.fromkeys(_source_types(manifest))),
    )


def _generator(manifest: dict[str, Any]) -> str:
    for info in manifest.get("claim_generator_info") or ():
        if isinstance(info, dict) and info.get("name"):
            return " ".join(str(info[part]) for part in ("name", "version") if info.get(part))
    return str(manifest.get("claim_generator") or "")


def _source_types(manifest: dict[str, Any]) -> Iterator[str]:
    for assertion in manifest.get("assertions") or ():
        if not str(assertion.get("label", "")).startswith("c2pa.actions"):
            continue
        for action in (assertion.get("data") or {}).get("actions") or ():
            if kind := action.get("digitalSourceType"):
                yield str(kind).rstrip("/").rpartition("/")[2][:_MAX_TEXT]


def _text(value: str) -> str:
    return value.replace("\0", "")[:_MAX_TEXT]
