"""Standard MIDI files, format 1: `write` a score, `read` it back equal.

Track 0 conducts: tempo, time signature, key signature, section markers. Each part is one named track. What MIDI has no
field for (the mode of the key, the role of a part, the count of bars) is kept in text events that other programs
ignore.
"""

import io
import struct
from dataclasses import dataclass, field

import mido

from generation.symbolic.notes import BadNotes, Marker, Note, Part, Score, tidy
from generation.symbolic.theory import TICKS, BadTheory, Key, Metre

DRUM_CHANNEL = 9
CHANNELS = tuple(channel for channel in range(16) if channel != DRUM_CHANNEL)
MAX_BYTES = 4_000_000
MAX_NOTES = 200_000
DEFAULT_TEMPO_US = 500_000
PAN = 10


class BadMidi(ValueError):
    """A MIDI file that cannot be read as one score; `message` says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def write(score: Score) -> bytes:
    """Return the score as a MIDI file; same score, same bytes. Raises BadMidi for more than 15 pitched parts."""
    pitched = [part for part in score.parts if not part.drums]
    if len(pitched) > len(CHANNELS):
        raise BadMidi("parts", f"MIDI holds {len(CHANNELS)} pitched parts; this score has {len(pitched)}.")
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS, charset="utf-8")
    file.tracks.append(_conductor(score))
    free = iter(CHANNELS)
    for part in score.parts:
        file.tracks.append(_track(part, DRUM_CHANNEL if part.drums else next(free)))
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


def _conductor(score: Score) -> mido.MidiTrack:
    track = mido.MidiTrack()
    track.append(mido.MetaMessage("track_name", name="Conductor"))
    track.append(mido.MetaMessage("set_tempo", tempo=score.us_per_quarter))
    metre = score.metre
    track.append(mido.MetaMessage("time_signature", numerator=metre.numerator, denominator=metre.denominator))
    track.append(mido.MetaMessage("key_signature", key=score.key.signature()))
    track.append(mido.MetaMessage("text", text=f"key: {score.key}"))
    track.append(mido.MetaMessage("text", text=f"bars: {score.bars}"))
    now = 0
    for marker in score.markers:
        track.append(mido.MetaMessage("marker", text=marker.text, time=marker.tick - now))
        now = marker.tick
    track.append(mido.MetaMessage("end_of_track", time=max(0, score.length_ticks - now)))
    return track


def _track(part: Part, channel: int) -> mido.MidiTrack:
    track = mido.MidiTrack()
    track.append(mido.MetaMessage("track_name", name=part.name))
    track.append(mido.MetaMessage("text", text=f"role: {part.role}"))
    track.append(mido.Message("program_change", channel=channel, program=part.program))
    track.append(mido.Message("control_change", channel=channel, control=PAN, value=part.pan))
    events: list[tuple[int, int, int, int]] = []  # tick, off before on, pitch, velocity
    for note in part.notes:
        events.append((note.start, 1, note.pitch, note.velocity))
        events.append((note.end, 0, note.pitch, 0))
    now = 0
    for tick, on, pitch, velocity in sorted(events):
        kind = "note_on" if on else "note_off"
        track.append(mido.Message(kind, channel=channel, note=pitch, velocity=velocity, time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=0))
    return track


@dataclass
class _Header:
    tempos: set[int] = field(default_factory=set)
    metres: set[tuple[int, int]] = field(default_factory=set)
    signature: str = ""
    key: str = ""
    bars: int = 0
    markers: list[Marker] = field(default_factory=list)
    last_tick: int = 0


def read(data: bytes) -> Score:
    """Return the score in a MIDI file. Equal to what `write` was given; other programs' files are read as far as they
    have one tempo and one metre.

    Raises:
        BadMidi: not a MIDI file, too large, damaged, or with a tempo, metre or key that a score cannot hold.
    """
    if len(data) > MAX_BYTES:
        raise BadMidi("size", f"The MIDI file is larger than {MAX_BYTES // 1_000_000} MB.")
    try:
        file = mido.MidiFile(file=io.BytesIO(data), charset="utf-8", clip=True)
    except (
        EOFError,
        OSError,
        ValueError,
        KeyError,
        IndexError,
        TypeError,
        LookupError,
        struct.error,
    ) as error:
        raise BadMidi("damaged", "This is not a readable MIDI file; export it again as format 1.") from error
    except mido.KeySignatureError as error:
        raise BadMidi("key", "The MIDI file names a key that does not exist.") from error
    if not 1 <= file.ticks_per_beat <= 32_767 or file.type == 2:
        raise BadMidi("timing", "The MIDI file must be format 0 or 1 and count in ticks to the beat.")
    header = _Header()
    parts: list[Part] = []
    try:
        for track in file.tracks:
            parts += _read_track(track, file.ticks_per_beat, header)
        return _score(header, parts)
    except (BadNotes, BadTheory) as error:
        raise BadMidi("content", str(error)) from error


def _score(header: _Header, parts: list[Part]) -> Score:
    if len(header.tempos) > 1 or len(header.metres) > 1:
        raise BadMidi("changes", "The MIDI file changes its tempo or metre; split it where it changes.")
    metre = Metre.parse("{}/{}".format(*next(iter(header.metres), (4, 4))))
    if header.key:
        key = Key.parse(header.key)
    else:
        name = header.signature or "C"
        key = Key(name.removesuffix("m"), "minor" if name.endswith("m") else "major")
    tempo = next(iter(header.tempos), DEFAULT_TEMPO_US)
    if not 100_000 <= tempo <= 6_000_000:
        raise BadMidi("tempo", "The MIDI file's tempo must lie between 10 and 600 beats a minute.")
    bars = header.bars or -(-header.last_tick // metre.bar_ticks)
    return Score(
        us_per_quarter=tempo,
        metre=metre,
        key=key,
        bars=bars,
        parts=tuple(parts),
        markers=tuple(sorted(header.markers)),
    )


def _read_track(track: mido.MidiTrack, resolution: int, header: _Header) -> list[Part]:
    """Return one part for each channel with notes in the track; what belongs to the piece goes to `header`."""
    now = 0
    name, role = "", ""
    programs: dict[int, int] = {}
    pans: dict[int, int] = {}
    sounding: dict[tuple[int, int], tuple[int, int]] = {}
    notes: dict[int, list[Note]] = {}
    for message in track:
        now += message.time
        tick = round(now * TICKS / resolution)
        match message.type:
            case "track_name":
                name = message.name
            case "text" if message.text.startswith("role: "):
                role = message.text[6:]
            case "text" if message.text.startswith("key: "):
                header.key = message.text[5:]
            case "text" if message.text.startswith("bars: ") and message.text[6:].isdecimal():
                header.bars = min(int(message.text[6:12]), 100_000)
            case "marker":
                header.markers.append(Marker(tick, message.text))
            case "set_tempo":
                header.tempos.add(message.tempo)
            case "time_signature":
                header.metres.add((message.numerator, message.denominator))
            case "key_signature":
                header.signature = header.signature or message.key
            case "program_change":
                programs.setdefault(message.channel, message.program)
            case "control_change" if message.control == PAN:
                pans.setdefault(message.channel, message.value)
            case "note_on" | "note_off":
                place = (message.channel, message.note)
                begun = sounding.pop(place, None)
                if begun is not None:
                    duration = max(1, tick - begun[0])
                    notes[message.channel].append(Note(begun[0], message.note, duration, begun[1]))
                if message.type == "note_on" and message.velocity > 0:
                    sounding[place] = (tick, message.velocity)
                    notes.setdefault(message.channel, [])
            case _:
                pass
    header.last_tick = max(header.last_tick, round(now * TICKS / resolution))
    if sum(map(len, notes.values())) > MAX_NOTES:
        raise BadMidi("size", f"The MIDI file holds more than {MAX_NOTES} notes.")
    if role and not notes:  # a part of ours that is silent
        channel = next(iter(programs), 0)
        notes[channel] = []
    return [
        Part(
            role=role or ("drums" if channel == DRUM_CHANNEL else "other"),
            name=name or f"Channel {channel + 1}",
            program=programs.get(channel, 0),
            notes=tidy(notes[channel]),
            drums=channel == DRUM_CHANNEL,
            pan=pans.get(channel, 64),
        )
        for channel in notes
    ]
