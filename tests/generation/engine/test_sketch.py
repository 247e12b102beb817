import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pyloudnorm
import pytest
import soundfile

from generation.engine import registry
from generation.engine.base import BriefSpec, GenerationOutput, GenerationRequest, RequestRefused
from generation.symbolic import genres, midi
from generation.symbolic.theory import Key

ROLES = {"lead", "keys", "guitar", "strings", "pads", "bass", "drums", "percussion"}
BRIEF = BriefSpec(
    genre="pop", mood="warm", tempo_bpm=112, key="D minor", metre="4/4", structure=("intro", "A", "B", "A'", "outro"),
    energy=(0.3, 0.5, 0.8, 0.6, 0.3),
)  # fmt: skip


def request(**changes: Any) -> GenerationRequest:
    base = GenerationRequest(mode="text_to_music", prompt="", duration_s=12.0, seeds=(1,), brief=BRIEF)
    return replace(base, **changes)


def takes(**changes: Any) -> list[GenerationOutput]:
    return list(registry.engine("sketch").generate(request(**changes), lambda done, total: None))


@pytest.fixture(scope="module")
def by_genre() -> dict[str, GenerationOutput]:
    names = [genre.name for genre in genres.GENRES]
    return {name: takes(duration_s=20.0, brief=BriefSpec(genre=name), seeds=(3,))[0] for name in names}


@pytest.mark.parametrize("genre", [genre.name for genre in genres.GENRES])
def test_every_genre_sounds_sane(by_genre: dict[str, GenerationOutput], genre: str) -> None:
    take = by_genre[genre]
    assert take.audio.dtype == np.float32
    assert take.audio.shape == (2, 20 * 44_100)
    assert take.sample_rate_hz == 44_100
    assert np.isfinite(take.audio).all()
    assert 0.7 < np.abs(take.audio).max() <= 10 ** (-1 / 20) + 1e-6
    loud = pyloudnorm.Meter(44_100).integrated_loudness(take.audio.T)
    assert -24 < loud < -10
    assert abs(float(take.audio.mean())) < 0.01  # no offset
    assert np.abs(take.audio[:, -64:]).max() < 1e-4  # ends in silence, not in a click
    assert np.abs(np.diff(take.audio, axis=1)).max() < 0.6
    assert all(np.abs(stem.audio).max() > 0.01 for stem in take.stems)
    assert {stem.role for stem in take.stems} <= ROLES
    seconds = np.abs(take.audio[:, : 18 * 44_100]).reshape(2, 18, 44_100).max(axis=(0, 2))
    assert seconds.min() > 0.01, "a hole of a second"


@pytest.mark.parametrize("genre", [genre.name for genre in genres.GENRES])
def test_stems_sum_to_the_mix_exactly(by_genre: dict[str, GenerationOutput], genre: str) -> None:
    take = by_genre[genre]
    total = np.sum([stem.audio.astype(np.float64) for stem in take.stems], axis=0)
    assert np.array_equal(total.astype(np.float32), take.audio)
    assert len({stem.role for stem in take.stems}) == len(take.stems) >= 3


def test_stems_stored_as_24_bit_flac_still_sum_to_the_mix(by_genre: dict[str, GenerationOutput]) -> None:
    take = by_genre["pop"]
    total = np.zeros(take.audio.shape, dtype=np.int64)
    for stem in take.stems:
        # libsndfile scales floats by 2^23 - 1; whole numbers go in as they are.
        whole = np.rint(stem.audio.astype(np.float64) * 2**23).astype(np.int32) << 8
        file = io.BytesIO()
        soundfile.write(file, whole.T, 44_100, format="FLAC", subtype="PCM_24")
        file.seek(0)
        total += soundfile.read(file, dtype="int32")[0].T >> 8
    assert np.array_equal(total, np.rint(take.audio.astype(np.float64) * 2**23).astype(np.int64))


def test_the_same_seed_gives_the_same_samples_alone_or_among_others() -> None:
    together, alone = takes(seeds=(7, 8, 9)), takes(seeds=(8,))
    assert [take.index for take in together] == [0, 1, 2]
    assert [take.seed for take in together] == [7, 8, 9]
    assert np.array_equal(together[1].audio, alone[0].audio)
    assert together[1].midi == alone[0].midi
    assert not np.array_equal(together[0].audio, together[1].audio)


