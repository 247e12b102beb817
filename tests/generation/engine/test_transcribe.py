"""Sound to notes: melodies whose notes are known come back, by both methods; what has none is refused or said so."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from generation.audio.tune import Heard, key_of_notes, quantised, snapped, tune
from generation.engine import registry
from generation.engine.base import (
    BriefSpec,
    FailedTake,
    GenerationOutput,
    GenerationRequest,
    GivenInput,
    RequestRefused,
)
from generation.symbolic import midi, render
from generation.symbolic.notes import Note, Part, Score, tidy
from generation.symbolic.theory import Key, Metre
from tests.generation.audio.signals import RATE, Sound, noise, silence, sine
from tests.generation.audio.test_hums import hummed
from tests.support import needs

FLUTE, PIANO, GUITAR, VIOLIN = 73, 0, 24, 40
MELODY = (60, 62, 64, 65, 67, 69, 71, 72, 69, 65, 62, 60)


def written(chords: Iterable[tuple[int, ...]], *, program: int, ticks: int = 240) -> Score:
    """A chord (or a note) every quarter of a second, nine tenths of it held."""
    notes = tidy(
        Note(number * ticks, pitch, ticks * 9 // 10, 90)
        for number, chord in enumerate(chords)
        for pitch in chord
    )
    return Score(
        us_per_quarter=500_000, metre=Metre.parse("4/4"), key=Key.parse("C major"), bars=4,
        parts=(Part(role="lead", name="Melody", program=program, notes=notes),),
    )  # fmt: skip


def played(score: Score) -> Sound:
    last = score.parts[0].notes[-1].end
    return render.synthesised(score, score.parts[0], samples=score.samples(last, 44_100) + 22_050)


def request(
    sound: Sound, *, rate: int = 44_100, brief: BriefSpec | None = None, **parameters: object
) -> GenerationRequest:
    given = GivenInput(role="source", sha256="0" * 64, audio=sound, sample_rate_hz=rate)
    return GenerationRequest(
        mode="audio_to_notes", prompt="", duration_s=0, seeds=(5,), inputs=(given,), brief=brief,
        parameters=parameters,  # type: ignore[arg-type]
    )  # fmt: skip


def made(asked: GenerationRequest) -> GenerationOutput:
    (output,) = registry.engine("notes").generate(asked, lambda done, total: None)
    assert isinstance(output, GenerationOutput), output
    return output


def notes_of(output: GenerationOutput) -> list[tuple[float, int]]:
    assert output.midi is not None
    score = midi.read(output.midi)
    return [(score.seconds(note.start), note.pitch) for part in score.parts for note in part.notes]


def f1(truth: Score, found: list[tuple[float, int]], *, within_s: float = 0.1) -> float:
    """The harmonic mean of precision and recall of notes: the same pitch, and an onset within 100 ms."""
    left = list(found)
    hits = 0
    wanted = [(truth.seconds(note.start), note.pitch) for note in truth.parts[0].notes]
    for start, pitch in wanted:
        near = [one for one in left if one[1] == pitch and abs(one[0] - start) <= within_s]
        if near:
            left.remove(near[0])
            hits += 1
    return 2 * hits / (len(wanted) + len(found))


@pytest.mark.parametrize("program", [FLUTE, PIANO, GUITAR])
def test_one_voice_is_followed_note_by_note(program: int) -> None:
    truth = written([(pitch,) for pitch in MELODY], program=program)
    output = made(request(played(truth), model="pyin"))
    score = f1(truth, notes_of(output))
    print(f"pYIN, program {program}: F1 {score:.2f}")
    assert score >= 0.9


def test_a_hum_off_pitch_is_followed_in_its_own_tuning() -> None:
    """Do re mi fa sol fa mi re, two a second, 47 cents below F sharp, with vibrato and breath."""
    found = tune(hummed(4.0, hz=180.0), RATE)
    assert [note.pitch for note in found.notes] == [54, 56, 58, 59, 61, 59, 58, 56]
    assert abs(found.tuning_cents + 47) < 5
    assert all(abs(note.start_s - number / 2) < 0.08 for number, note in enumerate(found.notes))


@needs("engines")
@pytest.mark.parametrize("program", [VIOLIN, PIANO])
def test_basic_pitch_hears_melodies(program: int) -> None:
    truth = written([(pitch,) for pitch in MELODY], program=program)
    output = made(request(played(truth), model="basic-pitch"))
    score = f1(truth, notes_of(output))
    print(f"basic-pitch, program {program}: F1 {score:.2f}")
    assert score >= 0.9
    assert len(str(output.facts["model_sha256"])) == 64
    assert output.facts["onnxruntime_version"] != "unknown"


@needs("engines")
def test_basic_pitch_hears_chords() -> None:
    truth = written(
        [(48, 60, 64, 67), (45, 57, 60, 64), (41, 57, 60, 65), (43, 59, 62, 67)], program=PIANO, ticks=960
    )
    score = f1(truth, notes_of(made(request(played(truth)))))
    print(f"basic-pitch, chords: F1 {score:.2f}")
    assert score >= 0.75


def test_the_notes_can_be_heard_and_last_as_long_as_the_recording() -> None:
    sound = hummed(4.0)
    output = made(request(sound, rate=RATE, model="pyin", instrument="flute"))
    assert output.audio.shape == (2, 4 * 44_100)
    assert 0.5 < np.abs(output.audio).max() <= 1.0
    facts = output.facts
    assert (facts["notes"], facts["lowest_pitch"], facts["highest_pitch"]) == (8, 54, 61)
    assert {"librosa_version", "soundfont_sha256", "tempo_milli_bpm", "method", "model"} <= set(facts)
    assert all(isinstance(value, str | int) for value in facts.values())
    assert len(notes_of(output)) == 8


def test_notes_go_onto_the_grid_and_into_the_key_when_asked() -> None:
    """Two a second, begun 130 ms late, at 120: eighths of 250 ms; C major has no F sharp."""
    sound = np.concatenate((silence(0.13, channels=1), hummed(4.0, hz=180.0)), axis=1)
    brief = BriefSpec(tempo_bpm=120, key="C major", metre="4/4")
    output = made(request(sound, rate=RATE, brief=brief, model="pyin", quantise="1/8", snap_to_key=True))
    found = notes_of(output)
    assert [round(start % 0.25, 6) for start, _ in found] == [0.0] * 8
    assert [round(start - found[0][0], 6) for start, _ in found] == [number / 2 for number in range(8)]
    assert all(Key.parse("C major").holds(pitch) for _, pitch in found)
    assert output.facts["tempo_from"] == "brief"
    assert output.facts["notes_moved_into_key"] > 0


def test_snapping_takes_the_nearest_note_to_what_sounded() -> None:
    def heard(exact: float) -> Heard:
        return Heard(start_s=0, end_s=1, pitch=round(exact), velocity=80, exact=exact)

    scale = Key.parse("C major").scale
    assert [note.pitch for note in snapped([heard(61.2), heard(60.8), heard(60.0)], scale)] == [62, 60, 60]


def test_quantising_moves_all_by_one_shift_and_keeps_every_note_a_grid_long() -> None:
    late = [
        Heard(start_s=0.06 + n * 0.5, end_s=0.1 + n * 0.5, pitch=60, velocity=80, exact=60.0)
        for n in range(4)
    ]
    placed, moved = quantised(late, 0.25)
    assert [note.start_s for note in placed] == [0.0, 0.5, 1.0, 1.5]
    assert [note.end_s - note.start_s for note in placed] == [0.25] * 4
    assert abs(moved + 0.06) < 1e-9
    assert quantised([], 0.25) == ((), 0.0)


def test_the_key_is_that_of_the_notes() -> None:
    def scale(pitches: Iterable[int]) -> list[Heard]:
        return [Heard(start_s=0, end_s=1, pitch=pitch, velocity=80, exact=pitch) for pitch in pitches]

    assert key_of_notes(scale([62, 66, 69, 62, 64, 67, 71, 73, 69, 62])) == "D major"
    assert key_of_notes([]) is None


@pytest.mark.parametrize(
    ("sound", "rate", "code"),
    [
        (silence(2.0), RATE, "silent"),
        (noise(2.0), RATE, "no_pitch"),
        (hummed(0.2), RATE, "inputs"),
        (np.zeros((1, 1), np.float32), RATE, "inputs"),
        (np.full((1, RATE), np.nan, np.float32), RATE, "inputs"),
    ],
    ids=["silence", "noise", "0.2 s", "one sample", "NaN"],
)
def test_what_has_no_notes_is_refused_with_a_sentence(sound: Sound, rate: int, code: str) -> None:
    with pytest.raises(RequestRefused) as caught:
        made(request(sound, rate=rate, model="pyin"))
    assert caught.value.code == code


def test_a_recording_without_a_note_that_lasts_is_a_failed_take() -> None:
    blips = np.concatenate(
        [np.concatenate((sine(-12, 0.05, channels=1), silence(0.45, channels=1)), 1)] * 4, axis=1
    )
    (take,) = registry.engine("notes").generate(
        request(blips, rate=RATE, model="pyin", shortest_ms=500), lambda done, total: None
    )
    assert isinstance(take, FailedTake)
    assert take.code == "no_notes"


def test_eight_kilohertz_and_two_channels_will_do() -> None:
    sound = np.repeat(hummed(2.0, rate=8_000), 2, axis=0)
    assert [pitch for _, pitch in notes_of(made(request(sound, rate=8_000, model="pyin")))] == [
        54,
        56,
        58,
        59,
    ]


def test_a_request_that_is_not_wanted_any_more_ends() -> None:
    class Enough(Exception):
        pass

    def stop(done: int, total: int) -> None:
        raise Enough

    with pytest.raises(Enough):
        list(registry.engine("notes").generate(request(hummed(2.0), rate=RATE, model="pyin"), stop))


def test_asking_what_is_offered_names_both_methods_and_their_terms() -> None:
    capabilities = registry.engine("notes").capabilities()
    assert capabilities.available
    assert {model.name: model.tool for model in capabilities.models} == {
        "basic-pitch": "basic-pitch",
        "pyin": "librosa",
    }
    assert all(model.present or model.reason for model in capabilities.models)
