"""Who may open what: Submissions, agreements, listening links, the board."""

from __future__ import annotations

from typing import Any

from artists.models import Criterion, Question
from tests.label.matrix.rows import ALL, READ, ROSTER, Actions, Pages, Public, Row
from tests.scenes import Scene

#: A&R. Label staff read; an artist is not told that there is an inbox.
STAFF: Row = (200, 200, 200, 200, 404, 404, 404)
DECIDERS: Row = (200, 200, 403, 403, 404, 404, 404)
TERMS: Row = (200, 200, 200, 200, 200, 404, 404)  # of an agreement that was offered
MONEY: Row = (200, 200, 403, 200, 200, 404, 404)


def answer(scene: Scene) -> str:
    from artists.services import answer_templates

    if not any(one.number for one in answer_templates.templates()):
        answer_templates.set_template(
            title="Come to the harbour",
            outcome="meet",
            subject="Come",
            body="Hello {artist}",
            actor=scene.cast.anr,
        )
    return "come-to-the-harbour"


def criterion(scene: Scene) -> Any:
    from artists.services import anr_rules

    found = Criterion.objects.first()
    return (found or anr_rules.set_criterion(title="Would we fight for it", actor=scene.cast.anr)).pk


def question(scene: Scene) -> Any:
    from artists.services import anr_rules

    found = Question.objects.first()
    return (found or anr_rules.set_question(title="Where do you play next?", actor=scene.cast.anr)).pk


PAGES: Pages = {
    "label:board": (None, ALL),
    "label:artist-work": (lambda s: s.cast.artist.pk, ROSTER),
    "label:take-on": (lambda s: s.anr.submission.pk, DECIDERS),
    "label:how-they-came": (lambda s: s.cast.artist.pk, ROSTER),
    "artists:inbox": (None, STAFF),
    "artists:compare": (None, STAFF),
    "artists:upload-links": (None, DECIDERS),
    "artists:answers": (None, DECIDERS),
    "artists:answer-new": (None, DECIDERS),
    "artists:answer": (lambda s: "no", DECIDERS),
    "artists:inbox-rules": (None, DECIDERS),
    "artists:submission-erase": (lambda s: s.anr.submission.pk, (200, 403, 403, 200, 404, 404, 404)),
    "artists:submission": (lambda s: s.anr.submission.pk, STAFF),
    "artists:submission-audio": (lambda s: s.anr.file.pk, STAFF),
    "artists:submission-peaks": (lambda s: s.anr.file.pk, STAFF),
    "artists:agreements": (None, ALL),  # one's own
    "artists:agreement-dates": (None, ALL),  # one's own
    "artists:agreement": (lambda s: s.anr.agreement.pk, TERMS),
    "artists:agreements-summary": (lambda s: s.cast.artist.pk, ROSTER),
    "artists:agreement-document": (lambda s: s.anr.agreement.pk, MONEY),
    "artists:agreement-edit": (lambda s: s.anr.agreement.pk, (200, 200, 403, 200, 403, 404, 404)),
    "artists:agreement-new": (lambda s: s.cast.artist.pk, (200, 200, 403, 200, 404, 404, 404)),
    "label:listening-links": (None, (200, 200, 200, 403, 404, 404, 404)),
    "label:listening-notes": (lambda s: ("master", s.master.pk), READ),  # a collaborator's is empty
}

ACTIONS: Actions = {
    "artists:upload-link-revoke": (lambda s: s.anr.link.pk, 404, 404),
    **{
        f"artists:submission-{word}": (lambda s: s.anr.submission.pk, 404, 404)
        for word in ("score", "unblind", "note", "vote", "snooze", "decide", "answer", "look")
    },
    "artists:submission-heard": (lambda s: s.anr.file.pk, 404, 404),
    "artists:advance-paid": (lambda s: s.anr.agreement.pk, 404, 404),
    "artists:agreement-move": (lambda s: s.anr.agreement.pk, 404, 404),
    "artists:agreement-sign": (lambda s: s.anr.agreement.pk, 404, 404),
    "artists:agreement-option": (lambda s: s.anr.option.pk, 404, 404),
    "label:listening-revoke": (lambda s: s.anr.listening.pk, 404, 404),
}

PUBLIC: Public = {
    "artists:submit": (lambda s: s.anr.secret, 200),
    "artists:submit-files": (lambda s: s.anr.secret, 405),
    "artists:incoming": (lambda s: s.anr.incoming_secret, 405),
    "artists:submitted": (lambda s: s.anr.own_secret, 200),
    "artists:ask-erasure": (lambda s: s.anr.own_secret, 405),
    "label:listen": (lambda s: s.anr.listen_secret, 200),
    "label:listen-audio": (lambda s: (s.anr.listen_secret, 1), 200),
    "label:listen-peaks": (lambda s: (s.anr.listen_secret, 1), 200),
    "label:listen-cover": (lambda s: (s.anr.listen_secret, 1), 404),  # a master has none
    "label:listen-heard": (lambda s: (s.anr.listen_secret, 1), 405),
    "label:listen-note": (lambda s: (s.anr.listen_secret, 1), 405),
    "label:listen-take": (lambda s: (s.anr.listen_secret, 1), 405),
}
