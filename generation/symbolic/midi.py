"""Standard MIDI files, format 1: `write` a score, `read` it back equal.

Track 0 conducts: tempo, time signature, key signature, section markers. Each part is one named track. What MIDI has no
field for (the mode of the key, the role of a part, the count of bars) is kept in text events that other programs
ignore.
"""

import io
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import mido

from generation.symbolic.notes import BadNotes, Marker, Note, Part, Score, TempoChange, tidy
from generation.symbolic.theory import TICKS, BadTheory, Key, Metre

DRUM_CHANNEL = 9
CHANNELS = tuple(channel for channel in range(16) if channel != DRUM_CHANNEL)
MAX_BYTES = 4_000_000
MAX_NOTES = 200_000
DEFAULT_TEMPO_US = 500_000
PAN = 10
CONDUCTOR = "Conductor"


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
    for part, channel in zip(score.parts, channels_of(score.parts), strict=True):
        file.tracks.append(_track(part, channel))
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


def channels_of(parts: Sequence[Part]) -> list[int]:
    """Return the MIDI channel of each part: kits share theirs."""
    free = iter(CHANNELS)
    return [DRUM_CHANNEL if part.drums else next(free) for part in parts]


def _conductor(score: Score) -> mido.MidiTrack:
    track = mido.MidiTrack()
    track.append(mido.MetaMessage("track_name", name=CONDUCTOR))
    track.append(mido.MetaMessage("set_tempo", tempo=score.us_per_quarter))
    metre = score.metre
    track.append(mido.MetaMessage("time_signature", numerator=metre.numerator, denominator=metre.denominator))
    track.append(mido.MetaMessage("key_signature", key=score.key.signature()))
    track.append(mido.MetaMessage("text", text=f"key: {score.key}"))
    track.append(mido.MetaMessage("text", text=f"bars: {score.bars}"))
    events = [(change.tick, 0, change.us_per_quarter, "") for change in score.changes]
    events += [(marker.tick, 1, 0, marker.text) for marker in score.markers]
    now = 0
    for tick, kind, tempo, text in sorted(events):
        if kind:
            track.append(mido.MetaMessage("marker", text=text, time=tick - now))
        else:
            track.append(mido.MetaMessage("set_tempo", tempo=tempo, time=tick - now))
        now = tick
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


@dataclass(kw_only=True)
class Parsed:
    """What a file of notes says, whoever wrote it; times are ticks of ours. `key` is ours, `signature` everybody's."""

    tempos: dict[int, int] = field(default_factory=dict)  # tick -> microseconds to the quarter
    metres: dict[int, tuple[int, int]] = field(default_factory=dict)  # tick -> above, below
    signature: str = ""
    key: str = ""
    bars: int = 0
    title: str = ""
    markers: list[Marker] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    last_tick: int = 0


def read(data: bytes) -> Score:
    """Return the score in a MIDI file. Equal to what `write` was given; other programs' files are read as far as they
    have one metre (`notefile.read` takes them as they come).

    Raises:
        BadMidi: not a MIDI file, too large, damaged, or with a tempo, metre or key that a score cannot hold.
    """
    parsed = parse(data)
    if len(set(parsed.metres.values())) > 1:
        raise BadMidi("changes", "The MIDI file changes its metre; split it where it changes.")
    try:
        metre = Metre.parse("{}/{}".format(*next(iter(parsed.metres.values()), (4, 4))))
        key = Key.parse(parsed.key) if parsed.key else signed_key(parsed.signature or "C")
    except BadTheory as error:
        raise BadMidi("content", error.message) from error
    first, changes = tempo_course(parsed.tempos)
    return Score(
        us_per_quarter=first,
        metre=metre,
        key=key,
        bars=parsed.bars or -(-parsed.last_tick // metre.bar_ticks),
        parts=tuple(parsed.parts),
        markers=tuple(sorted(parsed.markers)),
        changes=changes,
    )


def parse(data: bytes) -> Parsed:
    """Return what a MIDI file says. Raises BadMidi: not a MIDI file, too large or damaged."""
    if len(data) > MAX_BYTES:
        raise BadMidi("size", f"The MIDI file is larger than {MAX_BYTES // 1_000_000} MB.")
    try:
        # Every byte is a character here; `_text` reads them as what they are.
        file = mido.MidiFile(file=io.BytesIO(data), charset="latin-1", clip=True)
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
    parsed = Parsed()
    try:
        for track in file.tracks:
            parsed.parts += _read_track(track, file.ticks_per_beat, parsed)
    except BadNotes as error:
        raise BadMidi("content", str(error)) from error
    if sum(len(part.notes) for part in parsed.parts) > MAX_NOTES:
        raise BadMidi("size", f"The MIDI file holds more than {MAX_NOTES} notes.")
    return parsed


def tempo_course(tempos: Mapping[int, int]) -> tuple[int, tuple[TempoChange, ...]]:
    """Return the first tempo and its changes; a file that names its first tempo late begins with it.

    Raises:
        BadMidi: a tempo that nobody plays.
    """
    if not all(100_000 <= tempo <= 6_000_000 for tempo in tempos.values()):
        raise BadMidi("tempo", "The file's tempo must lie between 10 and 600 beats a minute.")
    course = sorted(tempos.items())
    first = course[0][1] if course else DEFAULT_TEMPO_US
    changes: list[TempoChange] = []
    for tick, tempo in course:
        if tempo != (changes[-1].us_per_quarter if changes else first):
            changes.append(TempoChange(tick, tempo))
    return first, tuple(changes)


def signed_key(name: str) -> Key:
    """Return the key of a MIDI key signature: "Dm" is D minor."""
    return Key(name.removesuffix("m"), "minor" if name.endswith("m") else "major")


def _text(raw: str) -> str:
    """Read the bytes of a name as UTF-8, else as Latin-1: every byte is a letter there, so no name is an error."""
    try:
        return raw.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return raw


def _read_track(track: mido.MidiTrack, resolution: int, header: Parsed) -> list[Part]:
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
                name = _text(message.name)
            case "text" if message.text.startswith("role: "):
                role = _text(message.text[6:])
            case "text" if message.text.startswith("key: "):
                header.key = _text(message.text[5:])
            case "text" if message.text.startswith("bars: ") and message.text[6:].isdecimal():
                header.bars = min(int(message.text[6:12]), 100_000)
            case "marker":
                header.markers.append(Marker(tick, _text(message.text)))
            case "set_tempo":
                header.tempos[tick] = message.tempo
            case "time_signature":
                header.metres[tick] = (message.numerator, message.denominator)
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
    if role and not notes:  # a part of ours that is silent
        channel = next(iter(programs), 0)
        notes[channel] = []
    if not notes and not header.title and name != CONDUCTOR:
        header.title = name
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
