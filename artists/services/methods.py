"""Methods: written and rewritten by their artist, found as they stood at a moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet

from artists.errors import ArtistsUserFault
from artists.events import practice as events
from artists.method_rules import BadRules, parse
from artists.models import Artist, Method, User
from provenance.ledger import record

STATEMENT_LIMIT = 4000
REASON_LIMIT = 1000


class BadMethod(ArtistsUserFault):
    """A method that cannot be written. `field` names where."""

    code = "bad_method"

    def __init__(self, message: str, *, field: str = "", code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.field = field


def write_method(
    artist: Artist,
    *,
    statement: str,
    rules: Mapping[str, Any],
    reason: str = "",
    based_on: int | None = None,
    actor: User,
) -> Method:
    """The next version of an artist's method. Nothing is written when nothing differs.

    From the second version on a reason is asked for. `based_on`: the version that was edited; raises BadMethod
    (changed_meanwhile) when somebody wrote another since.
    """
    statement = _text(statement, "statement", STATEMENT_LIMIT)
    reason = _text(reason, "reason", REASON_LIMIT)
    if not statement:
        raise BadMethod("Write in your own words what the human is for.", field="statement")
    try:
        parsed = parse(rules)
    except BadRules as error:
        raise BadMethod(str(error), field="rules", code="bad_rules") from error
    with transaction.atomic():
        Artist.objects.select_for_update().get(pk=artist.pk)
        last = Method.objects.filter(artist=artist).order_by("-number").first()
        if based_on is not None and (last.number if last else 0) != based_on:
            raise BadMethod(
                f"Version {last.number if last else 0} was written in the meantime. Look at it first.",
                code="changed_meanwhile",
            )
        if last is not None:
            if last.parsed == parsed and last.statement == statement:
                return last
            if not reason:
                raise BadMethod(
                    "Say why the method changes. The reason stays with the version.", field="reason"
                )
        method = Method(
            artist=artist, number=(last.number if last else 0) + 1, rules=parsed.to_json(), written_by=actor
        )
        method.entry = record(
            events.MethodWritten(
                stream=f"artist:{artist.pk}",
                subjects=(f"method:{method.pk}",),
                method=str(method.pk),
                artist_name=artist.name,
                number=method.number,
                rules=parsed.to_json(),
                statement=statement,
                reason=reason,
            ),
            actor=actor,
        )
        method.save(force_insert=True)
    return method


def methods_of(artist: Artist) -> QuerySet[Method]:
    """All versions with their words, the newest first."""
    return (
        Method.objects.filter(artist=artist)
        .select_related("entry", "written_by")
        .prefetch_related("entry__vault")
        .order_by("-number")
    )


def method_in_force(artist: Artist, at: dt.datetime | None = None) -> Method | None:
    """The version that counted at a moment (now where none is given); None where there was none yet."""
    found = methods_of(artist)
    return (found.filter(created_at__lte=at) if at else found).first()


def _text(value: object, field: str, most: int) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise BadMethod("This must be text without NUL characters.", field=field)
    value = value.strip().replace("\r\n", "\n")
    if len(value) > most:
        raise BadMethod(f"Keep it below {most} characters; it has {len(value)}.", field=field)
    return value


def next_training_number(artist: Artist) -> int:
    return (artist.training_choices.aggregate(top=Max("number"))["top"] or 0) + 1
