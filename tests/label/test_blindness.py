"""Who listens blind is not told by the ledger either whose song it is: by no page, endpoint, search or bundle."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from artists.services import review
from provenance import search, sequencer
from provenance.models import Entry
from tests.artists.anr.conftest import ANSWERS, cast, encoded, link, send, tune  # noqa: F401 - fixtures
from tests.cast import Cast
from tests.label.conftest import as_

pytestmark = pytest.mark.django_db
NAME, MAIL = ANSWERS["artist_name"], ANSWERS["contact_email"]


@pytest.fixture
def sent(send: Callable[..., Any]) -> Any:  # noqa: F811
    submission = send(encoded(tune(1, seconds=2)))
    sequencer.drain()
    search.drain()
    return submission


def told(user: Any, submission: Any) -> str:
    """All that the ledger's pages and endpoints say to this reader about a submission."""
    client, entry = as_(user), Entry.objects.get(kind="submission.sent", stream=submission.stream)
    leaf = bytes(entry.leaf_hash).hex()
    ref = f"submission:{submission.pk}"
    answers = [
        client.get(reverse("label:ledger"), {"about": ref}),
        client.get(reverse("label:ledger-entry", args=[leaf])),
        client.get(reverse("label:ledger-feed"), {"about": ref}),
        client.get(reverse("api:ledger"), {"about": ref}),
        client.get(reverse("api:ledger-entry", args=[leaf])),
    ]
    assert {answer.status_code for answer in answers} == {200}
    return "".join(answer.content.decode() for answer in answers)


def found(user: Any, words: str) -> tuple[bool, bool]:
    """Whether the ledger's filter, and the search over everything, find the submission by these words."""
    client = as_(user)
    ledger = client.get(reverse("label:ledger"), {"words": words, "kind": "submissions"}).content.decode()
    everything = client.get(reverse("label:search"), {"words": words}).content.decode()
    return "ubmission 1 came in" in ledger, "Submission 1" in everything


def test_a_senders_words_are_shut_until_one_has_scored(cast: Cast, sent: Any) -> None:  # noqa: F811
    for reader in (cast.owner, cast.anr):
        said = told(reader, sent)
        assert "ubmission 1 came in" in said
        assert NAME not in said
        assert MAIL not in said
        assert found(reader, "Glass Ferry") == (False, False)
    review.unblind(sent, actor=cast.anr)
    assert NAME in told(cast.anr, sent)
    assert found(cast.anr, "Glass Ferry") == (True, True)
    assert NAME not in told(cast.owner, sent), "each listens for themselves"


def test_a_bundle_does_not_open_them_either(cast: Cast, sent: Any) -> None:  # noqa: F811
    from label import exporting

    entries = [Entry.objects.get(kind="submission.sent", stream=sent.stream)]
    assert exporting._may_disclose(entries, cast.owner).streams == frozenset()
    review.unblind(sent, actor=cast.owner)
    assert exporting._may_disclose(entries, cast.owner).streams == {sent.stream}
    assert uuid.UUID(sent.stream.partition(":")[2]) == sent.pk
