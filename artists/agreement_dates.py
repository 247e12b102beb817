"""The days that agreements bring: what is due when, and who is told. Today, the board and the lists read them here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils import timezone

from artists import access_anr
from artists.models import Agreement, AgreementOption, Artist, User

#: What of a signed agreement is told to whoever reads its terms but not its money.
OPEN_TO_ALL: Final = ("end",)


@dataclass(frozen=True)
class Due:
    """One day of an agreement. `what`: answer, advance, option or end. `notice_days`: of an option, before its day."""

    on: dt.date
    what: str
    agreement: Agreement
    notice_days: int = 0

    @property
    def late(self) -> bool:
        return self.on < timezone.now().date()

    def title(self, *, own: bool = False) -> str:
        """In words, for label staff, or for the artist."""
        name = self.agreement.artist.name
        match self.what:
            case "answer":
                return "Your answer to an agreement" if own else f"{name}'s answer to an agreement"
            case "advance":
                return "Your advance is due" if own else f"The advance for {name} is due"
            case "option":
                notice = f", with notice of {self.notice_days} days" if self.notice_days else ""
                return f"The label's option on you{notice}" if own else f"Option on {name}{notice}"
            case _:
                return f"The agreement with {name} ends"


def days_of(row: Agreement, options: Iterable[AgreementOption]) -> Iterator[Due]:
    """What is still to come of an agreement; an answer that is late stays, what has passed otherwise is history."""
    today = timezone.now().date()
    if row.status == Agreement.Status.OFFERED and row.answer_due:
        yield Due(row.answer_due, "answer", row)
    if row.status != Agreement.Status.SIGNED:
        return
    if row.advance_due and row.advance_due >= today:
        yield Due(row.advance_due, "advance", row)
    for option in options:
        standing = option.terms_version == row.terms_version and option.state == AgreementOption.State.OPEN
        if standing and option.deadline >= today:
            yield Due(option.deadline, "option", row, option.notice_days)
    if row.ends and row.ends >= today:
        yield Due(row.ends, "end", row)


def next_of(row: Agreement, options: Iterable[AgreementOption]) -> Due | None:
    return min(days_of(row, options), key=lambda due: due.on, default=None)


def due_for(user: User, *, until: dt.date, artist: Artist | None = None) -> list[Due]:
    """What comes until a day, the soonest first, as far as this user is told.

    Label staff who read money are told everything; release coordinators of ends alone; artists of their own
    agreements, but of no option that is the label's to take.
    """
    rows = access_anr.visible_agreements(user).filter(
        status__in=[Agreement.Status.OFFERED, Agreement.Status.SIGNED]
    )
    if artist is not None:
        rows = rows.filter(artist=artist)
    found = [
        due
        for row in rows.prefetch_related("option_rows")
        for due in days_of(row, row.option_rows.all())
        if due.on <= until and _told(user, due)
    ]
    return sorted(found, key=lambda due: due.on)


def _told(user: User, due: Due) -> bool:
    if not user.is_label_staff:
        return due.what != "option" and not (due.what == "answer" and due.agreement.signed_by_artist)
    return due.what in OPEN_TO_ALL or access_anr.may_write_agreements(user)


def in_words(dues: Sequence[Due], *, own: bool) -> list[tuple[Due, str]]:
    return [(due, due.title(own=own)) for due in dues]
