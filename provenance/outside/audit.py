"""The step of `ledger_verify` about what stands outside: every stored token and cosignature is verified again."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from provenance import notes
from provenance.models import Checkpoint, Cosignature, TimestampToken
from provenance.outside import cosigning, places, timestamps
from provenance.outside.config import ConfigError, Roots
from provenance.outside.errors import PlaceRefused

CHUNK = 500
#: An authority whose time is so far from that of its answer has another clock than we.
CLOCKS_APART = dt.timedelta(hours=1)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Covered:
    """Sizes of the newest checkpoints that a trusted authority and a trusted witness vouch for; 0 for none."""

    log_size: int
    stamped: int
    cosigned: int
    result: str

    @property
    def whole(self) -> bool:
        """Somebody who is trusted has seen all of the log as it is now."""
        return self.log_size > 0 and self.log_size in (self.stamped, self.cosigned)


def check(*, fault: Say, notice: Say) -> Covered:
    """Tokens against the roots that the settings name now, cosignatures against the keys they were stored with.

    What comes from authorities and witnesses that the settings no longer name cannot break the ledger and does not
    vouch for it either.
    """
    try:
        outside = places.configured()
        roots = {item.name: item.roots() for item in outside.authorities}
        keys = {str(item.key) for item in outside.witnesses}
    except ConfigError as error:
        notice(f"The outside places cannot be read, so nothing is trusted: {error}")
        roots, keys = {}, set()
    unknown: Counter[str] = Counter()
    tokens, stamped = _tokens(roots, unknown, fault, notice)
    lines, cosigned = _cosignatures(keys, unknown, fault)
    for name, count in sorted(unknown.items()):
        notice(f"{count} of {name} were not counted: the settings do not name it with its roots or key.")
    result = f"{tokens} tokens, up to {stamped} entries; {lines} cosignatures, up to {cosigned} entries"
    size = Checkpoint.objects.order_by("-size").values_list("size", flat=True).first() or 0
    return Covered(size, stamped, cosigned, result)


def _tokens(roots: dict[str, Roots], unknown: Counter[str], fault: Say, notice: Say) -> tuple[int, int]:
    count = newest = 0
    apart: set[str] = set()
    rows = TimestampToken.objects.order_by("id").values_list(
        "authority", "token", "gen_time", "checkpoint_id", "checkpoint__note", "received_at"
    )
    for authority, token, gen_time, size, note, received_at in rows.iterator(CHUNK):
        if authority not in roots:
            unknown[authority] += 1
            continue
        try:
            held = timestamps.verify(bytes(token), bytes(note), roots[authority])
        except PlaceRefused as error:
            fault(f"the token of {authority} over the checkpoint of {size} entries does not hold: {error}")
            continue
        if held.gen_time != gen_time:
            fault(f"the time stored with the token of {authority} over {size} entries is not the token's")
            continue
        if abs(gen_time - received_at) > CLOCKS_APART:
            apart.add(authority)
        count, newest = count + 1, max(newest, size)
    for authority in sorted(apart):
        notice(f"Times that {authority} states are more than an hour from ours: whose clock is wrong?")
    return count, newest


def _cosignatures(keys: set[str], unknown: Counter[str], fault: Say) -> tuple[int, int]:
    count = newest = 0
    rows = Cosignature.objects.order_by("id").values_list(
        "witness", "key", "line", "at", "checkpoint_id", "checkpoint__note"
    )
    for witness, key_text, line, at, size, note in rows.iterator(CHUNK):
        try:
            key = cosigning.CosignerKey.parse(key_text)
            held = cosigning.verify_line(line, notes.parse_note(bytes(note)).text, key)
        except notes.NoteError as error:
            fault(
                f"the cosignature of {witness} under the checkpoint of {size} entries does not hold: {error}"
            )
            continue
        if key.name != witness or held.at != at:
            fault(
                f"the name or time stored with the cosignature of {witness} over {size} entries is not its own"
            )
            continue
        if key_text not in keys:
            unknown[witness] += 1
            continue
        count, newest = count + 1, max(newest, size)
    return count, newest
