"""What goes wrong at the desk costs nobody their words, and nobody decides over a colleague unawares."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from artists.errors import NotNow
from artists.models import Submission
from artists.services import answers, review, submissions
from provenance.errors import UserFault
from tests.artists.anr.conftest import AI, encoded, tune

pytestmark = pytest.mark.django_db


@pytest.fixture
def one(send: Any) -> Submission:
    return send(encoded(tune(1, seconds=4)))


@pytest.fixture
def anr(cast: Any) -> Client:
    client = Client()
    client.force_login(cast.anr)
    return client


def test_all_that_is_wrong_with_a_form_is_said_at_once(link: Any) -> None:
    with pytest.raises(submissions.BadAnswer) as refused:
        submissions.submit(
            link[0], files=[], sender="x", artist_name="", contact_email="nowhere", rights="samples", consent=False,
            ai={**AI, "vocals": "perhaps"},
        )  # fmt: skip
    fields = [refused.value.field, *(one.field for one in refused.value.more)]
    assert fields[0] == "files", "what comes first on the page is asked for first"
    assert sorted(fields) == sorted(
        ["files", "artist_name", "contact_email", "ai_vocals", "tools", "rights_note", "consent"]
    )
    assert not Submission.objects.exists()


def test_the_page_names_each_of_them_beside_its_field(link: Any) -> None:
    page = Client().post(
        f"/submit/{link[1]}/", {"artist_name": "Glass Ferry (fictional)", "ai_vocals": "yes"}
    )
    assert page.status_code == 422
    text = page.content.decode()
    for field in ("files", "contact_email", "ai_lyrics", "tools", "rights", "consent"):
        assert f'href="#id_{field}"' in text, field
    assert 'href="#id_artist_name"' not in text
    assert 'value="Glass Ferry (fictional)"' in text


def test_a_note_beyond_the_end_is_refused_and_its_words_stay_on_the_page(
    anr: Client, one: Submission
) -> None:
    file = one.files.get()
    for moment, says in (("0:59", "It ends at 0:04"), ("9:99", "60 seconds"), ("soon", "minutes:seconds")):
        page = anr.post(
            f"/submissions/{one.pk}/note/", {"text": "A <voice>.", "from": moment, "file": str(file.pk)}
        )
        assert page.status_code == 422
        text = page.content.decode()
        assert says in text
        assert "A &lt;voice&gt;.</textarea>" in text
        assert f'value="{moment}"' in text
        assert page["HX-Push-Url"].startswith(f"/submissions/{one.pk}/?"), "a reload finds a page"
    assert not one.notes.exists()


def test_a_no_without_a_reason_keeps_what_was_chosen(anr: Client, one: Submission) -> None:
    page = anr.post(f"/submissions/{one.pk}/decide/", {"stage": "declined", "reason": " "})
    assert page.status_code == 422
    text = page.content.decode()
    assert "Say why not" in text
    assert 'value="declined" required checked' in text


def test_a_vote_without_a_reason_keeps_the_vote(anr: Client, one: Submission) -> None:
    page = anr.post(f"/submissions/{one.pk}/vote/", {"vote": "maybe", "reason": ""})
    assert page.status_code == 422
    assert 'value="maybe" required checked' in page.content.decode()


def test_nobody_decides_over_a_colleague_whose_decision_they_did_not_see(cast: Any, one: Submission) -> None:
    review.decide(one, stage="more", seen="unheard", actor=cast.anr)
    with pytest.raises(NotNow, match="moved submission 1 to “Hear more” meanwhile"):
        review.decide(one, stage="declined", reason="No.", seen="unheard", actor=cast.owner)
    assert Submission.objects.get().stage == "more"
    assert review.decide(one, stage="meet", seen="more", actor=cast.owner).stage == "meet"


def test_having_been_heard_in_between_is_no_decision(cast: Any, one: Submission) -> None:
    review.score(one, values={"timbre": 4}, actor=cast.anr)
    assert review.decide(one, stage="meet", seen="unheard", actor=cast.anr).stage == "meet"


def test_a_second_answer_is_not_sent_over_one_that_its_writer_did_not_see(cast: Any, one: Submission) -> None:
    words = {"template": "no", "subject": "Thank you", "body": "Not this time."}
    answers.answer(one, **words, seen=0, actor=cast.anr)
    with pytest.raises(NotNow, match="answered meanwhile"):
        answers.answer(one, **words, seen=0, actor=cast.owner)
    assert one.answers.count() == 1
    answers.answer(one, **words, seen=1, actor=cast.owner)


def test_a_letter_that_cannot_go_is_still_on_the_page(anr: Client, cast: Any, one: Submission) -> None:
    review.unblind(one, actor=cast.anr)
    page = anr.post(
        f"/submissions/{one.pk}/answer/", {"template": "no", "subject": "", "body": "Dear Ferry", "seen": "0"}
    )
    assert page.status_code == 422
    text = page.content.decode()
    assert "Write a subject and an answer." in text
    assert "Dear Ferry</textarea>" in text


def test_who_decided_blind_is_told_that_the_sender_still_waits(
    anr: Client, cast: Any, one: Submission
) -> None:
    review.decide(one, stage="declined", reason="Not ours.", actor=cast.anr)
    assert "Its sender has no answer yet" in anr.get(f"/submissions/{one.pk}/").content.decode()
    review.unblind(one, actor=cast.anr)
    assert "Its sender has no answer yet" not in anr.get(f"/submissions/{one.pk}/").content.decode()


def test_a_moment_is_written_as_people_write_it() -> None:
    from artists.views.inbox.fields import ms_of

    assert [ms_of(text) for text in ("1:44", "1:44.5", "104", "0:59,5", " ")] == [
        104_000, 104_500, 104_000, 59_500, None
    ]  # fmt: skip
    for wrong in ("1:60", "x", "1:2:3", "-1"):
        with pytest.raises(UserFault):
            ms_of(wrong)


def test_a_link_that_cannot_be_made_keeps_what_was_written(anr: Client) -> None:
    page = anr.post("/inbox/links/", {"name": "Radio Nord (fictional)", "days": "9999", "promise_days": "7",
                                      "max_submissions": "20", "max_gb": "5"})  # fmt: skip
    assert page.status_code == 422
    text = page.content.decode()
    for value in ("Radio Nord (fictional)", "9999", "20", "5"):
        assert f'value="{value}"' in text, value
