import hashlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.symbolic import chords, genres, midi
from generation.symbolic.chords import BadChords, parse
from generation.symbolic.compose import compose
from generation.symbolic.harmonising import Slot, candidates, fitted, function_of
from generation.symbolic.notes import Note, Part, Score
from generation.symbolic.planning import Wishes, plan
from generation.symbolic.source import chords_of, heard_key, melody_of, slots, spans_of
from generation.symbolic.theory import METRES, Key, Metre
from tests.generation.symbolic.music import composed

C = Key("C", "major")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Dm | Bb | F | C", "Dm | Bb | F | C"),
        ("Dm Bb, F → C", "Dm | Bb | F | C"),
        ("|: Dm  Bb | F C :|", "Dm Bb | F C"),
        ("Dm | % | C", "Dm | Dm | C"),
        ("Dm | C x3", "Dm | C | Dm | C | Dm | C"),
        ("I-V-vi-IV", "C | G | Am | F"),
        ("ii7 | V7 | Imaj7", "Dm7 | G7 | Cmaj7"),
        ("C♯m7♭5 | B♭Δ7 | F-7 | Gø", "C#m7b5 | BbΔ7 | F-7 | Gø"),
        ("verse: Am | G\nchorus: F | C/E", "Am | G | F | C/E"),
        ("A: Dm7 | Gm7; B: F | C", "Dm7 | Gm7 | F | C"),
    ],
)
def test_chords_in_words_are_read(text: str, read: str) -> None:
    assert parse(text, key=C).symbols() == read


@pytest.mark.parametrize(
    ("word", "classes"),
    [
        ("Dm7", {2, 5, 9, 0}), ("Bbmaj7", {10, 2, 5, 9}), ("F#m7b5", {6, 9, 0, 4}), ("Gsus4", {7, 0, 2}),
        ("E7#9", {4, 8, 11, 2, 7}), ("C+", {0, 4, 8}), ("B°7", {11, 2, 5, 8}), ("Am(maj7)", {9, 0, 4, 8}),
        ("C6/9", {0, 4, 7, 9, 2}), ("D5", {2, 9}), ("Cb", {11, 3, 6}), ("CM7", {0, 4, 7, 11}), ("Cm7", {0, 3, 7, 10}),
    ],
)  # fmt: skip
def test_a_chord_has_its_notes(word: str, classes: set[int]) -> None:
    assert set(chords.chord(word).pitch_classes) == classes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hm | C", "'Hm' is not a chord"), ("C | Dmaj99", "'Dmaj99'"), ("", "Write chords"), ("| | |", "Write chords"),
        ("% | C", "the first bar has none"), ("I | V", "needs a key"), ("C D E F G A B", ""),
        ("C D E F G | A", "more than 4 chords"), ("C | " * 300, "longer than 256 bars"), ("C x99; " * 9, "256"),
    ],
)  # fmt: skip
def test_what_is_no_chord_is_named(text: str, said: str) -> None:
    if not said:
        assert len(parse(text).bars) == 7
        return
    with pytest.raises(BadChords) as caught:
        parse(text)
    assert said in caught.value.message


@given(st.text(alphabet="ABCDEFGHIVivm7b#/|%x:;- \n()°ø+0123456789", max_size=60))
def test_any_words_are_chords_or_refused(text: str) -> None:
    try:
        found = parse(text, key=C)
    except BadChords:
        return
    assert sum(bars for _, bars in found.sections) == len(found.bars) <= 256


def line(pitches: list[int], length: int = 480) -> list[Note]:
    return [Note(place * length, pitch, length, 80) for place, pitch in enumerate(pitches)]


def heard_bars(pitches: list[int], key: Key, bars: int) -> list[str]:
    places = slots(line(pitches), Metre(4, 4), bars, texture=False, halves=False)
    return [chord.symbol() for chord in fitted(places, key, trust=2.4, colour=0.0)]


def test_a_scale_in_c_is_harmonised_by_the_chords_of_c() -> None:
    up_and_down = [60, 62, 64, 65, 67, 69, 71, 72, 72, 71, 69, 67, 65, 64, 62, 60]
    whole = [
        chord.symbol()
        for chord in fitted(
            slots(line(up_and_down, 1920), Metre(4, 4), 16, texture=False, halves=False), C, trust=2.4
        )
    ]
    assert whole[0] == whole[-1] == "C"
    assert set(whole) <= {"C", "F", "G", "Am", "Dm", "Em", "G7"}
    assert {"C", "F", "G"} <= set(whole)
    assert whole[-2] in ("G", "G7"), "a cadence leads home"


