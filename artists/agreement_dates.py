"""The days that agreements bring: what is due when, and who is told. Today, the board and the lists read them here."""

from __future__ import annotations

import datetime as dt
import functools
import operator
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import DateField, ExpressionWrapper, F, Q, QuerySet
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
    """What is still to come of an agreement. An answer or an advance that is late stays; else the past is history."""
    today = timezone.now().date()
    if row.status == Agreement.Status.OFFERED and row.answer_due:
        yield Due(row.answer_due, "answer", row)
    if row.status != Agreement.Status.SIGNED:
        return
    if row.advance_due and row.advance_paid_on is None:
        yield Due(row.advance_due, "advance", row)
    for option in options:
        standing = option.terms_version == row.terms_version and option.state == AgreementOption.State.OPEN
        if standing and option.deadline >= today:
            yield Due(option.deadline, "option", row, option.notice_days)
    if row.ends and row.ends >= today:
        yield Due(row.ends, "end", row)


def next_of(row: Agreement, options: Iterable[AgreementOption]) -> Due | None:
    return min(days_of(row, options), key=lambda due: due.on, default=None)


def due_for(
    user: User, *, until: dt.date, artist: Artist | None = None, limit: int | None = None
) -> list[Due]:
    """What comes until a day, the soonest first, as far as this user is told; with `limit` the first so many of it.

    Label staff who read money are told everything; release coordinators of ends alone; artists of their own
    agreements, but of no option that is the label's to take.
    """
    visible = access_anr.visible_agreements(user)
    if artist is not None:
        visible = visible.filter(artist=artist)
    soon = functools.reduce(operator.or_, (Q(pk__in=ids[:limit]) for ids in _soonest(user, visible, until)))
    rows = Agreement.objects.filter(soon).select_related("artist").prefetch_related("option_rows")
    found = [
        due
        for row in rows.order_by("-created_at", "pk")
        for due in days_of(row, row.option_rows.all())
        if due.on <= until and _told(user, due)
    ]
    return sorted(found, key=lambda due: due.on)[:limit]


def _soonest(user: User, visible: QuerySet[Agreement], until: dt.date) -> Iterator[QuerySet[Any, Any]]:
    """The ids of agreements with a day until then that this user is told of: one query a kind, in the days' order.

    The first so many days of all kinds are among the first so many of each, so nobody's hundreds of agreements are
    read for the few that are shown. What counts is said by `days_of` and `_told`.
    """
    today = timezone.now().date()

    def ids(rows: QuerySet[Agreement], day: str) -> QuerySet[Any, Any]:
        return rows.order_by(day, "-created_at", "pk").values("pk")

    signed = visible.filter(status=Agreement.Status.SIGNED)
    yield ids(signed.filter(ends__range=(today, until)), "ends")
    reads_money, staff = access_anr.reads_money(user), user.is_label_staff
    if not reads_money:
        return
    offered = visible.filter(status=Agreement.Status.OFFERED, answer_due__lte=until)
    yield ids(offered if staff else offered.filter(signed_by_artist=None), "answer_due")
    yield ids(signed.filter(advance_due__lte=until, advance_paid_on=None), "advance_due")
    if staff:
        deadline = ExpressionWrapper(F("by") - F("notice_days"), output_field=DateField())
        options = AgreementOption.objects.filter(
            state=AgreementOption.State.OPEN,
            agreement__in=signed,
            terms_version=F("agreement__terms_version"),
        )
        options = options.annotate(last=deadline).filter(by__gte=today, last__range=(today, until))
        yield options.order_by("last", "-agreement__created_at", "agreement_id").values("agreement_id")


def _told(user: User, due: Due) -> bool:
    if not user.is_label_staff:
        return due.what != "option" and not (due.what == "answer" and due.agreement.signed_by_artist)
    return due.what in OPEN_TO_ALL or access_anr.may_write_agreements(user)


def in_words(dues: Sequence[Due], *, own: bool) -> list[tuple[Due, str]]:
    return [(due, due.title(own=own)) for due in dues]
