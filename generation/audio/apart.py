"""Taking sound apart so that nothing is lost: the parts of a recording sum to it exactly. Pure but for librosa."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from generation.audio.arrays import Audio, Samples, amplitude, decibels, valid_audio

GRID: Final = float(2**23)
"""Sound of 24 bits: whole multiples of 2**-23 up to 1 are added by float32 without rounding."""
_FULL: Final = 1.0 - 1.0 / GRID
_FFT: Final = 2048
_HOP: Final = 512
_BLOCK_FRAMES: Final = 1024
_KERNEL: Final = 31
"""Frames and bins of the median filters, librosa's own choice."""
_MARGIN_FRAMES: Final = _KERNEL // 2 + 2 * (_FFT // _HOP)


class Parts(NamedTuple):
    """`parts` sum to `mix` exactly, in float32 and in any order. `gain_db` was applied to all (0 as a rule)."""

    mix: Audio
    parts: tuple[Audio, ...]
    gain_db: float


def exact(mix: Audio, parts: Sequence[Audio]) -> Parts:
    """The parts, and as the last one what of the mix they leave: all on the grid of 24 bits, so that the sum is exact.

    Sound of 24 bits or less comes back as it is. Where a part would pass full scale, which no file of 24 bits holds,
    all become quieter by the same gain.
    """
    rest = mix.astype(np.float64)
    for part in parts:
        rest -= part
    sounds: list[NDArray[np.floating]] = [mix, rest, *parts]
    peak = max((float(np.abs(one).max()) for one in sounds if one.size), default=0.0)
    gain_db = -decibels(peak / (_FULL - 0.5 / GRID * len(parts))) if peak > _FULL else 0.0
    scale = amplitude(gain_db) if gain_db else 1.0
    whole = _on_grid(mix, scale)
    held = [_on_grid(part, scale) for part in parts]
    left = whole.copy()
    for one in held:
        left -= one
    return Parts(_from_grid(whole), (*(_from_grid(one) for one in held), _from_grid(left)), round(gain_db, 3))


def harmonic_percussive(
    audio: Audio, step: Callable[[int, int], None] = lambda done, total: None
) -> tuple[Audio, Audio]:
    """What sounds on and what strikes, each `[channels, samples]`, by librosa: median filters along time and along
    frequency (D. Fitzgerald, Harmonic/percussive separation using median filtering, DAFx 2010). They sum to the sound
    up to rounding.

    No instruments are told apart: a bass note's attack is percussive, a cymbal's ring harmonic. In blocks, equal to
    the whole at once; `step(done, total)` is called before each, and what it raises ends the work. Raises SoundError.
    """
    import librosa  # here, because only workers have room for it

    audio = valid_audio(audio)
    harmonic = np.zeros_like(audio)
    length = audio.shape[1]
    block, margin = _BLOCK_FRAMES * _HOP, _MARGIN_FRAMES * _HOP
    starts = range(0, length, block)
    for number, start in enumerate(starts):
        step(number, len(starts))
        low, high = max(0, start - margin), min(length, start + block + margin)
        end = min(length, start + block)
        for channel in range(audio.shape[0]):
            piece = audio[channel, low:high]
            spectrum = librosa.stft(
                np.pad(piece, (0, max(0, _FFT - len(piece)))), n_fft=_FFT, hop_length=_HOP
            )
            kept, _ = librosa.decompose.hpss(spectrum, kernel_size=_KERNEL)
            made = librosa.istft(kept, n_fft=_FFT, hop_length=_HOP, length=max(len(piece), _FFT))
            harmonic[channel, start:end] = made[start - low : end - low]
    step(len(starts), len(starts))
    return harmonic, audio - harmonic


def _on_grid(audio: Audio, scale: float) -> Samples:
    steps: Samples = np.rint(audio.astype(np.float64) * (scale * GRID))
    return steps


def _from_grid(steps: Samples) -> Audio:
    sound: Audio = (steps / GRID).astype(np.float32)
    return sound
