"""Older checkpoints that outsiders saw: which of them a bundle carries, with tokens, cosignatures and proofs.

For each entry and each outside place the first checkpoint above it that the place has, because that bounds the entry's
age best; also those whose tokens a person's signature names (it was made after them). At most `MAX_POINTS`, spread
evenly, and always the newest of each place, which covers the most entries.
"""

from __future__ import annotations

import bisect
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from provenance import merkle, tree
from provenance.models import Checkpoint, Cosignature, TimestampToken

MAX_POINTS: Final = 64
#: Tokens that a signature may name were the newest when its payload was made: one of so many before it.
_LOOK_BACK: Final = 8


@dataclass(frozen=True, slots=True)
class Token:
    size: int
    authority: str
    der: bytes
    gen_time: datetime


@dataclass(frozen=True, slots=True)
class Outside:
    """What outsiders said about the log up to the newest checkpoint. `notes`: size -> note with cosignature lines."""

    head: bytes
    notes: dict[int, bytes]
    tokens: tuple[Token, ...]
    witnesses: tuple[str, ...]
    consistency: dict[int, list[str]]


def outside(
    head: Checkpoint,
    *,
    indexes: Sequence[int],
    named_tokens: Iterable[tuple[str, datetime]],
    kept_sizes: Sequence[int],
) -> Outside:
    """`named_tokens`: digests of tokens that signatures name, each with the time of its signature."""
    named = {size for digest, at in named_tokens if (size := _size_of(digest, at, head.size))}
    sizes = {*_first_above(indexes, head.size), *named}
    points = [size for size in _thinned(sizes, head.size, keep=named) if size < head.size]
    cosigned: dict[int, list[Cosignature]] = {}
    for item in Cosignature.objects.filter(checkpoint__in=[*points, head.size]).order_by("witness"):
        cosigned.setdefault(item.checkpoint_id, []).append(item)
    notes = {
        point.size: _note(point, cosigned.get(point.size, ()))
        for point in Checkpoint.objects.filter(size__in=points).order_by("size")
    }
    tokens = TimestampToken.objects.filter(checkpoint__in=[*points, head.size])
    return Outside(
        head=_note(head, cosigned.get(head.size, ())),
        notes=notes,
        tokens=tuple(
            Token(item.checkpoint_id, item.authority, bytes(item.token), item.gen_time)
            for item in tokens.order_by("checkpoint_id", "authority")
        ),
        witnesses=tuple(sorted({item.key for items in cosigned.values() for item in items})),
        consistency=_consistency(head, [*points, *_daily(head), *kept_sizes]),
    )


def root_at(size: int) -> str:
    """The root in hex that was signed here at this size; empty where no checkpoint has it."""
    point = Checkpoint.objects.filter(size=size).first()
    return bytes(point.root).hex() if point else ""


def _note(point: Checkpoint, cosigned: Iterable[Cosignature]) -> bytes:
    return bytes(point.note) + "".join(f"{item.line}\n" for item in cosigned).encode()


def _first_above(indexes: Sequence[int], head: int) -> set[int]:
    """For each place and entry the first checkpoint that has the entry and was seen there.

    The newest of each place comes negative: it is never thinned out.
    """
    lowest = min(indexes)
    seen: dict[tuple[str, str], list[int]] = {}
    for kind, rows in (
        ("token", TimestampToken.objects.values_list("authority", "checkpoint_id")),
        ("cosignature", Cosignature.objects.values_list("witness", "checkpoint_id")),
    ):
        for place, size in rows.filter(checkpoint__gt=lowest, checkpoint__lte=head).order_by("checkpoint_id"):
            seen.setdefault((kind, place), []).append(size)
    found: set[int] = set()
    for sizes in seen.values():
        for index in indexes:
            at = bisect.bisect_right(sizes, index)
            if at < len(sizes):
                found.add(sizes[at])
        found.add(-sizes[-1])
    return found


def _thinned(sizes: set[int], head: int, *, keep: set[int]) -> list[int]:
    must = {-size for size in sizes if size < 0} | set(sorted(keep)[-MAX_POINTS // 4 :])
    rest = sorted({size for size in sizes if 0 < size <= head} - must)
    room = max(0, MAX_POINTS - len(must))
    if len(rest) > room:
        rest = [rest[at * len(rest) // room] for at in range(room)] if room else []
    return sorted({*must, *rest})[:MAX_POINTS]


def _size_of(digest: str, at: datetime, head: int) -> int:
    """The checkpoint of the token with this digest; 0 where it is not among the newest before that time."""
    older = TimestampToken.objects.filter(received_at__lte=at, checkpoint__lte=head).order_by(
        "-received_at", "-id"
    )
    for item in older[:_LOOK_BACK]:
        if hashlib.sha256(bytes(item.token)).hexdigest() == digest:
            return int(item.checkpoint_id)
    return 0


def _daily(head: Checkpoint) -> list[int]:
    """The newest checkpoint of each of the last days: somebody may have kept one."""
    daily = (
        Checkpoint.objects.filter(size__lt=head.size)
        .order_by("at__date", "-size")
        .distinct("at__date")
        .values("size")
    )
    newest = Checkpoint.objects.filter(size__in=daily).order_by("-size").values_list("size", flat=True)
    return list(newest[:MAX_POINTS])


def _consistency(head: Checkpoint, sizes: Iterable[int]) -> dict[int, list[str]]:
    """Size -> hashes that lead from it to the newest checkpoint (RFC 9162, 2.1.4); one look at the tree for all."""
    wanted = sorted({size for size in sizes if 0 < size < head.size})
    get = tree.reader_for(lambda get: [merkle.consistency_proof(size, head.size, get) for size in wanted])
    return {size: [item.hex() for item in merkle.consistency_proof(size, head.size, get)] for size in wanted}
