"""Events and shortcuts for tests of the ledger. The events are not registered: they are no part of the product."""

from __future__ import annotations

import dataclasses
import hashlib
import uuid
from typing import Any

from django.db import transaction

from provenance import events, ledger
from provenance.events import AssetRef, Event, sealed
from provenance.models import Entry

ACTOR = ledger.Actor.system("tests")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Noted(Event):
    kind = "test.noted"
    sentence = "noted {number}"
    shred = "Erased with its vault row."

    number: Any = 0
    words: Any = sealed(default="")  # noqa: RUF009 - a dataclass field


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def note(
    number: Any = 0, *, stream: str = "project:1", words: Any = "", actor: Any = ACTOR, **more: Any
) -> Entry:
    """One committed entry."""
    with transaction.atomic():
        return ledger.record(Noted(stream=stream, number=number, words=words, **more), actor=actor)


def made(output: str, *inputs: str, stream: str = "project:1", **more: Any) -> Entry:
    """An entry that makes the asset `output` of the assets `inputs` (names are hashed)."""
    return note(
        stream=stream,
        inputs=tuple(AssetRef(role="source", sha256=sha(name)) for name in inputs),
        outputs=(AssetRef(role="mix", sha256=sha(output)),),
        **more,
    )


def fresh_stream() -> str:
    return f"project:{uuid.uuid4()}"


__all__ = ["ACTOR", "Noted", "events", "fresh_stream", "made", "note", "sha"]
