import pytest

from generation.symbolic.theory import METRES, MODES, BadTheory, Chord, Key, Metre


@pytest.mark.parametrize(
    ("text", "name", "scale"),
    [
        ("C major", "C major", (0, 2, 4, 5, 7, 9, 11)),
        ("D minor", "D minor", (2, 4, 5, 7, 9, 10, 0)),
        ("Am", "A minor", (9, 11, 0, 2, 4, 5, 7)),
        ("bb minor", "Bb minor", (10, 0, 1, 3, 5, 6, 8)),
        ("b minor", "B minor", (11, 1, 2, 4, 6, 7, 9)),
        ("F# dorian", "F# dorian", (6, 8, 9, 11, 1, 3, 4)),
        ("E flat major", "Eb major", (3, 5, 7, 8, 10, 0, 2)),
        ("C♯ phrygian", "C# phrygian", (1, 2, 4, 6, 8, 9, 11)),
        ("A harmonic  minor", "A harmonic minor", (9, 11, 0, 2, 4, 5, 8)),
    ],
)
def test_a_key_is_read_as_musicians_write_it(text: str, name: str, scale: tuple[int, ...]) -> None:
    key = Key.parse(text)
    assert (str(key), key.scale) == (name, scale)
    assert Key.parse(str(key)) == key


@pytest.mark.parametrize(
    "text", ["", "H minor", "minor", "D minors", "Q", "D\0minor", "C major major", "x" * 500]
)
def test_what_is_no_key_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadTheory, match="such as 'D minor'"):
        Key.parse(text)


@pytest.mark.parametrize("text", ["", "4", "4/0", "0/4", "13/16", "4/4/4", "-3/4", "waltz"])
def test_what_is_no_metre_is_refused_with_the_list(text: str) -> None:
    with pytest.raises(BadTheory, match="3/4"):
        Metre.parse(text)


@pytest.mark.parametrize("name", METRES)
def test_pulses_fill_the_bar_and_strong_beats_are_pulses(name: str) -> None:
    metre = Metre.parse(name)
    above, below = map(int, name.split("/"))
    assert sum(metre.pulses) == metre.bar_ticks == above * 1920 // below
    assert metre.strong[0] == 0
    assert set(metre.strong) <= set(metre.pulse_starts)


def test_chords_are_spelled_and_numbered_as_in_a_textbook() -> None:
    key = Key.parse("D minor")
    assert [Chord(key, d).symbol() for d in range(7)] == ["Dm", "Edim", "F", "Gm", "Am", "Bb", "C"]
    assert [Chord(key, d).roman() for d in range(7)] == ["i", "ii°", "III", "iv", "v", "VI", "VII"]
    major = Key.parse("C major")
    sevenths = [Chord(major, d, "seventh").symbol() for d in range(7)]
    assert sevenths == ["Cmaj7", "Dm7", "Em7", "Fmaj7", "G7", "Am7", "Bm7b5"]
    assert Chord(major, 4, "seventh").pitch_classes == (7, 11, 2, 5)
    assert Chord(Key.parse("A harmonic minor"), 4).symbol() == "E"


@pytest.mark.parametrize("mode", MODES)
def test_scale_positions_count_every_note_of_the_key_once(mode: str) -> None:
    key = Key("F#", mode)
    pitches = [p for p in range(24, 100) if key.holds(p)]
    positions = [key.index(p) for p in pitches]
    assert positions == list(range(positions[0], positions[0] + len(pitches)))
    assert [key.pitch(i) for i in positions] == pitches
    assert all(abs(key.pitch(key.index(p)) - p) <= 1 for p in range(24, 100))


def test_a_mode_is_signed_with_the_accidentals_of_its_scale() -> None:
    signed = {
        "D dorian": "C",
        "G mixolydian": "C",
        "E phrygian": "C",
        "F lydian": "C",
        "D minor": "Dm",
        "D# major": "Eb",
    }
    assert {name: Key.parse(name).signature() for name in signed} == signed
