"""Kind answers that the label may write: several for an outcome, in any language, each change a version of its own.

The built-in ones (artists/data/anr.toml) are there until somebody changes them, and come back with `restore_template`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.utils.text import slugify

from artists import anr_words
from artists.anr_words import Template
from artists.errors import ArtistsUserFault, NotNow
from artists.events import anr_rules as events
from artists.models import AnswerTemplate, Submission, User
from artists.services.anr_rules import rules
from artists.services.sealed import opened, words_of
from provenance.ledger import body_of, record
from provenance.models import Entry

MOST: Final = 60
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
_BRACES: Final = re.compile(r"\{([^{}]*)\}")


class BadTemplate(ArtistsUserFault):
    """One field of a template cannot be accepted; `field` names it."""

    code = "bad_value"

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Version:
    """One version. `subject` and `body` are empty where it reads as delivered, or its words were erased."""

    number: int
    leaf: str
    at: dt.datetime
    by: str
    state: str
    subject: str
    body: str


def templates(*, retired: bool = False) -> list[Template]:
    """All that may be sent, by outcome and language; with `retired` those that no longer are, too."""
    rows = {row.key: row for row in AnswerTemplate.objects.all()}
    said = opened(row.words_entry_id for row in rows.values())
    built_in = {one.key: one for one in anr_words.templates()}
    found = [_shown(rows.get(key), one, said) for key, one in built_in.items()]
    found += [_shown(row, None, said) for key, row in rows.items() if key not in built_in]
    order = list(AnswerTemplate.Outcome.values)
    found.sort(key=lambda one: (order.index(one.outcome), one.language != "en", one.language, one.title))
    return [one for one in found if retired or (one.active and one.body)]


def template(key: str) -> Template:
    """The one with this key, retired ones included. Raises `ArtistsUserFault`."""
    found = next((one for one in templates(retired=True) if one.key == key), None)
    if found is None:
        raise ArtistsUserFault("There is no such answer.")
    return found


def for_outcome(outcome: str) -> Template | None:
    """The first that is offered after a decision."""
    return next((one for one in templates() if one.outcome == outcome), None)


def set_template(
    *, title: str, outcome: str, subject: str, body: str, language: str = "en", key: str = "",
    active: bool = True, actor: User,
) -> AnswerTemplate:  # fmt: skip
    """Write one, or with `key` the next version of one. Placeholders that nobody fills are refused."""
    title, subject = " ".join(title.split())[:60], " ".join(subject.split())[:200]
    body = body.replace("\r\n", "\n").strip()[:8000]
    if not title:
        raise BadTemplate("Give it a name that you find it by.", field="title")
    if outcome not in AnswerTemplate.Outcome.values:
        raise BadTemplate(f"Choose an outcome: {', '.join(AnswerTemplate.Outcome.values)}.", field="outcome")
    if not _LANGUAGE.fullmatch(language):
        raise BadTemplate("Write the language as en, de or pt-BR.", field="language")
    for field, text in (("subject", subject), ("body", body)):
        if not text:
            raise BadTemplate(f"Write the {field}.", field=field)
        check_placeholders(text, field=field)
    with transaction.atomic():
        row = _row(key)
        if not key and AnswerTemplate.objects.filter(active=True).count() >= MOST:
            raise ArtistsUserFault(f"More than {MOST} answers nobody finds through. Retire some first.")
        if row._state.adding and not key:
            row.key = _new_key(title)
        row.title, row.outcome, row.language = title, outcome, language
        row.active, row.restored = active, False
        return _written(row, "in use" if active else "retired", actor, subject=subject, body=body)


def restore_template(key: str, *, actor: User) -> AnswerTemplate:
    """A built-in one as it was delivered. Its own versions stay in the record."""
    built_in = anr_words.template(key)
    if built_in is None:
        raise NotNow("Only a built-in answer can be restored; take the words of an earlier version instead.")
    with transaction.atomic():
        row = _row(key)
        if row._state.adding or (row.restored and row.active):
            raise NotNow("It reads as it was delivered.")
        row.title, row.outcome, row.language = built_in.title, built_in.outcome, built_in.language
        row.active, row.restored = True, True
        return _written(row, "as delivered", actor)


def retire_template(key: str, *, actor: User) -> AnswerTemplate:
    """No longer offered; what was sent with it stays as it was sent."""
    now = template(key)
    with transaction.atomic():
        row = _row(key)
        if not row._state.adding and not row.active:
            raise NotNow("It is retired already.")
        if row._state.adding:
            row.title, row.outcome, row.language, row.restored = now.title, now.outcome, now.language, True
        row.active = False
        if row.restored:
            return _written(row, "retired", actor)
        return _written(row, "retired", actor, subject=now.subject, body=now.body)


def versions(key: str) -> list[Version]:
    """All versions of one, the newest first; those of a built-in one that nobody changed: none."""
    row = AnswerTemplate.objects.filter(key=key).first()
    if row is None:
        return []
    entries = list(Entry.objects.filter(stream=row.stream, kind="answer_template.set").order_by("-id")[:100])
    said = opened(entry.pk for entry in entries)
    people = User.objects.filter(pk__in={entry.actor_id for entry in entries})
    names = {str(one.pk): one.full_name for one in people}
    return [
        Version(
            number=public["number"],
            leaf=bytes(entry.leaf_hash).hex(),
            at=entry.at,
            by=names.get(entry.actor_id, ""),
            state=public["state"],
            subject=said[entry.pk].get("subject", ""),
            body=said[entry.pk].get("body", ""),
        )
        for entry in entries
        for public in (_public(entry),)
    ]


def check_placeholders(text: str, *, field: str = "body") -> None:
    """Raises `BadTemplate` for a placeholder that nobody fills, and for braces that do not close."""
    for name in _BRACES.findall(text):
        if name not in anr_words.PLACEHOLDERS:
            known = ", ".join("{" + one + "}" for one in anr_words.PLACEHOLDERS)
            raise BadTemplate(f"Nobody fills {{{name[:40]}}}. There are: {known}.", field=field)
    if "{" in _BRACES.sub("", text) or "}" in _BRACES.sub("", text):
        raise BadTemplate(
            "A brace stands alone. Write placeholders as {artist}, and no other braces.", field=field
        )


def filled(found: Template, submission: Submission, *, actor: User, named: bool = True) -> Template:
    """The template with a submission's words in the places of its placeholders.

    `named=False` for who has not heard it blind yet: what the sender wrote is left as it would read without.
    """
    said: Mapping[str, Any] = words_of(submission.sent_entry_id) if named else {}
    instead = anr_words.instead(found.language)
    values = {
        "artist": str(said.get("artist_name") or instead["artist"]),
        "title": str(said.get("title") or instead["title"]),
        "number": str(submission.number),
        "label": rules().label_name,
        "who": actor.full_name,
    }
    # In one pass: what a sender wrote is no format string, and its braces are not looked at again.
    subject, body = (
        _BRACES.sub(lambda match: values.get(match[1], match[0]), text)
        for text in (found.subject, found.body)
    )
    return found.with_words(" ".join(subject.split())[:200], body.strip() + "\n")


def _shown(
    row: AnswerTemplate | None, built_in: Template | None, said: Mapping[int, Mapping[str, Any]]
) -> Template:
    if row is None:
        assert built_in is not None
        return built_in
    words = {} if row.restored else said[row.words_entry_id]
    delivered = built_in is not None and not words.get("body")
    return Template(
        key=row.key,
        title=row.title,
        outcome=row.outcome,
        language=row.language,
        subject=built_in.subject if built_in and delivered else str(words.get("subject", "")),
        body=built_in.body if built_in and delivered else str(words.get("body", "")),
        number=row.number,
        active=row.active,
        built_in=built_in is not None,
        changed=not delivered,
    )


def _row(key: str) -> AnswerTemplate:
    """The row of a key, locked; a new one for a built-in key that nobody changed, and for no key at all."""
    row = AnswerTemplate.objects.select_for_update(of=("self",)).filter(key=key).first() if key else None
    if row is None and key and anr_words.template(key) is None:
        raise ArtistsUserFault("There is no such answer.")
    return row or AnswerTemplate(key=key, number=0)


def _written(
    row: AnswerTemplate, state: str, actor: User, *, subject: str = "", body: str = ""
) -> AnswerTemplate:
    row.number += 1
    row.entry = record(
        events.AnswerTemplateSet(
            stream=row.stream,
            template=str(row.pk),
            key=row.key,
            title=row.title,
            outcome=row.outcome,
            language=row.language,
            number=row.number,
            state=state,
            subject=subject,
            body=body,
        ),
        actor=actor,
    )
    row.words_entry = row.entry
    row.save()
    return row


def _new_key(title: str) -> str:
    taken: Iterable[str] = {
        "new",  # the page's own word
        *AnswerTemplate.objects.values_list("key", flat=True),
        *(t.key for t in anr_words.templates()),
    }
    stem = slugify(title)[:26] or "answer"
    return next(key for n in range(1, 10_000) if (key := stem if n == 1 else f"{stem}-{n}") not in taken)


def _public(entry: Entry) -> dict[str, Any]:
    found: dict[str, Any] = body_of(entry)["public"]
    return found
