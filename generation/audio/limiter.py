"""A true-peak look-ahead limiter: the gain is down before the peak comes, and the channels move together."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from generation.audio.arrays import Audio, Samples
from generation.audio.truepeak import peak_envelope, true_peak

#: Long enough that the gain ramp is no click, short enough that no pre-echo is heard.
LOOK_AHEAD_S: Final = 0.004
#: The gain recovers by this much per second: from -6 dB (one half) in an eighth of a second.
RECOVERY_PER_S: Final = 4.0
#: Samples per value of the gain curve, which is interpolated between them.
STEP: Final = 16
_ROUNDS: Final = 6
_A_LITTLE_LESS: Final = 10 ** (-0.005 / 20)
_BLOCK: Final = 1 << 16


def step_envelope(audio: Audio) -> Samples:
    """`[ceil(samples / STEP)]`: the highest true peak of any channel within each step."""
    envelope = peak_envelope(audio)
    return np.maximum.reduceat(envelope, np.arange(0, len(envelope), STEP)).astype(np.float64)


def limit(
    audio: Audio, sample_rate_hz: int, *, gain: float, ceiling: float, envelope: Samples
) -> tuple[Audio, Samples]:
    """The sound times `gain` with its true peak at most `ceiling` (an amplitude), and the gain curve of the limiter.

    `envelope` is `step_envelope(audio)`. Where nothing rises above the ceiling, the sound is only multiplied.

    A gain that moves adds a little between the samples, so the result is measured and, where it is still above,
    limited again to a lower target: what is returned has been measured below the ceiling.
    """
    target = ceiling
    for _ in range(_ROUNDS):
        curve = gain_curve(envelope, sample_rate_hz, gain=gain, ceiling=target)
        limited = apply(audio, curve, gain=gain)
        peak = true_peak(limited)
        if peak <= ceiling:
            return limited, curve
        target *= ceiling / peak * _A_LITTLE_LESS
    # What is still above after that is taken down as a whole: the ceiling is a promise.
    return apply(audio, curve, gain=gain * ceiling / peak * _A_LITTLE_LESS), curve


def gain_curve(envelope: Samples, sample_rate_hz: int, *, gain: float, ceiling: float) -> Samples:
    """One value from 0 to 1 per step: at most what the step and its neighbours allow, and without jumps.

    1. What each step allows. 2. The least of the look-ahead and of the neighbours. 3. A straight recovery.
    4. Two moving averages over the past, together no longer than the look-ahead: they average only values that
    already allow for what comes now.
    """
    half = max(1, round(LOOK_AHEAD_S * sample_rate_hz / STEP / 2))
    allowed = ceiling / np.maximum(envelope * gain, ceiling)
    padded = np.pad(allowed, (1, 2 * half), mode="edge")
    least: Samples = sliding_window_view(padded, 2 * half + 2).min(axis=1)
    slope = np.arange(len(least)) * (RECOVERY_PER_S * STEP / sample_rate_hz)
    curve: Samples = np.minimum.accumulate(least - slope) + slope
    for _ in range(2):
        curve = sliding_window_view(np.pad(curve, (half - 1, 0), mode="edge"), half).mean(axis=1)
    return np.minimum(curve, 1.0)


def apply(audio: Audio, curve: Samples, *, gain: float) -> Audio:
    """The sound times `gain` times the curve, on straight lines between the middles of its steps."""
    result = np.empty_like(audio)
    if curve.min() == 1.0:
        np.multiply(audio, np.float32(gain), out=result)
        return result
    edges = np.concatenate(([curve[0]], (curve[1:] + curve[:-1]) / 2, [curve[-1]])) * gain
    ramp = np.arange(STEP) / STEP
    per_block = _BLOCK // STEP
    for first in range(0, len(curve), per_block):
        last = min(first + per_block, len(curve))
        left = edges[first:last, None]
        factors: NDArray[np.float32] = (
            (left + (edges[first + 1 : last + 1, None] - left) * ramp).astype(np.float32).reshape(-1)
        )
        place = slice(first * STEP, min(last * STEP, audio.shape[1]))
        np.multiply(audio[:, place], factors[: place.stop - place.start], out=result[:, place])
    return result
