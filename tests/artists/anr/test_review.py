"""What the team makes of submissions: blind, scored, noted, voted, put aside, decided, answered, agreed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone

from artists import access_anr
from artists.errors import ArtistsUserFault, LinkOver, NotNow
from artists.models import Artist, Submission
from artists.services import anr_rules, answers, listening, review
from artists.services.sealed import words_of
from tests.artists.anr.conftest import ANSWERS, encoded, tune
from tests.support import run_jobs

pytestmark = pytest.mark.django_db
FIVE = {"coherence": 4, "harmony": 3, "dynamics": 2, "timbre": 5, "mix": 3}


@pytest.fixture
def one(send: Any) -> Submission:
    return send(playlist="https://music.invalid/list")


def test_the_name_appears_after_ones_own_first_score(cast: Any, one: Submission) -> None:
    assert not access_anr.knows_who(cast.anr, one)
    row = review.score(one, values={"timbre": 5}, actor=cast.anr)
    assert row.blind
    assert access_anr.knows_who(cast.anr, one)
    assert not access_anr.knows_who(cast.owner, one), "only for whom scored"
    review.unblind(one, actor=cast.owner)
    assert not review.score(one, values=FIVE, actor=cast.owner).blind, "having looked is on record"


def test_scores_add_up_and_are_within_one_to_five(cast: Any, one: Submission) -> None:
    review.score(one, values={"timbre": 5}, actor=cast.anr)
    assert review.score(one, values={"mix": 1}, actor=cast.anr).values == {"timbre": 5, "mix": 1}
    own = anr_rules.set_criterion(title="Would we fight for it", actor=cast.anr)
    assert review.score(one, values={f"own-{own.pk}": 4}, actor=cast.anr).values[f"own-{own.pk}"] == 4
    for bad in ({"timbre": 6}, {"timbre": True}, {"nonsense": 3}, {}):
        with pytest.raises(ArtistsUserFault):
            review.score(one, values=bad, actor=cast.anr)


def test_hearing_is_recorded_and_makes_it_heard(cast: Any, send: Any) -> None:
    submission = send(encoded(tune(1, seconds=4)))
    file = submission.files.get()
    review.keep_heard(file, spans=[[0, 2000], [3000, 3500]], blind=True, actor=cast.anr)
    submission.refresh_from_db()
    assert submission.stage == "heard"
    assert submission.entry.kind == "submission.heard"
    for bad in ([[5, 1]], [[0, 10**9]], "x", [[0.5, 2]], [1], []):
        with pytest.raises(ArtistsUserFault):
            review.keep_heard(file, spans=bad, blind=True, actor=cast.anr)


def test_notes_stand_at_a_moment_or_a_range_and_are_sealed(cast: Any, one: Submission) -> None:
    row = review.note(one, text="Voice comes in late.", from_ms=38_000, actor=cast.anr)
    assert words_of(row.entry_id) == {"text": "Voice comes in late."}
    assert "late" not in bytes(row.entry.body).decode()
    review.note(one, text="Pasted.", from_ms=104_000, to_ms=118_000, actor=cast.anr)
    with pytest.raises(ArtistsUserFault):
        review.note(one, text="x", from_ms=10, to_ms=5, actor=cast.anr)


def test_a_vote_needs_a_reason_and_may_change(cast: Any, one: Submission) -> None:
    with pytest.raises(ArtistsUserFault):
        review.vote(one, vote="yes", reason=" ", actor=cast.rights)
    review.vote(one, vote="yes", reason="The voice.", actor=cast.rights)
    review.vote(one, vote="no", reason="On second hearing.", actor=cast.rights)
    assert one.votes.get().vote == "no"


def test_a_snoozed_one_leaves_the_inbox_and_its_promise_stays(cast: Any, one: Submission) -> None:
    before = one.promised_by
    review.snooze(one, days=7, actor=cast.anr)
    assert one not in access_anr.inbox(cast.anr)
    assert one in access_anr.inbox(cast.anr, view="snoozed")
    one.refresh_from_db()
    assert one.promised_by == before


@pytest.mark.parametrize("before", Submission.NEXT)
@pytest.mark.parametrize("after", Submission.NEXT)
def test_stages_go_by_the_table_alone(cast: Any, one: Submission, before: str, after: str) -> None:
    path = {"unheard": [], "heard": ["heard"], "more": ["more"], "meet": ["meet"], "offer": ["meet", "offer"],
            "signed": ["meet", "offer", "signed"], "declined": ["declined"]}[before]  # fmt: skip
    for stage in path:
        review.decide(one, stage=stage, reason="so", actor=cast.anr)
    if after in Submission.NEXT[before]:
        assert review.decide(one, stage=after, reason="so", actor=cast.anr).stage == after
    else:
        with pytest.raises(NotNow):
            review.decide(one, stage=after, reason="so", actor=cast.anr)


def test_signing_puts_the_artist_on_the_roster_or_links_one(cast: Any, send: Any) -> None:
    first, second = send(playlist="https://a.invalid/1"), send(playlist="https://a.invalid/2")
    for submission in (first, second):
        review.decide(submission, stage="meet", actor=cast.anr)
        review.decide(submission, stage="offer", actor=cast.anr)
    signed = review.decide(first, stage="signed", actor=cast.anr)
    assert signed.artist.name == ANSWERS["artist_name"]
    linked = review.decide(second, stage="signed", artist=cast.artist, actor=cast.anr)
    assert linked.artist == cast.artist
    assert Artist.objects.filter(name=ANSWERS["artist_name"]).count() == 1


def test_a_no_needs_a_reason_that_the_sender_never_sees(cast: Any, one: Submission) -> None:
    with pytest.raises(ArtistsUserFault, match="why"):
        review.decide(one, stage="declined", actor=cast.anr)
    review.decide(one, stage="declined", reason="Not a voice for us.", actor=cast.anr)
    draft = answers.draft_answer(one, template="no", actor=cast.anr)
    assert ANSWERS["artist_name"] in draft.body
    assert "Not a voice" not in draft.body


def test_an_answer_goes_out_as_it_was_shown(cast: Any, one: Submission) -> None:
    draft = answers.draft_answer(one, template="meet", actor=cast.anr)
    answers.answer(
        one, template="meet", subject=draft.subject, body=draft.body + "\nBring the dog.", actor=cast.anr
    )
    run_jobs()
    (sent,) = mail.outbox
    assert sent.to == [ANSWERS["contact_email"]]
    assert sent.body.endswith("Bring the dog.")
    one.refresh_from_db()
    assert one.answers.get().state == "sent"
    assert one.answered_at is not None
    assert not one.late


def test_what_a_sender_writes_is_no_format_string(cast: Any, send: Any) -> None:
    submission = send(playlist="https://a.invalid/1", artist_name="{number.__class__} {who}")
    draft = answers.draft_answer(submission, template="meet", actor=cast.anr)
    assert "__class__" in draft.body
    subject = answers.answer(
        submission, template="x", subject="a\r\nBcc: all@x.invalid", body="b", actor=cast.anr
    )
    assert words_of(subject.words_entry_id)["subject"] == "a Bcc: all@x.invalid"


def test_a_promise_slips_visibly(cast: Any, one: Submission, monkeypatch: pytest.MonkeyPatch) -> None:
    assert one not in access_anr.inbox(cast.anr, view="late")
    later = timezone.now() + dt.timedelta(days=15)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert one in access_anr.inbox(cast.anr, view="late")
    answers.answer(one, template="no", subject="s", body="b", actor=cast.anr)
    assert one not in access_anr.inbox(cast.anr, view="late")


def test_many_are_decided_each_by_itself(cast: Any, send: Any) -> None:
    rows = [send(playlist=f"https://a.invalid/{n}") for n in range(3)]
    review.decide(rows[1], stage="meet", actor=cast.anr)
    review.decide(rows[1], stage="offer", actor=cast.anr)
    review.decide(rows[1], stage="signed", artist=cast.artist, actor=cast.anr)
    lines = review.decide_many(rows, stage="declined", reason="Full.", template="no", actor=cast.anr)
    assert [line.done for line in lines] == [True, False, True]
    assert "its end" in lines[1].says
    run_jobs()
    assert len(mail.outbox) == 2


# -- who -------------------------------------------------------------------------------------------------------------
def test_artists_are_not_told_that_there_is_an_inbox(cast: Any, one: Submission) -> None:
    for user in (cast.mara, cast.collaborator, cast.stranger):
        assert not access_anr.visible_submissions(user).exists()
        with pytest.raises(Http404):
            access_anr.submission_for(user, one.pk)
    for user in (cast.release, cast.rights):
        assert access_anr.submission_for(user, one.pk) == one
        with pytest.raises(PermissionDenied):
            access_anr.submission_for(user, one.pk, decide=True)


# -- listening links -------------------------------------------------------------------------------------------------
def test_a_listening_link_is_for_one_person_until_it_ends(cast: Any) -> None:
    thing = {"kind": "master", "id": str(cast.artist.pk)}
    link, secret = listening.make_listening_link(
        recipient="Radio Nine (fictional)", things=[thing], actor=cast.anr
    )
    assert listening.listening_link_by_secret(secret) == link
    assert "Radio Nine" not in bytes(link.made_entry.body).decode()
    listening.keep_opened(link)
    listening.keep_heard_by_link(link, thing="master:x", subject="master:x", spans=[[0, 4000]])
    link.refresh_from_db()
    assert (link.heard_ms, link.entry.kind) == (4000, "listening_link.heard")
    listening.revoke_listening_link(link, actor=cast.anr)
    with pytest.raises(LinkOver):
        listening.listening_link_by_secret(secret)
    for bad in ({"recipient": " "}, {"things": []}, {"days": 0}, {"things": [{"kind": "user", "id": "x"}]}):
        with pytest.raises(ArtistsUserFault):
            listening.make_listening_link(**{"recipient": "x", "things": [thing], **bad}, actor=cast.anr)
