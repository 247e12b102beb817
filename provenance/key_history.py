"""Which key signs for the log at which size: rotations, revocations, and checkpoints checked against both. Pure.

A rotation is a signed note that the old and the new key both sign. Checkpoints of up to `after` entries are the old
key's, those beyond it the new key's. A key that leaked is revoked above a size: checkpoints beyond it that the key
signed do not count, whoever made them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provenance import canonical, notes

ROTATION: Final = "deadwax/log-key-rotation/v1"


@dataclass(frozen=True, slots=True)
class Rotation:
    """The old key hands over to the new one; `after` is the log's size at that moment."""

    origin: str
    old: notes.VerifierKey
    new: notes.VerifierKey
    at: str
    after: int

    @property
    def text(self) -> str:
        lines = (ROTATION, self.origin, str(self.old), str(self.new), f"at {self.at}", f"after {self.after}")
        return "".join(f"{line}\n" for line in lines)


def rotation_note(
    *, origin: str, old: Ed25519PrivateKey, new: Ed25519PrivateKey, at: dt.datetime, after: int
) -> notes.SignedNote:
    """The statement, signed by both keys."""
    text = Rotation(
        origin, notes.public_key(origin, old), notes.public_key(origin, new), canonical.timestamp(at), after
    ).text
    both = notes.sign(text, name=origin, private=new).signatures
    return notes.with_signatures(notes.sign(text, name=origin, private=old), both)


def open_rotation(data: bytes, *, origin: str) -> Rotation:
    """The rotation that a note states and both keys signed. Raises NoteError."""
    note = notes.parse_note(data)
    lines = note.text.split("\n")
    if len(lines) != 7 or lines[0] != ROTATION:
        raise notes.NoteError(f"a rotation has the six lines of {ROTATION}")
    at, after = lines[4].removeprefix("at "), lines[5].removeprefix("after ")
    if not (after.isascii() and after.isdigit() and len(after) < 19):
        raise notes.NoteError("a rotation says after which size it holds")
    found = Rotation(
        lines[1], notes.VerifierKey.parse(lines[2]), notes.VerifierKey.parse(lines[3]), at, int(after)
    )
    if found.text != note.text or not {found.origin, found.old.name, found.new.name} == {origin}:
        raise notes.NoteError(f"the rotation is not one of {origin} in its one form")
    if found.old == found.new:
        raise notes.NoteError("a rotation names two keys")
    note.verify(found.old)
    note.verify(found.new)
    return found


@dataclass(frozen=True, slots=True)
class KeyHistory:
    """All keys of a log, oldest first. `revoked`: key -> the size above which its signatures do not count."""

    first: notes.VerifierKey
    rotations: tuple[Rotation, ...] = ()
    revoked: Mapping[notes.VerifierKey, int] | None = None

    @property
    def keys(self) -> tuple[notes.VerifierKey, ...]:
        return (self.first, *(rotation.new for rotation in self.rotations))

    @property
    def current(self) -> notes.VerifierKey:
        return self.keys[-1]

    def key_for(self, size: int) -> notes.VerifierKey:
        """The key that signs a checkpoint of this size."""
        found = self.first
        for rotation in self.rotations:
            if size > rotation.after:
                found = rotation.new
        return found

    def is_revoked(self, key: notes.VerifierKey, size: int) -> bool:
        return self.revoked is not None and key in self.revoked and size > self.revoked[key]

    def open_checkpoint(self, data: bytes, *, revoked_too: bool = False) -> notes.TreeHead:
        """The tree head that the key of its size signed. Raises NoteError; `revoked_too` lets a revoked key pass."""
        size = notes.TreeHead.parse(notes.parse_note(data).text).size
        key = self.key_for(size)
        if self.is_revoked(key, size) and not revoked_too:
            raise notes.NoteError(f"its key {key.name}+{key.key_id.hex()} was revoked below {size} entries")
        return notes.open_checkpoint(data, key)


def history_of(
    trusted: notes.VerifierKey, statements: Iterable[bytes], revocations: Iterable[tuple[str, int]] = ()
) -> KeyHistory:
    """The keys that a trusted one vouches for, forwards and backwards: both sign each rotation.

    `statements` in the order of the log. One that does not hold says nothing: who can write entries cannot bring in a
    key. Of two that hand over from one key, or to one, the first counts, and the chain runs in the order of the log:
    whoever steals a key that was followed long ago cannot invent one before it. Only a key that has been followed by
    another can be revoked, so that no entry takes the key in force away.
    """
    to: dict[notes.VerifierKey, tuple[int, Rotation]] = {}
    away: dict[notes.VerifierKey, tuple[int, Rotation]] = {}
    for place, data in enumerate(statements):
        try:
            rotation = open_rotation(data, origin=trusted.name)
        except notes.NoteError:
            continue
        to.setdefault(rotation.new, (place, rotation))
        away.setdefault(rotation.old, (place, rotation))
    links: list[tuple[int, Rotation]] = []
    known = {trusted}
    while (link := to.get(links[0][1].old if links else trusted)) is not None:
        if link[1].old in known or (links and not _follows(links[0], link)):
            break
        links.insert(0, link)
        known.add(link[1].old)
    while (link := away.get(links[-1][1].new if links else trusted)) is not None:
        if link[1].new in known or (links and not _follows(link, links[-1])):
            break
        links.append(link)
        known.add(link[1].new)
    chain = [rotation for _, rotation in links]
    if not chain:
        return KeyHistory(trusted)
    found = KeyHistory(chain[0].old, tuple(chain))
    revoked: dict[notes.VerifierKey, int] = {}
    followed = {str(key): key for key in found.keys[:-1]}
    for text, size in revocations:
        if text in followed and isinstance(size, int):
            key = followed[text]
            revoked[key] = min(size, revoked.get(key, size))
    return KeyHistory(found.first, found.rotations, revoked)


def _follows(later: tuple[int, Rotation], earlier: tuple[int, Rotation]) -> bool:
    """By their places in the log and by the sizes that they state."""
    return later[0] > earlier[0] and later[1].after >= earlier[1].after