def test_a_folk_tune_is_harmonised_as_everybody_does() -> None:
    # Twinkle, twinkle: C C | F C | ... as bars C, F/C, then home.
    tune = [60, 60, 67, 67, 69, 69, 67, 67, 65, 65, 64, 64, 62, 62, 60, 60]
    assert heard_bars(tune, C, 4)[0] == "C"
    assert heard_bars(tune, C, 4)[-1] == "C"
    minor = [69, 71, 72, 71, 69, 68, 69, 69, 77, 76, 74, 72, 71, 68, 69, 69]
    found = heard_bars(minor, Key("A", "minor"), 4)
    assert (found[0], found[-1]) == ("Am", "Am")


def test_a_melody_note_outside_of_the_key_gets_the_chromatic_chord_that_holds_it_where_colour_is_let() -> (
    None
):
    weights = [0.0] * 12
    for pitch in (2, 6, 9, 0):  # D F# A C: the dominant of the dominant
        weights[pitch] = 1.0
    home = tuple(1.0 if pitch in (0, 4, 7) else 0.0 for pitch in range(12))
    fifth = tuple(1.0 if pitch in (7, 11, 2) else 0.0 for pitch in range(12))
    course = [Slot(0, 1, home), Slot(1, 2, tuple(weights)), Slot(2, 3, fifth), Slot(3, 4, home)]
    assert [chord.symbol() for chord in fitted(course, C, trust=4.0, colour=1.0)] == ["C", "D7", "G", "C"]
    assert all(C.holds(pitch) for one in candidates(C, colour=0.0) for pitch in one.chord.pitch_classes)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_chords_of_a_composed_piece_are_heard_in_its_notes(seed: int) -> None:
    piece = composed(seed=seed, duration_s=40.0, genre="folk", key="G major", humanise=0.0, swing=0.0)
    key, _ = heard_key(piece.score)
    spans = chords_of(piece.score, key)
    bar = piece.score.metre.bar_ticks
    hits = 0
    for place in range(piece.score.bars):
        mine = next(span.chord for span in spans if span.start <= place * bar < span.end)
        there = next(span.chord for span in piece.spans if span.start <= place * bar < span.end)
        hits += mine.root == there.root
    assert hits / piece.score.bars > 0.8
    assert melody_of(piece.score).role == "lead"


def test_functions_and_keys() -> None:
    assert [function_of(C, root) for root in (0, 2, 5, 7, 1)] == ["T", "S", "S", "D", "S"]
    part = Part(role="lead", name="x", program=0, notes=tuple(line([62, 64, 65, 67, 69, 70, 73, 74])))
    score = Score(us_per_quarter=500_000, metre=Metre(4, 4), key=C, bars=2, parts=(part,))
    assert str(heard_key(score)[0]) == "D minor"  # C major is written and does not fit
    assert heard_key(score, "F major") == (Key("F", "major"), "stated")


def test_spans_fill_the_bars_without_gaps() -> None:
    for name in METRES:
        metre = Metre.parse(name)
        places = slots(line([60] * 40), metre, 5, texture=False)
        spans = spans_of(places, fitted(places, C, trust=2.0))
        assert spans[0].start == 0
        assert spans[-1].end == 5 * metre.bar_ticks
        assert all(a.end == b.start for a, b in pairwise(spans))


# The notes of two metres in each genre, as they were before chords could change inside a bar: takes are replayed.
GOLDEN = "30ef8efa2a6fe0e007d160284c19c9716b0a1a516a6ab6934c6041ec45e5eccc"


def test_text_to_music_writes_the_notes_it_always_wrote() -> None:
    digest = hashlib.sha256()
    for genre in genres.GENRES:
        for metre in ("4/4", "7/8"):
            found = plan(Wishes(genre=genre.name, metre=metre), duration_s=40.0, sample_rate_hz=44_100)
            digest.update(midi.write(compose(found.plan, seed=11).score))
    assert digest.hexdigest() == GOLDEN
