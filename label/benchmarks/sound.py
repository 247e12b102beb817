"""Sketching, rendering, drawing: what sound costs, beside reading or writing the same sound."""

from __future__ import annotations

import io
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from generation.audio.render import render
from generation.engine.base import GenerationOutput, GenerationRequest, GivenInput, Made
from generation.engine.sketch import Sketch
from generation.symbolic import midi
from generation.symbolic.render import synthesised
from label.benchmarks.table import Beside, Figure, Goal
from provenance.audiofile import peaks

RATE_HZ = 44_100
TRACKS, CLIPS = 8, 4


def timed(action: Callable[[], Any]) -> float:
    """How long the action takes, s."""
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


def sketch(*, quick: bool) -> Iterator[Figure]:
    """The engine alone: notes, stems and mixes, nothing stored."""
    takes, duration_s = (2, 5.0) if quick else (10, 30.0)
    request = GenerationRequest(
        mode="text_to_music",
        prompt="a slow cinematic piece in D minor for keys, strings, bass and drums",
        duration_s=duration_s,
        seeds=tuple(range(takes)),
    )
    made: list[Made] = []
    engine = Sketch()
    cpu_s = time.process_time()
    spent_s = timed(lambda: made.extend(engine.generate(request, lambda done, total: None)))
    cpu_s = time.process_time() - cpu_s
    beside_s = timed(lambda: _write_all(made))
    yield Figure(
        name=f"sketch, {takes} takes of {duration_s:g} s",
        value=spent_s,
        unit="s",
        goal=Goal("<=", 30.0),
        beside=Beside("writing mixes and stems as FLAC", beside_s),
        note=f"{cpu_s:.1f} s of processor time, one process",
    )


def playing(*, quick: bool) -> Iterator[Figure]:
    """Given notes as sound: four parts, each a stem with its room, and their exact sum."""
    duration_s, rounds = (5.0, 2) if quick else (60.0, 5)
    words = GenerationRequest(
        mode="text_to_music",
        prompt="folk for guitar, bass, drums and flute",
        duration_s=duration_s,
        seeds=(1,),
    )
    engine = Sketch()
    take = next(engine.generate(words, lambda done, total: None))
    assert isinstance(take, GenerationOutput)
    given = GivenInput(role="notes", sha256="0" * 64, notes=take.midi)
    request = GenerationRequest(mode="notes_to_audio", prompt="", duration_s=0.0, seeds=(1,), inputs=(given,))
    score = midi.read(take.midi or b"")
    samples = score.samples(score.end_tick, RATE_HZ)

    def dry() -> None:
        for part in score.parts:
            synthesised(score, part, samples=samples)

    ours_s, dry_s = _paired(rounds, lambda: list(engine.generate(request, lambda done, total: None)), dry)
    length_s = samples / RATE_HZ
    yield Figure(
        name=f"playing {len(score.parts)} parts of {length_s:.0f} s by the soundfont",
        value=length_s / ours_s,
        unit="x realtime",
        goal=Goal(">=", 15.0),
        beside=Beside("tinysoundfont alone, dry, part by part", length_s / dry_s),
        note=f"median of {rounds}: {ours_s:.2f} s",
    )


def _write_all(made: list[Made]) -> None:
    for output in made:
        assert isinstance(output, GenerationOutput)
        for audio in (output.audio, *(stem.audio for stem in output.stems)):
            soundfile.write(io.BytesIO(), audio.T, output.sample_rate_hz, format="FLAC", subtype="PCM_16")


def rendering(*, quick: bool) -> Iterator[Figure]:
    """A mix of stereo files with cuts, fades, gains and pans, files read anew each time."""
    duration_s, rounds = (10, 3) if quick else (180, 5)
    with tempfile.TemporaryDirectory() as folder:
        names = [f"{number:064x}" for number in range(TRACKS)]
        for number, name in enumerate(names):
            soundfile.write(f"{folder}/{name}.wav", _noise(duration_s, seed=number), RATE_HZ, "PCM_16")

        def load(name: str) -> tuple[NDArray[np.float32], int]:
            audio, rate = soundfile.read(f"{folder}/{name}.wav", dtype="float32", always_2d=True)
            return audio.T, rate

        document = _document(names, duration_s * RATE_HZ)

        def read() -> None:
            for name in names:
                load(name)

        render_s, decode_s = _paired(rounds, lambda: render(document, load), read)
    yield Figure(
        name=f"render of {TRACKS} tracks, {duration_s / 60:g} min, from files",
        value=duration_s / render_s,
        unit="x realtime",
        goal=Goal(">=", 60.0),
        beside=Beside("reading the files alone", duration_s / decode_s),
        note=f"median of {rounds}: {render_s:.2f} s",
    )


def drawing(*, quick: bool) -> Iterator[Figure]:
    """The waveform of one stereo WAV file."""
    duration_s, rounds = (10, 3) if quick else (300, 7)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.wav"
        soundfile.write(path, _noise(duration_s, seed=1), RATE_HZ, "PCM_16")
        peaks_s, decode_s = _paired(
            rounds, lambda: peaks(path), lambda: soundfile.read(path, dtype="float32", always_2d=True)
        )
    yield Figure(
        name=f"peaks of a {duration_s / 60:g}-minute file",
        value=peaks_s,
        unit="s",
        goal=Goal("<=", 1.5),
        beside=Beside("reading it with libsndfile", decode_s),
        note=f"median of {rounds}",
    )


def _paired(rounds: int, ours: Callable[[], Any], theirs: Callable[[], Any]) -> tuple[float, float]:
    """Medians of both, s, taking turns: a busy machine slows both."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds + 1):
        spent = [timed(action) for action in (ours, theirs)]
        if number:  # the first round warms up
            for kept, one in zip(times, spent, strict=True):
                kept.append(one)
    return statistics.median(times[0]), statistics.median(times[1])


def _noise(duration_s: int, *, seed: int) -> NDArray[np.float32]:
    generator = np.random.default_rng(seed)
    second = generator.uniform(-0.3, 0.3, (RATE_HZ, 2)).astype(np.float32)
    return np.tile(second, (duration_s, 1))


def _document(names: list[str], length: int) -> dict[str, Any]:
    span = length // CLIPS
    return {
        "v": 1,
        "sample_rate_hz": RATE_HZ,
        "tempo_milli_bpm": 92_000,
        "metre": "4/4",
        "tracks": [
            {
                "id": f"t{number}",
                "name": f"Track {number + 1}",
                "role": "other",
                "gain_millibel": -100 * number,
                "pan_percent": 20 * number - 70,
                "mute": False,
                "clips": [
                    {
                        "id": f"c{number}-{place}",
                        "asset": name,
                        "name": "",
                        "start_samples": place * span,
                        "offset_samples": place * span,
                        "length_samples": span,
                        "gain_millibel": 0,
                        "fade_in_samples": 441,
                        "fade_out_samples": 441,
                        "mute": False,
                    }
                    for place in range(CLIPS)
                ],
            }
            for number, name in enumerate(names)
        ],
    }
