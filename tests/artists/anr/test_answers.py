"""Kind answers that the label writes, and its own criteria, questions and days."""

from __future__ import annotations

from typing import Any

import pytest

from artists.errors import ArtistsUserFault, NotNow
from artists.models import Criterion, Question
from artists.services import anr_rules, answer_templates, answers, review, submissions, upload_links
from artists.services.answer_templates import BadTemplate
from artists.services.sealed import words_of
from provenance import ledger
from tests.artists.anr.conftest import AI, ANSWERS

pytestmark = pytest.mark.django_db
GERMAN = {
    "title": "Freundliche Absage", "outcome": "declined", "language": "de", "subject": "Eure Musik, {artist}",
    "body": "Hallo {artist},\n\ndanke für „{title}“ (Nummer {number}).\n\n{who}, {label}",
}  # fmt: skip


def test_several_answers_for_one_outcome_and_the_label_says_which_languages(cast: Any, send: Any) -> None:
    row = answer_templates.set_template(**GERMAN, actor=cast.anr)
    declined = [one for one in answer_templates.templates() if one.outcome == "declined"]
    assert [(one.key, one.language, one.changed) for one in declined] == [
        ("no", "en", False), ("freundliche-absage", "de", True),
    ]  # fmt: skip
    anr_rules.set_rules(label_name="Rillenende (fictional)", actor=cast.anr)
    submission = send(playlist="https://a.invalid/1", title="")
    draft = answers.draft_answer(submission, template=row.key, actor=cast.anr)
    assert draft.subject == f"Eure Musik, {ANSWERS['artist_name']}"
    assert "„eure Musik“ (Nummer 1)" in draft.body, "in its language where the sender gave no title"
    assert draft.body.endswith(f"{cast.anr.full_name}, Rillenende (fictional)\n")


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"body": "Hello {name}"}, "body", "artist"),
        ({"subject": "For {artist.__class__}"}, "subject", "artist"),
        ({"body": "Hello {artist"}, "body", "brace"),
        ({"body": "Hello {{artist}}"}, "body", "brace"),
        ({"body": " "}, "body", "Write"),
        ({"outcome": "signed"}, "outcome", "declined"),
        ({"language": "english"}, "language", "en"),
        ({"title": ""}, "title", "name"),
    ],
)
def test_what_nobody_could_fill_or_find_is_refused(
    cast: Any, change: dict[str, str], field: str, says: str
) -> None:
    with pytest.raises(BadTemplate, match=says) as refused:
        answer_templates.set_template(**{**GERMAN, **change}, actor=cast.anr)
    assert refused.value.field == field


def test_a_built_in_answer_is_changed_versioned_and_restored(cast: Any) -> None:
    delivered = answer_templates.template("no")
    for number, person in enumerate((cast.anr, cast.owner), start=1):
        words = {**GERMAN, "language": "en", "body": f"Version {number} for {{artist}}"}
        answer_templates.set_template(key="no", **words, actor=person)
    assert answer_templates.template("no").body == "Version 2 for {artist}"
    second, first = answer_templates.versions("no")
    assert (second.number, second.by, first.body) == (2, cast.owner.full_name, "Version 1 for {artist}")
    answer_templates.restore_template("no", actor=cast.anr)
    now = answer_templates.template("no")
    assert (now.subject, now.body, now.title) == (delivered.subject, delivered.body, delivered.title)
    assert [one.state for one in answer_templates.versions("no")] == ["as delivered", "in use", "in use"]
    with pytest.raises(NotNow):
        answer_templates.restore_template("no", actor=cast.anr)
    row = answer_templates.set_template(**GERMAN, actor=cast.anr)
    with pytest.raises(NotNow, match="built-in"):
        answer_templates.restore_template(row.key, actor=cast.anr)


def test_a_retired_answer_is_not_offered_and_comes_back_with_its_next_version(cast: Any) -> None:
    answer_templates.retire_template("no", actor=cast.anr)
    assert answer_templates.for_outcome("declined") is None
    row = answer_templates.set_template(key="no", **GERMAN, actor=cast.anr)
    assert answer_templates.for_outcome("declined").key == "no"
    assert row.number == 2


