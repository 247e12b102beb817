"""Duplicates: found by name and ISNI, merged with their history kept, and taken apart again by another entry."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import IntegrityError, models, transaction

from artists import names
from artists.errors import ArtistsUserFault
from artists.events import roster as happened
from artists.models import Artist
from provenance.ledger import HasActor, body_of, record
from provenance.models import Entry, Recorded


@dataclass(frozen=True)
class Likeness:
    """An artist that may be the same. `why`: the same ISNI, the same name, nearly the same name."""

    artist: Artist
    why: str
    #: Same ISNI or name; else somebody should only look.
    sure: bool


class Known:
    """The roster's names, read once, for comparing many."""

    def __init__(self, artists: Iterable[Artist] | None = None) -> None:
        rows = Artist.objects.filter(merged_into=None) if artists is None else artists
        self._rows = [(names.key(row.name), row) for row in rows]
        self._keys: dict[str, list[Artist]] = {}
        self._isnis = {row.isni: row for _, row in self._rows if row.isni}
        for key, row in self._rows:
            self._keys.setdefault(key, []).append(row)

    def add(self, artist: Artist) -> None:
        key = names.key(artist.name)
        self._rows.append((key, artist))
        self._keys.setdefault(key, []).append(artist)
        if artist.isni:
            self._isnis[artist.isni] = artist

    def same(self, name: str, isni: str = "") -> Likeness | None:
        """An artist that is surely meant, by ISNI or by name."""
        if isni and isni in self._isnis:
            return Likeness(self._isnis[isni], "the same ISNI", sure=True)
        for artist in self._keys.get(names.key(name), ()):
            if not (isni and artist.isni):  # two ISNIs that differ: two artists of one name
                return Likeness(artist, "the same name", sure=True)
        return None

    def like(self, name: str, isni: str = "", *, but: uuid.UUID | None = None) -> list[Likeness]:
        """Everybody who may be meant, the surest first."""
        key, found = names.key(name), []
        for other, artist in self._rows:
            if artist.pk == but:
                continue
            if isni and artist.isni == isni:
                found.append(Likeness(artist, "the same ISNI", sure=True))
            elif other == key:
                apart = bool(isni and artist.isni)
                found.append(Likeness(artist, "the same name", sure=not apart))
            elif names.alike(key, other):
                found.append(Likeness(artist, "nearly the same name", sure=False))
        return sorted(found, key=lambda one: (not one.sure, one.artist.name))[:8]


def likenesses(name: str, isni: str = "", *, but: uuid.UUID | None = None) -> list[Likeness]:
    """Artists of the roster that may be the same as one of this name and ISNI."""
    return Known().like(name, isni, but=but)


def merge_artists(artist: Artist, *, into: Artist, reason: str = "", actor: HasActor) -> Artist:
    """Make *artist* a part of *into*, which keeps what both had; *artist* leads there from now on.

    Moved: everything that points to the artist but for what is history of that very artist (rows of models that say
    `stays_when_merged`) and what *into* has already. All rows move with this one entry, which lists them, so that
    `separate_artists` can bring them back. Entries of both stay where they are.
    """
    with transaction.atomic():
        # In one order, so that two merges that cross wait for each other.
        rows = {
            row.pk: row
            for row in Artist.objects.select_for_update(of=("self",))
            .filter(pk__in=[artist.pk, into.pk])
            .order_by("pk")
        }
        artist, into = rows[artist.pk], rows[into.pk]
        if artist.pk == into.pk:
            raise ArtistsUserFault("Choose two artists: one cannot be merged with itself.", code="same")
        for one in (artist, into):
            if one.merged_into_id:
                raise ArtistsUserFault(
                    f"{one.name} was merged already. Open the artist it leads to.", code="merged"
                )
        if into.alias_of_id == artist.pk:
            raise ArtistsUserFault(
                f"{into.name} is an alias of {artist.name}. Merge the alias into the artist.", code="alias_of"
            )
        if artist.isni and into.isni and artist.isni != into.isni:
            raise ArtistsUserFault(
                f"The two have different ISNIs, {artist.isni} and {into.isni}: two artists by that record. "
                "Correct the wrong one first.",
                code="isni",
            )
        movable = _movable(artist, into)
        entry = record(
            happened.ArtistsMerged(
                stream=into.stream,
                subjects=(artist.stream,),
                artist=str(artist.pk),
                name=artist.name,
                into=str(into.pk),
                into_name=into.name,
                moved={label: tuple(map(str, pks)) for label, pks in movable.items()},
                reason=reason.strip(),
            ),
            actor=actor,
        )
        _move(movable, to=into, entry=entry)
        for row in (artist, into):
            row.entry = entry
        if not into.isni:
            into.isni = artist.isni
        tags: list[str] = sorted({*map(str, into.tags), *map(str, artist.tags)}, key=str.casefold)
        into.tags = tags
        into.picture_id = into.picture_id or artist.picture_id
        artist.merged_into, artist.alias_of = into, None
        if artist.kind == Artist.Kind.ALIAS:
            artist.kind = into.kind
        artist.save()
        into.save()
    return into


