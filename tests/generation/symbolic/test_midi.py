import contextlib
import io

import mido
import pretty_midi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.symbolic import midi
from generation.symbolic.notes import BadNotes, Marker, Note, Part, Score, TempoChange, tidy, us_per_quarter
from generation.symbolic.theory import METRES, MODES, Key, Metre
from tests.generation.symbolic.music import composed

notes = st.builds(
    Note,
    start=st.integers(0, 20_000),
    pitch=st.integers(0, 127),
    duration=st.integers(1, 4_000),
    velocity=st.integers(1, 127),
)
names = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)


@st.composite
def scores(draw: st.DrawFn) -> Score:
    parts = tuple(
        Part(
            role=draw(st.sampled_from(("lead", "bass", "keys"))),
            name=draw(names.filter(bool)),
            program=draw(st.integers(0, 127)),
            notes=tidy(draw(st.lists(notes, min_size=1, max_size=30))),
            pan=draw(st.integers(0, 127)),
        )
        for _ in range(draw(st.integers(0, 4)))
    )
    ticks = sorted(draw(st.lists(st.integers(0, 9_000), max_size=4)))
    return Score(
        us_per_quarter=us_per_quarter(draw(st.floats(20, 300))),
        metre=Metre.parse(draw(st.sampled_from(list(METRES)))),
        key=Key(draw(st.sampled_from(("C", "F#", "Bb", "D#", "Gb"))), draw(st.sampled_from(list(MODES)))),
        bars=draw(st.integers(1, 200)),
        parts=parts,
        markers=tuple(sorted(Marker(tick, draw(names)) for tick in ticks)),
    )


@settings(max_examples=60, deadline=None)
@given(scores())
def test_a_score_written_as_midi_reads_back_equal(score: Score) -> None:
    data = midi.write(score)
    assert midi.read(data) == score
    assert midi.write(score) == data


def test_a_composed_take_reads_back_equal_drums_included() -> None:
    piece = composed(genre="house", key="F# dorian", metre="7/8", tempo_bpm=131.5)
    assert midi.read(midi.write(piece.score)) == piece.score


def test_other_programs_see_tempo_metre_key_and_named_tracks() -> None:
    piece = composed(genre="pop", key="E minor", metre="3/4", tempo_bpm=96)
    seen = pretty_midi.PrettyMIDI(io.BytesIO(midi.write(piece.score)))
    assert seen.get_tempo_changes()[1].tolist() == [pytest.approx(96, abs=1e-3)]
    assert (seen.time_signature_changes[0].numerator, seen.time_signature_changes[0].denominator) == (3, 4)
    assert pretty_midi.key_number_to_key_name(seen.key_signature_changes[0].key_number) == "E minor"
    assert [i.name for i in seen.instruments] == ["Keys", "Bass", "Drums", "Lead", "Pads"]
    lead = next(p for p in piece.score.parts if p.role == "lead")
    heard = seen.instruments[3].notes
    assert [n.pitch for n in heard] == [n.pitch for n in lead.notes]
    assert heard[5].start == pytest.approx(piece.score.seconds(lead.notes[5].start), abs=1e-6)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 400))
def test_damaged_midi_is_refused_and_never_crashes(noise: bytes, cut: int) -> None:
    whole = midi.write(composed(duration_s=4.0).score)
    for data in (
        noise,
        b"MThd\0\0\0\6\0\1\0\1\1\xe0MTrk" + noise,
        whole[:cut] + noise + whole[cut + len(noise) :],
    ):
        with contextlib.suppress(midi.BadMidi):  # anything else fails the test
            midi.read(data)


def test_a_change_of_tempo_is_kept_and_counted() -> None:
    score = Score(
        us_per_quarter=500_000, metre=Metre(4, 4), key=Key("C", "major"), bars=2,
        parts=(Part(role="lead", name="Lead", program=0, notes=(Note(0, 60, 960, 80), Note(1_920, 62, 960, 80))),),
        changes=(TempoChange(960, 400_000), TempoChange(1_920, 1_000_000)),
    )  # fmt: skip
    data = midi.write(score)
    assert midi.read(data) == score
    assert score.seconds(2_400) == pytest.approx(1.0 + 0.8 + 1.0)
    assert score.samples(2_400, 44_100) == round(2.8 * 44_100)
    seen = pretty_midi.PrettyMIDI(io.BytesIO(data)).instruments[0].notes
    assert [note.start for note in seen] == pytest.approx([0.0, 1.8])


def test_a_file_that_changes_its_metre_is_refused_with_the_cure() -> None:
    file = mido.MidiFile()
    track = mido.MidiTrack()
    track += [
        mido.MetaMessage("time_signature", numerator=4, denominator=4),
        mido.MetaMessage("time_signature", numerator=3, denominator=4, time=480),
    ]
    file.tracks.append(track)
    out = io.BytesIO()
    file.save(file=out)
    with pytest.raises(midi.BadMidi, match="split it where it changes"):
        midi.read(out.getvalue())


def test_a_file_of_another_resolution_is_read_on_our_grid() -> None:
    file = mido.MidiFile(ticks_per_beat=96)
    track = mido.MidiTrack()
    track += [
        mido.Message("note_on", channel=9, note=36, velocity=100, time=96),
        mido.Message("note_on", channel=9, note=36, velocity=0, time=48),
    ]
    file.tracks.append(track)
    out = io.BytesIO()
    file.save(file=out)
    score = midi.read(out.getvalue())
    assert score.parts[0].notes == (Note(480, 36, 240, 100),)
    assert score.parts[0].drums


def test_sixteen_pitched_parts_do_not_fit_into_midi() -> None:
    parts = tuple(Part(role="lead", name=str(i), program=0, notes=()) for i in range(16))
    score = Score(us_per_quarter=500_000, metre=Metre(4, 4), key=Key("C", "major"), bars=1, parts=parts)
    with pytest.raises(midi.BadMidi, match="15 pitched parts"):
        midi.write(score)


def test_a_part_refuses_notes_that_overlap_their_own_pitch() -> None:
    with pytest.raises(BadNotes, match="overlaps"):
        Part(role="lead", name="x", program=0, notes=(Note(0, 60, 480, 80), Note(240, 60, 480, 80)))
    assert tidy([Note(240, 60, 480, 80), Note(0, 60, 480, 80)]) == (
        Note(0, 60, 240, 80),
        Note(240, 60, 480, 80),
    )
