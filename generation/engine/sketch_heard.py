"""What the sketch engine hears in a recording before it adds a part: beat, bars, key and chords."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generation.engine.base import MAX_TEMPO_BPM, MIN_TEMPO_BPM, Audio, RequestRefused
from generation.symbolic.harmonising import Slot, fitted
from generation.symbolic.harmony import Span
from generation.symbolic.keyfinding import key_of
from generation.symbolic.notes import Note, us_per_quarter
from generation.symbolic.source import spans_of
from generation.symbolic.theory import TICKS, Key, Metre
from provenance.audiofile.resampling import resample

_RATE_HZ = 22_050
_HOP = 512
_LEAST_BEATS = 8
_FLOOR = 0.4  # of the loudest pitch class: what is quieter is overtones and noise
TRUST = 5.0
LATE_S = 0.08


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A recording as a grid of bars. Composed ticks move by `shift` onto the recording."""

    key: Key
    metre: Metre
    tempo_us: int
    shift: int
    spans: tuple[Span, ...]
    facts: Mapping[str, str | int]


def heard(audio: Audio, sample_rate_hz: int, *, tempo_bpm: float | None, key: str, metre: str) -> Heard:
    """Return the grid and the harmony of `[channels, samples]`. What the brief states is believed.

    Raises:
        RequestRefused: no steady beat to play to.
    """
    import librosa  # here, because only workers have room for it

    mono = np.asarray(
        resample(audio.mean(axis=0)[np.newaxis, :], sample_rate_hz, _RATE_HZ)[0], dtype=np.float32
    )
    onsets: Any = librosa.onset.onset_strength(y=mono, sr=_RATE_HZ, hop_length=_HOP)
    beats: Any = np.zeros(0)
    if np.any(onsets > 0):
        _, beats = librosa.beat.beat_track(
            onset_envelope=onsets,
            sr=_RATE_HZ,
            hop_length=_HOP,
            start_bpm=tempo_bpm or 110.0,
            bpm=tempo_bpm,
            trim=False,
        )
    if len(beats) < _LEAST_BEATS:
        raise RequestRefused("inputs", "No steady beat is heard in the recording; state its tempo in the brief, "
                             "or give the part as notes.")  # fmt: skip
    times = np.asarray(beats) * _HOP / _RATE_HZ
    places = np.arange(len(times))
    line = np.polyfit(places, times, 1)
    period, first = float(line[0]), float(line[1])
    if not MIN_TEMPO_BPM <= 60 / period <= MAX_TEMPO_BPM:
        raise RequestRefused(
            "inputs", "No steady beat is heard in the recording; state its tempo in the brief."
        )
    unit = Metre.parse(metre or "4/4")
    quarters = max(1, unit.bar_ticks // TICKS)
    chroma: NDArray[np.float64] = librosa.feature.chroma_cqt(y=mono, sr=_RATE_HZ, hop_length=_HOP)
    first -= period * int(first / period) if first > 0 else 0.0  # the first beat at or after the beginning
    down = _downbeat(chroma, onsets, first, period, quarters)
    tempo_us = us_per_quarter(60 / period)
    bar_s = unit.bar_ticks * tempo_us / TICKS / 1e6
    begin_s = first + down * period
    # The bar that the recording begins in; a beat tracker is late by a little.
    begin_s -= bar_s * float(np.ceil((begin_s - LATE_S) / bar_s))
    slots = _slots(chroma, unit, begin_s, bar_s, len(mono) / _RATE_HZ)
    found = Key.parse(key) if key else _key(slots)
    spans = spans_of(slots, fitted(slots, found, trust=TRUST, colour=0.5, ends=False))
    error_ms = float(np.sqrt(np.mean((times - np.polyval(line, places)) ** 2)) * 1000)
    return Heard(
        key=found,
        metre=unit,
        tempo_us=tempo_us,
        shift=round(begin_s * 1e6 * TICKS / tempo_us),
        spans=spans,
        facts={
            "source_tempo_milli_bpm": round(60_000 / period),
            "source_first_bar_ms": round(begin_s * 1000),
            "source_beat_error_ms": round(error_ms),
            "source_key_known": "stated" if key else "heard",
        },
    )


def _downbeat(chroma: NDArray[Any], onsets: NDArray[Any], first: float, period: float, quarters: int) -> int:
    """Return which beat of the first bar's worth begins a bar: chords change and strokes are strong there."""
    frames = np.arange(first, chroma.shape[1] * _HOP / _RATE_HZ - period, period) * _RATE_HZ / _HOP
    length = period * _RATE_HZ / _HOP
    means = np.array([chroma[:, int(f) : max(int(f) + 1, int(f + length))].mean(axis=1) for f in frames])
    if len(means) < 2 * quarters:
        return 0
    change = np.concatenate([[0.0], np.abs(np.diff(means, axis=0)).sum(axis=1)])
    strong = np.array([onsets[max(0, int(f) - 2) : int(f) + 3].max(initial=0.0) for f in frames])
    score = change / max(change.max(), 1e-9) + 0.3 * strong / max(float(strong.max()), 1e-9)
    return int(np.argmax([score[place::quarters].mean() for place in range(quarters)]))


def _slots(chroma: NDArray[Any], metre: Metre, begin_s: float, bar_s: float, end_s: float) -> list[Slot]:
    """Return a slot for each half bar (or bar, as the metre has it), times relative to the first bar."""
    cuts = (*metre.strong, metre.bar_ticks)
    found: list[Slot] = []
    for bar in range(max(1, int(np.ceil((end_s - begin_s) / bar_s)))):
        origin = bar * metre.bar_ticks
        for start, end in pairwise(cuts):
            a, b = (
                (begin_s + (bar + tick / metre.bar_ticks) * bar_s) * _RATE_HZ / _HOP for tick in (start, end)
            )
            piece = chroma[:, max(0, round(a)) : max(0, round(b))]
            mean = piece.mean(axis=1) if piece.shape[1] else np.zeros(12)
            top = float(mean.max())
            weights = np.maximum(0.0, mean / top - _FLOOR) if top > 0 else np.zeros(12)
            found.append(
                Slot(
                    origin + start,
                    origin + end,
                    tuple(float(w) for w in weights),
                    None,
                    first_of_bar=start == 0,
                )
            )
    return found


def _key(slots: list[Slot]) -> Key:
    notes = [
        Note(slot.start, 60 + pitch, max(1, round(480 * weight)), 80)
        for slot in slots
        for pitch, weight in enumerate(slot.weights)
        if weight > 0
    ]
    return key_of(notes) or Key("C", "major")
