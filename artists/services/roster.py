"""Artists and their status; who acts for them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone

from artists import events
from artists.errors import AlreadyThere, ArtistsUserFault
from artists.events import roster as happened
from artists.identifiers import check_isni
from artists.models import Artist, ArtistMembership, StatusChange, User
from provenance import assets
from provenance.events import AssetRef
from provenance.imagefile import check_picture
from provenance.ledger import HasActor, record

#: What `change_artist` takes. Status and picture have actions of their own.
EDITABLE = ("name", "sort_name", "kind", "alias_of", "isni", "is_ai_persona", "about", "tags")
ABOUT_LIMIT = 2000
MAX_TAGS = 20


def create_artist(
    *,
    name: str,
    kind: str = Artist.Kind.PERSON,
    status: str = Artist.Status.SIGNED,
    since: dt.date | None = None,
    alias_of: Artist | None = None,
    isni: str = "",
    is_ai_persona: bool = False,
    about: str = "",
    sort_name: str = "",
    tags: Iterable[str] = (),
    source: str = "",
    actor: HasActor,
) -> Artist:
    """Put an artist on the roster. `source`: where the values came from, such as csv; empty when typed.

    Raises `AlreadyThere` for an ISNI that another artist has.
    """
    isni = check_isni(isni) if isni.strip() else ""
    since = since or timezone.now().date()
    with transaction.atomic():
        artist = Artist(
            name=_name(name),
            sort_name=sort_name.strip(),
            kind=kind,
            alias_of=alias_of,
            status=status,
            status_since=since,
            isni=isni,
            is_ai_persona=is_ai_persona,
            tags=clean_tags(tags),
        )
        _sound(artist)
        artist.entry = record(
            happened.ArtistListed(
                stream=artist.stream,
                subjects=(f"artist:{alias_of.pk}",) if alias_of else (),
                artist=str(artist.pk),
                name=artist.name,
                artist_kind=kind,
                alias_of=str(alias_of.pk) if alias_of else None,
                status=status,
                since=since.isoformat(),
                isni=isni,
                is_ai_persona=is_ai_persona,
                tags=tuple(artist.tags),
                source=source,
            ),
            actor=actor,
        )
        artist.save(force_insert=True)
        if about.strip():  # its words are said by the entry of a change
            artist = change_artist(artist, about=about, actor=actor)
    return artist


def change_artist(artist: Artist, *, actor: HasActor, **values: Any) -> Artist:
    """Change fields of an artist (`EDITABLE`); nothing is written when nothing differs."""
    if unknown := set(values) - set(EDITABLE):
        raise ArtistsUserFault(f"{', '.join(sorted(unknown))} cannot be changed here.")
    with transaction.atomic():
        artist = locked(artist)
        if "name" in values:
            values["name"] = _name(values["name"])
        if "isni" in values:
            values["isni"] = check_isni(values["isni"]) if values["isni"].strip() else ""
        if "tags" in values:
            values["tags"] = clean_tags(values["tags"])
        for text in {"sort_name", "about"} & set(values):
            values[text] = values[text].replace("\r\n", "\n").strip()
        if len(values.get("about", "")) > ABOUT_LIMIT:
            raise ArtistsUserFault(f"Keep it below {ABOUT_LIMIT} characters.", code="about")
        changes = {
            name: (_said(getattr(artist, name)), _said(value))
            for name, value in sorted(values.items())
            if getattr(artist, name) != value
        }
        if not changes:
            return artist
        for name in changes:
            setattr(artist, name, values[name])
        _sound(artist)
        artist.entry = record(
            happened.ArtistEdited(
                stream=artist.stream,
                subjects=(f"artist:{artist.alias_of_id}",) if artist.alias_of_id else (),
                artist=str(artist.pk),
                name=artist.name,
                fields=tuple(changes),
                changes=changes,
            ),
            actor=actor,
        )
        artist.save()
    return artist


def change_status(
    artist: Artist, *, status: str, since: dt.date | None = None, reason: str = "", actor: HasActor
) -> Artist:
    """Let an artist go on: prospect, signed, alumni (`Artist.NEXT`). The reason is sealed."""
    with transaction.atomic():
        artist = locked(artist)
        if status == artist.status:
            return artist
        if status not in artist.next_states:
            titles = dict(Artist.Status.choices)
            ways = ", ".join(titles[one].lower() for one in artist.next_states)
            raise ArtistsUserFault(
                f"{artist.name} is {titles[artist.status].lower()} and can become: {ways}.", code="status"
            )
        since = since or timezone.now().date()
        if since > timezone.now().date():
            raise ArtistsUserFault("The day lies ahead. Change the status when it has come.", code="since")
        if artist.status_since and since < artist.status_since:
            raise ArtistsUserFault(
                f"{artist.name} has been {artist.get_status_display().lower()} since "
                f"{artist.status_since:%-d %b %Y}. Choose that day or a later one.",
                code="since",
            )
        change = StatusChange(artist=artist, before=artist.status, after=status, since=since)
        change.entry = artist.entry = record(
            happened.ArtistStatusChanged(
                stream=artist.stream,
                artist=str(artist.pk),
                name=artist.name,
                before=artist.status,
                after=status,
                since=since.isoformat(),
                reason=reason.strip(),
            ),
            actor=actor,
        )
        artist.status, artist.status_since = status, since
        change.save(force_insert=True)
        artist.save()
    return artist


def set_picture(artist: Artist, *, data: bytes, filename: str = "", actor: HasActor) -> Artist:
    """Give an artist a picture. Its content is checked; only re-encoded copies of it are ever shown."""
    picture = check_picture(data, filename=filename)
    staged = assets.ingest(data)
    with transaction.atomic():
        artist = locked(artist)
        if artist.picture is not None and artist.picture.sha256 == staged.sha256:
            return artist
        entry = record(
            happened.ArtistPictureSet(
                stream=artist.stream,
                outputs=(AssetRef(role="picture", sha256=staged.sha256),),
                artist=str(artist.pk),
                name=artist.name,
                width_px=picture.width_px,
                height_px=picture.height_px,
            ),
            actor=actor,
        )
        artist.picture = assets.register(
            staged,
            entry=entry,
            media_type=picture.media_type,
            probe={"width_px": picture.width_px, "height_px": picture.height_px},
        )
        artist.entry = entry
        artist.save()
    return artist


def add_artist_member(artist: Artist, *, user: User, actor: HasActor) -> ArtistMembership:
    with transaction.atomic():
        existing = ArtistMembership.objects.filter(artist=artist, user=user).first()
        if existing is not None and existing.active:
            return existing
        entry = record(
            events.ArtistMemberAdded(
                stream=artist.stream,
                subjects=(f"user:{user.pk}",),
                artist=str(artist.pk),
                artist_name=artist.name,
                user=str(user.pk),
            ),
            actor=actor,
        )
        if existing is None:
            return ArtistMembership.objects.create(artist=artist, user=user, entry=entry)
        existing.active, existing.entry = True, entry
        existing.save()
        return existing


def remove_artist_member(membership: ArtistMembership, *, actor: HasActor) -> None:
    """End that somebody acts as an artist. What they did stays theirs."""
    with transaction.atomic():
        membership = (
            ArtistMembership.objects.select_for_update(of=("self",))
            .select_related("artist")
            .get(pk=membership.pk)
        )
        if not membership.active:
            return
        artist = membership.artist
        membership.entry = record(
            happened.ArtistMemberRemoved(
                stream=artist.stream,
                subjects=(f"user:{membership.user_id}",),
                artist=str(artist.pk),
                artist_name=artist.name,
                user=str(membership.user_id),
            ),
            actor=actor,
        )
        membership.active = False
        membership.save()


def locked(artist: Artist) -> Artist:
    """The artist's row for changing. Refuses one that is another's by now."""
    row = Artist.objects.select_for_update(of=("self",)).get(pk=artist.pk)
    if row.merged_into_id:
        raise ArtistsUserFault(f"{row.name} was merged. Change the artist it is part of.", code="merged")
    return row


def clean_tags(tags: Iterable[str]) -> list[str]:
    """Tags without doubles, sorted; those that differ in case only are one."""
    found = {" ".join(tag.split()).casefold(): " ".join(tag.split()) for tag in tags if tag.strip()}
    if len(found) > MAX_TAGS:
        raise ArtistsUserFault(f"{MAX_TAGS} tags are the limit. Leave some out.", code="tags")
    if long := [tag for tag in found.values() if len(tag) > 40]:
        raise ArtistsUserFault(
            f"The tag {long[0][:40]}… is longer than 40 characters. Shorten it.", code="tags"
        )
    return sorted(found.values(), key=str.casefold)


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise ArtistsUserFault("Write the artist's name.", code="name")
    if len(name) > 120:
        raise ArtistsUserFault("The name is longer than 120 characters. Shorten it.", code="name")
    return name


def _said(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(value)
        case Artist():
            return str(value.pk)
    return str(value)


def _sound(artist: Artist) -> None:
    """Raises `ArtistsUserFault` where fields do not go together."""
    alias_of = artist.alias_of
    if artist.kind == Artist.Kind.ALIAS and alias_of is None:
        raise ArtistsUserFault("Say whose alias this is.", code="alias_of")
    if artist.kind != Artist.Kind.ALIAS and alias_of is not None:
        raise ArtistsUserFault(
            "Only an alias is somebody's alias. Change the kind, or leave it empty.", code="alias_of"
        )
    if alias_of is not None:
        if alias_of.pk == artist.pk:
            raise ArtistsUserFault("An artist is no alias of itself. Choose the other one.", code="alias_of")
        if alias_of.alias_of_id or alias_of.merged_into_id:
            raise ArtistsUserFault(
                f"{alias_of.name} is an alias itself. Choose the artist behind it.", code="alias_of"
            )
    if artist.kind == Artist.Kind.ALIAS and Artist.objects.filter(alias_of=artist).exists():
        raise ArtistsUserFault(
            f"{artist.name} has aliases of its own and cannot become one. Change those first.",
            code="alias_of",
        )
    if artist.isni:
        other = Artist.objects.filter(isni=artist.isni, merged_into=None).exclude(pk=artist.pk).first()
        if other is not None:
            raise AlreadyThere(
                f"{other.name} has this ISNI. Open that artist, or check the number.", code="isni_taken"
            )
