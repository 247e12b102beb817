"""What somebody with a listening link can write into the ledger is bounded."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from artists.errors import ArtistsUserFault, TooMany
from artists.services import listening

pytestmark = pytest.mark.django_db
THING = {"kind": "take", "id": str(uuid.UUID(int=7))}


@pytest.fixture
def heard(cast: Any) -> Any:
    link, _ = listening.make_listening_link(recipient="Radio (fictional)", things=[THING], actor=cast.anr)
    return lambda spans: listening.keep_heard_by_link(link, thing=f"take:{THING['id']}", spans=spans)


def test_a_player_that_reports_too_often_is_told_to_wait(heard: Any) -> None:
    # making the link is an entry of its stream too
    for second in range(listening.HEARD_PER_MINUTE - 1):
        heard([[second * 1000, second * 1000 + 900]])
    with pytest.raises(TooMany, match="minute"):
        heard([[0, 900]])


@pytest.mark.parametrize(
    "spans",
    [None, [], "ab", {"a": 1}, [[1]], [[5, 5]], [[9, 1]], [[-1, 4]], [[0.5, 2]], [[True, 9]], [[0, 10**12]]],
)
def test_strange_spans_are_refused(heard: Any, spans: Any) -> None:
    with pytest.raises(ArtistsUserFault):
        heard(spans)
