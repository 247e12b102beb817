"""Other people's notes as a score of ours: roles guessed, one metre, at most as many parts as MIDI has channels.

What a score here cannot hold is narrowed, with a sentence for each.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from generation.symbolic import instruments, midi
from generation.symbolic.keyfinding import key_of
from generation.symbolic.notes import Marker, Note, Part, Score, tidy
from generation.symbolic.theory import METRES, MODE_OFFSET, BadTheory, Key, Metre

MAX_SECONDS = 1_800.0
MAX_NOTES = 50_000
ROLES = ("lead", "keys", "guitar", "strings", "pads", "bass", "drums", "percussion")
# Metres that a piece here counts otherwise, with bars as long or as often as the others'.
COUNTED = {
    "2/2": "4/4", "4/2": "4/4", "8/4": "4/4", "8/8": "4/4", "1/4": "4/4", "3/8": "6/8", "3/2": "6/4", "4/8": "2/4",
    "1/2": "2/4", "6/2": "6/4", "9/4": "3/4", "12/4": "6/4", "2/8": "2/4",
}  # fmt: skip
_LEADING = re.compile(r"melod|lead|voca|voice|solo|sopran|sing|tune|theme", re.I)
_STAVE = re.compile(r"(.+) \([2-9]\d?\)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_CIRCLE = ("C", "G", "D", "A", "E", "B", "F#", "C#", "Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F")  # 0..7, -7..-1
_CIRCLE_MINOR = ("A", "E", "B", "F#", "C#", "G#", "D#", "A#", "Ab", "Eb", "Bb", "F", "C", "G", "D")


class BadPiece(ValueError):
    """Notes that make no piece; `message` says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, kw_only=True)
class Assembled:
    """A score, the title that its file states, and what was narrowed."""

    score: Score
    title: str
    remarks: tuple[str, ...]


