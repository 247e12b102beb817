"""Entry bodies as the ledger would store them, built by hand: small words for long JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from provenance.authorship import EntryBody, parse_entry

START = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)


def sha(name: str) -> str:
    """A digest that a test can call by name."""
    return hashlib.sha256(name.encode()).hexdigest()


def body(
    kind: str,
    *,
    minute: float = 0,
    basis: str = "observed",
    authorship: Mapping[str, Any] | None = None,
    inputs: Mapping[str, str] | None = None,
    outputs: Mapping[str, str] | None = None,
    subjects: tuple[str, ...] = (),
    public: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """One body; `inputs` and `outputs` are digest -> role, outputs default to those of `authorship`."""
    if outputs is None:
        outputs = {key: spec["role"] for key, spec in authorship["outputs"].items()} if authorship else {}
    return {
        "v": 1,
        "kind": kind,
        "event_version": 1,
        "at": (START + timedelta(minutes=minute)).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "basis": basis,
        "actor": {"type": "worker", "id": "sketch"},
        "stream": "project:p",
        "subjects": ["project:p", *subjects],
        "inputs": [{"role": role, "sha256": digest} for digest, role in (inputs or {}).items()],
        "outputs": [{"role": role, "sha256": digest} for digest, role in outputs.items()],
        "public": dict(public or {}),
        "private": {},
        "authorship": authorship,
    }


def entry(kind: str, *, index: int | None = None, **parts: Any) -> EntryBody:
    stored = json.dumps(body(kind, **parts), sort_keys=True)
    return parse_entry(stored, leaf_hash=hashlib.sha256(b"\0" + stored.encode()).hexdigest(), index=index)


def claims(outputs: Mapping[str, Any]) -> dict[str, Any]:
    return {"rules": "1", "outputs": dict(outputs)}


def made(name: str, origin: str, *, role: str = "bass", **parts: Any) -> EntryBody:
    """An entry that makes asset `name` out of nothing, with one origin in all its elements."""
    from provenance.elements import elements_of

    spec = {"role": role, "claims": [{"element": e, "origin": origin} for e in elements_of(role)]}
    return entry(f"{name}.made", authorship=claims({sha(name): spec}), **parts)


def derived(name: str, *sources: str, role: str = "full_mix", **parts: Any) -> EntryBody:
    """An entry that makes asset `name` out of others, inheriting all."""
    spec = {"role": role, "claims": [{"element": "*", "from": [sha(source) for source in sources]}]}
    return entry(f"{name}.derived", authorship=claims({sha(name): spec}), **parts)
