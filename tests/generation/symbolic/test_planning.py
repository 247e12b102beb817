import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.symbolic import form, genres, instruments
from generation.symbolic.planning import hinted_key, hinted_metre, hinted_tempo
from generation.symbolic.theory import METRES
from tests.generation.symbolic.music import planned

names_of_sections = ("intro", "A", "A'", "B", "verse 2", "chorus", "drop", "drop out", "bridge", "outro", "?")
labels = st.lists(st.sampled_from(names_of_sections), min_size=1, max_size=20)


@settings(max_examples=200, deadline=None)
@given(labels, st.integers(1, 300), st.lists(st.floats(0, 1), max_size=6))
def test_sections_fill_the_bars_without_gaps(names: list[str], bars: int, energy: list[float]) -> None:
    sections, dropped = form.plan(names, bars=bars, energy=energy)
    assert sections[0].start_bar == 0
    assert [s.start_bar for s in sections[1:]] == [s.end_bar for s in sections[:-1]]
    assert sections[-1].end_bar == bars
    assert len(sections) + len(dropped) == len(names)
    assert all(s.bars >= 1 and 0 <= s.energy <= 1 for s in sections)


@pytest.mark.parametrize("metre", METRES)
@pytest.mark.parametrize("tempo", [20, 61.7, 92, 140, 300])
@pytest.mark.parametrize("duration_s", [1, 7.3, 30, 200])
def test_a_piece_fills_the_time_asked_for_to_within_a_bar(
    metre: str, tempo: float, duration_s: float
) -> None:
    done = planned(duration_s, metre=metre, tempo_bpm=tempo)
    plan = done.plan
    bar_s = plan.metre.bar_ticks / 480 * plan.us_per_quarter / 1e6
    music_s = plan.bars * bar_s
    assert done.samples == round(duration_s * 44_100)
    assert music_s <= duration_s + 1e-3 or plan.bars == 1
    assert duration_s - music_s < bar_s
    assert 0 < duration_s - done.fade_from / 44_100 <= 1.6 + 1e-3
    assert plan.end_tick > (plan.bars - 1) * plan.metre.bar_ticks


def test_named_sections_get_their_kinds_and_share_material() -> None:
    names = ("intro", "Verse 1", "pre-chorus", "Chorus", "verse 2", "drop out", "B", "middle 8", "Coda")
    kinds = ["intro", "verse", "build", "chorus", "verse", "break", "contrast", "bridge", "outro"]
    assert [form.kind_of(name) for name in names] == kinds
    sections, _ = form.plan(names, bars=60, energy=())
    assert sections[1].material == sections[4].material
    assert (sections[1].variation, sections[4].variation) == (0, 1)


def test_an_energy_point_for_each_section_is_taken_as_given() -> None:
    sections, _ = form.plan(("A", "B", "C"), bars=12, energy=(0.1, 0.9, 0.4))
    assert [s.energy for s in sections] == [0.1, 0.9, 0.4]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("techno", "house"), ("Lo-Fi Hip-Hop", "lo-fi hip-hop"), ("hip hop", "lo-fi hip-hop"), ("indie rock", "rock"),
        ("dark ambient", "ambient"), ("film score", "cinematic"), ("acoustic folk", "folk"), ("R&B", "pop"),
    ],
)  # fmt: skip
def test_a_genre_is_found_by_its_usual_names(text: str, name: str) -> None:
    found = genres.find(text)
    assert found is not None
    assert found.name == name
    assert "genre_fallback" not in planned(genre=text).notes


def test_an_unknown_genre_falls_to_the_default_and_says_so() -> None:
    done = planned(genre="gqom")
    assert done.plan.genre is genres.DEFAULT
    assert "gqom" in done.notes["genre_fallback"]
    assert planned(genre="gqom", prompt="some jazz").plan.genre.name == "jazz"


