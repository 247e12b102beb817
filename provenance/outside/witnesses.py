"""The log's side of C2SP `tlog-witness`: bring a checkpoint to a witness, come back with its verified cosignature."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from provenance import notes
from provenance.outside import cosigning, wire
from provenance.outside.config import Witness
from provenance.outside.errors import LogContradicted, PlaceRefused

MAX_TRIES: Final = 3
MAX_PROOF_LINES: Final = 63
_SIZE = re.compile(rb"(0|[1-9][0-9]{0,18})\n?")

#: (old size, new size) -> consistency proof, RFC 9162, 2.1.4.1.
Prove = Callable[[int, int], Sequence[bytes]]


@dataclass(frozen=True, slots=True)
class _Conflict:
    """409: what the witness says it has seen last."""

    size: int


def add_checkpoint(witness: Witness, note: bytes, *, known_size: int, prove: Prove) -> cosigning.Cosigned:
    """The witness's cosignature over the checkpoint `note`, verified.

    `known_size` is what we believe the witness has seen; where it says otherwise (409), its size is taken and the
    request made again. Raises `LogContradicted` where the witness holds a log that is not the beginning of ours,
    PlaceRefused or WireError for everything else.
    """
    signed = notes.parse_note(note)
    size = notes.TreeHead.parse(signed.text).size
    old = known_size if known_size <= size else 0
    for _ in range(MAX_TRIES):
        answer = _post(witness, note, old, prove(old, size))
        if isinstance(answer, str):
            try:
                return cosigning.find(answer, signed.text, witness.key)
            except notes.NoteError as error:
                raise PlaceRefused(f"The witness's answer does not hold: {error}.") from error
        if answer.size > size:
            raise LogContradicted(
                f"The witness has seen {answer.size} entries of this log, it now has {size}: its end was cut off,"
                " or the witness hears of another log under this name."
            )
        if answer.size == old:
            # An older form of the protocol answers so to another root of the same size.
            raise LogContradicted(
                f"The witness holds another log of {old} entries under this name: the log was rewritten."
            )
        old = answer.size
    raise PlaceRefused("The witness names another size each time: does somebody else write to it?")


def _post(witness: Witness, note: bytes, old: int, proof: Sequence[bytes]) -> str | _Conflict:
    if len(proof) > MAX_PROOF_LINES:
        raise PlaceRefused(f"The consistency proof has {len(proof)} hashes.")
    lines = [f"old {old}", *(base64.b64encode(item).decode() for item in proof), "", ""]
    answer = wire.exchange(
        "POST",
        f"{witness.url}/add-checkpoint",
        "\n".join(lines).encode() + note,
        headers={"Content-Type": "text/plain; charset=utf-8"},
    )
    match answer.status:
        case 200:
            return answer.body.decode("utf-8", "replace")
        case 409 if (found := _SIZE.fullmatch(answer.body)) is not None:
            return _Conflict(int(found[1]))
        case 403:
            raise PlaceRefused(
                "The witness does not know the log's key: give its operator the key as it is now."
            )
        case 404:
            raise PlaceRefused(
                "The witness does not know this log: its operator has to add the log's key."
                " Or the address is wrong."
            )
        case 422:
            raise LogContradicted(
                f"The witness saw {old} entries that are not the beginning of this log: the log was rewritten."
            )
        case _:
            raise PlaceRefused(f"The witness answered {answer.status}: {answer.excerpt() or 'nothing'}.")
