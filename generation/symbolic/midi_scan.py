"""A first look at the bytes of a MIDI file, before a parser makes objects of them: is it whole, and is it bearable.

Source: Standard MIDI Files 1.0 (MMA RP-001). Runs in one pass, in constant memory.
"""

from dataclasses import dataclass

MAX_TRACKS = 256
MAX_EVENTS = 300_000
MAX_TICK = 1 << 30
_DATA_BYTES = {0x8: 2, 0x9: 2, 0xA: 2, 0xB: 2, 0xC: 1, 0xD: 1, 0xE: 2}


class BadBytes(ValueError):
    """The bytes are no MIDI file that can be read here; `message` says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


_CUT = BadBytes("damaged", "The MIDI file ends in the middle; export it again.")
_GARBAGE = BadBytes("damaged", "The MIDI file holds bytes that are no events; export it again as format 1.")


@dataclass(frozen=True)
class Scanned:
    """What there is to read."""

    tracks: int
    events: int
    notes: int


def scan(data: bytes) -> Scanned:
    """Return how much a MIDI file holds. Raises BadBytes."""
    if data[:4] != b"MThd":
        raise BadBytes("damaged", "This is not a MIDI file: it does not begin with MThd.")
    if len(data) < 14:
        raise _CUT
    size, form, count, division = (
        int.from_bytes(data[a:b], "big") for a, b in ((4, 8), (8, 10), (10, 12), (12, 14))
    )
    if size != 6:
        raise _GARBAGE
    if form == 2 or division & 0x8000 or not division:
        raise BadBytes("timing", "The MIDI file must be format 0 or 1 and count in ticks to the beat.")
    if count > MAX_TRACKS:
        raise BadBytes(
            "tracks",
            f"The MIDI file has {count} tracks; export at most {MAX_TRACKS}, without the empty ones.",
        )
    at, events, notes = 14, 0, 0
    for _ in range(count):
        if data[at : at + 4] != b"MTrk" or at + 8 > len(data):
            raise _CUT if at >= len(data) else _GARBAGE
        end = at + 8 + int.from_bytes(data[at + 4 : at + 8], "big")
        if end > len(data):
            raise _CUT
        track_events, track_notes = _track(data[at + 8 : end], MAX_EVENTS - events)
        events, notes, at = events + track_events, notes + track_notes, end
    return Scanned(count, events, notes)


def _track(data: bytes, room: int) -> tuple[int, int]:
    """Return how many events and struck notes a track holds."""
    at = tick = events = notes = status = 0
    while at < len(data):
        delta, at = _number(data, at)
        tick += delta
        events += 1
        if tick > MAX_TICK:
            raise BadBytes(
                "length", "The MIDI file is longer than any piece; remove what lies far behind it."
            )
        if events > room:
            raise BadBytes(
                "size", f"The MIDI file holds more than {MAX_EVENTS} events; thin out controllers."
            )
        if at >= len(data):
            raise _CUT
        first = data[at]
        if first == 0xFF:
            kind = data[at + 1] if at + 1 < len(data) else 0
            length, at = _number(data, at + 2)
            at += length
            status = 0
            if kind == 0x2F:
                break
        elif first in (0xF0, 0xF7):
            length, at = _number(data, at + 1)
            at += length
            status = 0
        elif first >= 0xF0:
            raise _GARBAGE
        else:
            if first & 0x80:
                status, at = first, at + 1
            elif not status:
                raise _GARBAGE
            if status >> 4 == 0x9 and at + 1 < len(data) and data[at + 1]:
                notes += 1
            at += _DATA_BYTES[status >> 4]
        if at > len(data):
            raise _CUT
    return events, notes


def _number(data: bytes, at: int) -> tuple[int, int]:
    """Return a variable-length quantity (at most four bytes) and where it ends."""
    value = 0
    for place in range(at, at + 4):
        if place >= len(data):
            raise _CUT
        value = value << 7 | data[place] & 0x7F
        if not data[place] & 0x80:
            return value, place + 1
    raise _GARBAGE
