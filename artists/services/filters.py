"""Filters that a person keeps for a list. Working state, not provenance."""

from __future__ import annotations

from django.db import transaction

from artists.errors import ArtistsUserFault
from artists.models import SavedFilter, User

MAX_FILTERS = 30


def save_filter(*, page: str, name: str, query: str, actor: User) -> SavedFilter:
    """Keep a filter under a name; the same name is written over."""
    name = " ".join(name.split())[:40]
    if not name:
        raise ArtistsUserFault("Write a name for the filter.", code="name")
    if page not in SavedFilter.Page.values:
        raise ArtistsUserFault(f"Filters are kept for: {', '.join(SavedFilter.Page.values)}.", code="page")
    query = query.lstrip("?")
    if len(query) > 400:
        raise ArtistsUserFault("The filter is longer than 400 characters. Leave something out.", code="query")
    with transaction.atomic():
        User.objects.select_for_update(of=("self",)).get(pk=actor.pk)
        own = SavedFilter.objects.filter(user=actor, page=page)
        if not own.filter(name=name).exists() and own.count() >= MAX_FILTERS:
            raise ArtistsUserFault(f"{MAX_FILTERS} filters are the limit. Remove one first.", code="too_many")
        row, _ = SavedFilter.objects.update_or_create(
            user=actor, page=page, name=name, defaults={"query": query}
        )
    return row


def forget_filter(row: SavedFilter) -> None:
    row.delete()
