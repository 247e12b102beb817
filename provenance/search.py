"""The index of words over the entries: filled after the log, emptied by erasures, thrown away and made again at will.

An entry's words are its sentence, its public fields, and the private values that the vault still holds: what its page
shows to those who may read its stream. Whoever searches MUST narrow to the streams that the reader may read.

The index follows the log (a leaf's index never comes late), so reading on from the highest one misses nothing. What
the process loses when it dies is the work of one batch. An erasure empties the words of its entry in its own
transaction (a trigger, migration 0009); what is left of them is read again afterwards.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from django.db import connection, transaction

from provenance.events import words as sentence
from provenance.models import Entry, SearchText, VaultItem

BATCH: Final = 1000
#: tsvector holds a megabyte; an entry whose words are longer is found by the first of them.
MAX_CHARS: Final = 100_000
MAX_QUERY: Final = 200
#: Orders this against erasures; the trigger's function names it too (migration 0009).
LOCK: Final = 28262367168555365
#: Digests and ids say nothing to people and would fill the index.
_OPAQUE: Final = re.compile(
    r"(?:[a-z_]+:)?(?:[0-9a-f]{32,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\Z", re.I
)
_JOINTS: Final = re.compile(r"(?<=\w)[@./:\\-]+(?=\w)")
_BASE64: Final = re.compile(r"[\w+/=-]{60,}\Z")


def refresh(*, limit: int = BATCH) -> int:
    """Read up to `limit` entries into the index: those whose words were emptied, then new leaves. Returns how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        # From here on an erasure waits for our commit, and then empties what we wrote.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        cursor.execute("SELECT entry_id FROM provenance_searchtext WHERE words IS NULL LIMIT %s", [limit])
        again = [key for (key,) in cursor.fetchall()]
        cursor.execute(
            'SELECT l.entry_id, l."index" FROM provenance_leaf l WHERE l."index" >'
            " (SELECT coalesce(max(leaf_index), -1) FROM provenance_searchtext)"
            ' ORDER BY l."index" LIMIT %s',
            [limit - len(again)],
        )
        fresh = dict(cursor.fetchall())
        if not again and not fresh:
            return 0
        texts = _texts([*again, *fresh])
        cursor.executemany(
            "UPDATE provenance_searchtext SET words = to_tsvector('simple', %s) WHERE entry_id = %s",
            [(texts[key], key) for key in again],
        )
        cursor.executemany(
            "INSERT INTO provenance_searchtext (entry_id, leaf_index, words, stream, family)"
            " SELECT id, %s, to_tsvector('simple', %s), stream, split_part(stream, ':', 1)"
            " FROM provenance_entry WHERE id = %s",
            [(index, texts[key], key) for key, index in fresh.items()],
        )
        return len(again) + len(fresh)


def drain() -> int:
    """Refresh until nothing is left; returns how many entries were read."""
    total = 0
    while done := refresh():
        total += done
    return total


def rebuild() -> int:
    """Throw the index away and read every entry again."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        cursor.execute("DELETE FROM provenance_searchtext")
    return drain()


def forget(entry_ids: Iterable[int]) -> None:
    """Empty the words of these entries now; they are read again from what the vault still holds.

    Deleting rows of the vault does this by itself. It is here for whoever erases in another way.
    """
    SearchText.objects.filter(entry__in=list(entry_ids)).update(words=None)


def behind() -> int:
    """How many entries of the log cannot be found by their words yet."""
    with connection.cursor() as cursor:
        cursor.execute(
            'SELECT (SELECT coalesce(max("index"), -1) FROM provenance_leaf)'
            " - (SELECT coalesce(max(leaf_index), -1) FROM provenance_searchtext)"
            " + (SELECT count(*) FROM provenance_searchtext WHERE words IS NULL)"
        )
        lag: int = cursor.fetchone()[0]
        return max(0, lag)


def asked(words: str) -> str:
    """What a reader typed as the text of a PostgreSQL tsquery; empty where nothing can be looked for.

    All words must be there; "in quotes" as a phrase, -word not. Beginnings of words count, but not within quotes.
    """
    # A dash that negates nothing is none; hundreds of them would be too deep for the server.
    plain = re.sub(r'-(?![\w"])', " ", words[:MAX_QUERY].replace("\x00", " "))
    with connection.cursor() as cursor:
        cursor.execute("SELECT websearch_to_tsquery('simple', %s)::text", [plain])
        query: str = cursor.fetchone()[0]
    return query if '"' in words else re.sub(r"'((?:[^']|'')*)'", r"'\1':*", query)


# -- words of entries --------------------------------------------------------------------------------------------------


def _texts(keys: Sequence[int]) -> dict[int, str]:
    held: dict[int, dict[str, Any]] = {}
    for item in VaultItem.objects.filter(entry__in=keys):
        held.setdefault(item.entry_id, {})[item.name] = json.loads(bytes(item.content))
    bodies = Entry.objects.filter(pk__in=keys).values_list("pk", "body")
    return {key: text_of(json.loads(bytes(body)), held.get(key, {})) for key, body in bodies}


def text_of(body: dict[str, Any], disclosed: dict[str, Any]) -> str:
    """The words of an entry with these private values."""
    public = body["public"]
    said = sentence(body["kind"], body["event_version"], public, disclosed, sealed=body["private"])
    values = (*public.values(), *disclosed.values())
    parts = [said, body["kind"].replace(".", " "), *(text for value in values for text in _strings(value))]
    text = "\n".join(dict.fromkeys(parts))[:MAX_CHARS].replace("_", " ").replace("\x00", " ")
    # PostgreSQL keeps addresses and file names whole; people look for parts of them too.
    return f"{text}\n{split}" if (split := _JOINTS.sub(" ", text)) != text else text


def _strings(value: Any) -> Iterator[str]:
    """The texts in a value at any depth and the names they go by; no digests, ids or numbers."""
    match value:
        case str():
            if not _OPAQUE.match(value) and not _BASE64.match(value):
                yield value
        case dict():
            for name, item in value.items():
                yield from _strings(name)
                yield from _strings(item)
        case list() | tuple():
            for item in value:
                yield from _strings(item)
