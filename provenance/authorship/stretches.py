"""Stretches of time with the same makers; a mask has a bit per source of the fold."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stretch:
    """From when to when the same makers are heard."""

    from_ms: int
    to_ms: int
    mask: int


def joined(pieces: list[Stretch]) -> list[Stretch]:
    """Neighbours with the same makers as one."""
    found: list[Stretch] = []
    for piece in pieces:
        if found and found[-1].mask == piece.mask and found[-1].to_ms == piece.from_ms:
            found[-1] = Stretch(found[-1].from_ms, piece.to_ms, piece.mask)
        else:
            found.append(piece)
    return found


def filled(pieces: list[Stretch], whole: Stretch) -> list[Stretch]:
    """`pieces` in order, and `whole` wherever they leave a gap."""
    found, at = [], whole.from_ms
    for piece in pieces:
        if piece.from_ms > at:
            found.append(Stretch(at, piece.from_ms, whole.mask))
        found.append(piece)
        at = piece.to_ms
    if at < whole.to_ms:
        found.append(Stretch(at, whole.to_ms, whole.mask))
    return found
