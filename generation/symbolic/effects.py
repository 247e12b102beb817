"""Tone and space for a stem: filters and a synthetic room, in one pass through the frequency domain. Linear and
deterministic, so that stems treated alone still sum to the mix.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft, signal

Audio = NDArray[np.float32]
BLOCK = 1 << 19  # samples of one transform; much longer than any room here
FILTER_RING = 8_192  # after which a filter of 90 Hz or more has rung out
ROOM_SEED = 1877  # fixed: every take is in the same room


def tail_s(size: float) -> float:
    """Return how long the room rings, in seconds, for a size 0..1."""
    return 0.6 + 2.0 * size


def treated(
    audio: Audio, *, sample_rate_hz: int, low_cut_hz: float, high_cut_hz: float, send: float, size: float
) -> Audio:
    """Return a stereo stem `[2, n]` with its lows and highs cut (second order each) and `send` of room added.

    Same length; what would ring beyond the end is cut, so the caller fades. `low_cut_hz` 0 and `high_cut_hz` 0 cut
    nothing.
    """
    count = audio.shape[1]
    ring = int(tail_s(size) * sample_rate_hz) if send > 0 else FILTER_RING
    length = min(BLOCK, 1 << (count + ring - 1).bit_length())
    shape = _filter(length, sample_rate_hz, low_cut_hz, high_cut_hz)
    out = np.zeros((2, count), dtype=np.float32)
    for start in range(0, count, length - ring):  # overlap-add: memory does not grow with the piece
        piece = audio[:, start : start + length - ring]
        spectrum = fft.rfft(piece, n=length, axis=1)
        spectrum *= shape
        if send > 0:
            spectrum += (0.5 * send) * (spectrum[0] + spectrum[1]) * _room(length, sample_rate_hz, size)
        end = min(count, start + piece.shape[1] + ring)
        out[:, start:end] += fft.irfft(spectrum, n=length, axis=1)[:, : end - start]
    return out


@lru_cache(maxsize=32)
def _filter(length: int, sample_rate_hz: int, low_cut_hz: float, high_cut_hz: float) -> NDArray[np.complex64]:
    """Responses of second-order Butterworth filters: causal, so nothing is heard before a note."""
    hz = np.arange(length // 2 + 1) * (sample_rate_hz / length)
    response = np.ones(hz.size, dtype=np.complex128)
    for cut_hz, kind in ((low_cut_hz, "highpass"), (high_cut_hz, "lowpass")):
        if cut_hz > 0:
            sos = signal.butter(2, cut_hz, btype=kind, fs=sample_rate_hz, output="sos")
            response *= signal.sosfreqz(sos, worN=hz, fs=sample_rate_hz)[1]
    return response.astype(np.complex64)


@lru_cache(maxsize=4)
def _room(length: int, sample_rate_hz: int, size: float) -> NDArray[np.complex64]:
    spectrum: NDArray[np.complex64] = fft.rfft(room(sample_rate_hz, size), n=length, axis=1)
    return spectrum


def room(sample_rate_hz: int, size: float) -> Audio:
    """Return a stereo room response `[2, n]`: a gap, a few early reflections, then decorrelated noise that decays,
    highs faster than lows (Moorer 1979). Each side has unit energy.
    """
    count = int(tail_s(size) * sample_rate_hz)
    rng = np.random.Generator(np.random.PCG64(ROOM_SEED))
    time_s = np.arange(count) / sample_rate_hz
    hz = np.fft.rfftfreq(count, 1 / sample_rate_hz)
    response = np.zeros((2, count))
    for low, high, decay in ((150, 800, 1.0), (800, 3_500, 0.75), (3_500, 9_000, 0.4)):
        band = ((hz >= low) & (hz < high)).astype(float)
        noise = np.fft.irfft(np.fft.rfft(rng.standard_normal((2, count)), axis=1) * band, n=count, axis=1)
        response += noise * np.exp(-6.9 * time_s / (tail_s(size) * 0.9 * decay))
    gap = int((0.008 + 0.02 * size) * sample_rate_hz)
    response = np.pad(response, ((0, 0), (gap, 0)))[:, :count]
    response /= np.sqrt((response**2).sum(axis=1, keepdims=True))
    for _ in range(6):
        place = gap // 2 + int(rng.integers(0, int(0.03 * sample_rate_hz)))
        response[int(rng.integers(0, 2)), place] += rng.uniform(0.15, 0.35)
    response *= np.minimum(1.0, (count - np.arange(count)) / (0.05 * sample_rate_hz))
    response /= np.sqrt((response**2).sum(axis=1, keepdims=True))
    return response.astype(np.float32)


def ducking(
    starts: list[int], *, samples: int, sample_rate_hz: int, depth: float, recovery_s: float
) -> NDArray[np.float32]:
    """Return a gain curve `[n]` that dips by `depth` (0..1) at each start and comes back within `recovery_s`."""
    dip_samples = int(recovery_s * sample_rate_hz)
    attack = int(0.006 * sample_rate_hz)
    shape = np.concatenate(
        [np.linspace(0, 1, attack, endpoint=False), np.cos(np.linspace(0, np.pi / 2, dip_samples)) ** 2]
    )
    dips = np.zeros(samples)
    for start in starts:
        begin = max(0, start - attack // 2)
        end = min(samples, begin + shape.size)
        if end > begin:
            np.maximum(dips[begin:end], shape[: end - begin], out=dips[begin:end])
    return (1.0 - depth * dips).astype(np.float32)


def faded(audio: Audio, *, start: int) -> Audio:
    """Return the audio fading to exactly zero from sample `start` to its end, as a raised cosine."""
    count = audio.shape[1]
    start = min(max(0, start), count - 1)
    curve = 0.5 + 0.5 * np.cos(np.linspace(0, np.pi, count - start))
    out = audio.copy()
    out[:, start:] *= curve.astype(np.float32)
    return out
