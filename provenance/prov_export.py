"""Entries as W3C PROV (PROV-DM, PROV-JSON): for programs that read provenance. An export; the entries are the evidence.

Entries are activities, assets entities, actors agents; an entry used its inputs and generated its outputs, and each
output was derived from what its claims name, or else from every input. Nothing private is in it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

NAMESPACE: Final = "urn:deadwax:prov#"


def prov_json(entries: Sequence[tuple[int, str, Mapping[str, Any]]], *, origin: str) -> bytes:
    """PROV-JSON of (index, leaf hash, body) rows, in their order. The same rows give the same bytes."""
    from prov.model import ProvDocument

    document = ProvDocument()
    document.add_namespace("dw", NAMESPACE)
    agents: dict[str, Any] = {}
    assets: dict[str, Any] = {}

    def asset(sha256: str) -> Any:
        if sha256 not in assets:
            assets[sha256] = document.entity(f"dw:asset-{sha256}", {"dw:sha256": sha256})
        return assets[sha256]

    def agent(actor: Mapping[str, Any]) -> Any:
        name = f"dw:{actor['type']}-{_local(actor['id'])}"
        if name not in agents:
            kind = "prov:Person" if actor["type"] == "human" else "prov:SoftwareAgent"
            agents[name] = document.agent(
                name, {"prov:type": document.valid_qualified_name(kind), "dw:id": actor["id"]}
            )
        return agents[name]

    for index, leaf, body in entries:
        at = dt.datetime.fromisoformat(body["at"])
        activity = document.activity(
            f"dw:entry-{leaf}",
            at,
            at,
            {
                "dw:kind": body["kind"],
                "dw:basis": body["basis"],
                "dw:log": origin,
                "dw:index": str(index),
                "dw:stream": body["stream"],
            },
        )
        activity.wasAssociatedWith(agent(body["actor"]))
        for ref in body["inputs"]:
            activity.used(asset(ref["sha256"]), attributes={"prov:role": ref["role"]})
        for ref in body["outputs"]:
            made = asset(ref["sha256"])
            document.wasGeneratedBy(made, activity, at, other_attributes={"prov:role": ref["role"]})
            for source in _sources(body, ref["sha256"]):
                made.wasDerivedFrom(asset(source), activity=activity)
    return _sorted(document.serialize(format="json") or "{}")


def _sources(body: Mapping[str, Any], sha256: str) -> list[str]:
    """What one output was made from: as its claims say, else every input of the step."""
    claimed = ((body.get("authorship") or {}).get("outputs") or {}).get(sha256) or {}
    named = {source for claim in _dicts(claimed, "claims") for source in claim.get("from") or ()}
    named |= {region["asset"] for region in _dicts(claimed, "regions") if region.get("asset")}
    return sorted((named or {ref["sha256"] for ref in body["inputs"]}) - {sha256})


def _dicts(claimed: Any, name: str) -> Iterable[Mapping[str, Any]]:
    items = claimed.get(name) if isinstance(claimed, Mapping) else None
    return [item for item in items or () if isinstance(item, Mapping)]


def _local(text: str) -> str:
    return "".join(char if char.isalnum() or char in "-_" else "-" for char in text)


def _sorted(text: str) -> bytes:
    """Relations have no names of their own in PROV-JSON; number them in order, so that bytes repeat."""
    found = json.loads(text)
    number = 0
    for part in sorted(found):
        if part == "prefix" or not any(name.startswith("_:") for name in found[part]):
            continue
        renamed = {}
        for value in found[part].values():
            number += 1
            renamed[f"_:r{number}"] = value
        found[part] = renamed
    return json.dumps(found, indent=1, ensure_ascii=False).encode() + b"\n"
