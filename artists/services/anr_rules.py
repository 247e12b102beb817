"""What the label sets for its inbox: days, its name under answers, its own criteria and questions."""

from __future__ import annotations

from typing import Final

from django.db import transaction

from artists import anr_words
from artists.errors import ArtistsUserFault
from artists.events import anr as anr_events
from artists.events import anr_rules as events
from artists.models import Criterion, InboxRules, Question, User
from provenance.ledger import record

STREAM: Final = "anr:rules"
MOST_OF_OURS: Final = 12


def rules() -> InboxRules:
    """What counts now; an unsaved row of defaults where nobody set anything."""
    return InboxRules.objects.first() or InboxRules()


def set_rules(
    *, label_name: str | None = None, promise_days: int | None = None, keep_declined_days: int | None = None,
    actor: User,
) -> InboxRules:  # fmt: skip
    """Set some of them; None leaves one as it is. A longer time does not reach those who were told a shorter one."""
    with transaction.atomic():
        row = InboxRules.objects.select_for_update(of=("self",)).first() or InboxRules()
        name = row.label_name if label_name is None else " ".join(label_name.split())[:80]
        promise = row.promise_days if promise_days is None else promise_days
        keep = row.keep_declined_days if keep_declined_days is None else keep_declined_days
        if not 1 <= promise <= 180:
            raise ArtistsUserFault("Write 1 to 180 for the days until an answer.")
        if not 0 <= keep <= 3650:
            raise ArtistsUserFault("Write 1 to 3650 days for what was declined, or 0: until somebody asks.")
        if "{" in name or "}" in name:
            raise ArtistsUserFault("The label's name has no braces.")
        if not row._state.adding and (name, promise, keep) == (
            row.label_name, row.promise_days, row.keep_declined_days
        ):  # fmt: skip
            return row
        row.label_name, row.promise_days, row.keep_declined_days = name, promise, keep
        row.entry = record(
            events.InboxRulesSet(
                stream=STREAM, label_name=name, promise_days=promise, keep_declined_days=keep
            ),
            actor=actor,
        )
        row.save()
    return row


def own_criteria() -> list[anr_words.Word]:
    """The label's own, beside the five."""
    return [
        anr_words.Word(key=f"own-{one.pk}", title=one.title, hint=one.hint)
        for one in Criterion.objects.filter(active=True)
    ]


def set_criterion(
    *, title: str, hint: str = "", criterion: Criterion | None = None, active: bool = True, actor: User
) -> Criterion:
    """Add one, word it anew, or retire it. Scores that were given stay."""
    title, hint = _title(title, 60, "Write what is to be scored."), " ".join(hint.split())[:160]
    with transaction.atomic():
        row = criterion or Criterion()
        others = Criterion.objects.filter(active=True).exclude(pk=row.pk)
        if active and others.count() >= MOST_OF_OURS:
            raise ArtistsUserFault(f"More than {MOST_OF_OURS} of one's own nobody scores. Retire one first.")
        if active and others.filter(title__iexact=title).exists():
            raise ArtistsUserFault(f"“{title}” is scored already.")
        row.title, row.hint, row.active = title, hint, active
        row.entry = record(
            anr_events.CriterionSet(
                stream=STREAM, criterion=str(row.pk), title=title, hint=hint,
                state="in use" if active else "retired",
            ),
            actor=actor,
        )  # fmt: skip
        row.save()
    return row


def questions() -> list[Question]:
    """The label's own on the upload form, in their order."""
    return list(Question.objects.filter(active=True))


def set_question(
    *, title: str, hint: str = "", required: bool = False, question: Question | None = None,
    active: bool = True, actor: User,
) -> Question:  # fmt: skip
    """Add one, word it anew, or retire it. Answers that were given stay with the words that were asked."""
    title, hint = _title(title, 120, "Write the question."), " ".join(hint.split())[:160]
    with transaction.atomic():
        row = question or Question()
        others = Question.objects.filter(active=True).exclude(pk=row.pk)
        if active and others.count() >= MOST_OF_OURS:
            raise ArtistsUserFault(f"More than {MOST_OF_OURS} questions nobody answers. Retire one first.")
        row.title, row.hint, row.required, row.active = title, hint, required, active
        row.entry = record(
            events.QuestionSet(
                stream=STREAM, question=str(row.pk), title=title, hint=hint, required=required,
                state="asked" if active else "retired",
            ),
            actor=actor,
        )  # fmt: skip
        row.save()
    return row


def _title(text: str, most: int, missing: str) -> str:
    said = " ".join(text.split())[:most]
    if not said:
        raise ArtistsUserFault(missing)
    return said
