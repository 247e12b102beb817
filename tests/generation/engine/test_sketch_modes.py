"""The modes of the sketch engine that are given something: what is given is kept, what is made fits it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pyloudnorm
import pytest

from generation.engine import registry
from generation.engine.base import (
    BriefSpec,
    GenerationOutput,
    GenerationRequest,
    GivenInput,
    ParameterValue,
    RequestRefused,
)
from generation.modes import MODES
from generation.symbolic import midi
from generation.symbolic.notes import Note, Part, Score
from generation.symbolic.theory import Key, Metre
from tests.generation.symbolic.music import composed

RATE = 44_100
FOLK = BriefSpec(genre="folk")
# Twinkle, twinkle, little star: four bars, 100 quarter notes a minute, 9.6 s.
PITCHES = (60, 60, 67, 67, 69, 69, 67, 65, 65, 64, 64, 62, 62, 60)
QUARTERS = (1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2)


def tune(*, velocity: int = 80) -> Score:
    notes, now = [], 0
    for pitch, length in zip(PITCHES, QUARTERS, strict=True):
        notes.append(Note(now, pitch, 480 * length - 30, velocity))
        now += 480 * length
    part = Part(role="lead", name="Tune", program=73, notes=tuple(notes))
    return Score(us_per_quarter=600_000, metre=Metre(4, 4), key=Key("C", "major"), bars=4, parts=(part,))


def given(score: Score, role: str) -> GivenInput:
    return GivenInput(role=role, sha256="a" * 64, notes=midi.write(score))


def sound(audio: np.ndarray[Any, Any], role: str, rate: int) -> GivenInput:
    return GivenInput(role=role, sha256="b" * 64, audio=audio.astype(np.float32), sample_rate_hz=rate)


def make(mode: str, *inputs: GivenInput, **changes: Any) -> list[GenerationOutput]:
    base: dict[str, Any] = {"prompt": "", "duration_s": 12.0, "seeds": (1,), "brief": FOLK}
    if MODES[mode].length == "source":
        base["duration_s"] = 0.0
    if mode in ("notes_continuation", "variation", "humanise", "notes_to_audio"):
        base["brief"] = None
    asked = GenerationRequest(mode=mode, inputs=inputs, **{**base, **changes})
    made = list(registry.engine("sketch").generate(asked, lambda done, total: None))
    assert all(isinstance(one, GenerationOutput) for one in made)
    return [one for one in made if isinstance(one, GenerationOutput)]


def notes_of(take: GenerationOutput, role: str) -> list[Note]:
    return [note for part in midi.read(take.midi or b"").parts if part.role == role for note in part.notes]


@pytest.fixture(scope="module")
def band() -> Score:
    return composed(
        seed=4, duration_s=14.4, genre="folk", key="G major", tempo_bpm=100, humanise=0.0, swing=0.0
    ).score


@pytest.fixture(scope="module")
def made(band: Score) -> dict[str, list[GenerationOutput]]:
    """Two takes of each mode."""
    pair: dict[str, Any] = {"seeds": (1, 2)}
    return {
        "melody_guided": make("melody_guided", given(tune(), "melody"), **pair, duration_s=24.0),
        "harmonisation": make("harmonisation", given(tune(), "melody"), **pair),
        "chord_progression": make("chord_progression", chords="Dm | Bb F | C7/E | F", **pair),
        "own chords": make("chord_progression", **pair),
        "accompaniment": make("accompaniment", chords="Dm | Bb F | C7/E | F", **pair),
        "accompaniment of notes": make("accompaniment", given(band, "notes"), **pair),
        "parts": make("parts", given(band, "source"), targets=("bass", "drums"), **pair),
        "notes_continuation": make("notes_continuation", given(band, "notes"), duration_s=9.6, **pair),
        "variation": make("variation", given(band, "notes"), **pair),
        "variation of time": make("variation", given(band, "notes"), parameters={"keep": "contour"}, **pair),
        "humanise": make("humanise", given(band, "notes"), **pair),
        "notes_to_audio": make("notes_to_audio", given(band, "notes")),
    }


def everything(made: dict[str, list[GenerationOutput]]) -> list[tuple[str, GenerationOutput]]:
    return [(name, take) for name, takes in made.items() for take in takes]


def test_every_mode_sounds_sane(made: dict[str, list[GenerationOutput]]) -> None:
    for name, take in everything(made):
        assert np.isfinite(take.audio).all(), name
        assert 0.5 < np.abs(take.audio).max() <= 10 ** (-1 / 20) + 1e-6, name
        loud = pyloudnorm.Meter(RATE).integrated_loudness(take.audio.T)
        assert -24 < loud < -9, name
        steps = np.abs(take.audio).max(axis=0)
        tenths = steps[: len(steps) // 4410 * 4410].reshape(-1, 4410).max(axis=1) > 10 ** (-50 / 20)
        quiet = max(map(len, "".join("x" if one else "." for one in tenths[:-16]).split("x")), default=0)
        assert quiet < 20, f"{name}: {quiet / 10} s of silence inside"
        assert np.abs(take.audio[:, -64:]).max() < 1e-3, name


def test_stems_of_every_mode_sum_to_the_mix_exactly(made: dict[str, list[GenerationOutput]]) -> None:
    for name, take in everything(made):
        total = np.sum([stem.audio.astype(np.float64) for stem in take.stems], axis=0)
        assert np.array_equal(total.astype(np.float32), take.audio), name
        assert len({stem.role for stem in take.stems}) == len(take.stems), name
        assert all(isinstance(value, str | int) for value in take.facts.values()), name


def test_each_variation_is_another_and_a_seed_is_the_same_again(
    made: dict[str, list[GenerationOutput]], band: Score
) -> None:
    for name, takes in made.items():
        assert len({take.midi for take in takes}) == len(takes), name
    again = make("variation", given(band, "notes"), seeds=(2,))[0]
    assert again.midi == made["variation"][1].midi
    assert np.array_equal(again.audio, made["variation"][1].audio)
    again = make("melody_guided", given(tune(), "melody"), seeds=(2,), duration_s=24.0)[0]
    assert again.midi == made["melody_guided"][1].midi


def test_a_given_melody_is_kept_note_for_note(made: dict[str, list[GenerationOutput]]) -> None:
    for take in made["melody_guided"]:
        start = (int(take.facts["melody_from_bar"]) - 1) * 1_920
        times = int(take.facts["melody_times"])
        expected = [
            replace(note, start=note.start + start + turn * 4 * 1_920)
            for turn in range(times)
            for note in tune().parts[0].notes
        ]
        assert times == 2
        assert notes_of(take, "lead") == expected
        assert {"bass", "drums"} <= {stem.role for stem in take.stems}
    for take in made["harmonisation"]:
        assert notes_of(take, "lead") == list(tune().parts[0].notes)
        assert take.audio.shape[1] == round((9.6 + 1.6) * RATE)


def test_a_melody_is_harmonised_so_that_its_strong_notes_belong_to_the_chords(
    made: dict[str, list[GenerationOutput]],
) -> None:
    take = make("harmonisation", given(tune(), "melody"), parameters={"colour": 0.0})[0]
    named = str(take.facts["chords"]).removeprefix("A: ").split(" | ")
    assert (named[0], named[-1]) == ("C", "C")
    assert take.facts["key"] == "C major"


def test_the_tempo_of_the_brief_moves_a_melody_and_its_notes_stay() -> None:
    brief = BriefSpec(genre="folk", tempo_bpm=140)
    take = make("melody_guided", given(tune(), "melody"), brief=brief)[0]
    assert take.facts["tempo_milli_bpm"] == 140_000
    assert [note.pitch for note in notes_of(take, "lead")][: len(PITCHES)] == list(PITCHES)


def test_a_melody_that_is_longer_than_what_is_asked_for_is_heard_as_far_as_it_goes() -> None:
    take = make("melody_guided", given(tune(), "melody"), duration_s=5.0)[0]
    assert take.audio.shape[1] == 5 * RATE
    assert notes_of(take, "lead") == [note for note in tune().parts[0].notes if note.start < 2 * 1_920]
    assert take.facts["melody_notes_left_out"] == len(PITCHES) - 7


def test_given_chords_are_kept_chord_for_chord(made: dict[str, list[GenerationOutput]]) -> None:
    for name in ("chord_progression", "accompaniment"):
        for take in made[name]:
            assert str(take.facts["chords"]).startswith("A: Dm | Bb F | C7/E | F")
            assert take.facts["key"] in ("D minor", "F major")
    for take in made["chord_progression"]:
        assert not {"bass", "drums", "lead"} & {stem.role for stem in take.stems}
        # In the second half of the second bar F sounds: no B flat is struck there any more.
        for role in (stem.role for stem in take.stems):
            struck = {
                n.pitch % 12 for n in notes_of(take, role) if 1_920 + 960 <= n.start + 40 < 2 * 1_920 - 100
            }
            assert struck <= {5, 9, 0}, role
    bass = notes_of(made["accompaniment"][0], "bass")
    on_e = [note for note in bass if abs(note.start - 2 * 1_920) < 100]
    assert on_e
    assert on_e[0].pitch % 12 == 4  # C7/E stands on E
    assert {"bass", "drums"} <= {stem.role for stem in made["accompaniment"][0].stems}


def test_parts_for_given_notes_are_as_long_and_on_their_chords(
    made: dict[str, list[GenerationOutput]], band: Score
) -> None:
    for take in made["parts"]:
        assert {stem.role for stem in take.stems} == {"bass", "drums"}
        assert take.audio.shape[1] == band.samples(band.end_tick, RATE)
        assert (take.facts["tempo_milli_bpm"], take.facts["key"]) == (100_000, "G major")
        roots = [n for n in notes_of(take, "bass") if n.start % 1_920 < 60]
        mine = {n.start // 1_920: n.pitch % 12 for n in roots}
        bass = next(part for part in band.parts if part.role == "bass")
        theirs = {n.start // 1_920: n.pitch % 12 for n in bass.notes if n.start % 1_920 < 60}
        common = set(mine) & set(theirs)
        assert sum(mine[bar] == theirs[bar] for bar in common) / len(common) > 0.7


def test_a_bass_for_a_recording_follows_its_beat_and_key() -> None:
    brief = BriefSpec(genre="rock", tempo_bpm=120, key="E minor")
    source = make("text_to_music", duration_s=16.0, brief=brief)[0]
    take = make(
        "parts", sound(source.audio, "source", RATE), targets=("bass",), brief=BriefSpec(genre="rock")
    )[0]
    assert take.audio.shape == source.audio.shape
    assert abs(int(take.facts["source_tempo_milli_bpm"]) - 120_000) < 1_500
    assert take.facts["key"] in ("E minor", "G major")
    starts = np.array([note.start for note in notes_of(take, "bass")]) * (60 / 120_000 * 1000) / 480
    off = np.abs((starts + 0.125) % 0.25 - 0.125)  # seconds from the nearest eighth of 120 a minute
    assert np.median(off) < 0.06


def test_a_hummed_tune_is_heard_and_harmonised() -> None:
    rate = 22_050
    waves = []
    for pitch, length in zip(PITCHES, QUARTERS, strict=True):
        time_s = np.arange(round(rate * 0.5 * length)) / rate
        shape = np.minimum(1.0, np.minimum(time_s / 0.03, (time_s[-1] - time_s) / 0.06))
        hz = 440 * 2 ** ((pitch - 69) / 12)
        waves.append(0.3 * shape * (np.sin(2 * np.pi * hz * time_s) + 0.4 * np.sin(4 * np.pi * hz * time_s)))
    take = make("harmonisation", sound(np.concatenate(waves)[np.newaxis], "melody", rate))[0]
    assert [note.pitch for note in notes_of(take, "lead")] == list(PITCHES)
    assert take.facts["key"] == "C major"
    assert int(take.facts["tempo_milli_bpm"]) == pytest.approx(120_000, rel=0.02)


def test_a_continuation_keeps_the_source_and_ends_at_home(
    made: dict[str, list[GenerationOutput]], band: Score
) -> None:
    end = band.bars * 1_920
    for take in made["notes_continuation"]:
        score = midi.read(take.midi or b"")
        assert score.bars == band.bars + 4
        for part, source in zip(score.parts, band.parts, strict=True):
            assert [n for n in part.notes if n.start < end] == list(source.notes)
            assert any(n.start >= end for n in part.notes), part.name
        assert notes_of(take, "lead")[-1].pitch % 12 == Key("G", "major").pitch_class
        (kept,) = take.kept
        assert (kept.role, kept.from_ms, kept.to_ms, kept.at_ms) == ("notes", 0, 14_400, 0)
        assert all(Key("G", "major").holds(n.pitch) for n in notes_of(take, "lead") if n.start >= end)


def test_a_variation_keeps_what_it_says(made: dict[str, list[GenerationOutput]], band: Score) -> None:
    def by(score: Score, read: Callable[[Note], Any]) -> list[list[Any]]:
        return [
            [read(n) for n in sorted(part.notes, key=lambda n: n.start)]
            for part in score.parts
            if not part.drums
        ]

    for take in made["variation"]:
        score = midi.read(take.midi or b"")
        assert by(score, lambda n: n.start) == by(band, lambda n: n.start)
        assert by(score, lambda n: n.pitch) != by(band, lambda n: n.pitch)
        assert int(take.facts["notes_changed"]) > 0
    lead = next(part for part in band.parts if part.role == "lead")
    for take in made["variation of time"]:
        assert [n.pitch for n in notes_of(take, "lead")] == [n.pitch for n in lead.notes]
        assert [n.start for n in notes_of(take, "lead")] != [n.start for n in lead.notes]


def test_loosened_notes_stay_the_same_notes_near_their_time(
    made: dict[str, list[GenerationOutput]], band: Score
) -> None:
    for take in made["humanise"]:
        score = midi.read(take.midi or b"")
        for part, source in zip(score.parts, band.parts, strict=True):
            assert sorted(n.pitch for n in part.notes) == sorted(n.pitch for n in source.notes)
            moved = [abs(a.start - b.start) for a, b in zip(part.notes, source.notes, strict=True)]
            assert max(moved) < 60
            assert max(moved) > 0
    exact = make("humanise", given(band, "notes"), parameters={"humanise": 0.0})[0]
    assert [part.notes for part in midi.read(exact.midi or b"").parts] == [part.notes for part in band.parts]


def test_played_notes_are_the_given_ones(made: dict[str, list[GenerationOutput]], band: Score) -> None:
    played = midi.read(made["notes_to_audio"][0].midi or b"")
    assert [part.notes for part in played.parts] == [part.notes for part in band.parts]
    two = Score(
        us_per_quarter=600_000, metre=Metre(4, 4), key=Key("C", "major"), bars=4,
        parts=(tune().parts[0], replace(tune(velocity=30).parts[0], name="Second", program=71)),
    )  # fmt: skip
    take = make("notes_to_audio", given(two, "notes"))[0]
    assert [(stem.role, stem.name) for stem in take.stems] == [("lead", "Tune + Second")]
    with pytest.raises(RequestRefused, match="1 to 1 variations"):
        make("notes_to_audio", given(two, "notes"), seeds=(1, 2))


SILENCE = np.zeros((1, RATE * 4))


@pytest.mark.parametrize(
    ("mode", "inputs", "changes", "said"),
    [
        ("accompaniment", (), {}, "Write the chords"),
        ("accompaniment", (), {"chords": "Dm | Xy"}, "'Xy' is not a chord"),
        ("accompaniment", (given(tune(), "notes"),), {"chords": "Dm"}, "not both"),
        ("chord_progression", (), {"chords": "I | V"}, "needs a key"),
        ("parts", (given(tune(), "source"),), {}, "Say which part"),
        ("parts", (sound(SILENCE, "source", RATE),), {"targets": ("bass",)}, "No steady beat"),
        ("melody_guided", (), {}, "needs a melody"),
        ("melody_guided", (sound(SILENCE, "melody", RATE),), {}, "silent"),
        ("harmonisation", (replace(given(tune(), "melody"), notes=b"MThd"),), {}, "ends in the middle"),
        (
            "harmonisation",
            (
                given(
                    replace(tune(), parts=(replace(tune().parts[0], notes=(Note(0, 60, 100, 80),)),)),
                    "melody",
                ),
            ),
            {},
            "lasts 0.1 s",
        ),
        (
            "humanise",
            (given(tune(), "notes"),),
            {"parameters": {"swing": 1.0}},
            "swing",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_before_the_first_take(
    mode: str, inputs: tuple[GivenInput, ...], changes: dict[str, ParameterValue], said: str
) -> None:
    with pytest.raises(RequestRefused) as caught:
        make(mode, *inputs, **changes)
    assert said in caught.value.message
