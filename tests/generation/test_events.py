"""What is private in the studio's events stays sealed. Each kind's shape has its file in tests/golden/events."""

from __future__ import annotations

import dataclasses

from generation import events
from provenance.events import registered, sealed_names

#: What a dataset is for is what its artists agree to: it has to stay readable, and the form says so.
OPEN = {"dataset.created": {"purpose"}}


def test_words_that_people_wrote_are_never_public() -> None:
    private = {"prompt", "reason", "purpose", "mood", "avoid", "note", "filename", "warnings"}
    studio = [event for event in registered() if event.__module__.startswith(events.__name__)]
    assert len(studio) > 30
    for event in studio:
        public = {field.name for field in dataclasses.fields(event)} - set(sealed_names(event))
        assert not private & public - OPEN.get(event.kind, set()), event.kind
