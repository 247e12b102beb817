"""Events about the log's own key. Both stand in the stream `log`."""

from __future__ import annotations

from provenance.events import Event, event

STREAM = "log"


@event
class LogKeyRotated(Event):
    kind = "log_key.rotated"
    sentence = "the log's key {old} hands over to {new}: {reason}"

    old: str
    new: str
    reason: str
    statement: str


@event
class LogKeyRevoked(Event):
    kind = "log_key.revoked"
    sentence = (
        "the log's key {key} is revoked: what it signed above {from_size} entries does not count; {reason}"
    )

    key: str
    from_size: int
    reason: str
