"""Many things out of one: every row and every entry of a song, an artist or a submission once more, under new names.

Rows are copied in by COPY, through the same triggers as any insert: each copy's entries have bodies, digests and vault
of their own and wait for their place in the log like others. Only for a database that is thrown away.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.apps import apps
from django.db import connection, models, transaction

from artists.models import Artist, User
from provenance import canonical
from provenance.protection import recorded_models
from provenance.services import Entry, Job

_NAMES: Final = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])"
)
#: What a copy has none of: numbers are given out once, and keys are people's, not a song's. Tables and kinds.
_LEFT_OUT_TABLES: Final = frozenset({"release_numberallocation", "artists_personkey"})
LEFT_OUT: Final = (
    "number.allocated",
    "person_key.enrolled",
    "person_key.code_issued",
    "person_key.confirmed",
)
#: So many songs a transaction.
_BATCH: Final = 12
_STATES: Final = ("draft", "approved", "packaged", "packaged")
#: (table, column) -> what a copy has there: from the original's value and the copy's number.
Told = Mapping[tuple[str, str], Callable[[Any, int], Any]]


@dataclass(frozen=True, kw_only=True)
class Table:
    """The rows of one thing in one table."""

    name: str
    columns: tuple[str, ...]
    entry_columns: frozenset[int]
    rows: Sequence[tuple[Any, ...]]


@dataclass(frozen=True, kw_only=True)
class Original:
    """Everything that is written of a thing, read once."""

    tables: tuple[Table, ...]
    entries: Sequence[tuple[int, str, str]]
    """Id, actor type and the body's text."""
    vault: Sequence[tuple[int, str, bytes, bytes]]
    names: frozenset[str]
    """Identifiers and digests that a copy has its own of."""


@dataclass(frozen=True, kw_only=True)
class Copy:
    """One copy: its number and what it calls things. `words`: what stands in the place of the original's words."""

    number: int
    names: dict[str, str] = field(repr=False)
    entries: dict[int, int] = field(repr=False)
    words: Mapping[str, str] = field(repr=False, default_factory=dict)

    def text(self, text: str) -> str:
        text = _NAMES.sub(lambda found: self.names.get(found.group(), found.group()), text)
        for word, told in self.words.items():
            text = text.replace(word, told)
        return text

    def value(self, value: Any) -> Any:
        match value:
            case uuid.UUID():
                return self.names.get(str(value), str(value))
            case str():
                return self.text(value)
            case list():
                return [self.value(item) for item in value]
            case _:
                return value


def copy_song(*, since: int, copies: int, artists: Sequence[tuple[Artist, User]]) -> None:
    """Write *copies* of the song whose entries are those after *since*, in turn for each of *artists*.

    The first of *artists* is the song's own artist.
    """
    own, member = artists[0]

    def names(number: int) -> dict[str, str]:
        artist, user = artists[number % len(artists)]
        return {str(own.pk): str(artist.pk), str(member.pk): str(user.pk)}

    copy_all(read(since), range(copies), names=names, batch=_BATCH)


def copy_all(
    original: Original,
    numbers: Sequence[int],
    *,
    names: Callable[[int], Mapping[str, str]] | None = None,
    words: Callable[[int], Mapping[str, str]] | None = None,
    told: Told | None = None,
    batch: int = 50,
) -> None:
    """Write a copy under each of the numbers.

    `names`: ids that the copy shares with something else, `words`: what it says in the place of the original's words
    (private values are sealed anew then), `told`: columns that differ besides those that always do.
    """
    columns = {**_TOLD, **(told or {})}
    for first in range(0, len(numbers), batch):
        with transaction.atomic():
            made = []
            for number in numbers[first : first + batch]:
                own = {name: _renamed(name, number) for name in original.names}
                made.append(
                    Copy(
                        number=number,
                        names=own | dict(names(number) if names else {}),
                        entries=_reserve(original),
                        words=words(number) if words else {},
                    )
                )
            _write_entries(original, made)
            for table in original.tables:
                _write(table, made, columns)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _renamed(name: str, number: int) -> str:
    if len(name) == 64:
        return hashlib.sha256(f"{name}/{number}".encode()).hexdigest()
    return str(uuid.uuid5(uuid.UUID(name), str(number)))


# -- reading -----------------------------------------------------------------------------------------------------------


