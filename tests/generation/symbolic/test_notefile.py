import io
import struct
import time
import zipfile
from pathlib import Path

import mido
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from generation.symbolic import midi, notefile
from generation.symbolic.notefile import BadNotes
from generation.symbolic.notes import Note, Part, Score, tidy, us_per_quarter
from generation.symbolic.theory import Key, Metre

SCORE = (
    '<?xml version="1.0" encoding="UTF-8"?>{doctype}<score-partwise version="4.0"><work><work-title>{title}'
    '</work-title></work><part-list><score-part id="P1"><part-name>Voice</part-name></score-part></part-list>'
    '<part id="P1"><measure number="1"><attributes><divisions>{divisions}</divisions><key><fifths>-1</fifths>'
    "<mode>minor</mode></key><time><beats>3</beats><beat-type>4</beat-type></time></attributes>"
    '<direction><sound tempo="{tempo}"/></direction>{notes}</measure></part></score-partwise>'
)
NOTE = "<note><pitch><step>{step}</step><octave>5</octave></pitch><duration>{length}</duration></note>"


def xml(
    *, doctype: str = "", title: str = "Ländler", divisions: str = "2", tempo: str = "90", notes: str = ""
) -> bytes:
    three = "".join(NOTE.format(step=step, length=2) for step in "DFA")
    return SCORE.format(
        doctype=doctype, title=title, divisions=divisions, tempo=tempo, notes=notes or three
    ).encode()


