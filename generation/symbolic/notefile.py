"""Files of notes from outside: MIDI and MusicXML in, bounded in time and memory; MusicXML out.

`look` is cheap and knows no large library: the web side refuses hopeless files with it. `read` gives the piece itself;
MusicXML goes through music21 in a process of its own (`musicxml_process`), which takes seconds, so only workers call
`read` and `musicxml`.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from generation.symbolic import foreign, midi, midi_scan, musicxml_scan
from generation.symbolic.notes import BadNotes as BadPart
from generation.symbolic.notes import Note, Part, Score, tidy, us_per_quarter
from generation.symbolic.theory import MODE_OFFSET

SUFFIXES = {".mid": "midi", ".midi": "midi", ".musicxml": "musicxml", ".xml": "musicxml", ".mxl": "musicxml"}
MAX_BYTES = midi.MAX_BYTES
WALL_S = 180.0
_ROOT = Path(__file__).resolve().parents[2]


class BadNotes(ValueError):
    """A file that holds no piece that can be worked with; `message` says why and what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, kw_only=True)
class NoteFile:
    """A piece as a standard MIDI file that everything here reads, and what it is.

    `tempo_bpm` is the first tempo; `key` as the file states it, else as it sounds. `remarks` are sentences on what the
    file holds and a piece here cannot.
    """

    midi: bytes
    duration_ms: int
    notes: int
    tracks: int
    tempo_bpm: float
    key: str
    metre: str
    title: str
    remarks: tuple[str, ...] = field(default=())


def look(data: bytes, filename: str) -> str:
    """Return "midi" or "musicxml" for a file that may be read. Raises BadNotes."""
    suffix = os.path.splitext(filename.lower())[1]
    kind = SUFFIXES.get(suffix)
    if kind is None:
        raise BadNotes("kind", "Give notes as MIDI (.mid) or MusicXML (.musicxml, .xml, .mxl).")
    if len(data) > (MAX_BYTES if kind == "midi" or suffix == ".mxl" else musicxml_scan.MAX_XML_BYTES):
        raise BadNotes("size", "The file is larger than notes are; split the piece.")
    try:
        if kind == "midi":
            if not midi_scan.scan(data).notes:
                raise BadNotes("empty", "The MIDI file holds no notes.")
        else:
            musicxml_scan.scan(data)
    except (midi_scan.BadBytes, musicxml_scan.BadXml) as error:
        raise BadNotes(error.code, error.message) from error
    return kind


def read(data: bytes, filename: str) -> NoteFile:
    """Return the piece in a file.

    Raises:
        BadNotes: it is damaged, unsafe, too large, empty, or no piece of music; the message says what to do.
    """
    kind = look(data, filename)
    try:
        if kind == "midi":
            assembled = foreign.assembled(midi.parse(data))
        else:
            assembled = foreign.assembled(_parsed(_process("read", musicxml_scan.scan(data).xml)))
        written = midi.write(assembled.score)
    except (midi.BadMidi, musicxml_scan.BadXml, foreign.BadPiece) as error:
        raise BadNotes(error.code, error.message) from error
    except BadPart as error:
        raise BadNotes("content", str(error)) from error
    score = assembled.score
    return NoteFile(
        midi=written,
        duration_ms=round(score.seconds(score.end_tick) * 1000),
        notes=sum(len(part.notes) for part in score.parts),
        tracks=len(score.parts),
        tempo_bpm=score.tempo_milli_bpm / 1000,
        key=str(score.key),
        metre=str(score.metre),
        title=assembled.title,
        remarks=assembled.remarks,
    )


def musicxml(data: bytes) -> bytes:
    """Return a MIDI file of ours as MusicXML: notes on a grid of sixteenths and eighth triplets, since a player's small
    errors of time cannot be written; notes that overlap others of their part on staves of their own.

    Raises:
        BadNotes: it holds more notes than can be written.
    """
    try:
        score = midi.read(data)
    except midi.BadMidi as error:
        raise BadNotes(error.code, error.message) from error
    if sum(len(part.notes) for part in score.parts) > musicxml_scan.MAX_NOTES:
        raise BadNotes("size", f"More than {musicxml_scan.MAX_NOTES} notes cannot be written as MusicXML.")
    return _process("write", json.dumps(_plain(score)).encode())


