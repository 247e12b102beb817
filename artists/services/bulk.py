"""One action on many artists: said first, then done, each artist with an entry of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction

from artists.errors import ArtistsUserFault
from artists.models import Artist, TeamMember, User
from artists.services.roster import change_artist, change_status, clean_tags
from artists.services.team import add_team_member

MAX_ARTISTS = 1000


@dataclass(frozen=True)
class Wish:
    """What is to happen. `action`: status, manager, tag or untag."""

    action: str
    status: str = ""
    since: dt.date | None = None
    reason: str = ""
    manager: User | None = None
    tag: str = ""

    def __post_init__(self) -> None:
        match self.action:
            case "status" if self.status in Artist.Status.values:
                return
            case "manager" if self.manager is not None:
                return
            case "tag" | "untag" if self.tag.strip():
                clean_tags([self.tag])
                return
        wanted = {"status": "a status", "manager": "a manager", "tag": "a tag", "untag": "a tag"}
        raise ArtistsUserFault(f"Choose {wanted.get(self.action, 'an action')} first.", code="wish")


@dataclass(frozen=True)
class Effect:
    """What happens to one artist. `will`: whether anything does."""

    artist: Artist
    says: str
    will: bool


def plan(artists: Iterable[Artist], wish: Wish) -> list[Effect]:
    """What the wish would do to each artist, and to whom nothing happens and why. Changes nothing."""
    artists = list(artists)
    managed: set[object] = set()
    if wish.action == "manager":
        rows = TeamMember.objects.filter(
            artist__in=artists, user=wish.manager, role=TeamMember.Role.MANAGER, active=True
        )
        managed = set(rows.values_list("artist", flat=True))
    return [_effect(artist, wish, managed) for artist in artists]


def apply(artists: Iterable[Artist], wish: Wish, *, actor: User) -> list[Effect]:
    """Do it: all or nothing. Returns what happened to each."""
    artists = list(artists)
    if len(artists) > MAX_ARTISTS:
        raise ArtistsUserFault(
            f"{MAX_ARTISTS} artists at once are the limit. Narrow the filter.", code="too_many"
        )
    with transaction.atomic():
        effects = plan(artists, wish)
        for effect in effects:
            if not effect.will:
                continue
            match wish.action:
                case "status":
                    change_status(
                        effect.artist, status=wish.status, since=wish.since, reason=wish.reason, actor=actor
                    )
                case "manager":
                    add_team_member(
                        effect.artist, role=TeamMember.Role.MANAGER, user=wish.manager, actor=actor
                    )
                case "tag":
                    change_artist(effect.artist, tags=[*effect.artist.tags, wish.tag], actor=actor)
                case "untag":
                    rest = [tag for tag in effect.artist.tags if tag.casefold() != wish.tag.casefold()]
                    change_artist(effect.artist, tags=rest, actor=actor)
    return effects


def _effect(artist: Artist, wish: Wish, managed: set[object]) -> Effect:
    titles = dict(Artist.Status.choices)
    has = wish.tag.strip().casefold() in {tag.casefold() for tag in artist.tags}
    match wish.action:
        case "status":
            before, after = artist.get_status_display().lower(), titles[wish.status].lower()
            if artist.status == wish.status:
                return Effect(artist, f"is {after} already", False)
            if wish.status not in artist.next_states:
                return Effect(artist, f"is {before} and cannot become {after}", False)
            if wish.since and artist.status_since and wish.since < artist.status_since:
                return Effect(
                    artist, f"has been {before} since {artist.status_since:%-d %b %Y}, which is later", False
                )
            return Effect(artist, f"{before} becomes {after}", True)
        case "manager":
            name = wish.manager.full_name if wish.manager else ""
            if artist.pk in managed:
                return Effect(artist, f"has {name} as manager already", False)
            return Effect(artist, f"gets {name} as manager", True)
        case "tag":
            return Effect(artist, "has the tag already" if has else f"gets the tag {wish.tag}", not has)
    return Effect(artist, f"loses the tag {wish.tag}" if has else "does not have the tag", has)
