"""The same bytes with a history in two projects: our own entry counts, unless the other one knows better."""

from __future__ import annotations

import datetime as dt
from typing import Any

from provenance.authorship import EntryBody, fold, parse_entry
from provenance.elements import Origin

SHA = "a" * 64


def made(stream: str, *, basis: str, origin: str, minute: int, leaf: str) -> EntryBody:
    body: dict[str, Any] = {
        "v": 1,
        "kind": "take.generated",
        "event_version": 1,
        "at": dt.datetime(2026, 11, 20, 12, minute, tzinfo=dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "basis": basis,
        "actor": {"type": "worker", "id": "sketch"},
        "stream": stream,
        "subjects": [stream],
        "inputs": [],
        "outputs": [{"role": "bass", "sha256": SHA}],
        "public": {},
        "private": {},
        "authorship": {
            "rules": "1",
            "outputs": {
                SHA: {
                    "role": "bass",
                    "claims": [{"element": "performance:bass", "origin": origin}],
                    "regions": [],
                }
            },
        },
    }
    return parse_entry(body, leaf_hash=leaf * 64)


def test_between_equals_the_entry_of_the_asked_stream_counts_though_it_is_later() -> None:
    entries = [
        made("project:other", basis="observed", origin="procedural", minute=1, leaf="1"),
        made("project:mine", basis="observed", origin="procedural", minute=2, leaf="2"),
    ]
    assert fold(entries, SHA).produced_by[SHA] == "1" * 64
    assert fold(entries, SHA, stream="project:mine").produced_by[SHA] == "2" * 64


def test_an_observation_elsewhere_beats_a_declaration_of_ones_own() -> None:
    entries = [
        made("project:other", basis="observed", origin="trained_model", minute=5, leaf="1"),
        made("project:mine", basis="declared", origin="human", minute=1, leaf="2"),
    ]
    found = fold(entries, SHA, stream="project:mine")
    assert found.elements["performance:bass"].origin == Origin.TRAINED_MODEL
    assert found.contested
