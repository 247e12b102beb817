"""Which artists somebody asks for: the filter of the roster's list, as its address holds it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from django.db.models import Q, QuerySet

from artists.access import visible_artists
from artists.finding import compact, with_words
from artists.models import Artist, TeamMember, User

NOBODY = "none"


@dataclass(frozen=True)
class RosterFilter:
    """Empty values ask for nothing. `manager`: an account's id, `me`, or `none` for artists without a manager."""

    words: str = ""
    kind: str = ""
    status: str = ""
    tag: str = ""
    manager: str = ""
    persona: bool = False

    @classmethod
    def parse(cls, asked: Mapping[str, str]) -> RosterFilter:
        """What an address asks for; what it cannot mean is left out."""

        def text(name: str, limit: int) -> str:
            return str(asked.get(name, "")).strip()[:limit]

        manager = text("manager", 36)
        return cls(
            words=text("words", 120),
            kind=kind if (kind := text("kind", 8)) in Artist.Kind.values else "",
            status=status if (status := text("status", 8)) in Artist.Status.values else "",
            tag=text("tag", 40),
            manager=manager if manager in ("me", NOBODY) or _is_uuid(manager) else "",
            persona=text("persona", 3) in ("1", "on"),
        )

    @cached_property
    def parameters(self) -> dict[str, str]:
        values = {
            "words": self.words,
            "kind": self.kind,
            "status": self.status,
            "tag": self.tag,
            "manager": self.manager,
            "persona": "1" if self.persona else "",
        }
        return {name: value for name, value in values.items() if value}

    @property
    def address(self) -> str:
        return urlencode(self.parameters)

    def __bool__(self) -> bool:
        return bool(self.parameters)

    def artists(self, user: User) -> QuerySet[Artist]:
        """Those of the artists that *user* may see, by name."""
        rows = visible_artists(user)
        if self.words:
            number = compact(self.words)
            if len(number) == 16 and rows.filter(isni=number).exists():
                rows = rows.filter(isni=number)
            else:
                rows = with_words(rows, self.words, "name", "sort_name")
        if self.kind:
            rows = rows.filter(kind=self.kind)
        if self.status:
            rows = rows.filter(status=self.status)
        if self.tag:
            rows = rows.filter(tags__contains=[self.tag])
        if self.persona:
            rows = rows.filter(is_ai_persona=True)
        if self.manager:
            managed = TeamMember.objects.filter(active=True, role=TeamMember.Role.MANAGER)
            if self.manager == NOBODY:
                rows = rows.exclude(pk__in=managed.values("artist"))
            else:
                who = user.pk if self.manager == "me" else uuid.UUID(self.manager)
                rows = rows.filter(Q(pk__in=managed.filter(user=who).values("artist")))
        return rows.order_by("name", "pk")


def tags_of(artists: QuerySet[Artist]) -> list[str]:
    """All tags in use, by name."""
    found = {tag for tags in artists.exclude(tags=[]).values_list("tags", flat=True) for tag in tags}
    return sorted(found, key=str.casefold)


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