def zipped(entries: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return out.getvalue()


def container(path: str) -> bytes:
    return f'<container><rootfiles><rootfile full-path="{path}"/></rootfiles></container>'.encode()


def midi_file(*tracks: bytes, division: int = 480, count: int | None = None) -> bytes:
    head = struct.pack(">4sIHHH", b"MThd", 6, 1, len(tracks) if count is None else count, division)
    return head + b"".join(b"MTrk" + len(track).to_bytes(4, "big") + track for track in tracks)


NOTE_ON = b"\x00\x90\x3c\x50\x83\x60\x80\x3c\x00"
END = b"\x00\xff\x2f\x00"

lines = st.lists(
    st.builds(
        Note,
        start=st.integers(0, 60).map(lambda step: step * 120),
        pitch=st.integers(30, 90),
        duration=st.integers(1, 16).map(lambda step: step * 120),
        velocity=st.integers(1, 127),
    ),
    min_size=1,
    max_size=25,
).map(tidy)


def score(*parts: tuple[Note, ...], metre: str = "4/4", tempo_bpm: float = 100.0) -> Score:
    made = tuple(
        Part(role="lead", name=f"Part {place}", program=place, notes=notes)
        for place, notes in enumerate(parts)
    )
    unit = Metre.parse(metre)
    end = max(note.end for part in made for note in part.notes)
    return Score(
        us_per_quarter=us_per_quarter(tempo_bpm), metre=unit, key=Key("D", "minor"),
        bars=-(-end // unit.bar_ticks), parts=made,
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(lines, min_size=1, max_size=4), st.sampled_from(("4/4", "3/4", "7/8")), st.floats(30, 250))
def test_a_midi_file_keeps_every_note_and_its_time(
    parts: list[tuple[Note, ...]], metre: str, tempo_bpm: float
) -> None:
    given = score(*parts, metre=metre, tempo_bpm=tempo_bpm)
    found = notefile.read(midi.write(given), "x.mid")
    assert midi.read(found.midi) == given
    assert (found.key, found.metre, found.tracks) == ("D minor", metre, len(parts))
    assert found.notes == sum(map(len, parts))
    assert notefile.read(found.midi, "x.mid").midi == found.midi


# Each example pays for two processes: few, of many parts, and none to make a failure smaller.
@settings(max_examples=2, deadline=None, phases=(Phase.generate,), suppress_health_check=list(HealthCheck))
@given(st.lists(lines, min_size=2, max_size=4), st.sampled_from(("4/4", "6/8")))
def test_musicxml_keeps_every_note_and_its_time(parts: list[tuple[Note, ...]], metre: str) -> None:
    given = score(*parts, metre=metre)
    found = midi.read(notefile.read(notefile.musicxml(midi.write(given)), "x.musicxml").midi)
    for part in given.parts:
        staves = [one for one in found.parts if one.name.split(" (")[0] == part.name]
        assert sorted((n.start, n.pitch, n.duration) for one in staves for n in one.notes) == sorted(
            (n.start, n.pitch, n.duration) for n in part.notes
        )
    assert found.tempo_milli_bpm == given.tempo_milli_bpm
    assert found.metre == given.metre


def test_a_chorale_of_bach_reads_as_its_score_says(chorale: bytes) -> None:
    found = notefile.read(chorale, "bwv66.6.mxl")
    piece = midi.read(found.midi)
    assert (found.key, found.metre, found.notes, found.tracks) == ("F# minor", "4/4", 163, 4)
    assert [part.name for part in piece.parts] == ["Soprano", "Alto", "Tenor", "Bass"]
    assert [part.role for part in piece.parts] == ["lead", "keys", "keys", "bass"]
    # A pick-up of one beat: the first full bar begins at a bar line (C#5 before it).
    first = piece.parts[0].notes[:4]
    assert [note.start for note in first] == [1_440, 1_680, 1_920, 2_400]
    assert [note.pitch for note in first] == [73, 71, 69, 71]
    assert found.duration_ms == 24_375


def test_a_score_is_read_with_its_title_key_metre_tempo_and_a_document_type() -> None:
    doctype = '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://x.invalid/p.dtd">'
    found = notefile.read(xml(doctype=doctype), "a.XML")
    assert (found.title, found.key, found.metre, found.tempo_bpm) == ("Ländler", "D minor", "3/4", 90.0)
    assert [note.pitch for note in midi.read(found.midi).parts[0].notes] == [74, 77, 81]


def test_a_compressed_score_is_read_where_its_container_says() -> None:
    data = zipped(
        {"META-INF/container.xml": container("in/score.xml"), "other.xml": b"<x/>", "in/score.xml": xml()}
    )
    assert notefile.read(data, "a.mxl").notes == 3


BILLION = (
    "<!DOCTYPE score-partwise [<!ENTITY a 'ha'>"
    + "".join(f"<!ENTITY {b} '{f'&{a};' * 10}'>" for a, b in ("ab", "bc", "cd", "de", "ef"))
    + "]>"
)
EXTERNAL = '<!DOCTYPE score-partwise [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
HOSTILE_XML = {
    "an entity bomb": (xml(doctype=BILLION, title="&f;"), "unsafe"),
    "an external entity": (xml(doctype=EXTERNAL, title="&x;"), "unsafe"),
    "an entity nobody uses": (xml(doctype=EXTERNAL), "unsafe"),
    "cut in half": (xml()[:400], "damaged"),
    "not XML": (b"\x00\x01 hello", "damaged"),
    "another XML": (b"<html><note/></html>", "kind"),
    "ordered by time": (b"<score-timewise><note/></score-timewise>", "timewise"),
    "no notes": (xml(notes="<forward/>"), "empty"),
    "deep": (b"<score-partwise>" + b"<a>" * 5_000 + b"</a>" * 5_000 + b"</score-partwise>", "size"),
    "a million notes": (b"<score-partwise>" + b"<note/>" * 1_000_000 + b"</score-partwise>", "size"),
    "many parts": (b"<score-partwise>" + b"<score-part/>" * 10_000 + b"</score-partwise>", "size"),
    "a repeat of a million": (xml(notes='<barline><repeat times="1000000"/></barline>'), "repeats"),
    "a length that is no number": (xml(notes=NOTE.format(step="D", length="NaN")), "content"),
    "a tempo of 0": (xml(tempo="0"), "tempo"),
    "a tempo that is no number": (xml(tempo="NaN"), "tempo"),
    "divisions of 0": (xml(divisions="0"), "content"),
    "16 MB and more": (b"<!--" + b"x" * (17 << 20) + b"-->", "size"),
    "an unknown encoding": (b'<?xml version="1.0" encoding="klingon"?><score-partwise/>', "damaged"),
}
HOSTILE_ZIP = {
    "a zip bomb": (zipped({"s.xml": b"<score-partwise>" + b" " * (40 << 20)}), "size"),
    "a path outside": (zipped({"../../etc/score.xml": xml()}), "unsafe"),
    "an absolute path": (zipped({"/etc/score.xml": xml()}), "unsafe"),
    "no score inside": (zipped({"readme.txt": b"hello"}), "kind"),
    "a thousand files": (zipped({f"{n}.xml": b"<x/>" for n in range(1_000)}), "size"),
    "a container that is a bomb": (
        zipped({"META-INF/container.xml": BILLION.encode() + b"<container>&f;</container>", "s.xml": xml()}),
        "damaged",
    ),
    "cut in half": (zipped({"s.xml": xml()})[:200], "damaged"),
    "a zip of a zip": (zipped({"s.xml": zipped({"s.xml": xml()})}), "damaged"),
}
HOSTILE_MIDI = {
    "nothing": (b"", "damaged"),
    "text": (b"hello, I am a song", "damaged"),
    "ten thousand tracks": (midi_file(*[NOTE_ON + END] * 10_000), "tracks"),
    "tracks that are not there": (midi_file(NOTE_ON + END, count=200), "damaged"),
    "a length that lies": (midi_file(NOTE_ON + END)[:-8], "damaged"),
    "running status without a status": (midi_file(b"\x00\x3c\x50" + END), "damaged"),
    "garbage of status bytes": (midi_file(b"\x00\xf4\x00\xf5\x00\xf9" + END), "damaged"),
    "a time that never ends": (midi_file(b"\xff\xff\xff\xff\xff" + END), "damaged"),
    "a text longer than the file": (midi_file(b"\x00\xff\x01\xff\xff\xff\x7f" + END), "damaged"),
    "a note after four days": (midi_file(b"\xff\xff\xff\x7f\x90\x3c\x50" * 9 + END), "length"),
    "a note after an hour": (midi_file(b"\x00\x90\x3c\x50\x81\xd4\xa2\x00\x80\x3c\x00" + END), "length"),
    "a million notes": (midi_file(b"\x00\x90\x3c\x50" + b"\x01\x3c\x50" * 1_000_000 + END), "size"),
    "no notes": (midi_file(END), "empty"),
    "tempo 0": (midi_file(b"\x00\xff\x51\x03\x00\x00\x00" + NOTE_ON + END), "tempo"),
    "no ticks": (midi_file(NOTE_ON + END, division=0), "timing"),
    "film time": (midi_file(NOTE_ON + END, division=0xE728), "timing"),
    "sixteen instruments": (
        midi_file(*[bytes([0, 0xC0, n]) + NOTE_ON + END for n in range(20)]),
        "tracks",
    ),
}


@pytest.mark.parametrize(
    ("data", "name", "code"),
    [
        *((data, "a.musicxml", code) for data, code in HOSTILE_XML.values()),
        *((data, "a.mxl", code) for data, code in HOSTILE_ZIP.values()),
        *((data, "a.mid", code) for data, code in HOSTILE_MIDI.values()),
        (midi_file(NOTE_ON + END), "a.exe", "kind"),
        (midi_file(NOTE_ON + END), "mid", "kind"),
    ],
    ids=[*HOSTILE_XML, *HOSTILE_ZIP, *HOSTILE_MIDI, "a programme", "no suffix"],
)
def test_what_strangers_send_is_refused_with_a_sentence(data: bytes, name: str, code: str) -> None:
    begun = time.process_time()
    with pytest.raises(BadNotes) as caught:
        notefile.read(data, name)
    assert caught.value.code in code.split()
    assert caught.value.message.endswith(".")
    assert time.process_time() - begun < 30  # bounded, however slow the machine


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=120), st.integers(0, 200))
def test_damaged_files_are_refused_and_never_crash(noise: bytes, cut: int) -> None:
    whole = midi_file(NOTE_ON * 5 + END, NOTE_ON * 20 + END)
    for data in (noise, midi_file(noise), whole[:cut] + noise + whole[cut + len(noise) :]):
        try:
            notefile.read(data, "x.mid")
        except BadNotes:
            continue


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 700))
def test_a_look_at_damaged_scores_never_crashes(noise: bytes, cut: int) -> None:
    whole = xml()
    packed = zipped({"s.xml": whole})
    for data in (noise, whole[:cut] + noise + whole[cut + 9 :], packed[:cut] + noise + packed[cut + 9 :]):
        for name in ("x.xml", "x.mxl"):
            try:
                notefile.look(data, name)
            except BadNotes:
                continue