def assembled(parsed: midi.Parsed) -> Assembled:
    """Return a score of what a file says.

    Raises:
        BadPiece: no notes, too many, too long, or too many instruments.
        midi.BadMidi: a tempo that nobody plays.
    """
    remarks: list[str] = []
    parts = [part for part in parsed.parts if part.notes]
    if not parts:
        raise BadPiece("empty", "The file holds no notes.")
    if sum(len(part.notes) for part in parts) > MAX_NOTES:
        raise BadPiece("size", f"The file holds more than {MAX_NOTES} notes; split the piece.")
    metre = _metre(parsed, remarks)
    shift = _pickup(parsed, metre)
    first, changes = midi.tempo_course(parsed.tempos)
    parts = _fitting([_played_by(part, shift) for part in parts], remarks)
    last = max(note.end for part in parts for note in part.notes)
    score = Score(
        us_per_quarter=first,
        metre=metre,
        key=_key(parsed, parts),
        bars=max(1, -(-last // metre.bar_ticks)),
        parts=tuple(parts),
        markers=_markers(parsed.markers, shift, last),
        changes=tuple(type(one)(one.tick + shift, one.us_per_quarter) for one in changes if one.tick < last),
    )
    if score.seconds(last) > MAX_SECONDS:
        raise BadPiece("length", f"The piece lasts longer than {MAX_SECONDS / 60:g} minutes; split it.")
    return Assembled(score=score, title=cleaned(parsed.title, 120), remarks=tuple(remarks))


def cleaned(text: str, most: int) -> str:
    """Return a name without control characters, at most so long."""
    return " ".join(_CONTROL.sub(" ", text).split())[:most]


def signature(sharps: int, *, minor: bool) -> str:
    """Return the MIDI key signature of -7..7 sharps; anything else is none."""
    if not -7 <= sharps <= 7:
        return ""
    return (_CIRCLE_MINOR[sharps] + "m") if minor else _CIRCLE[sharps]


def named_key(sharps: int, mode: str) -> str:
    """Return the key in words, as `Key.parse` reads it; empty where the signature is none."""
    if not -7 <= sharps <= 7:
        return ""
    fifths = {
        "lydian": -1,
        "major": 0,
        "mixolydian": 1,
        "dorian": 2,
        "minor": 3,
        "phrygian": 4,
        "locrian": 5,
    }[mode]
    major = Key(_CIRCLE[sharps], "major")
    degree = {0: 0, -1: 3, 1: 4, 2: 1, 3: 5, 4: 2, 5: 6}[fifths]
    name = major.note_name(degree)
    return f"{name} {mode}" if len(name) <= 2 and mode in MODE_OFFSET else ""


def _key(parsed: midi.Parsed, parts: Sequence[Part]) -> Key:
    try:
        if parsed.key:
            return Key.parse(parsed.key)
        if parsed.signature and parsed.signature not in ("C", "Am"):  # what programs write where nobody said
            return midi.signed_key(parsed.signature)
    except BadTheory:
        pass
    stated = Key("C", "major") if parsed.signature else None
    return (
        key_of(note for part in parts if not part.drums for note in part.notes) or stated or Key("C", "major")
    )


def _metre(parsed: midi.Parsed, remarks: list[str]) -> Metre:
    """Return the metre in force the longest."""
    course = sorted(parsed.metres.items())
    if not course:
        return Metre(4, 4)
    ends = [tick for tick, _ in course[1:]] + [max(parsed.last_tick, course[-1][0] + 1)]
    spans: dict[str, int] = {}
    for (start, (above, below)), end in zip(course, ends, strict=True):
        spans[f"{above}/{below}"] = spans.get(f"{above}/{below}", 0) + end - start
    longest = max(spans, key=lambda name: spans[name])
    known = longest if longest in METRES else COUNTED.get(longest, "4/4")
    if known != longest:
        remarks.append(f"The metre {longest[:12]} is counted as {known}.")
    others = [name for name in spans if name != longest]
    if others and not _pickup(parsed, Metre.parse(known)):
        remarks.append(f"The metre changes; bars are counted in {known} throughout.")
    return Metre.parse(known)


def _pickup(parsed: midi.Parsed, metre: Metre) -> int:
    """Return how far the piece moves so that a short first bar ends where a bar does."""
    course = sorted(parsed.metres.items())
    if len(course) != 2 or course[0][0] != 0:
        return 0
    length = course[1][0]
    above, below = course[0][1]
    one_bar = below > 0 and length * below == above * 4 * 480
    return metre.bar_ticks - length if one_bar and 0 < length < metre.bar_ticks else 0


def _played_by(part: Part, shift: int) -> Part:
    name = cleaned(part.name, 60)
    role = part.role if part.role in ROLES else role_of(name, part.program, drums=part.drums)
    notes = part.notes if not shift else tuple(
        Note(note.start + shift, note.pitch, note.duration, note.velocity) for note in part.notes
    )  # fmt: skip
    return Part(
        role=role,
        name=name or role.capitalize(),
        program=part.program,
        notes=notes,
        drums=part.drums,
        pan=part.pan,
    )


def role_of(name: str, program: int, *, drums: bool) -> str:
    """Return the role of somebody else's track, by its name, else by its General MIDI program."""
    if drums:
        return "drums"
    if _LEADING.search(name):
        return "lead"
    found, _ = instruments.find([name])
    if found and found[0].role not in ("drums", "percussion"):
        return found[0].role
    for last, role in ((23, "keys"), (31, "guitar"), (39, "bass"), (51, "strings"), (54, "pads"), (55, "strings"),
                       (87, "lead"), (103, "pads"), (107, "guitar"), (111, "lead")):  # fmt: skip
        if program <= last:
            return role
    return "keys"


def _fitting(parts: list[Part], remarks: list[str]) -> list[Part]:
    """Put together what the same instrument plays until the parts fit into MIDI's channels; names stay apart."""
    parts = _of_one_player(parts)
    kits = [part for part in parts if part.drums]
    pitched = [part for part in parts if not part.drums]
    if len(kits) > 1:
        kits = [_together(kits)]
    if len(pitched) > len(midi.CHANNELS):
        groups: dict[int, list[Part]] = {}
        for part in pitched:
            groups.setdefault(part.program, []).append(part)
        remarks.append(f"{len(pitched)} parts are put together by instrument, which makes {len(groups)}.")
        pitched = [_together(group) for group in groups.values()]
    if len(pitched) > len(midi.CHANNELS):
        raise BadPiece(
            "tracks",
            f"The file has {len(pitched)} instruments; a piece here has at most {len(midi.CHANNELS)}. Leave some out.",
        )
    return _named_apart(pitched + kits)


def _of_one_player(parts: list[Part]) -> list[Part]:
    """Put together the staves of one player, as `notefile.musicxml` writes them: Keys, Keys (2), Keys (3)."""
    groups: dict[str, list[Part]] = {}
    names = {part.name for part in parts}
    for place, part in enumerate(parts):
        match = _STAVE.fullmatch(part.name)
        base = match[1] if match and match[1] in names else part.name
        groups.setdefault(base if match or part.name not in groups else f"{place}", []).append(part)
    return [_together(group) for group in groups.values()]


def _together(group: Sequence[Part]) -> Part:
    first = group[0]
    if len(group) == 1:
        return first
    notes = tidy(note for part in group for note in part.notes)
    return Part(
        role=first.role, name=first.name, program=first.program, notes=notes, drums=first.drums, pan=first.pan
    )


def _named_apart(parts: Iterable[Part]) -> list[Part]:
    seen: dict[str, int] = {}
    named: list[Part] = []
    for part in parts:
        seen[part.name] = count = seen.get(part.name, 0) + 1
        name = part.name if count == 1 else f"{part.name[:56]} {count}"
        named.append(
            Part(
                role=part.role,
                name=name,
                program=part.program,
                notes=part.notes,
                drums=part.drums,
                pan=part.pan,
            )
        )
    return named


def _markers(markers: Sequence[Marker], shift: int, last: int) -> tuple[Marker, ...]:
    named = [Marker(one.tick + shift, cleaned(one.text, 60)) for one in markers if one.tick <= last]
    return tuple(sorted(one for one in named if one.text))[:200]