def test_different_seeds_sound_different() -> None:
    several = takes(seeds=tuple(range(6)), duration_s=15.0)
    pictures = []
    for take in several:
        frames = take.audio.mean(axis=0)[: 15 * 44_100 // 4096 * 4096].reshape(-1, 4096)
        picture = np.log1p(np.abs(np.fft.rfft(frames * np.hanning(4096), axis=1))).ravel()
        pictures.append((picture - picture.mean()) / picture.std())
    for i, one in enumerate(pictures):
        for other in pictures[:i]:
            assert float((one * other).mean()) < 0.97
    assert len({take.midi for take in several}) == 6


def test_takes_of_a_run_share_tempo_key_and_length_so_that_stems_fit_together() -> None:
    several = takes(seeds=tuple(range(4)), brief=None, prompt="dreamy lo-fi")
    for name in ("tempo_milli_bpm", "key", "metre", "sections", "genre"):
        assert len({take.facts[name] for take in several}) == 1
    assert len({take.audio.shape for take in several}) == 1
    assert len({tuple(stem.role for stem in take.stems) for take in several}) == 1


def test_the_brief_is_kept_and_the_facts_say_how() -> None:
    take = takes()[0]
    score = midi.read(take.midi or b"")
    assert (score.tempo_milli_bpm, str(score.key), str(score.metre)) == (112_000, "D minor", "4/4")
    facts = take.facts
    assert (facts["key"], facts["tempo_milli_bpm"], facts["genre"], facts["seed"]) == (
        "D minor",
        112_000,
        "pop",
        1,
    )
    assert [m.text for m in score.markers] == [
        part.rsplit(" ", 1)[0] for part in str(facts["sections"]).split(", ")
    ]
    assert facts["engine"] == "sketch"
    assert len(str(facts["soundfont_sha256"])) == 64
    assert facts["tinysoundfont_version"]
    assert "Dm" in str(facts["chords"])
    assert all(isinstance(value, str | int) for value in facts.values())
    json.dumps(dict(facts))


def test_the_notes_in_the_midi_are_the_notes_in_the_stems() -> None:
    take = takes(parameters={"humanise": 0.0})[0]
    score = midi.read(take.midi or b"")
    assert [(part.role, part.name) for part in score.parts] == [(stem.role, stem.name) for stem in take.stems]
    key = Key.parse("D minor")
    for part, stem in zip(score.parts, take.stems, strict=True):
        assert part.drums or all(key.holds(note.pitch) for note in part.notes)
        first = score.samples(part.notes[0].start, 44_100)
        loud = np.abs(stem.audio).max()
        assert np.abs(stem.audio[:, : max(0, first - 10)]).max(initial=0) < 1e-3 * loud
        assert np.abs(stem.audio[:, first : first + 22_050]).max() > 0.02 * loud


@pytest.mark.parametrize("seconds", [1.0, 2.5, 5.0, 61.3])
@pytest.mark.parametrize("tempo", [20.0, 300.0])
def test_short_long_slow_and_fast_pieces_have_the_length_asked_for(seconds: float, tempo: float) -> None:
    take = takes(duration_s=seconds, brief=BriefSpec(tempo_bpm=tempo, metre="5/4", genre="jazz"))[0]
    assert take.audio.shape[1] == round(seconds * 44_100)
    assert np.abs(take.audio).max() > 0.7
    assert np.abs(take.audio[:, -16:]).max() < 1e-3


def test_forbidden_instruments_are_not_heard_of() -> None:
    take = takes(brief=replace(BRIEF, avoid=("no drums", "piano"), genre="rock"))[0]
    assert not {"drums", "percussion"} & {stem.role for stem in take.stems}
    score = midi.read(take.midi or b"")
    assert not any(part.drums for part in score.parts)
    assert not {0, 1, 2, 3, 4, 5} & {part.program for part in score.parts}


def test_the_lead_can_be_left_to_the_artist() -> None:
    assert "lead" not in {stem.role for stem in takes(parameters={"lead": False})[0].stems}


def test_parameters_change_the_take() -> None:
    plain = takes()[0]
    for values in ({"density": 1.0}, {"swing": 1.0}, {"humanise": 0.0}, {"reverb": 1.0}):
        assert not np.array_equal(takes(parameters=values)[0].audio, plain.audio), values


def test_progress_counts_up_to_the_total() -> None:
    seen: list[tuple[int, int]] = []
    done = list(registry.engine("sketch").generate(request(seeds=(1, 2)), lambda d, t: seen.append((d, t))))
    total = 2 * (len(done[0].stems) + 2)
    assert seen == [(i, total) for i in range(total + 1)]


class CancelledByTest(Exception):
    """What the worker raises inside progress."""


def test_raising_in_progress_cancels_between_stems_and_leaves_the_engine_usable() -> None:
    engine = registry.engine("sketch")
    kept: list[GenerationOutput] = []

    def stop(done: int, total: int) -> None:
        if done == total // 2 + 3:
            raise CancelledByTest

    def run() -> Iterator[GenerationOutput]:
        return engine.generate(request(seeds=(1, 2)), stop)

    with pytest.raises(CancelledByTest):
        kept.extend(run())
    again = takes(seeds=(1,))[0]
    assert np.array_equal(again.audio, takes(seeds=(1,))[0].audio)


def test_takes_come_one_by_one() -> None:
    counts: list[int] = []
    stream = registry.engine("sketch").generate(request(seeds=(1, 2, 3)), lambda d, t: counts.append(d))
    first = next(stream)
    assert first.index == 0
    assert counts[-1] == len(first.stems) + 2


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"seeds": tuple(range(31))}, "seeds"),
        ({"duration_s": 0.0}, "duration"),
        ({"duration_s": float("nan")}, "duration"),
        ({"duration_s": 28_800.0}, "duration"),
        ({"brief": BriefSpec(tempo_bpm=0)}, "tempo"),
        ({"brief": BriefSpec(key="Z flat")}, "key"),
        ({"parameters": {"swing": 2.0}}, "parameter"),
        ({"mode": "melody"}, "mode"),
    ],
)
def test_a_bad_request_is_refused_before_the_first_take_is_asked_for(
    changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(RequestRefused) as caught:
        registry.engine("sketch").generate(request(**changes), lambda done, total: None)
    assert caught.value.code == code
