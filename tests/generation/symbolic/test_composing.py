from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.symbolic import drums, genres
from generation.symbolic.compose import Composition, compose
from generation.symbolic.harmony import chord_at
from generation.symbolic.theory import METRES, MODES
from tests.generation.symbolic.music import PITCHED, bar_notes, composed, part, planned, strong_share

GENRES = [genre.name for genre in genres.GENRES]
wishes = st.fixed_dictionaries(
    {
        "genre": st.sampled_from(GENRES),
        "key": st.builds(
            "{} {}".format, st.sampled_from(("C", "F#", "Bb", "E", "Ab")), st.sampled_from(list(MODES))
        ),
        "metre": st.sampled_from(list(METRES)),
        "tempo_bpm": st.floats(20, 300),
        "duration_s": st.floats(1, 60),
        "density": st.floats(0, 1),
        "humanise": st.floats(0, 1),
        "swing": st.one_of(st.none(), st.floats(0, 1)),
        "seed": st.integers(0, 2**63 - 1),
    }
)


def energy_of(piece: Composition, bar: int) -> int:
    return sum(n.velocity for p in piece.written for n in bar_notes(piece, p, bar))


@settings(max_examples=80, deadline=None)
@given(wishes)
def test_every_piece_is_in_key_in_metre_and_comes_home(wish: dict[str, object]) -> None:
    piece = composed(**wish)  # type: ignore[arg-type]
    key, metre = piece.score.key, piece.score.metre
    assert (str(key), str(metre)) == (wish["key"], wish["metre"])
    last_bar = (piece.score.bars - 1) * metre.bar_ticks
    for item in (*piece.written, *piece.score.parts):
        assert item.notes, f"{item.role} never plays"
        if item.role in PITCHED:
            assert all(key.holds(n.pitch) for n in item.notes)
    assert [span.start for span in piece.spans[1:]] == [span.end for span in piece.spans[:-1]]
    assert (piece.spans[0].start, piece.spans[-1].end) == (0, piece.score.length_ticks)
    assert piece.spans[-1].chord.degree == 0
    for role in ("lead", "bass"):
        for item in (part(piece.written, role),):
            assert item.notes[-1].pitch % 12 == key.pitch_class
            assert item.notes[-1].start == last_bar
            assert all(a.end <= b.start for a, b in pairwise(item.notes))
    held = [n for p in piece.written if p.role in PITCHED for n in p.notes if n.start == last_bar]
    tonic = set(piece.spans[-1].chord.pitch_classes)
    assert {n.pitch % 12 for n in held} <= tonic
    assert len({n.pitch % 12 for n in held}) >= 3
    # Nothing but the ending is struck in the last bar.
    assert all(n.start <= last_bar for p in piece.written if p.role != "percussion" for n in p.notes)


@settings(max_examples=60, deadline=None)
@given(wishes)
def test_strong_beats_carry_chord_tones_and_lines_stay_singable(wish: dict[str, object]) -> None:
    piece = composed(**wish)  # type: ignore[arg-type]
    lead = part(piece.written, "lead").notes
    assert strong_share(piece, part(piece.written, "lead")) >= 0.95
    assert strong_share(piece, part(piece.written, "bass")) >= 0.9
    low = next(g for g in genres.GENRES if g.name == wish["genre"]).lead_low
    assert all(low <= n.pitch <= low + 17 for n in lead)
    assert all(28 <= n.pitch <= 64 for n in part(piece.written, "bass").notes)
    assert all(abs(a.pitch - b.pitch) <= 12 for a, b in pairwise(lead))


@pytest.mark.parametrize("genre", GENRES)
def test_melodies_move_by_step_more_than_by_leap(genre: str) -> None:
    moves: list[int] = []
    for seed in range(10):
        lead = part(composed(seed=seed, genre=genre).written, "lead").notes
        moves += [abs(a.pitch - b.pitch) for a, b in pairwise(lead)]
    assert sum(move <= 2 for move in moves) / len(moves) > 0.5
    assert sum(move > 7 for move in moves) / len(moves) < 0.05
    assert len(set(moves)) > 4


@pytest.mark.parametrize("genre", GENRES)
@pytest.mark.parametrize("metre", METRES)
def test_drums_mark_the_bar_in_every_genre_and_metre(genre: str, metre: str) -> None:
    piece = composed(
        genre=genre, metre=metre, duration_s=40, instruments=("drums",), structure=("A", "B"), energy=(0.8,)
    )
    item = part(piece.written, "drums")
    for bar in range(piece.score.bars - 1):
        hits = [(n.start % piece.score.metre.bar_ticks, n.pitch) for n in bar_notes(piece, item, bar)]
        assert (0, drums.KICK) in hits, f"no kick on the one of bar {bar}"
        assert len({tick for tick, _ in hits}) >= 3
        assert {pitch for _, pitch in hits} - {drums.KICK}


