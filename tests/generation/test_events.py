"""The event vocabulary: a kind that was shipped is not edited, and what is private stays sealed."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from generation import events
from provenance.events import Event, registered, sealed_names

GOLDEN = Path(__file__).parents[1] / "golden" / "generation" / "events.json"
_ENVELOPE = {field.name for field in dataclasses.fields(Event)}


def vocabulary() -> dict[str, dict[str, object]]:
    found = {}
    for event in registered():
        if event.__module__ != events.__name__:
            continue
        sealed = sealed_names(event)
        names = [field.name for field in dataclasses.fields(event) if field.name not in _ENVELOPE]
        found[f"{event.kind} {event.version}"] = {
            "public": [name for name in names if name not in sealed],
            "sealed": list(sealed),
            "sentence": event.sentence,
        }
    return found


def test_the_vocabulary_is_the_one_that_was_shipped() -> None:
    # A changed kind is a new version of it: add one, then write the golden file anew from `vocabulary()`.
    assert vocabulary() == json.loads(GOLDEN.read_text(encoding="utf-8"))


def test_words_that_people_wrote_are_never_public() -> None:
    private = {"prompt", "reason", "purpose", "mood", "avoid", "note", "filename", "warnings"}
    for kind, fields in vocabulary().items():
        assert not private & set(fields["public"]), kind  # type: ignore[call-overload]
