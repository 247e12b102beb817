"""Reads the manifest of any file and says in one word how it stands."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import c2pa

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

_CHANGED: Final = (
    "assertion.dataHash.mismatch",
    "assertion.bmffHash.mismatch",
    "assertion.boxesHash.mismatch",
    "assertion.hashedURI.mismatch",
)


@dataclass(frozen=True, kw_only=True)
class IngredientReport:
    """A source as the manifest names it. `sha256` only where the manifest is one of ours."""

    title: str
    relationship: str
    media_type: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class ManifestReport:
    """The active manifest of a file, as far as it can be read. Facts of a broken one are what it claims, no more."""

    present: bool
    state: State
    claim_generator: str = ""
    title: str = ""
    signer: str = ""
    signed_at: str = ""
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
    path: Path, *, anchors_pem: str | None = None, sidecar: bytes | None = None
) -> ManifestReport:
    """The report of a file; never raises for what the file holds. `anchors_pem`: roots whose signers are trusted."""
    settings: dict[str, Any] = {
        "version": 1,
        # a foreign manifest may name addresses: nothing is fetched for it
        "verify": {"verify_trust": True, "remote_manifest_fetch": False, "ocsp_fetch": False},
    }
    if anchors_pem:
        settings["trust"] = {"user_anchors": anchors_pem}
    try:
        with c2pa.Context(c2pa.Settings.from_dict(settings)) as context, path.open("rb") as stream:
            reader = (
                c2pa.Reader.try_create(None, stream, context=context)
                if sidecar is None
                else c2pa.Reader(None, stream, manifest_data=sidecar, context=context)
            )
            if reader is None:
                return ManifestReport(present=False, state=State.ABSENT)
            with reader:
                store = json.loads(reader.json())
    except c2pa.C2paError as error:
        return _unreadable(error)
    return _report(store)


def _unreadable(error: Exception) -> ManifestReport:
    """A file of a kind that carries no manifests is absent; anything else is an invalid manifest."""
    kind = str(error).split(":", maxsplit=1)[0].strip()
    if kind in ("NotSupported", "ManifestNotFound", "Io", "UnsupportedType", "FileNotFound"):
        return ManifestReport(present=False, state=State.ABSENT)
    return ManifestReport(present=True, state=State.INVALID, problems=(kind or type(error).__name__,))


def _report(store: dict[str, Any]) -> ManifestReport:
    active = store.get("manifests", {}).get(store.get("active_manifest", ""), {})
    failures = store.get("validation_results", {}).get("activeManifest", {}).get("failure", [])
    problems = tuple(dict.fromkeys(str(item.get("code", "")) for item in failures))
    assertions = {item.get("label", ""): item.get("data") for item in active.get("assertions", [])}
    actions = _actions(assertions)
    sources = [str(a.get("digitalSourceType", "")).rsplit("/", maxsplit=1)[-1] for a in actions]
    training = assertions.get("cawg.training-mining") or {}
    signature = active.get("signature_info", {})
    generators = active.get("claim_generator_info") or [{}]
    generator = " ".join(filter(None, (generators[0].get("name"), generators[0].get("version"))))
    ledger = assertions.get(LEDGER_ASSERTION)
    return ManifestReport(
        present=True,
        state=_state(str(store.get("validation_state", "")), problems),
        claim_generator=generator or str(active.get("claim_generator", "")),
        title=str(active.get("title", "")),
        signer=" / ".join(filter(None, (signature.get("issuer"), signature.get("common_name")))),
        signed_at=str(signature.get("time") or ""),
        digital_source_types=tuple(dict.fromkeys(filter(None, sources))),
        actions=tuple(str(action.get("action", "")) for action in actions),
        ingredients=tuple(_ingredient(item) for item in active.get("ingredients", [])),
        ledger=ledger if isinstance(ledger, dict) else None,
        training={
            str(name): str(entry.get("use", "")) for name, entry in (training.get("entries") or {}).items()
        }
        or None,
        problems=tuple(code for code in problems if code != "signingCredential.untrusted"),
    )


def _actions(assertions: dict[str, Any]) -> list[dict[str, Any]]:
    for label, data in assertions.items():
        if label.startswith("c2pa.actions") and isinstance(data, dict):
            return [action for action in data.get("actions", []) if isinstance(action, dict)]
    return []


def _ingredient(item: dict[str, Any]) -> IngredientReport:
    instance = str(item.get("instance_id", ""))
    return IngredientReport(
        title=str(item.get("title", "")),
        relationship=str(item.get("relationship", "")),
        media_type=str(item.get("format", "")),
        sha256=instance.removeprefix(INSTANCE_PREFIX) if instance.startswith(INSTANCE_PREFIX) else "",
    )


def _state(said: str, problems: tuple[str, ...]) -> State:
    if any(code in _CHANGED for code in problems):
        return State.BROKEN
    return {"Trusted": State.TRUSTED, "Valid": State.VALID}.get(said, State.INVALID)
