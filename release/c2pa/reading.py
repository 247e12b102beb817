"""Reads the manifest of any file and says in one word how it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from provenance import credential
from provenance.credential import Store, Trust, mapping, sequence, text
from release.c2pa.manifest import INSTANCE_PREFIX, LEDGER_ASSERTION


class State(StrEnum):
    """How a manifest stands; the sentences are for people."""

    TRUSTED = "trusted"
    VALID = "valid"
    INVALID = "invalid"
    BROKEN = "broken"
    ABSENT = "absent"

    @property
    def sentence(self) -> str:
        return _SENTENCES[self]


_SENTENCES: Final = {
    State.TRUSTED: "The file is as it was signed, and the signer is known here.",
    State.VALID: "The file is as it was signed; the signer is not known here.",
    State.INVALID: "The file carries a content credential that is not in order.",
    State.BROKEN: "The file was changed after it was signed.",
    State.ABSENT: "The file carries no content credential. It may have been stripped.",
}


class Stamp(StrEnum):
    """How the time stamp on the signature stands (RFC 3161)."""

    TRUSTED = "trusted"
    UNTRUSTED = "untrusted"
    BROKEN = "broken"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class IngredientReport:
    """A source as the manifest names it. `sha256` only where the manifest is one of ours."""

    title: str
    relationship: str
    media_type: str
    sha256: str
    source_type: str = ""
    """Last part of the IPTC URI."""


@dataclass(frozen=True, kw_only=True)
class ManifestReport:
    """The active manifest of a file, as far as it can be read. Facts of a broken one are what it claims, no more."""

    present: bool
    state: State
    timestamp: Stamp = Stamp.NONE
    signature_holds: bool = False
    """Signature and statements fit each other, whatever became of the sound."""
    signer_trusted: bool = False
    """The signer is under one of the given roots, whatever became of the sound."""
    claim_generator: str = ""
    title: str = ""
    signer: str = ""
    serial: str = ""
    """The signing certificate's serial number, decimal."""
    signed_at: str = ""
    """What the time stamp says; where there is none, what the signer says, or nothing."""
    digital_source_types: tuple[str, ...] = ()
    """Last part of each IPTC URI, in the order of the actions, each once."""
    actions: tuple[str, ...] = ()
    ingredients: tuple[IngredientReport, ...] = ()
    ledger: dict[str, Any] | None = None
    training: dict[str, str] | None = None
    problems: tuple[str, ...] = ()
    """Validation codes of what failed."""

    @property
    def uses_trained_model(self) -> bool:
        """Whether a source type says that a trained model had a part."""
        return any("rainedAlgorithmic" in kind for kind in self.digital_source_types)


def read_manifest(
    path: Path,
    *,
    anchors_pem: str | None = None,
    timestamp_roots_pem: str | None = None,
    sidecar: bytes | None = None,
    media_type: str | None = None,
) -> ManifestReport:
    """The report of a file; never raises for what the file holds.

    `anchors_pem`: roots whose signers are trusted; `timestamp_roots_pem`: roots whose time stamps are. `sidecar`: a
    manifest store that lies beside the file, read in the place of what is inside.
    """
    trust = Trust(signers=anchors_pem or "", timestamps=timestamp_roots_pem or "")
    store = credential.read_store(path, media_type=media_type, sidecar=sidecar, trust=trust)
    return ManifestReport(present=False, state=State.ABSENT) if store is None else _report(store)


def _report(store: Store) -> ManifestReport:
    active = store.active
    signature = mapping(active.get("signature_info"))
    training = mapping(store.assertion("cawg.training-mining").get("entries"))
    ledger = store.assertion(LEDGER_ASSERTION)
    return ManifestReport(
        present=True,
        state=State(store.state),
        timestamp=Stamp(store.timestamp),
        signature_holds=store.signature_holds,
        signer_trusted=store.signer_trusted,
        claim_generator=credential.generator(active),
        title=text(active.get("title")),
        signer=" / ".join(filter(None, (text(signature.get("issuer")), text(signature.get("common_name"))))),
        serial=text(signature.get("cert_serial_number")),
        signed_at=text(signature.get("time")),
        digital_source_types=credential.source_types(active),
        actions=tuple(text(action.get("action")) for action in credential.actions(active)),
        ingredients=tuple(_ingredient(mapping(item)) for item in sequence(active.get("ingredients"))),
        ledger=dict(ledger) or None,
        training={text(name): text(mapping(entry).get("use")) for name, entry in training.items()} or None,
        problems=store.problems,
    )


def _ingredient(item: Mapping[str, Any]) -> IngredientReport:
    instance = text(item.get("instance_id"))
    source = text(mapping(item.get("metadata")).get("digitalSourceType"))
    return IngredientReport(
        title=text(item.get("title")),
        relationship=text(item.get("relationship")),
        media_type=text(item.get("format")),
        sha256=instance.removeprefix(INSTANCE_PREFIX) if instance.startswith(INSTANCE_PREFIX) else "",
        source_type=source.rstrip("/").rpartition("/")[2],
    )
