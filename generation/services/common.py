"""What the services of this package share: guards on values, references, numbering."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.db.models import Max, Model, QuerySet

from generation.errors import BadValue
from generation.models import Project

#: Beyond this, integers are not exact in every JSON reader, and so not in the ledger.
MAX_EXACT_INT = 2**53 - 1


def ref(kind: str, row: Model | uuid.UUID) -> str:
    """How a row stands among an entry's subjects: `take:<uuid>`."""
    return f"{kind}:{row.pk if isinstance(row, Model) else row}"


def locked(project: Project) -> Project:
    """The project's row, held until the end of the transaction: numbers within it are given out one by one."""
    return Project.objects.select_for_update().get(pk=project.pk)


def next_number(rows: QuerySet[Any]) -> int:
    """One more than the highest; call it while the parent row is held."""
    return (rows.aggregate(top=Max("number"))["top"] or 0) + 1


def text(value: object, *, field: str, what: str, most: int, required: bool = False) -> str:
    """*value* trimmed; raises `BadValue` for anything that is not text, too long, or holds NUL."""
    if not isinstance(value, str):
        raise BadValue(f"The {what} must be text.", field=field)
    if "\0" in value:
        raise BadValue(f"The {what} holds a NUL character; remove it.", field=field, code="nul_character")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise BadValue(f"The {what} holds a broken character; remove it.", field=field) from None
    value = value.strip()
    if len(value) > most:
        raise BadValue(
            f"The {what} has {len(value)} characters; {most} are possible. Shorten it.", field=field
        )
    if required and not value:
        raise BadValue(f"Write the {what}.", field=field)
    return value


def texts(values: object, *, field: str, what: str, most: int = 64, each: int = 60) -> tuple[str, ...]:
    """A list of short texts without its empty ones."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise BadValue(f"Give the {what} as a list.", field=field)
    found = tuple(filter(None, (text(value, field=field, what=what, most=each) for value in values)))
    if len(found) > most:
        raise BadValue(f"There are {len(found)} {what}; {most} are possible.", field=field)
    return found


def whole(value: object, *, field: str, what: str, low: int, high: int) -> int:
    """*value* as a whole number within its limits."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise BadValue(f"The {what} must be a whole number from {low} to {high}.", field=field)
    return value
