"""Taking sound apart and writing it down, without weights: how fast, and how many notes of a known melody come back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from generation.audio.apart import harmonic_percussive
from generation.audio.tune import tune
from generation.symbolic import render
from generation.symbolic.notes import Note, Part, Score
from generation.symbolic.theory import Key, Metre
from label.benchmarks.sound import timed
from label.benchmarks.table import Figure, Goal

MELODY: Final = (60, 62, 64, 65, 67, 69, 71, 72, 69, 65, 62, 60)
PROGRAMS: Final = {"flute": 73, "piano": 0, "guitar": 24, "violin": 40}
WITHIN_S: Final = 0.1


def hearing(*, quick: bool) -> Iterator[Figure]:
    """One voice to notes by pYIN, on melodies of the soundfont; harmonic and percussive parts of the same."""
    found = hits = wanted = 0
    heard_s = spent_s = 0.0
    first = render.synthesised(_score(0), _score(0).parts[0], samples=render.SAMPLE_RATE_HZ)
    tune(first, render.SAMPLE_RATE_HZ)  # the first calls compile
    harmonic_percussive(first)
    for program in list(PROGRAMS.values())[: 2 if quick else None]:
        score = _score(program)
        samples = score.samples(score.length_ticks, render.SAMPLE_RATE_HZ)
        audio = render.synthesised(score, score.parts[0], samples=samples)
        notes: list[tuple[float, int]] = []
        spent_s += timed(
            lambda audio=audio, notes=notes: notes.extend(  # type: ignore[misc]
                (note.start_s, note.pitch) for note in tune(audio, render.SAMPLE_RATE_HZ).notes
            )
        )
        heard_s += samples / render.SAMPLE_RATE_HZ
        found += len(notes)
        for one in score.parts[0].notes:
            wanted += 1
            near = [
                n for n in notes if n[1] == one.pitch and abs(n[0] - score.seconds(one.start)) <= WITHIN_S
            ]
            if near:
                notes.remove(near[0])
                hits += 1
    yield Figure(
        name="one voice to notes, F1 of known notes",
        value=2 * hits / (wanted + found),
        unit="",
        goal=Goal(">=", 0.9),
        note=f"{hits} of {wanted} notes, pitch and onset within {1000 * WITHIN_S:.0f} ms",
    )
    yield Figure(name="one voice to notes", value=heard_s / spent_s, unit="x realtime", goal=Goal(">=", 1.0))
    parts_s = timed(lambda: harmonic_percussive(audio))
    yield Figure(
        name="harmonic and percussive parts, stereo",
        value=samples / render.SAMPLE_RATE_HZ / parts_s,
        unit="x realtime",
        goal=Goal(">=", 2.0),
    )


def _score(program: int) -> Score:
    notes = tuple(Note(number * 240, pitch, 216, 90) for number, pitch in enumerate(MELODY))
    return Score(
        us_per_quarter=500_000, metre=Metre.parse("4/4"), key=Key.parse("C major"), bars=2,
        parts=(Part(role="lead", name="Melody", program=program, notes=notes),),
    )  # fmt: skip
