"""Every registered event that seals something: recorded, erased, and the log is as sound as before."""

from __future__ import annotations

import dataclasses
import json
import typing
import uuid
from collections.abc import Mapping
from typing import Any

import pytest
from django.db import transaction

from provenance import audit, canonical, events, ledger, merkle, notes, queries, sequencer
from provenance.keys import verifier_key
from provenance.models import Entry, SearchText, VaultItem
from tests.provenance.ledger.helpers import ACTOR

pytestmark = pytest.mark.django_db
SECRET = "words that nobody else may read, ünicode too"


def sealing() -> list[type[events.Event]]:
    return [
        event
        for event in events.registered()
        if events.sealed_names(event) and not event.kind.startswith("test.")
    ]


def sample(annotation: Any, *, secret: bool) -> Any:
    """A value of that type; private text where it goes to the vault."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if type(None) in arguments:
        return sample(next(a for a in arguments if a is not type(None)), secret=secret)
    if origin is tuple:
        return (sample(arguments[0], secret=secret),)
    if origin is Mapping:
        return {"words": sample(arguments[1], secret=secret)}
    if origin is not None:  # a union: its first type
        return sample(arguments[0], secret=secret)
    if annotation is bool:
        return True
    if annotation is int:
        return 7
    return SECRET if secret else "word"


def made(event: type[events.Event]) -> events.Event:
    sealed, types = events.sealed_names(event), typing.get_type_hints(event)
    envelope = {field.name for field in dataclasses.fields(events.Event)}
    values = {
        field.name: sample(types[field.name], secret=field.name in sealed)
        for field in dataclasses.fields(event)
        if field.name not in envelope
    }
    return event(stream=f"project:{uuid.uuid4()}", **values)


@pytest.mark.parametrize("event", sealing(), ids=lambda event: f"{event.kind}.v{event.version}")
def test_its_private_part_is_erased_and_every_proof_stays(event):
    with transaction.atomic():
        entry = ledger.record(made(event), actor=ACTOR)
    names = events.sealed_names(event)
    body = bytes(entry.body)
    assert SECRET.encode() not in body
    assert SECRET in json.dumps(ledger.disclose(entry), ensure_ascii=False)
    for item in entry.vault.all():
        opened = canonical.commitment(event.kind, item.name, bytes(item.content), bytes(item.salt))
        assert json.loads(body)["private"][item.name] == opened
    sequencer.drain()
    before = queries.proof_for(entry)

    said = ledger.shred(entry, actor=ACTOR)
    sequencer.drain()

    assert not VaultItem.objects.filter(entry=entry).exists()
    assert sorted(ledger.body_of(said)["public"]["names"]) == sorted(names)
    entry = Entry.objects.get(pk=entry.pk)
    assert bytes(entry.body) == body, "the commitment is untouched"
    sentence = ledger.in_words(entry, disclosed=True)
    assert sentence
    assert SECRET not in sentence
    head = notes.open_checkpoint(before.checkpoint, verifier_key())
    merkle.verify_inclusion(before.index, head.size, merkle.leaf_hash(body), before.hashes, head.root)
    report = audit.run()
    assert report.ok, report.verdict
    assert f"{len(names)} were erased on the record" in report.steps[2].result
    assert not SearchText.objects.filter(entry=entry).exclude(words=None).exists()


def test_there_are_such_events_in_every_app():
    assert {event.__module__.split(".")[0] for event in sealing()} == {
        "artists",
        "generation",
        "provenance",
        "release",
    }
