"""What somebody with a listening link can write into the ledger is bounded, and what is kept of it is small."""

from __future__ import annotations

import itertools
import random
import uuid
from typing import Any

import pytest

from artists.errors import ArtistsUserFault, TooMany
from artists.services import listening
from provenance.elements import Basis
from provenance.models import Entry

pytestmark = pytest.mark.django_db
THING = {"kind": "take", "id": str(uuid.UUID(int=7))}
NAME = f"take:{THING['id']}"


@pytest.fixture
def link(cast: Any) -> Any:
    made, _ = listening.make_listening_link(
        recipient="Radio (fictional)", things=[THING], asks_notes=True, actor=cast.anr
    )
    return made


def heard(link: Any, spans: Any, longest_ms: int = 180_000) -> None:
    listening.keep_heard_by_link(link, thing=NAME, subject=NAME, spans=spans, longest_ms=longest_ms)


def test_a_player_that_reports_too_often_is_told_to_wait(link: Any) -> None:
    # making the link is an entry of its stream too
    for second in range(listening.HEARD_PER_MINUTE - 2):
        heard(link, [[second * 1000, second * 1000 + 900]])
    listening.note_by_link(link, thing=NAME, subject=NAME, text="The bass.", at_ms=1500)
    with pytest.raises(TooMany, match="minute"):
        heard(link, [[0, 900]])
    with pytest.raises(TooMany, match="minute"):
        listening.note_by_link(link, thing=NAME, subject=NAME, text="More.")


@pytest.mark.parametrize(
    "spans",
    [None, [], "ab", {"a": 1}, [[1]], [[5, 5]], [[9, 1]], [[-1, 4]], [[0.5, 2]], [[True, 9]], [[0, 182_000]]],
)
def test_strange_spans_are_refused(link: Any, spans: Any) -> None:
    with pytest.raises(ArtistsUserFault):
        heard(link, spans)


def test_sent_once_played_as_its_player_says_and_each_part_counted_once(link: Any) -> None:
    for _ in range(3):
        listening.keep_sent(link, thing=NAME, subject=NAME)
        link.refresh_from_db()
    heard(link, [[0, 10_000]])
    heard(link, [[5_000, 12_000], [60_000, 61_000]])
    link.refresh_from_db()
    assert link.heard[NAME] == [[0, 12_000], [60_000, 61_000]]
    assert (listening.heard_of(link, NAME), link.heard_ms) == (13_000, 18_000)
    entries = Entry.objects.filter(stream=link.stream).order_by("pk")
    assert [entry.kind.partition(".")[2] for entry in entries] == ["made", "sent", "heard", "heard"]
    assert {f'"basis":"{basis}"' for basis in (Basis.OBSERVED, Basis.DECLARED)} == {
        part
        for entry in entries
        for part in bytes(entry.body).decode().split(",")
        if part.startswith('"basis"')
    }


def test_what_is_kept_of_a_torn_up_listening_stays_small() -> None:
    dice = random.Random(7)
    spans = [[at, at + 1] for at in dice.sample(range(0, 180_000, 3), 20_000)]
    kept = listening.merged(spans)
    assert len(kept) <= listening.MOST_PARTS
    assert all(before[1] < after[0] for before, after in itertools.pairwise(kept))
    assert (kept[0][0], kept[-1][1]) == (min(spans)[0], max(spans)[1])


def test_notes_are_sealed_wanted_and_words(link: Any, cast: Any) -> None:
    note = listening.note_by_link(link, thing=NAME, subject=NAME, text=" It lifts off here. ", at_ms=61_500)
    assert note.at_ms == 61_500
    assert "lifts" not in bytes(note.entry.body).decode()
    for text, at_ms in ((" ", None), ("x", -1), ("x", listening.LONGEST_MS + 1)):
        with pytest.raises(ArtistsUserFault):
            listening.note_by_link(link, thing=NAME, subject=NAME, text=text, at_ms=at_ms)
    mute, _ = listening.make_listening_link(recipient="Press (fictional)", things=[THING], actor=cast.anr)
    with pytest.raises(ArtistsUserFault, match="does not ask"):
        listening.note_by_link(mute, thing=NAME, subject=NAME, text="x")
