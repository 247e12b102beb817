"""Senders are forgotten: because they ask, or because a declined submission's time is over. The log stays sound."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest
from django.db import connection
from django.http import Http404
from django.utils import timezone

from artists import access_anr
from artists.errors import NotNow
from artists.models import Submission
from artists.services import anr_rules, answers, clearing, review
from artists.services.sealed import words_of
from provenance import audit, blobcheck, blobs, removal, sequencer
from provenance.models import AssetAnalysis, Entry
from tests.artists.anr.conftest import ANSWERS, encoded, tune
from tests.support import needs, run_jobs

pytestmark = pytest.mark.django_db
PRIVATE = (
    ANSWERS["artist_name"], ANSWERS["contact_email"], ANSWERS["contact_name"], "Two songs", "song 0.wav",
    "Only for you.", "Voice comes in late.", "Not a voice for us.", "The voice.", "drum generator",
)  # fmt: skip


def everything() -> str:
    """All tables as text, the vault with them."""
    parts = []
    with connection.cursor() as cursor:
        for table in connection.introspection.django_table_names(only_existing=True, include_views=False):
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            parts += [row[0] for row in cursor.fetchall()]
        for column in ("content FROM provenance_vaultitem", "body FROM provenance_entry"):
            cursor.execute(
                f"SELECT convert_from({column.replace(' FROM', ', ' + chr(39) + 'UTF8' + chr(39) + ') FROM')}"
            )
            parts += [row[0] for row in cursor.fetchall()]
    return "\n".join(parts)


@pytest.fixture
def declined(cast: Any, send: Any) -> Submission:
    """A submission with everything that people wrote about it, declined and answered."""
    submission = send(encoded(tune(1, seconds=3)), message="Only for you.")
    run_jobs()
    review.note(submission, text="Voice comes in late.", from_ms=800, actor=cast.anr)
    review.vote(submission, vote="no", reason="The voice.", actor=cast.rights)
    review.score(submission, values={"timbre": 2}, actor=cast.anr)
    review.decide(submission, stage="declined", reason="Not a voice for us.", actor=cast.anr)
    draft = answers.draft_answer(submission, template="no", actor=cast.anr)
    answers.answer(submission, template="no", subject=draft.subject, body=draft.body, actor=cast.anr)
    run_jobs()
    submission.refresh_from_db()
    return submission


@needs("fpcalc")
def test_whoever_asks_is_forgotten_and_the_log_keeps_its_skeleton(cast: Any, declined: Submission) -> None:
    file = declined.files.get()
    before = Entry.objects.filter(stream=declined.stream).count()
    assert all(word in everything() for word in PRIVATE)
    clearing.ask_erasure(declined)
    clearing.ask_erasure(declined)
    assert declined in access_anr.inbox(cast.owner, view="erase")
    shown = clearing.preview_clear(declined)
    assert (shown.goes, shown.stays) == (1, ())
    assert dict(shown.values)["Notes on it"] == 1
    clearing.erase_submission(declined, actor=cast.rights)
    left = everything()
    assert [word for word in PRIVATE if word in left] == []
    with pytest.raises(Http404):
        access_anr.audible(declined.files.get())
    assert blobs.store().exists(file.asset.sha256), "only a job that can be repeated deletes"
    run_jobs()
    assert not blobs.store().exists(file.asset.sha256)
    assert not AssetAnalysis.objects.filter(asset=file.asset).exists(), "peaks and fingerprint are gone"
    assert Entry.objects.filter(stream=declined.stream).count() > before, "nothing of the log went"
    assert declined not in access_anr.inbox(cast.owner, view="erase")
    for act in (
        lambda: review.note(declined, text="again", actor=cast.anr),
        lambda: review.decide(declined, stage="heard", reason="x", actor=cast.anr),
        lambda: clearing.erase_submission(declined, actor=cast.owner),
        lambda: clearing.ask_erasure(declined),
    ):
        with pytest.raises(NotNow):
            act()
    faults: list[str] = []
    seen = blobcheck.read(blobcheck.Plan(), fault=faults.append)
    assert faults == [], "an audit knows what was removed on purpose"
    assert seen.removed == 1
    sequencer.drain()
    report = audit.run(assets=True)
    assert report.ok, report.verdict


def test_bytes_that_something_else_holds_stay_and_come_back_with_whoever_sends_them_again(
    cast: Any, send: Any
) -> None:
    sound = encoded(tune(2, seconds=2))
    first = send(sound)
    other = send(sound, sender="two", contact_email="somebody@else.invalid")
    sha256 = first.files.get().asset.sha256
    assert clearing.preview_clear(first).stays == ("file 1: the same sound is kept as another submission",)
    clearing.erase_submission(first, actor=cast.owner)
    clearing.remove_sound(str(first.pk))
    assert blobs.store().exists(sha256), "the other one still has it"
    clearing.erase_submission(other, actor=cast.owner)
    clearing.remove_sound(str(other.pk))
    clearing.remove_sound(str(other.pk))
    assert not blobs.store().exists(sha256)
    assert removal.removed_among([sha256]) == {sha256}
    again = send(sound, sender="three", contact_email="third@else.invalid")
    assert blobs.store().exists(sha256)
    assert again.duplicate_of is None
    assert access_anr.is_audible(again.files.get())
    run_jobs()
    assert again.files.get().matches == [], "who was forgotten is not named as the earlier one"


def test_a_file_of_the_catalogue_is_never_removed_with_a_submission(cast: Any, send: Any) -> None:
    from artists.services import documents

    sound = encoded(tune(4, seconds=2))
    submission = send(sound)
    asset = submission.files.get().asset
    assert removal.held_by(asset) == ["artists.SubmissionFile"]
    documents.add_document(
        cast.artist, file=io.BytesIO(sound), filename="demo.wav", kind="other", actor=cast.anr
    )
    clearing.erase_submission(submission, actor=cast.owner)
    run_jobs()
    assert blobs.store().exists(asset.sha256)


def test_by_time_sound_contact_and_letters_go_and_the_name_stays(cast: Any, declined: Submission) -> None:
    anr_rules.set_rules(keep_declined_days=100, actor=cast.anr)
    now = timezone.now()
    assert clearing.clear_overdue(now=now + dt.timedelta(days=99)) == 0
    assert clearing.clear_overdue(now=now + dt.timedelta(days=101)) == 1
    assert clearing.clear_overdue(now=now + dt.timedelta(days=101)) == 0
    run_jobs()
    declined.refresh_from_db()
    assert (declined.cleared_why, declined.entry.kind) == ("time", "submission.cleared")
    assert set(words_of(declined.sent_entry_id)) == {"artist_name", "title"}
    assert words_of(declined.answers.get().words_entry_id) == {}
    assert words_of(declined.notes.get().entry_id) == {"text": "Voice comes in late."}
    assert not blobs.store().exists(declined.files.get().asset.sha256)
    with pytest.raises(NotNow, match="was cleared, its time was over"):
        review.note(declined, text="x", actor=cast.anr)
    clearing.erase_submission(declined, actor=cast.owner)
    assert words_of(declined.sent_entry_id) == {}, "who asks later loses the rest, too"


def test_nobody_is_kept_longer_than_the_form_told_them_and_open_ones_are_not_touched(
    cast: Any, send: Any
) -> None:
    anr_rules.set_rules(keep_declined_days=10, actor=cast.anr)
    told_ten, still_open, taken_back = (send(playlist=f"https://a.invalid/{n}") for n in range(3))
    anr_rules.set_rules(keep_declined_days=0, actor=cast.anr)
    told_asked = send(playlist="https://a.invalid/4")
    for row in (told_ten, taken_back, told_asked):
        review.decide(row, stage="declined", reason="so", actor=cast.anr)
    review.decide(taken_back, stage="heard", actor=cast.anr)
    later = timezone.now() + dt.timedelta(days=11)
    assert clearing.clear_overdue(now=later) == 1
    told_ten.refresh_from_db()
    assert told_ten.cleared_why == "time"
    assert Submission.objects.filter(cleared_at=None).count() == 3
    anr_rules.set_rules(keep_declined_days=5, actor=cast.anr)
    assert list(clearing.due(now=later)) == [told_asked], "a shorter time reaches them all"
    assert still_open.cleared_at is None


def test_the_same_sound_from_somebody_else_stands_in_the_inbox_by_itself(cast: Any, send: Any) -> None:
    sound = encoded(tune(3, seconds=2))
    first, copy = send(sound), send(sound)
    other = send(sound, contact_email="somebody@else.invalid")
    assert (copy.duplicate_of, other.duplicate_of) == (first, None)
    assert {first, other} == set(access_anr.inbox(cast.anr))
    answers.answer(first, template="no", subject="s", body="b", actor=cast.anr)
    copy.refresh_from_db()
    other.refresh_from_db()
    assert copy.answered_at is not None, "one letter answers all copies of one sender"
    assert other.answered_at is None
    review.decide(first, stage="declined", reason="so", actor=cast.anr)
    assert send(sound).duplicate_of is None, "sent again after a no it is heard again"


def test_submissions_are_found_by_their_address(send: Any) -> None:
    one = send(playlist="https://a.invalid/1")
    send(playlist="https://a.invalid/2", contact_email="other@sender.invalid")
    assert clearing.sent_from(" Ferry@Sender.invalid ") == [one]
    assert clearing.sent_from("nobody@sender.invalid") == []
