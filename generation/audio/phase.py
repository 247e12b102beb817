"""Where new sound fits best in time, and whether two sounds go at one tempo. Pure but for the tempo (librosa)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from generation.audio.arrays import Audio, Samples
from provenance.audiofile.resampling import resample

MAX_ALIGN_MS: Final = 500.0
_HOP_S: Final = 0.002
_WINDOW_S: Final = 0.02
_ALIKE: Final = 0.5
"""From this correlation on, two waveforms are taken for the same sound."""
_IN_STEP: Final = 0.3
"""From this correlation of attacks on, they are taken for the same rhythm."""
_BEAT: Final = 0.15
"""Attacks that vary less over a beat (deviation to mean) show none: noise is at 0.09, music from 0.2 on."""
_LEAST_S: Final = 0.25
_RATE_HZ: Final = 22_050


@dataclass(frozen=True, kw_only=True)
class Place:
    """In samples of the source: the section, where the new sound begins, how far the surroundings count."""

    start: int
    end: int
    at: int
    context: int
    sample_rate_hz: int


@dataclass(frozen=True, kw_only=True)
class Moved:
    """By how many samples the new sound was moved (later is positive), after what, and how well that fits (0..1)."""

    samples: int = 0
    after: str = "none"
    fit: float = 0.0

    def facts(self, sample_rate_hz: int) -> dict[str, str | int]:
        return {
            "aligned_by": self.after,
            "aligned_microseconds": round(self.samples * 1_000_000 / sample_rate_hz),
        }


@dataclass(frozen=True, kw_only=True)
class TempoMatch:
    """Tempi of two sounds, None where there is no beat; `ratio` new to source, free of doubling; 1.0 where unknown."""

    source_bpm: float | None
    new_bpm: float | None
    ratio: float
    agrees: bool

    def facts(self) -> dict[str, str | int]:
        found: dict[str, str | int] = {"tempo_agrees": int(self.agrees)}
        for name, value in (("source", self.source_bpm), ("new", self.new_bpm)):
            if value is not None:
                found[f"{name}_tempo_milli_bpm"] = round(value * 1000)
        return found


def alignment(source: Audio, new: Audio, place: Place, *, within_ms: float, tempo_bpm: float | None) -> Moved:
    """By how much to move `new`, at most `within_ms` either way; by nothing where nothing shows what would fit."""
    most = round(min(MAX_ALIGN_MS, max(0.0, within_ms)) * place.sample_rate_hz / 1000)
    if most == 0:
        return Moved()
    shared = [
        span for span in _shared(source, new, place) if span[1] - span[0] >= _LEAST_S * place.sample_rate_hz
    ]
    if shared:
        low, high = max(shared, key=lambda span: span[1] - span[0])
        return _by_overlap(source, new, low, high, place, most)
    if tempo_bpm:
        return _by_beat(source, new, place, most, 60.0 / tempo_bpm)
    return Moved()


def tempo_match(source: Audio, new: Audio, sample_rate_hz: int, *, tolerance: float = 0.04) -> TempoMatch:
    """Whether `new` goes at the source's tempo, within `tolerance`; half and double tempo count as the same.

    Agrees where either has no beat of its own: there is nothing to contradict.
    """
    from generation.audio.music import tempo_estimate  # librosa: for workers

    found = [
        tempo_estimate(
            resample(one.mean(axis=0, keepdims=True, dtype=np.float32), sample_rate_hz, _RATE_HZ)[0]
        )
        for one in (source, new)
    ]
    if not found[0] or not found[1]:
        return TempoMatch(source_bpm=found[0] or None, new_bpm=found[1] or None, ratio=1.0, agrees=True)
    ratio = found[1] / found[0]
    ratio = min((ratio * factor for factor in (0.5, 1.0, 2.0)), key=lambda value: abs(np.log(value)))
    return TempoMatch(source_bpm=found[0], new_bpm=found[1], ratio=ratio, agrees=abs(ratio - 1) <= tolerance)


def attacks(audio: Audio, sample_rate_hz: int) -> Samples:
    """How much the spectrum grows, in steps of 2 ms: half-wave rectified flux of log magnitudes.

    An attack shows within half a window (10 ms) after it, in every sound alike.
    """
    hop, window = max(1, round(_HOP_S * sample_rate_hz)), max(16, round(_WINDOW_S * sample_rate_hz))
    mono = audio.mean(axis=0, dtype=np.float64)
    steps = max(1, len(mono) // hop)
    padded = np.concatenate((np.zeros(window), mono, np.zeros(window)))
    starts = np.arange(steps + 1) * hop  # of windows that end with the step before
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[starts]
    magnitude = np.log1p(1000 * np.abs(np.fft.rfft(frames * signal.windows.hann(window, sym=False), axis=1)))
    flux: Samples = np.maximum(0, np.diff(magnitude, axis=0)).sum(axis=1)
    flux[: window // hop] = 0  # a piece that was cut out of a sound begins without an attack
    return flux


def _shared(source: Audio, new: Audio, place: Place) -> list[tuple[int, int]]:
    """Where the new sound covers the surroundings, in samples of the source."""
    sides = (
        (max(0, place.start - place.context), place.start),
        (place.end, min(source.shape[1], place.end + place.context)),
    )
    last = place.at + new.shape[1]
    return [(max(low, place.at), min(high, last)) for low, high in sides]


def _by_overlap(source: Audio, new: Audio, low: int, high: int, place: Place, most: int) -> Moved:
    """Lay the new sound over what it overlaps: by the waveform where it is the same, else by the attacks."""
    most = min(most, (high - low) // 2)
    old = source[:, low:high].mean(axis=0, dtype=np.float64)
    fresh = new[:, low - place.at : high - place.at].mean(axis=0, dtype=np.float64)
    lag, fit = _best_lag(old, fresh, most)
    if fit >= _ALIKE:
        return Moved(samples=lag, after="waveform", fit=fit)
    hop = max(1, round(_HOP_S * place.sample_rate_hz))
    steps, fit = _best_lag(
        _centred(attacks(source[:, low:high], place.sample_rate_hz)),
        _centred(attacks(new[:, low - place.at : high - place.at], place.sample_rate_hz)),
        most // hop,
    )
    if fit >= _IN_STEP:
        return Moved(samples=steps * hop, after="attacks", fit=fit)
    return Moved()


def _best_lag(old: Samples, fresh: Samples, most: int) -> tuple[int, float]:
    """How much later `fresh` must start to fit `old` best, and their correlation then."""
    power = float(np.sqrt(np.sum(old * old) * np.sum(fresh * fresh)))
    if power <= 1e-12:
        return 0, 0.0
    across = signal.correlate(old, fresh, method="fft")
    lags = signal.correlation_lags(len(old), len(fresh))
    near = np.abs(lags) <= most
    best = int(np.argmax(across[near]))
    return int(lags[near][best]), float(across[near][best]) / power


def _by_beat(source: Audio, new: Audio, place: Place, most: int, period_s: float) -> Moved:
    """Fold the attacks of the surroundings and of the new sound by the beat and turn one against the other."""
    rate = place.sample_rate_hz
    bins = max(8, round(period_s / _HOP_S))
    sides = (
        (max(0, place.start - place.context), place.start),
        (place.end, min(source.shape[1], place.end + place.context)),
    )
    theirs = np.zeros(bins)
    for low, high in sides:
        if high - low >= _LEAST_S * rate:
            theirs += _folded(attacks(source[:, low:high], rate), low / rate, period_s, bins)
    span = new[:, max(0, place.start - place.at) : place.end - place.at]
    ours = _folded(attacks(span, rate), max(place.start, place.at) / rate, period_s, bins)
    theirs, ours = _smooth(theirs), _smooth(ours)
    if any(float(one.std()) < _BEAT * float(one.mean()) for one in (theirs, ours)):
        return Moved()
    theirs, ours = _centred(theirs), _centred(ours)
    power = float(np.sqrt(np.sum(theirs * theirs) * np.sum(ours * ours)))
    if power <= 1e-12:
        return Moved()
    across = np.fft.irfft(np.fft.rfft(theirs) * np.conj(np.fft.rfft(ours)), bins)
    lags = (np.arange(bins) + bins // 2) % bins - bins // 2
    step_s = period_s / bins
    near = np.abs(lags) * step_s * rate <= most
    best = int(np.argmax(np.where(near, across, -np.inf)))
    fit = float(across[best]) / power
    if fit < _IN_STEP:
        return Moved()
    return Moved(samples=round(int(lags[best]) * step_s * rate), after="beat", fit=fit)


def _folded(flux: Samples, from_s: float, period_s: float, bins: int) -> Samples:
    times = from_s + np.arange(len(flux)) * _HOP_S
    places: NDArray[np.int64] = np.floor((times % period_s) / period_s * bins).astype(np.int64) % bins
    return np.bincount(places, weights=flux, minlength=bins).astype(np.float64)


def _smooth(values: Samples) -> Samples:
    """Over about 10 ms, around the circle."""
    around = np.concatenate((values[-2:], values, values[:2]))
    smooth: Samples = np.convolve(around, np.ones(5) / 5, mode="valid")
    return smooth


def _centred(values: Samples) -> Samples:
    centred: Samples = values - values.mean()
    return centred
