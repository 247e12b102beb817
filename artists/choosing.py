"""Choosing one of many by words: what may be meant, and a select that can be searched.

A page's select holds what may be chosen there; the search says which of it the words mean, by names in any script, by
aliases and by former names. So a search never offers what the page would refuse, and says nothing that the reader may
not see elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from django import forms
from django.db.models import Q, QuerySet
from django.forms.utils import flatatt
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from artists.access import ROSTER_WRITERS, known_artists, visible_artists, visible_people
from artists.finding import compact, with_words
from artists.models import Artist, ArtistMembership, Person, Role, User

#: So many at a time; who wants another one writes more of its name.
MOST: Final = 60


@dataclass(frozen=True)
class Choice:
    """One that the words may mean. `note` says who it is, or by which other name it was found."""

    id: str
    name: str
    note: str = ""


def choices(user: User, what: str, text: str) -> list[Choice]:
    """The best `MOST` by name; `what`: a key of SOURCES. None for text without words."""
    seen: dict[str, Choice] = {}
    for one in SOURCES[what](user, text.strip()[:120]):
        seen.setdefault(one.id, one)
    return list(islice(seen.values(), MOST))


def _artists(user: User, text: str) -> Iterator[Choice]:
    """By their own names first, then those who are behind an alias that fits, then those of a former name."""
    rows = visible_artists(user).select_related("alias_of")
    number = compact(text)
    if len(number) == 16:
        yield from (_artist(row) for row in rows.filter(isni=number))
    named = list(with_words(rows, text, "name", "sort_name").order_by("name", "pk")[:MOST])
    yield from (_artist(row) for row in named)
    for row in named:
        if row.alias_of is not None and row.alias_of.merged_into_id is None:
            yield Choice(str(row.alias_of.pk), row.alias_of.name, f"also {row.name}")
    former = known_artists(user).exclude(merged_into=None).select_related("merged_into")
    for row in with_words(former, text, "name", "sort_name").order_by("name", "pk")[:MOST]:
        if row.merged_into is not None and row.merged_into.merged_into_id is None:
            yield Choice(str(row.merged_into.pk), row.merged_into.name, f"{row.name} is a part of it")


def _artist(row: Artist) -> Choice:
    said = f"alias of {row.alias_of.name}" if row.alias_of else row.get_kind_display().lower()
    return Choice(str(row.pk), row.name, f"{said}, {row.get_status_display().lower()}")


def _people(user: User, text: str) -> Iterator[Choice]:
    number = compact(text)
    rows: QuerySet[Person] = visible_people(user).select_related("artist")
    found: Iterable[Person] = ()
    if number.isdecimal() and 9 <= len(number) <= 16:
        found = rows.filter(Q(ipi=number.zfill(11)) | Q(isni=number))[:MOST]
    for row in [*found, *with_words(rows, text, "credit_name").order_by("credit_name", "pk")[:MOST]]:
        said = [row.artist.name if row.artist else "", f"IPI {row.ipi}" if row.ipi else ""]
        yield Choice(str(row.pk), row.credit_name, ", ".join(filter(None, said)))


def _accounts(user: User, text: str) -> Iterator[Choice]:
    """All accounts for who assigns them; else one's own and those that act for the same artists."""
    rows = User.objects.filter(is_active=True).select_related("standing")
    if not user.has_role(*ROSTER_WRITERS, Role.RIGHTS):
        acting = ArtistMembership.objects.filter(active=True, artist__in=_own(user)).values("user")
        rows = rows.filter(Q(pk=user.pk) | Q(pk__in=acting))
    for row in with_words(rows, text, "full_name").order_by("full_name", "pk")[:MOST]:
        yield Choice(str(row.pk), row.full_name, dict(Role.choices).get(row.role, ""))


def _own(user: User) -> QuerySet[Any, Any]:
    return ArtistMembership.objects.filter(user=user, active=True).values("artist")


SOURCES: Final = {"artists": _artists, "people": _people, "accounts": _accounts}


class Chooser(forms.Select):
    """A select that `<dw-choose>` makes searchable once it has many options; without scripts it stays a select.

    Its options are written in one go: five hundred of them through a template each cost a page its time.
    """

    def __init__(self, what: str, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.what = what

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        chosen = {
            str(one) for one in (value if isinstance(value, list | tuple) else [value]) if one is not None
        }
        if not chosen:
            chosen = {""}
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            (
                (key, SafeString(" selected") if str(key) in chosen else "", label)
                for key, label in self.choices
            ),
        )
        said = flatatt(self.build_attrs({"name": name, **self.attrs}, attrs))
        return format_html(
            '<dw-choose source="{}"><select{}>{}</select></dw-choose>',
            reverse("artists:choose", args=[self.what]),
            said,
            options,
        )