def test_the_words_are_sealed_and_where_they_are_erased_the_delivered_ones_stand(cast: Any) -> None:
    row = answer_templates.set_template(key="meet", **GERMAN, actor=cast.anr)
    own = answer_templates.set_template(**{**GERMAN, "title": "Nein"}, actor=cast.anr)
    assert "danke" not in bytes(row.entry.body).decode()
    assert words_of(row.words_entry_id)["body"].startswith("Hallo")
    for written in (row, own):
        ledger.shred(written.words_entry, actor=cast.owner)
    assert answer_templates.template("meet").body.startswith("Hello {artist}")
    assert own.key not in [one.key for one in answer_templates.templates()], "no words, no answer"


def test_a_name_with_braces_is_no_second_placeholder(cast: Any, send: Any) -> None:
    submission = send(playlist="https://a.invalid/1", artist_name="{who}", title="{label}")
    row = answer_templates.set_template(**GERMAN, actor=cast.anr)
    draft = answers.draft_answer(submission, template=row.key, actor=cast.anr)
    assert draft.subject == "Eure Musik, {who}"


# -- rules -----------------------------------------------------------------------------------------------------------
def test_the_promise_is_the_labels_and_a_link_may_say_otherwise(cast: Any) -> None:
    anr_rules.set_rules(promise_days=21, actor=cast.anr)
    usual, _ = upload_links.make_upload_link(name="x", actor=cast.anr)
    quick, _ = upload_links.make_upload_link(name="y", promise_days=3, actor=cast.anr)
    assert (usual.promise_days, quick.promise_days) == (21, 3)
    for bad in (
        {"promise_days": 0},
        {"keep_declined_days": -1},
        {"keep_declined_days": 9999},
        {"label_name": "{x}"},
    ):
        with pytest.raises(ArtistsUserFault):
            anr_rules.set_rules(**bad, actor=cast.anr)
    assert anr_rules.rules().promise_days == 21


def test_a_criterion_is_worded_anew_and_retired_and_its_scores_stay(cast: Any, send: Any) -> None:
    row = anr_rules.set_criterion(title="Would we fight for it", actor=cast.anr)
    with pytest.raises(ArtistsUserFault, match="already"):
        anr_rules.set_criterion(title="would WE fight for it", actor=cast.anr)
    submission = send(playlist="https://a.invalid/1")
    review.score(submission, values={f"own-{row.pk}": 4}, actor=cast.anr)
    anr_rules.set_criterion(title="Would we fight", criterion=row, actor=cast.anr)
    anr_rules.set_criterion(title="Would we fight", criterion=row, active=False, actor=cast.anr)
    assert anr_rules.own_criteria() == []
    assert submission.scores.get().values == {f"own-{row.pk}": 4}
    assert Criterion.objects.get().title == "Would we fight"


def test_the_labels_own_questions_are_asked_and_their_answers_sealed(cast: Any, link: Any) -> None:
    must = anr_rules.set_question(title="Where do you play next?", required=True, actor=cast.anr)
    may = anr_rules.set_question(title="Who produced it?", actor=cast.anr)

    def submit(own: dict[str, str]) -> Any:
        return submissions.submit(
            link[0], files=[], sender="s", ai=AI, playlist="https://a.invalid/b", own=own, **ANSWERS
        )[0]

    with pytest.raises(submissions.BadAnswer, match="Where do you play next") as refused:
        submit({str(may.pk): "Nobody"})
    assert refused.value.field == f"own_{must.pk}"
    sent = submit({str(must.pk): "In a barn", "unknown": "x"})
    assert words_of(sent.sent_entry_id)["answers"] == [{"question": must.title, "answer": "In a barn"}]
    assert "barn" not in bytes(sent.sent_entry.body).decode()
    anr_rules.set_question(title=must.title, question=must, active=False, actor=cast.anr)
    assert "answers" not in words_of(submit({}).sent_entry_id)
    assert Question.objects.count() == 2
