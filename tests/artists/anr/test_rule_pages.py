"""The pages of answers, rules and erasing, and what the upload form and the sender's own page make of them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from artists.models import InboxRules, Submission
from artists.services import anr_rules, answer_templates, review
from artists.services.sealed import words_of
from tests.artists.anr.conftest import AI, ANSWERS

pytestmark = pytest.mark.django_db
OURS = {
    "title": "Not now",
    "outcome": "declined",
    "language": "en",
    "subject": "For {artist}",
    "body": "Hello {artist}",
}


def as_(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_an_answer_is_looked_at_saved_and_restored_on_its_page(cast: Any, send: Any) -> None:
    anr = as_(cast.anr)
    unheard, heard = (
        send(playlist="https://a.invalid/1"),
        send(playlist="https://a.invalid/2", artist_name="Known"),
    )
    review.score(heard, values={"timbre": 4}, actor=cast.anr)
    page = anr.post("/inbox/answers/no/", {**OURS, "action": "preview", "submission": str(unheard.pk)})
    text = page.content.decode()
    assert "For Known" in text
    assert ANSWERS["artist_name"] not in text, "who was not scored yet is not named, whatever is asked for"
    assert not answer_templates.versions("no"), "looking saves nothing"
    refused = anr.post("/inbox/answers/no/", {**OURS, "body": "Hello {whoever}"})
    assert (refused.status_code, "Nobody fills {whoever}" in refused.content.decode()) == (422, True)
    assert anr.post("/inbox/answers/no/", OURS).status_code == 302
    assert "Version 1" in anr.get("/inbox/answers/no/").content.decode()
    anr.post("/inbox/answers/no/", {"action": "restore"})
    assert "As it was delivered" in anr.get("/inbox/answers/no/").content.decode()
    taken = anr.get("/inbox/answers/no/?version=1").content.decode()
    assert "Hello {artist}</textarea>" in taken, "an earlier version's words come back into the fields"
    assert anr.get("/inbox/answers/nowhere/").status_code == 404


def test_a_decision_offers_the_first_answer_of_its_outcome(cast: Any, send: Any) -> None:
    submission = send(playlist="https://a.invalid/1")
    review.score(submission, values={"timbre": 4}, actor=cast.anr)
    answer_templates.retire_template("no", actor=cast.anr)
    ours = answer_templates.set_template(**OURS, actor=cast.anr)
    answer = as_(cast.anr).post(
        f"/submissions/{submission.pk}/decide/", {"stage": "declined", "reason": "so"}
    )
    assert f"answer={ours.key}" in answer["Location"]
    assert f"Hello {ANSWERS['artist_name']}" in as_(cast.anr).get(answer["Location"]).content.decode()


def test_the_rules_are_set_and_the_form_asks_and_says_them(cast: Any, link: Any) -> None:
    anr = as_(cast.anr)
    anr.post(
        "/inbox/rules/",
        {"action": "rules", "promise_days": "9", "keep_declined_days": "30", "label_name": "L"},
    )
    anr.post("/inbox/rules/", {"action": "question", "title": "Where next?", "required": "yes"})
    anr.post("/inbox/rules/", {"action": "criterion", "title": "Would we fight"})
    assert (InboxRules.objects.get().promise_days, len(anr_rules.own_criteria())) == (9, 1)
    assert anr.post("/inbox/rules/", {"action": "rules", "promise_days": "0"}).status_code == 422
    (question,) = anr_rules.questions()
    form = Client().get(f"/submit/{link[1]}/").content.decode()
    assert "removed by themselves 30 days later" in form
    assert "Where next?" in form
    said = {**ANSWERS, **{f"ai_{key}": value for key, value in AI.items()}, "consent": "yes",
            "playlist": "https://a.invalid/b"}  # fmt: skip
    missing = Client().post(f"/submit/{link[1]}/", said)
    assert (missing.status_code, f'href="#id_own_{question.pk}"' in missing.content.decode()) == (422, True)
    sent = Client().post(f"/submit/{link[1]}/", {**said, f"own_{question.pk}": "In a barn"})
    assert (sent.status_code, Submission.objects.get().keep_days) == (302, 30)
    anr.post(
        "/inbox/rules/",
        {"action": "question", "id": str(question.pk), "title": "Where next?", "retire": "yes"},
    )
    assert anr_rules.questions() == []


def test_a_sender_asks_on_their_own_page_and_rights_erases_by_the_number(cast: Any, send: Any) -> None:
    submission = send(playlist="https://a.invalid/1")
    own = f"/sent/{submission.own_secret}/"
    assert "Ask us to erase all of it" in Client().get(own).content.decode()
    Client().post(f"{own}erase/", {})
    assert Submission.objects.get().erasure_asked_at is None, "not without the tick"
    Client().post(f"{own}erase/", {"sure": "yes"})
    assert "You asked us on" in Client().get(own).content.decode()
    assert (
        "Its sender asks to be erased" in as_(cast.anr).get(f"/submissions/{submission.pk}/").content.decode()
    )
    assert "To erase" in as_(cast.anr).get("/inbox/").content.decode()
    rights, address = as_(cast.rights), f"/submissions/{submission.pk}/erase/"
    assert rights.post(address, {"number": "99"}).status_code == 422
    assert rights.post(address, {"number": "1"}).status_code == 302
    assert words_of(submission.sent_entry_id) == {}
    assert "It is erased" in Client().get(own).content.decode()
    assert "Cleared on" in rights.get(f"/submissions/{submission.pk}/").content.decode()
    assert "To erase" not in as_(cast.anr).get("/inbox/").content.decode()