def _plain(score: Score) -> dict[str, Any]:
    tempos = [(0, score.us_per_quarter), *((one.tick, one.us_per_quarter) for one in score.changes)]
    return {
        "title": "",
        "metre": str(score.metre),
        "end": max(score.length_ticks, -(-score.end_tick // score.metre.bar_ticks) * score.metre.bar_ticks),
        "tonic": score.key.tonic.replace("b", "-"),
        "mode": "minor" if score.key.mode == "harmonic minor" else score.key.mode,
        "tempos": [(tick, round(60e6 / tempo, 3)) for tick, tempo in tempos],
        "parts": [
            {"name": name, "program": part.program, "drums": part.drums, "channel": channel, "notes": layer}
            for part, channel in zip(score.parts, midi.channels_of(score.parts), strict=True)
            for name, layer in _layers(part)
        ],
    }


def _layers(part: Part) -> list[tuple[str, list[tuple[int, int, int, int]]]]:
    """Return a part as staves in which nothing overlaps but chords: a held note under moving ones gets its own."""
    layers: list[list[tuple[int, int, int, int]]] = []
    ends: list[tuple[int, int]] = []  # of each layer: where its last notes start and end
    for note in part.notes:
        written = (note.start, note.pitch, note.duration, note.velocity)
        for place, (start, end) in enumerate(ends):
            if note.start >= end or (note.start, note.end) == (start, end):
                layers[place].append(written)
                ends[place] = (note.start, note.end)
                break
        else:
            layers.append([written])
            ends.append((note.start, note.end))
    return [
        (part.name if not place else f"{part.name} ({place + 1})", layer)
        for place, layer in enumerate(layers)
    ]


def _process(action: str, data: bytes) -> bytes:
    """Run music21 on bytes. Raises BadNotes for whatever it cannot do, or not in time."""
    with tempfile.TemporaryDirectory(prefix="deadwax-notes-") as home:
        environment: Mapping[str, str] = {"HOME": home, "TMPDIR": home, "PATH": os.defpath, "LANG": "C.UTF-8"}
        try:
            done = subprocess.run(  # noqa: S603 (our own module, no shell)
                [sys.executable, "-m", "generation.symbolic.musicxml_process", action],
                input=data, capture_output=True, timeout=WALL_S, cwd=_ROOT, env=environment, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise BadNotes("time", "The score takes too long to read; split the piece.") from error
    if done.returncode == 3:
        raise BadNotes("content", "The MusicXML is no score that can be read; export it again, or as MIDI.")
    if done.returncode:
        raise BadNotes("size", "The score takes more time or memory than a piece may; split it.")
    return done.stdout


def _parsed(answer: bytes) -> midi.Parsed:
    """Return what music21 read, as a MIDI file says it: on our ticks, a pick-up at the end of a first bar."""
    found = json.loads(answer)
    pickup = found["pickup"]
    parsed = midi.Parsed(title=found["title"], last_tick=found["end"] + pickup)
    for tick, bpm in found["tempos"]:
        if not 10 <= bpm <= 600:
            raise BadNotes("tempo", "The file's tempo must lie between 10 and 600 beats a minute.")
        parsed.tempos[tick + pickup if tick else 0] = us_per_quarter(bpm)
    for tick, above, below in found["metres"]:
        parsed.metres[tick + pickup if tick else 0] = (above, below)
    if found["sharps"] is not None:
        parsed.signature = foreign.signature(found["sharps"], minor=found["mode"] == "minor")
        if found["mode"] in MODE_OFFSET:
            parsed.key = foreign.named_key(found["sharps"], found["mode"])
    for part in found["parts"]:
        notes = tidy(
            Note(start + pickup, pitch, length, max(1, min(127, loud)))
            for start, pitch, length, loud in part["notes"]
            if 0 <= pitch <= 127
        )
        program = part["program"] if 0 <= part["program"] <= 127 else 0
        parsed.parts.append(
            Part(role="other", name=part["name"] or "Part", program=program, notes=notes, drums=part["drums"])
        )
    return parsed
