"""The index of words: follows the log, holds nothing that was erased, can be made again, and no query breaks it."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provenance import finding, ledger, search, sequencer
from provenance.models import Entry, SearchText
from tests.provenance.ledger.helpers import ACTOR, note


def hits(words: str) -> list[int]:
    found = finding.page(finding.Wanted(words=words), size=500).entries
    return sorted(ledger.body_of(entry)["public"]["number"] for entry in found if entry.kind == "test.noted")


@pytest.mark.django_db
def test_it_reads_the_log_in_order_and_only_once():
    for number in range(7):
        note(number, words=f"harbour word{number}")
    assert search.refresh() == 0, "nothing is in the log yet"
    sequencer.drain()
    assert search.behind() == 7
    assert [search.refresh(limit=3) for _ in range(4)] == [3, 3, 1, 0]
    assert search.behind() == 0
    assert hits("harbour") == list(range(7))
    assert hits("word3") == [3]
    before = list(SearchText.objects.order_by("pk").values_list("pk", "words"))
    assert search.rebuild() == 7
    assert list(SearchText.objects.order_by("pk").values_list("pk", "words")) == before


@pytest.mark.django_db
def test_addresses_and_file_names_are_found_by_their_parts_and_digests_are_left_out():
    note(1, words={"file": "bowed-lead_take2.wav", "to": "new@label.invalid", "sha": "ab" * 32})
    sequencer.drain()
    search.drain()
    for words in ("bowed", "bowed-lead", "wav", "new@label.invalid", "label", "inval", "take2"):
        assert hits(words) == [1], words
    assert hits("ab" * 32) == []


@pytest.mark.django_db
def test_an_erasure_empties_the_words_before_anybody_reads_them_again():
    kept, gone = note(1, words="lantern"), note(2, words="lantern")
    sequencer.drain()
    search.drain()
    assert hits("lantern") == [1, 2]
    ledger.shred(gone, actor=ACTOR)
    assert hits("lantern") == [1]
    assert SearchText.objects.get(pk=gone.pk).words is None
    sequencer.drain()
    search.drain()
    assert hits("lantern") == [1]
    assert hits("noted") == [1, 2], "what is public can still be found"
    assert "lantern" in SearchText.objects.get(pk=kept.pk).words
    search.rebuild()
    assert hits("lantern") == [1]


@pytest.mark.django_db
@pytest.mark.parametrize("often", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("recent", [1, 3, 5, 100])
def test_the_same_is_found_among_the_newest_and_further_back(
    recent: int, often: float, monkeypatch: pytest.MonkeyPatch
):
    for number in range(24):
        note(number, stream=f"test:{number % 7}", words="lantern ferry" if number % 5 else "lantern")
    note(99, stream="other:1", words="lantern ferry")
    sequencer.drain()
    search.drain()

    def said(**asked: object) -> list[list[str]]:
        return [
            finding.saying(words, family="test", limit=limit, **asked)  # type: ignore[arg-type]
            for words in ("lantern", "ferry", "lan fer", "noted", "-ferry lantern", "kite", "!")
            for limit in (1, 4, 60)
        ]

    some = frozenset({"test:1", "test:6", "other:1"})
    few = Exists(Entry.objects.filter(stream=OuterRef("stream"), stream__in=some))
    every, among = said(), said(streams=some)
    assert every[2] == [f"test:{number % 7}" for number in range(23, 16, -1)], (
        "the newest first, each stream once"
    )
    assert among != every
    monkeypatch.setattr(finding, "RECENT", recent)
    monkeypatch.setattr(finding, "OFTEN", often)
    assert said() == every
    assert said(streams=some) == said(streams=few) == among
    assert said(streams=frozenset()) == [[]] * len(every)


@pytest.mark.django_db
def test_words_can_be_emptied_by_hand():
    entry = note(1, words="lantern")
    sequencer.drain()
    search.drain()
    search.forget([entry.pk])
    assert hits("lantern") == []
    assert search.behind() == 1
    search.drain()
    assert hits("lantern") == [1]


@pytest.mark.django_db(transaction=True)
def test_an_erasure_that_meets_the_reader_half_way_still_wins():
    """The reader has read the words and not committed; the erasure waits for it, and then empties what it wrote."""
    entry = note(1, words="lantern")
    sequencer.drain()
    erased = threading.Event()

    def erase() -> None:
        try:
            ledger.shred(Entry.objects.get(pk=entry.pk), actor=ACTOR)
            erased.set()
        finally:
            connection.close()

    with transaction.atomic():
        assert search.refresh() == 1
        thread = threading.Thread(target=erase)
        thread.start()
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        with connection.cursor() as cursor:
            for _ in range(10_000):
                cursor.execute(waiting)
                if cursor.fetchone()[0]:
                    break
        assert not erased.is_set()
    thread.join(30)
    assert erased.is_set()
    assert hits("lantern") == []
    sequencer.drain()
    search.drain()
    assert hits("lantern") == []


@pytest.mark.django_db
@given(words=st.text(max_size=300))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_breaks_a_search(words: str) -> None:
    if any("\ud800" <= character <= "\udfff" for character in words):
        words = ""
    finding.page(finding.Wanted(words=words))


@pytest.mark.django_db
@given(words=st.text(alphabet="-\"'ab &|!()<>:*\\", max_size=200))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_operators_break_a_search(words: str) -> None:
    finding.page(finding.Wanted(words=words))