def what_moves(artist: Artist, into: Artist) -> list[tuple[str, int]]:
    """What a merge would move: the name of the rows, and how many."""
    found = []
    for label, pks in _movable(artist, into).items():
        model = apps.get_model(label.rpartition(".")[0])
        found.append((str(model._meta.verbose_name_plural), len(pks)))
    return sorted(found)


def separate_artists(artist: Artist, *, reason: str = "", actor: HasActor) -> Artist:
    """Take a merge back: the rows that it moved return, unless they went elsewhere since. Both entries stay."""
    with transaction.atomic():
        into = Artist.objects.select_for_update(of=("self",)).filter(merged=artist).first()
        if into is None:
            raise ArtistsUserFault(f"{artist.name} is not merged into another artist.", code="not_merged")
        artist = Artist.objects.select_for_update(of=("self",)).get(pk=artist.pk)
        if artist.isni and Artist.objects.filter(isni=artist.isni).exclude(pk__in=[artist.pk, into.pk]):
            raise ArtistsUserFault("A third artist has the same ISNI. Settle that first.", code="isni_taken")
        merge = _merge_of(artist, into)
        fields = _fields()
        movable = {
            label: [
                row.pk
                for row in fields[label].model._default_manager.filter(
                    pk__in=pks, **{fields[label].name: into}
                )
            ]
            for label, pks in merge.items()
            if label in fields
        }
        movable = {label: pks for label, pks in movable.items() if pks}
        entry = record(
            happened.ArtistsSeparated(
                stream=into.stream,
                subjects=(artist.stream,),
                artist=str(artist.pk),
                name=artist.name,
                into=str(into.pk),
                into_name=into.name,
                moved={label: tuple(map(str, pks)) for label, pks in movable.items()},
                reason=reason.strip(),
            ),
            actor=actor,
        )
        _move(movable, to=artist, entry=entry)
        if artist.isni and into.isni == artist.isni:
            into.isni = ""
            into.entry = entry
            into.save()
        artist.merged_into, artist.entry = None, entry
        artist.save()
    return artist


def _merge_of(artist: Artist, into: Artist) -> dict[str, list[str]]:
    """What the newest merge of the two moved."""
    entry = (
        Entry.objects.filter(kind="artist.merged", stream=into.stream, refs__contains=[artist.stream])
        .order_by("-id")
        .first()
    )
    moved: dict[str, list[str]] = body_of(entry)["public"]["moved"] if entry is not None else {}
    return moved


def _fields() -> dict[str, models.ForeignKey[Any, Any]]:
    """Label of a model and field -> the field, for every kind of row that may go to another artist."""
    found = {}
    for relation in Artist._meta.get_fields(include_hidden=True):
        if not isinstance(relation, models.ManyToOneRel):
            continue
        model, field = relation.related_model, relation.field
        if not issubclass(model, Recorded) or not isinstance(field, models.ForeignKey):
            continue
        if getattr(model, "stays_when_merged", False) or field.name == "merged_into":
            continue
        found[f"{model._meta.label}.{field.name}"] = field
    return found


def _movable(artist: Artist, into: Artist) -> dict[str, list[uuid.UUID]]:
    """Label -> rows that can move: those whose place at the other artist is not taken."""
    found = {}
    for label, field in _fields().items():
        rows = field.model._default_manager.filter(**{field.name: artist})
        pks = [row.pk for row in rows if not _taken(row, field, into)]
        if pks:
            found[label] = pks
    return found


def _taken(row: models.Model, field: models.ForeignKey[Any, Any], into: Artist) -> bool:
    """Whether *into* has the same already, by the model's own constraints."""
    setattr(row, field.name, into)
    for rule in row._meta.constraints:
        if isinstance(rule, models.UniqueConstraint) and field.name in rule.fields:
            values = {name: getattr(row, name) for name in rule.fields}
            others = type(row)._default_manager.filter(**values).exclude(pk=row.pk)
            if rule.condition is not None:
                others = others.filter(rule.condition)
            if None not in values.values() and others.exists():
                return True
    return isinstance(row, Artist) and row.pk == into.pk  # an artist cannot become its own alias


def _move(rows: dict[str, list[Any]], *, to: Artist, entry: Entry) -> None:
    fields = _fields()
    for label, pks in rows.items():
        field = fields[label]
        try:
            with transaction.atomic():
                field.model._default_manager.filter(pk__in=pks).update(**{field.name: to, "entry": entry})
        except IntegrityError as error:
            raise ArtistsUserFault(
                f"Somebody changed {field.model._meta.verbose_name_plural} of the two meanwhile. Try again.",
                code="conflict",
            ) from error
