"""Lists of consents: who reads the terms of which is asked once for all of them, and says the same as one by one."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from artists import practice_access
from artists.models import Artist, Consent, User
from artists.services import consents
from tests.cast import Cast, make_cast

pytestmark = pytest.mark.django_db
WORDS = "Fictional words about a fictional voice."


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def proposed(cast: Cast, artist: Artist, **more: Any) -> Consent:
    given = {"giver_name": "Somebody (fictional)", "words": WORDS, "starts_on": timezone.now().date(), **more}
    return consents.propose_consent(artist, kind="voice", **given, actor=cast.owner)


def listed(user: User) -> tuple[list[dict[str, Any]], int]:
    """What the API's list says to a reader, and by how many queries."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    with CaptureQueriesContext(connection) as asked:
        answer = client.get("/api/consents/")
    assert answer.status_code == 200
    return answer.json()["results"], len(asked)


def test_the_list_shows_terms_to_whom_each_consent_shows_them(cast: Cast) -> None:
    proposed(cast, cast.artist)
    proposed(cast, cast.other_artist)
    proposed(cast, cast.other_artist, giver=cast.mara)
    for user in (*cast.staff, cast.mara, cast.stranger, cast.collaborator):
        visible = {str(row.pk): row for row in practice_access.visible_consents(user)}
        rows = {row["id"]: row for row in listed(user)[0]}
        assert rows.keys() == visible.keys(), user
        among = practice_access.terms_read_among(user, visible.values())
        for key, row in visible.items():
            reads = practice_access.reads_terms(user, row)
            assert (row.pk in among, bool(rows[key]["words"])) == (reads, reads), user
    assert len(listed(cast.mara)[0]) == 2
    assert not any(row["words"] for row in listed(cast.release)[0])


def test_a_long_list_asks_no_more_than_a_short_one(cast: Cast) -> None:
    proposed(cast, cast.artist)
    short = {user.pk: listed(user)[1] for user in (cast.release, cast.mara)}
    for _ in range(4):
        proposed(cast, cast.artist)
    for user in (cast.release, cast.mara):
        rows, asked = listed(user)
        assert len(rows) == 5
        assert asked <= short[user.pk]
