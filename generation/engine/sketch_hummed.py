"""A hummed or played tune as notes that can be arranged: heard by pYIN, its tempo found, moved onto sixteenths."""

import numpy as np

from generation.audio.arrays import SoundError
from generation.audio.hums import check_melody
from generation.audio.tune import Heard, quantised, tune
from generation.engine.base import GivenInput, RequestRefused
from generation.symbolic.keyfinding import key_of
from generation.symbolic.notes import Note, Part, Score, tidy, us_per_quarter
from generation.symbolic.theory import TICKS, Key, Metre

LEAST_NOTES = 3
SLOWEST_BPM, FASTEST_BPM, USUAL_BPM = 56.0, 160.0, 96.0
SIXTEENTHS = 4


def hummed_score(
    given: GivenInput, *, tempo_bpm: float | None, metre: str
) -> tuple[Score, dict[str, str | int]]:
    """Return the tune in a recording as a score of one part, beginning at a bar line, and how it was heard.

    Raises:
        RequestRefused: no tune is heard; the message says what to do.
    """
    assert given.audio is not None
    try:
        checked = check_melody(given.audio, given.sample_rate_hz)
        heard = tune(checked.audio, checked.sample_rate_hz)
    except SoundError as error:
        raise RequestRefused("inputs", str(error)) from error
    if len(heard.notes) < LEAST_NOTES:
        raise RequestRefused(
            "inputs", "Hardly a note is heard in the melody; sing or play it louder, or alone."
        )
    bpm = tempo_bpm or tempo_of(heard.notes)
    step_s = 60 / bpm / SIXTEENTHS
    placed, moved_s = quantised(heard.notes, step_s)
    ticks = TICKS // SIXTEENTHS
    first = round(placed[0].start_s / step_s)
    notes = tidy(
        Note(
            (round(note.start_s / step_s) - first) * ticks, note.pitch,
            max(1, round((note.end_s - note.start_s) / step_s)) * ticks, note.velocity,
        )
        for note in placed
    )  # fmt: skip
    unit = Metre.parse(metre or "4/4")
    end = max(note.end for note in notes)
    score = Score(
        us_per_quarter=us_per_quarter(bpm),
        metre=unit,
        key=key_of(notes) or Key("C", "major"),
        bars=-(-end // unit.bar_ticks),
        parts=(Part(role="lead", name="Melody", program=0, notes=notes),),
    )
    told: dict[str, str | int] = {"given_narrowed": " ".join(checked.notices)} if checked.notices else {}
    return score, told | {
        "given_sha256": given.sha256,
        "melody_heard_by": "pyin",
        "melody_tempo_known": "stated" if tempo_bpm else "heard",
        "melody_moved_ms": round(1000 * moved_s),
        "melody_tuning_cents": heard.tuning_cents,
    }


def tempo_of(notes: tuple[Heard, ...]) -> float:
    """Return the tempo (quarter notes a minute) on whose eighths the notes begin most nearly; of several the one
    nearest to a walking pace.
    """
    starts = np.array([note.start_s for note in notes])
    best, found = -np.inf, USUAL_BPM
    for bpm in np.arange(SLOWEST_BPM, FASTEST_BPM, 0.5):
        angles = starts * (2 * np.pi * bpm / 30)
        score = abs(np.exp(1j * angles).mean()) - 0.35 * abs(np.log2(bpm / USUAL_BPM))
        if score > best:
            best, found = score, float(bpm)
    return found