def test_names_in_other_alphabets_and_control_characters_are_made_readable() -> None:
    def named(raw: bytes) -> str:
        data = midi_file(b"\x00\xff\x03" + bytes([len(raw)]) + raw + END, NOTE_ON + END)
        return notefile.read(data, "x.mid").title

    assert named("Über\x00 den\x07 Wolken".encode()) == "Über den Wolken"
    assert named("Chanson d'été".encode("latin-1")) == "Chanson d'été"
    assert named(b"\xff\xfe\x83\x5c") == "ÿþ \\"  # no encoding of ours: letters, not an error


def test_an_orchestra_is_put_together_by_instrument_and_says_so() -> None:
    tracks = [
        bytes([0, 0xC0, number // 2]) + NOTE_ON.replace(b"\x3c", bytes([40 + number])) + END
        for number in range(24)
    ]
    found = notefile.read(midi_file(*tracks), "x.mid")
    assert (found.tracks, found.notes) == (12, 24)
    assert found.remarks == ("24 parts are put together by instrument, which makes 12.",)


def test_changes_of_tempo_keep_their_time_and_changes_of_metre_are_said() -> None:
    file = mido.MidiFile(ticks_per_beat=96)
    track = mido.MidiTrack()
    track += [
        mido.MetaMessage("time_signature", numerator=4, denominator=4),
        mido.MetaMessage("set_tempo", tempo=500_000),
        mido.Message("note_on", note=60, velocity=80),
        mido.Message("note_off", note=60, time=96 * 4),
        mido.MetaMessage("set_tempo", tempo=1_000_000),
        mido.MetaMessage("time_signature", numerator=3, denominator=4),
        mido.MetaMessage("time_signature", numerator=4, denominator=4, time=96 * 3),
        mido.Message("note_on", note=62, velocity=80),
        mido.Message("note_off", note=62, time=96 * 4),
    ]
    file.tracks.append(track)
    out = io.BytesIO()
    file.save(file=out)
    found = notefile.read(out.getvalue(), "x.mid")
    assert found.duration_ms == 2_000 + 3_000 + 4_000
    assert found.remarks == ("The metre changes; bars are counted in 4/4 throughout.",)


@pytest.fixture(scope="session")
def chorale() -> bytes:
    import importlib.util

    found = importlib.util.find_spec("music21")
    assert found is not None
    assert found.origin is not None
    return (Path(found.origin).parent / "corpus/bach/bwv66.6.mxl").read_bytes()