def test_the_prompt_fills_what_the_brief_leaves_open_and_no_more() -> None:
    prompt = "A melancholic jazz waltz in F# minor at 140 bpm with muted trumpet, no drums"
    hinted = planned(prompt=prompt).plan
    assert (hinted.genre.name, str(hinted.key), str(hinted.metre)) == ("jazz", "F# minor", "3/4")
    assert hinted.us_per_quarter == round(60e6 / 140)
    assert hinted.programs["lead"] == (59,)
    assert "drums" not in hinted.programs
    stated = planned(prompt=prompt, genre="folk", key="C major", metre="4/4", tempo_bpm=80).plan
    assert (stated.genre.name, str(stated.key), str(stated.metre)) == ("folk", "C major", "4/4")


def test_hints_ignore_what_only_looks_like_one() -> None:
    assert hinted_tempo("the year 1992, track 140") is None
    assert hinted_tempo("999 bpm") is None
    assert hinted_key("a minor disagreement") is not None  # indistinguishable from A minor, and harmless
    assert hinted_key("be sharp, no key") is None
    assert hinted_metre("on 24/7") is None


def test_mood_turns_the_mode_where_no_key_is_stated() -> None:
    assert planned(genre="pop", mood="dark and brooding").plan.key.is_minor
    assert not planned(genre="house", mood="sunny, joyful").plan.key.is_minor
    assert str(planned(genre="pop", mood="dark", key="C major").plan.key) == "C major"


@pytest.mark.parametrize("phrase", ["drums", "No drums", "no drums or percussion", "any beats"])
def test_forbidden_drums_leave_no_drum_part(phrase: str) -> None:
    for genre in ("house", "rock", "jazz"):
        assert not {"drums", "percussion"} & set(planned(genre=genre, avoid=(phrase,)).plan.programs)


def test_no_piano_gives_other_keys_and_spares_the_rhodes_that_was_asked_for() -> None:
    pianos = set(range(6))
    without = planned(genre="pop", avoid=("No piano",)).plan.programs
    assert without["keys"]
    assert not pianos & {program for role in ("keys", "lead") for program in without[role]}
    spared = planned(genre="pop", instruments=("Rhodes", "bass", "drums"), avoid=("piano",)).plan.programs
    assert spared["keys"] == (4, 5)


def test_a_band_of_three_is_the_whole_band_and_somebody_in_it_leads() -> None:
    programs = planned(genre="jazz", instruments=("piano", "upright bass", "brushed drums")).plan.programs
    assert set(programs) == {"keys", "bass", "drums", "lead"}
    assert programs["bass"] == (32,)
    assert programs["drums"] == (40,)
    assert set(programs["lead"]) <= {0, 1}


def test_a_solo_instrument_plays_alone() -> None:
    assert set(planned(genre="ambient", instruments=("solo piano",)).plan.programs) == {"keys", "lead"}


def test_what_we_cannot_play_is_said() -> None:
    done = planned(genre="folk", instruments=("hurdy-gurdy", "acoustic guitar"))
    assert done.notes["instruments_not_available"] == "hurdy-gurdy"
    assert done.plan.programs["guitar"] == (25, 24)


def test_longest_words_win_when_instruments_are_read() -> None:
    found, unknown = instruments.find(["electric bass guitar? no: bass guitar", "harpsichord", "banjos"])
    assert [item.role for item in found] == ["bass", "guitar", "bass", "keys", "guitar"] or [
        item.words for item in found
    ] == ["electric bass", "guitar", "bass guitar", "harpsichord", "banjo"]
    assert unknown == ()


@settings(max_examples=100, deadline=None)
@given(
    st.text(max_size=80),
    st.lists(st.text(max_size=20), max_size=5),
    st.lists(st.text(max_size=20), max_size=5),
)
def test_any_words_at_all_give_a_band(prompt: str, wanted: list[str], avoid: list[str]) -> None:
    everything = ("drums", "bass", "keys", "pads", "guitar", "strings", "lead")
    for banned in (tuple(avoid), everything):
        programs = planned(prompt=prompt, instruments=tuple(wanted), avoid=banned).plan.programs
        assert programs
        assert all(options for options in programs.values())
