"""What follows from agreements: amendments, days, and what a release is told where they do not fit it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from artists import services as people
from artists.agreement_dates import due_for
from artists.errors import ArtistsUserFault, NotNow
from artists.models import Agreement
from artists.services import agreements
from artists.services.advances import note_advance
from artists.services.agreement_shares import agreed_shares, remarks, speaking
from tests.artists.test_agreements import drafted, share, signed, today
from tests.cast import Cast, make_cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def person(cast: Cast) -> Any:
    return people.create_person(
        credit_name="Mara Lindqvist (fictional)", artist=cast.artist, actor=cast.owner
    )


def told(
    cast: Cast, *, on: dt.date | None = None, territories: tuple[str, ...] = ()
) -> list[tuple[str, str]]:
    rows = speaking([cast.artist]).get(cast.artist.pk, ())
    found = remarks(cast.artist, rows, on=on or today(), territories=territories)
    return [(one.code, one.sentence) for one in found]


# -- amendments ------------------------------------------------------------------------------------------------------
def test_an_amendment_takes_the_old_one_s_place_when_both_have_signed_and_not_before(
    cast: Cast, person: Any
) -> None:
    old = signed(cast, shares=[share(person, "producer", 2000)])
    new = drafted(cast, shares=[share(person, "producer", 3000)], amends=old)
    with pytest.raises(NotNow, match="written already"):
        drafted(cast, amends=old)
    assert [one.share_bp for one in agreed_shares(cast.artist)] == [2000]
    agreements.move_agreement(new, status="offered", actor=cast.anr)
    agreements.sign_agreement(new, side="artist", name="Mara", actor=cast.mara)
    old.refresh_from_db()
    assert old.status == "signed"
    agreements.sign_agreement(new, side="label", name="Odile", actor=cast.owner)
    old.refresh_from_db()
    assert (old.status, old.shares[0]["share_bp"]) == ("ended", 2000), "its terms stay as they were signed"
    assert [one.share_bp for one in agreed_shares(cast.artist)] == [3000]
    assert told(cast) == []
    with pytest.raises(NotNow, match="Only a signed"):
        drafted(cast, amends=old)
    assert f"agreement:{old.pk}" in bytes(new.terms_entry.body).decode()


def test_somebody_else_s_agreement_is_not_amended(cast: Cast) -> None:
    old = signed(cast)
    with pytest.raises(NotNow):
        agreements.draft_agreement(cast.other_artist, title="EP", amends=old, actor=cast.anr)


# -- days ------------------------------------------------------------------------------------------------------------
def test_notice_moves_the_last_day_of_an_option_forward(cast: Cast) -> None:
    row = signed(
        cast, options=[(today(20), "an album", 30), (today(60), "a film", 30), (today(9), "a remix")]
    )
    remix, album, film = agreements.options_of(row)
    assert [one.lapsed for one in (remix, album, film)] == [False, True, False]
    with pytest.raises(NotNow, match=f"until {today(-10):%d.%m.%Y}"):
        agreements.answer_option(album, outcome="taken", actor=cast.anr)
    for days in (-1, agreements.MAX_NOTICE_DAYS + 1):
        with pytest.raises(ArtistsUserFault, match="Notice"):
            drafted(cast, options=[(today(9), "a remix", days)])


def test_everybody_is_told_of_the_days_that_are_theirs(cast: Cast) -> None:
    signed(
        cast, ends=today(90), advance_due=today(3), options=[(today(60), "a film", 30), (today(200), "more")]
    )
    offer = drafted(cast, answer_due=today(-2))
    agreements.move_agreement(offer, status="offered", actor=cast.anr)
    over = signed(cast, ends=today(-1), advance_due=today(-1))
    note_advance(over, paid_on=today(), actor=cast.rights)

    def days(user: Any) -> list[tuple[str, int, bool]]:
        dues = due_for(user, until=today(100))
        return [(due.what, (due.on - today()).days, due.late) for due in dues]

    everything = [("answer", -2, True), ("advance", 3, False), ("option", 30, False), ("end", 90, False)]
    assert days(cast.anr) == days(cast.rights) == days(cast.owner) == everything
    assert days(cast.release) == [("end", 90, False)]
    assert days(cast.mara) == [one for one in everything if one[0] != "option"]
    assert days(cast.stranger) == days(cast.collaborator) == []


def test_an_advance_is_late_until_somebody_says_that_it_was_paid(cast: Cast) -> None:
    row = signed(cast, advance="EUR 4,000", advance_due=today(-3))

    def dues(user: Any, **limit: int) -> list[tuple[str, bool]]:
        return [(due.what, due.late) for due in due_for(user, until=today(30), **limit)]

    assert dues(cast.anr) == dues(cast.mara) == dues(cast.anr, limit=2) == [("advance", True)]
    assert dues(cast.release) == []
    client = Client()
    client.force_login(cast.rights)
    page = f"/agreements/{row.pk}/"
    assert ", late</span>" in client.get(page).content.decode()
    for wrong, says in (
        ("", "on which day"),
        ("2026-02-30", "on which day"),
        (str(today(1)), "still to come"),
    ):
        answer = client.post(f"{page}advance/", {"paid_on": wrong}, follow=True)
        assert says in answer.content.decode(), wrong
    client.post(f"{page}advance/", {"paid_on": str(today(-1)), "amount": "EUR 4,000 less fees"})
    row.refresh_from_db()
    assert (row.advance_paid_on, row.entry.kind, row.entry.basis) == (
        today(-1),
        "agreement.advance_paid",
        "declared",
    )
    assert "less fees" not in bytes(row.entry.body).decode()
    assert dues(cast.anr) == dues(cast.mara) == []
    assert f"paid on {today(-1):%-d %B %Y}" in client.get(page).content.decode()
    offer = drafted(cast, advance_due=today(5))
    with pytest.raises(NotNow, match="never signed"):
        note_advance(offer, paid_on=today(), actor=cast.anr)


def test_the_first_few_days_are_the_first_of_all(cast: Cast) -> None:
    for days in (50, 10, 30, 20, 40):
        signed(
            cast,
            ends=today(days),
            advance_due=today(days - 1),
            options=[(today(days + 2), "soon", 5), (today(days + 1), "an album"), (today(90), "more", 90)],
        )
        offer = drafted(cast, answer_due=today(days - 20))
        agreements.move_agreement(offer, status="offered", actor=cast.anr)
    for user in (cast.anr, cast.release, cast.mara):
        every = due_for(user, until=today(45))
        assert [due.on for due in every] == sorted(due.on for due in every)
        assert every, user
        for limit in (1, 3, 7, 100):
            first = due_for(user, until=today(45), limit=limit)
            assert [(due.on, due.what) for due in first] == [(due.on, due.what) for due in every[:limit]]


def test_no_more_agreements_are_read_than_are_shown(cast: Cast) -> None:
    for days in range(5):
        signed(cast, ends=today(days), options=[(today(days), "one more")])
    with CaptureQueriesContext(connection) as asked:
        assert len(due_for(cast.anr, until=today(30), limit=1)) == 1
    assert len(asked) == 2
    assert "LIMIT 1" in asked.captured_queries[0]["sql"]


# -- what a release is told ------------------------------------------------------------------------------------------
def test_nothing_is_said_where_nothing_was_agreed_or_all_fits(cast: Cast, person: Any) -> None:
    assert told(cast) == []
    signed(cast, kind="publishing", shares=[share(person)])
    signed(cast, shares=[share(person, "producer", 2500)], territories=["DE", "FR"], ends=today(30))
    signed(cast, kind="management", ends=today(-9))
    drafted(cast)
    assert told(cast, territories=("DE",)) == []


def test_two_that_share_the_same_are_named_and_what_is_too_much(cast: Cast, person: Any) -> None:
    signed(cast, shares=[share(person, "producer", 4000)])
    signed(cast, shares=[share(person, "mixer", 2500)], ends=today(30))
    ((code, words),) = told(cast)
    assert code == "two"
    assert words.count("recording agreement") == 2
    assert "amend or end the other" in words
    signed(cast, kind="publishing", shares=[share(person, bp=6000)])
    signed(cast, kind="publishing", shares=[share(person, "lyricist", 7000)])
    over = dict(told(cast))["over"]
    assert "Together they give away 130 %" in over
    assert "composition" in over


@pytest.mark.parametrize(
    ("terms", "on", "territories", "code", "words"),
    [
        ({"ends": 5}, 9, (), "ended", "its shares are not filled in"),
        ({"starts": 5}, 2, (), "not_begun", "begins on"),
        ({"territories": ["DE", "FR"]}, 0, ("Worldwide",), "territory", "covers DE and FR, not the rest of the world"),
        ({"territories": ["DE", "FR"]}, 0, ("DE", "CH", "AT"), "territory", "not AT and CH"),
    ],
)  # fmt: skip
def test_what_does_not_fit_a_release_is_said_in_a_sentence(
    cast: Cast, person: Any, terms: Any, on: int, territories: Any, code: str, words: str
) -> None:
    given = {key: today(value) if isinstance(value, int) else value for key, value in terms.items()}
    signed(cast, shares=[share(person, "producer", 2500)], **given)
    ((found, sentence),) = told(cast, on=today(on), territories=territories)
    assert found == code
    assert words in sentence
    assert cast.artist.name in sentence


def test_one_that_was_terminated_gives_no_shares_and_that_is_said(cast: Cast, person: Any) -> None:
    row = signed(cast, shares=[share(person, "producer", 2500)])
    agreements.move_agreement(row, status="terminated", reason="A secret quarrel.", actor=cast.rights)
    assert agreed_shares(cast.artist) == ()
    ((code, sentence),) = told(cast)
    assert (code, "was terminated" in sentence, "quarrel" in sentence) == ("terminated", True, False)


# -- every move ------------------------------------------------------------------------------------------------------
MOVES = {
    "draft": {"offered", "dropped"},
    "offered": {"draft", "dropped"},  # signed by both signatures alone
    "signed": {"ended", "terminated"},
    "ended": set(),
    "terminated": set(),
    "dropped": set(),
}


def at(cast: Cast, status: str) -> Agreement:
    if status in ("signed", "ended", "terminated"):
        row = signed(cast)
    else:
        row = drafted(cast)
        if status != "draft":
            row = agreements.move_agreement(
                row, status=status, reason="x" if status == "dropped" else "", actor=cast.anr
            )
    if status in ("ended", "terminated"):
        row = agreements.move_agreement(row, status=status, reason="x", actor=cast.anr)
    return row


@pytest.mark.parametrize("status", MOVES)
def test_an_agreement_goes_where_the_table_says_and_nowhere_else(cast: Cast, status: str) -> None:
    row = at(cast, status)
    assert row.status == status
    for wanted in Agreement.Status.values:
        before = row.entry_id
        if wanted in MOVES[status]:
            assert (
                agreements.move_agreement(at(cast, status), status=wanted, reason="x", actor=cast.anr).status
                == wanted
            )
        else:
            with pytest.raises(NotNow):
                agreements.move_agreement(row, status=wanted, reason="x", actor=cast.anr)
            row.refresh_from_db()
            assert (row.status, row.entry_id) == (status, before), "no entry of what was refused"