def read(since: int, *, until: int = 2**62, pictures: bool = True) -> Original:
    """Everything written after that entry. `pictures`: with waveforms and fingerprints of its sounds."""
    written = list(
        Entry.objects.filter(pk__gt=since, pk__lte=until).exclude(kind__in=LEFT_OUT).order_by("pk")
    )
    entries = [(entry.pk, entry.actor_type, bytes(entry.body).decode()) for entry in written]
    ids = [entry.pk for entry in written]
    tables = [_table(model, "entry_id = ANY(%s)", ids) for model in recorded_models()]
    tables = [table for table in tables if table.rows and table.name not in _LEFT_OUT_TABLES]
    digests, assets = [], []
    for table in tables:
        if table.name == "provenance_asset":
            digests = [row[table.columns.index("sha256")] for row in table.rows]
            assets = [row[table.columns.index("id")] for row in table.rows]
    # Whose words a copied signature repeats are the original's: a copy is signed for its pages, not for a verifier.
    tables.append(_table(apps.get_model("provenance", "EntrySignature"), "entry_id = ANY(%s)", ids))
    tables.append(_table(Job, "stream = ANY(%s)", {entry.stream for entry in written}))
    analysis = apps.get_model("provenance", "AssetAnalysis")
    # Stems are drawn one by one; their pictures would be most of the database and no page lists them.
    tables.append(
        _table(
            analysis,
            "asset_id = ANY(%s) AND asset_id NOT IN (SELECT asset_id FROM generation_takestem)",
            assets if pictures else [],
        )
    )
    keys = [
        str(row[table.columns.index("id")]) for table in tables if "id" in table.columns for row in table.rows
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT entry_id, name, salt, content FROM provenance_vaultitem WHERE entry_id = ANY(%s)", [ids]
        )
        vault = [(key, name, bytes(salt), bytes(content)) for key, name, salt, content in cursor.fetchall()]
    return Original(tables=tuple(tables), entries=entries, vault=vault, names=frozenset((*digests, *keys)))


def _table(model: type[models.Model], where: str, values: Iterable[Any]) -> Table:
    # Numbers that the database gives out are given out anew.
    fields = [one for one in model._meta.concrete_fields if not isinstance(one, models.AutoField)]
    columns = tuple(str(one.column) for one in fields)
    quoted = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT {quoted} FROM "{model._meta.db_table}" WHERE {where}',  # noqa: S608 - names are the models'
            [list(values)],
        )
        rows = cursor.fetchall()
    points = frozenset(place for place, one in enumerate(fields) if one.related_model is Entry)
    return Table(name=model._meta.db_table, columns=columns, entry_columns=points, rows=rows)


# -- writing -----------------------------------------------------------------------------------------------------------


def _reserve(original: Original) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval('provenance_entry_id_seq') FROM generate_series(1, %s)", [len(original.entries)]
        )
        fresh = [row[0] for row in cursor.fetchall()]
    return {key: new for (key, _, _), new in zip(original.entries, fresh, strict=True)}


def _write_entries(original: Original, batch: Sequence[Copy]) -> None:
    columns = ("id", "kind", "basis", "at", "stream", "actor_type", "actor_id", "refs", "body", "leaf_hash")
    rows, sealed = [], []
    held: dict[int, list[tuple[str, bytes, bytes]]] = {}
    for key, name, salt, content in original.vault:
        held.setdefault(key, []).append((name, salt, content))
    for copy in batch:
        for key, actor_type, text in original.entries:
            said = json.loads(copy.text(text))
            for name, salt, kept in held.get(key, ()):
                content = kept
                if copy.words:
                    content = copy.text(kept.decode()).encode()
                    said["private"][name] = canonical.commitment(said["kind"], name, content, salt)
                sealed.append((copy.entries[key], name, salt, content))
            assets = dict.fromkeys(f"asset:{ref['sha256']}" for ref in (*said["inputs"], *said["outputs"]))
            data = canonical.encode(said)  # new names stand in a new order
            rows.append(
                (
                    copy.entries[key],
                    said["kind"],
                    said["basis"],
                    said["at"],
                    said["stream"],
                    actor_type,
                    said["actor"]["id"],
                    [*said["subjects"], *assets],
                    data,
                    canonical.leaf_hash(data),
                )
            )
    _copy_in("provenance_entry", columns, rows)
    _copy_in("provenance_vaultitem", ("entry_id", "name", "salt", "content"), sealed)


def _write(table: Table, batch: Iterable[Copy], columns: Told) -> None:
    told = [
        (place, columns[table.name, column])
        for place, column in enumerate(table.columns)
        if (table.name, column) in columns
    ]
    rows = []
    for copy in batch:
        for row in table.rows:
            values = [
                copy.entries.get(value, value) if place in table.entry_columns else copy.value(value)
                for place, value in enumerate(row)
            ]
            for place, tell in told:
                values[place] = tell(values[place], copy.number)
            rows.append(tuple(values))
    _copy_in(table.name, table.columns, rows)


def _copy_in(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    names = ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as cursor, cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row(row)


def _titled(title: str, number: int) -> str:
    return f"{title} {number + 1}"


#: What must differ between copies, or would not be lifelike if it did not: (table, column) -> new value.
_TOLD: Final[Told] = {
    ("generation_project", "title"): _titled,
    ("release_release", "title"): _titled,
    ("release_recording", "title"): _titled,
    ("release_recording", "isrc"): lambda isrc, number: f"{isrc[:7]}{number + 1000:05}",
    ("release_release", "state"): lambda state, number: _STATES[number % len(_STATES)],
    ("generation_take", "state"): lambda state, number: "new" if number % 5 == 0 else state,
    ("artists_personsignature", "nonce"): lambda nonce, number: _renamed(nonce, number),
    ("release_declaration", "approved"): lambda approved, number: bool(number % 7),
}
