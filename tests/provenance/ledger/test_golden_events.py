"""Every kind of event, as it was first shipped: a change of meaning needs a new version, not an edit.

`WRITE_GOLDEN=1 python3 manage.py test tests/provenance/ledger/test_golden_events.py` writes the files that are missing.
It never rewrites one: delete the file of an event that no installation has written yet.
"""

from __future__ import annotations

import dataclasses
import json
import os
import string
from pathlib import Path
from typing import Any

import pytest

from provenance import events

FOLDER = Path(__file__).resolve().parents[2] / "golden" / "events"


def shape(event: type[events.Event]) -> dict[str, Any]:
    sealed = events.sealed_names(event)
    own = [
        f
        for f in dataclasses.fields(event)
        if f.name not in {f.name for f in dataclasses.fields(events.Event)}
    ]
    return {
        "kind": event.kind,
        "version": event.version,
        "basis": str(next(f.default for f in dataclasses.fields(event) if f.name == "basis")),
        "public": {f.name: str(f.type) for f in own if f.name not in sealed},
        "sealed": {f.name: str(f.type) for f in own if f.name in sealed},
        "sentence": event.sentence,
        "shred": event.shred,
    }


def path(event: type[events.Event]) -> Path:
    return FOLDER / f"{event.kind}.v{event.version}.json"


def registered() -> list[type[events.Event]]:
    """Those of the product: other tests in this process may have registered events of their own."""
    return [event for event in events.registered() if not event.__module__.startswith("tests.")]


def test_all_apps_have_registered_their_events():
    """Django's start is enough: a page must be able to put any entry into words."""
    packages = {event.__module__.split(".")[0] for event in registered()}
    assert packages == {"artists", "generation", "provenance", "release"}


@pytest.mark.parametrize("event", registered(), ids=lambda event: f"{event.kind}.v{event.version}")
def test_an_event_is_as_it_was_shipped(event):
    golden = path(event)
    if os.environ.get("WRITE_GOLDEN") == "1" and not golden.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        golden.write_text(json.dumps(shape(event), indent=2, ensure_ascii=False) + "\n")
    assert golden.exists(), f"no golden file for {event.kind}: run once with WRITE_GOLDEN=1 and commit it"
    assert shape(event) == json.loads(golden.read_text()), (
        "shipped events are not edited: write a new version"
    )


def test_no_shipped_event_has_gone():
    """Entries of that kind stand in ledgers for good, and must still be put into words."""
    assert sorted(file.name for file in FOLDER.glob("*.json")) == sorted(
        path(event).name for event in registered()
    )


@pytest.mark.parametrize("event", registered(), ids=lambda event: event.kind)
def test_every_event_keeps_the_rules(event):
    own = {f.name for f in dataclasses.fields(event)}
    assert dataclasses.is_dataclass(event)
    assert event.__dataclass_params__.frozen
    assert event.kind == event.kind.lower()
    assert len(event.kind) <= 64
    assert {name for _, name, _, _ in string.Formatter().parse(event.sentence) if name} <= own
    if events.sealed_names(event):
        assert len(event.shred) > 20
