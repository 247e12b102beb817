"""What other packages may call without knowing the ledger's insides."""

from __future__ import annotations

import uuid

from provenance.events import registered
from provenance.ledger import Actor, disclose, in_words
from provenance.models import Asset, Entry, Job, JobQuota

__all__ = ["Actor", "Asset", "Entry", "Job", "JobQuota", "disclose", "event_kinds", "human", "in_words"]


def human(user_id: uuid.UUID, name_commitment: str) -> Actor:
    return Actor("human", str(user_id), name_commitment)


def event_kinds() -> list[str]:
    """All kinds of events that this installation knows, sorted."""
    return sorted({event.kind for event in registered()})