def test_four_four_pop_has_the_snare_on_two_and_four_and_a_waltz_on_two_and_three() -> None:
    for metre, wanted in (
        ("4/4", {480, 1440}),
        ("3/4", {480, 960}),
        ("6/8", {720}),
        ("5/4", {1440}),
        ("7/8", {960}),
    ):
        piece = composed(genre="pop", metre=metre, structure=("A", "A"), energy=(0.6,))
        bar = bar_notes(piece, part(piece.written, "drums"), 1)
        assert {n.start % piece.score.metre.bar_ticks for n in bar if n.pitch == drums.SNARE} == wanted


def test_house_kicks_on_every_beat() -> None:
    piece = composed(genre="house", structure=("drop", "drop"), energy=(0.9,))
    bar = bar_notes(piece, part(piece.written, "drums"), 1)
    assert {n.start % 1920 for n in bar if n.pitch == drums.KICK} == {0, 480, 960, 1440}


@pytest.mark.parametrize("genre", GENRES)
def test_a_and_b_differ_and_a_prime_resembles_a(genre: str) -> None:
    for seed in range(5):
        music = planned(90, genre=genre, structure=("A", "B", "A'"), energy=(0.6, 0.6, 0.6)).plan
        piece = compose(music, seed=seed)
        first, second, again = music.sections
        lines = {}
        for section in (first, second, again):
            origin = section.start_bar * piece.score.metre.bar_ticks
            end = origin + 2 * piece.score.metre.bar_ticks
            lines[section.label] = [
                (n.start - origin, n.pitch)
                for n in part(piece.written, "lead").notes
                if origin <= n.start < end
            ]
        chords = {
            s.label: [
                chord_at(piece.spans, bar * piece.score.metre.bar_ticks)
                for bar in range(s.start_bar, s.start_bar + 4)
            ]
            for s in music.sections
        }
        assert lines["A"] != lines["B"]
        assert chords["A"] != chords["B"]
        assert chords["A"] == chords["A'"]
        shared = {tick for tick, _ in lines["A"]} & {tick for tick, _ in lines["A'"]}
        assert len(shared) >= 0.5 * len(lines["A"])


def test_the_energy_arc_is_heard() -> None:
    piece = composed(duration_s=60, genre="rock", structure=("A", "B", "C", "D"), energy=(0.1, 0.4, 0.7, 1.0))
    music = planned(60, genre="rock", structure=("A", "B", "C", "D"), energy=(0.1, 0.4, 0.7, 1.0)).plan
    loud = [
        sum(energy_of(piece, bar) for bar in range(s.start_bar, min(s.end_bar, music.bars - 1))) / s.bars
        for s in music.sections
    ]
    assert loud == sorted(loud)
    assert loud[3] > 1.5 * loud[0]


def test_an_intro_holds_back_and_a_break_drops_the_drums_out() -> None:
    music = planned(60, genre="pop", structure=("intro", "A", "break", "chorus", "outro")).plan
    piece = compose(music, seed=3)
    by_label = {s.label: s for s in music.sections}
    for label, role in (("intro", "lead"), ("intro", "drums"), ("break", "drums"), ("break", "bass")):
        section = by_label[label]
        length = piece.score.metre.bar_ticks
        span = range(section.start_bar * length, section.end_bar * length)
        assert not [n for n in part(piece.written, role).notes if n.start in span], (
            f"{role} plays in the {label}"
        )
    assert by_label["chorus"].roles == set(music.programs)


def test_a_seed_fixes_every_note_and_another_seed_makes_other_music() -> None:
    music = planned(genre="lo-fi hip-hop").plan
    assert compose(music, seed=5) == compose(music, seed=5)
    takes = [compose(music, seed=seed) for seed in range(8)]
    for role in ("lead", "bass", "keys"):
        assert len({part(take.written, role).notes for take in takes}) == 8
    assert len({tuple(span.chord for span in take.spans) for take in takes}) >= 5
    assert len({(t.score.us_per_quarter, t.score.key, t.score.bars) for t in takes}) == 1


def test_humanise_zero_stays_on_the_grid_and_more_moves_off_it() -> None:
    stiff, loose = composed(genre="pop", humanise=0.0), composed(genre="pop", humanise=1.0)
    assert all(n.start % 120 == 0 for p in stiff.score.parts for n in p.notes)
    off = [min(n.start % 120, 120 - n.start % 120) for p in loose.score.parts for n in p.notes]
    assert sum(o > 0 for o in off) / len(off) > 0.5
    assert max(off) * loose.score.us_per_quarter / 480e3 < 70  # milliseconds


def test_swing_delays_offbeats_to_triplets_and_leaves_beats_alone() -> None:
    piece = composed(genre="jazz", swing=1.0, humanise=0.0)
    ride = [n.start % 480 for n in part(piece.score.parts, "drums").notes]
    assert set(ride) <= {0, 320} | {160, 400}
    assert 320 in ride


def test_density_adds_notes() -> None:
    few, many = (
        sum(
            len(part(compose(planned(genre="pop", density=density).plan, seed=seed).written, "lead").notes)
            for seed in range(6)
        )
        for density in (0.0, 1.0)
    )
    assert many > 1.3 * few
