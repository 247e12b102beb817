"""A stretch of a standard MIDI file by time: the notes that sound in it, at the tempo and metre that held there.

Notes that began before it begin with it, notes that end after it end with it; what was set before it (programmes,
controllers, tempo, signatures) stands at its beginning.
"""

from __future__ import annotations

import io
from typing import Any, Final

import mido

from generation.symbolic.midi import DEFAULT_TEMPO_US, MAX_BYTES, BadMidi

_MOST_TICKS: Final = 2**28 - 1


def stretch(data: bytes, from_ms: int, to_ms: int) -> bytes:
    """The file from `from_ms` to `to_ms` of its time. Raises BadMidi for what is no MIDI file and for bad bounds."""
    if not 0 <= from_ms < to_ms:
        raise BadMidi("stretch", "A stretch ends after it starts.")
    if len(data) > MAX_BYTES:
        raise BadMidi("too_large", "This MIDI file is too large.")
    try:
        file = mido.MidiFile(file=io.BytesIO(data), clip=True)
    except (OSError, EOFError, ValueError, KeyError, IndexError, TypeError) as error:
        raise BadMidi("unreadable", "This is no MIDI file that can be read.") from error
    if not file.ticks_per_beat or file.ticks_per_beat < 0:
        raise BadMidi("unreadable", "This MIDI file counts time in a way that is not read here.")
    tempos = _tempos(file)
    start, end = (_tick(tempos, file.ticks_per_beat, ms) for ms in (from_ms, to_ms))
    cut = mido.MidiFile(type=file.type if file.type in (0, 1) else 1, ticks_per_beat=file.ticks_per_beat)
    for track in file.tracks:
        cut.tracks.append(_cut(track, start, end))
    written = io.BytesIO()
    cut.save(file=written)
    return written.getvalue()


def _tempos(file: Any) -> list[tuple[int, int]]:
    """Tick and microseconds a quarter from there on, the first at 0."""
    changes = {0: DEFAULT_TEMPO_US}
    for track in file.tracks:
        at = 0
        for message in track:
            at += message.time
            if message.type == "set_tempo":
                changes[at] = message.tempo
    return sorted(changes.items())


def _tick(tempos: list[tuple[int, int]], ticks_per_beat: int, ms: int) -> int:
    left_us = ms * 1000.0
    for place, (at, tempo) in enumerate(tempos):
        until = tempos[place + 1][0] if place + 1 < len(tempos) else None
        length_us = None if until is None else (until - at) * tempo / ticks_per_beat
        if length_us is None or left_us < length_us:
            return min(_MOST_TICKS, at + round(left_us * ticks_per_beat / max(1, tempo)))
        left_us -= length_us
    raise AssertionError("the last tempo holds for ever")


def _cut(track: Any, start: int, end: int) -> Any:
    before: dict[tuple[Any, ...], Any] = {}
    sounding: dict[tuple[int, int], list[tuple[int, Any]]] = {}
    kept: list[tuple[int, int, Any]] = []  # tick, order within it (ends first), message
    at = 0
    for message in track:
        at += message.time
        if message.type == "end_of_track":
            continue
        if message.type == "note_on" and message.velocity:
            if at < end:
                sounding.setdefault((message.channel, message.note), []).append((at, message))
        elif message.type in ("note_on", "note_off"):
            begun = sounding.get((message.channel, message.note))
            if begun:
                _keep(kept, *begun.pop(0), at, start, end)
        elif at <= start:
            before[_what(message)] = message
        elif at < end:
            kept.append((at - start, 1, message))
    for notes in sounding.values():
        for began, message in notes:
            _keep(kept, began, message, end, start, end)
    cut = mido.MidiTrack()
    cut.extend(message.copy(time=0) for message in before.values())
    now = 0
    for tick, _, message in sorted(kept, key=lambda item: item[:2]):
        cut.append(message.copy(time=tick - now))
        now = tick
    cut.append(mido.MetaMessage("end_of_track", time=max(0, end - start - now)))
    return cut


def _keep(kept: list[tuple[int, int, Any]], began: int, note: Any, ended: int, start: int, end: int) -> None:
    first, last = max(began, start), min(ended, end)
    if last <= first:
        return
    kept.append((first - start, 2, note))
    kept.append((last - start, 0, mido.Message("note_off", channel=note.channel, note=note.note)))


def _what(message: Any) -> tuple[Any, ...]:
    """What a later message of the same kind takes the place of."""
    match message.type:
        case "control_change":
            return message.type, message.channel, message.control
        case "program_change" | "pitchwheel" | "aftertouch":
            return message.type, message.channel
        case "set_tempo" | "time_signature" | "key_signature" | "track_name":
            return (message.type,)
        case _:
            return message.type, id(message)
