"""MusicXML by music21, in a process of its own with limits of time and memory.

Run as `python -m generation.symbolic.musicxml_process read|write`: bytes on standard input, JSON (read) or MusicXML
(write) on standard output, one line on standard error and status 3 for what cannot be read. music21 is large and slow
to import, and files come from strangers: neither a web process nor a worker ever imports this module's dependencies.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

MEMORY_BYTES = 1 << 30
CPU_S = 90
TICKS = 480
LOUD = 80


def read(xml: bytes) -> dict[str, Any]:
    """Return a score as plain data: tempos, metres, signature, pickup, title, parts with notes in ticks."""
    m21 = _music21()
    score = m21.converter.parseData(xml, format="musicxml")
    if not isinstance(score, m21.stream.Score):
        raise ValueError("no score")
    if score.recurse().getElementsByClass("RepeatMark"):
        score = score.expandRepeats()
    title = score.metadata.title or score.metadata.movementName if score.metadata is not None else None
    parts = list(score.parts)
    first = next(iter(parts), None)
    measures = list(first.getElementsByClass("Measure")[:2]) if first is not None else []
    flat = first.flatten() if first is not None else score.flatten()
    keys = list(flat.getElementsByClass("KeySignature"))
    return {
        "title": title or "",
        "pickup": _ticks(measures[0].paddingLeft) if len(measures) > 1 else 0,
        "tempos": [[_ticks(at), mark.getQuarterBPM()] for at, _, mark in score.metronomeMarkBoundaries()],
        "metres": [
            [_ticks(metre.offset), metre.numerator, metre.denominator]
            for metre in flat.getElementsByClass("TimeSignature")
        ],
        "sharps": keys[0].sharps if keys else None,
        "mode": getattr(keys[0], "mode", "") if keys else "",
        "parts": [_part(part) for part in parts],
        "end": _ticks(score.highestTime),
    }


def _music21() -> Any:
    # By name, because its types are too partial to be checked against.
    return importlib.import_module("music21")


def _part(part: Any) -> dict[str, Any]:
    m21 = _music21()
    player = part.getInstrument(returnDefault=True)
    sounding = part.toSoundingPitch().stripTies().flatten()
    notes: list[list[int]] = []
    loud = LOUD
    percussive = isinstance(player, m21.instrument.UnpitchedPercussion) or player.midiChannel == 9
    for element in sounding:
        if isinstance(element, m21.dynamics.Dynamic):
            loud = round(127 * element.volumeScalar) if element.volumeScalar else loud
        elif "NotRest" in element.classes and "ChordSymbol" not in element.classes:
            length = _ticks(element.quarterLength)
            if length <= 0:  # grace notes take no time
                continue
            touch = element.volume.velocity or loud
            percussive = percussive or "Unpitched" in element.classes
            for pitch in _pitches(element):
                notes.append([_ticks(element.offset), pitch, length, int(touch)])
    return {
        "name": part.partName or "",
        "program": player.midiProgram or 0,
        "drums": percussive,
        "notes": notes,
    }


def _pitches(element: Any) -> Iterator[int]:
    if "Unpitched" in element.classes:
        player = element.storedInstrument
        found = getattr(player, "percMapPitch", None)
        yield 38 if found is None else int(found)
        return
    for pitch in element.pitches:
        yield int(pitch.midi)


def _ticks(quarters: Any) -> int:
    return round(Fraction(quarters) * TICKS)


def write(source: dict[str, Any]) -> bytes:
    """Return MusicXML of plain data as `read` gives it: notes on a grid of sixteenths and eighth triplets."""
    m21 = _music21()
    score = m21.stream.Score()
    score.metadata = m21.metadata.Metadata(title=source["title"] or "Untitled")
    for place, one in enumerate(source["parts"]):
        part = _written(one, source["end"])
        part.insert(0, m21.meter.TimeSignature(source["metre"]))
        part.insert(0, m21.key.Key(source["tonic"], source["mode"]))
        if not place:
            for tick, bpm in source["tempos"]:
                part.insert(Fraction(tick, TICKS), m21.tempo.MetronomeMark(number=bpm, referent=1.0))
        score.insert(0, part)
    return bytes(m21.musicxml.m21ToXml.GeneralObjectExporter(score).parse())


def _written(one: dict[str, Any], bars_end: int) -> Any:
    m21 = _music21()
    part = m21.stream.Part()
    part.partName = one["name"]
    player = m21.instrument.Percussion() if one["drums"] else m21.instrument.Instrument()
    player.partName = player.instrumentName = one["name"]
    player.midiProgram, player.midiChannel = one["program"], 9 if one["drums"] else one["channel"]
    part.insert(0, player)
    if one["drums"]:
        part.insert(0, m21.clef.PercussionClef())
    struck: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for start, pitch, length, velocity in one["notes"]:
        begin = _on_grid(start)
        end = max(_on_grid(start + length), begin + 80)
        struck.setdefault((begin, end - begin), []).append((pitch, velocity))
    for (begin, length), notes in sorted(struck.items()):
        pitches = sorted({pitch for pitch, _ in notes})
        element = m21.chord.Chord(pitches) if len(pitches) > 1 else m21.note.Note(pitches[0])
        element.quarterLength = Fraction(length, TICKS)
        element.volume.velocity = max(velocity for _, velocity in notes)
        part.insert(Fraction(begin, TICKS), element)
    end = max((begin + length for begin, length in struck), default=0)
    if end < bars_end:  # a bar that is not filled would be read as a pick-up
        part.insert(Fraction(end, TICKS), m21.note.Rest(quarterLength=Fraction(bars_end - end, TICKS)))
    return part


def _on_grid(tick: int) -> int:
    """Return the nearest place that is easily written; on a tie that of sixteenths."""
    return min((round(tick / step) * step for step in (120, 80)), key=lambda place: abs(place - tick))


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def main() -> int:
    """Serve one file."""
    _limited()
    data = sys.stdin.buffer.read()
    try:
        if sys.argv[1] == "write":
            out = write(json.loads(data))
        else:
            out = json.dumps(read(data), allow_nan=False).encode()
    except Exception as error:  # whatever a stranger's file makes of a large library
        sys.stderr.write(f"{type(error).__name__}: {str(error)[:200]}\n")
        return 3
    sys.stdout.buffer.write(out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
