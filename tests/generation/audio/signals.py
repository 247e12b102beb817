"""Synthetic signals with known measures."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from generation.audio import files

RATE = 48_000
Sound = NDArray[np.float32]


def sine(
    level_db: float,
    seconds: float,
    *,
    hz: float = 997.0,
    rate: int = RATE,
    channels: int = 2,
    phase_deg: float = 0.0,
) -> Sound:
    """`[channels, samples]`: a sine whose peak is at `level_db` dBFS, equal on all channels."""
    time = np.arange(round(seconds * rate)) / rate
    wave = 10 ** (level_db / 20) * np.sin(2 * np.pi * hz * time + np.deg2rad(phase_deg))
    return np.tile(wave.astype(np.float32), (channels, 1))


def silence(seconds: float, *, rate: int = RATE, channels: int = 2) -> Sound:
    return np.zeros((channels, round(seconds * rate)), np.float32)


def noise(seconds: float, *, seed: int = 1, level: float = 0.1, rate: int = RATE, channels: int = 2) -> Sound:
    """Normal noise up to 0.42 of the rate (20 kHz at 48 kHz): above that, no two interpolators agree."""
    samples = np.random.default_rng(seed).standard_normal((channels, round(seconds * rate)))
    low_pass = signal.firwin(255, 0.84, window=("kaiser", 9.0))
    return (level * signal.oaconvolve(samples, low_pass[None, :], mode="same", axes=1)).astype(np.float32)


def drums(seconds: float, *, seed: int = 3, rate: int = RATE) -> Sound:
    """Hits with a long way between peak and mean, over a bass: hard work for a limiter."""
    random = np.random.default_rng(seed)
    total = round(seconds * rate)
    time = np.arange(total) / rate
    out = np.stack((0.2 * np.sin(2 * np.pi * 55 * time), 0.2 * np.sin(2 * np.pi * 55.3 * time)))
    hit = round(0.15 * rate)
    shape = np.exp(-40 * np.arange(hit) / rate)
    for start in range(0, total - hit, round(0.25 * rate)):
        out[:, start : start + hit] += random.uniform(0.1, 0.3) * random.standard_normal((2, hit)) * shape
    return out.astype(np.float32)


def ffmpeg_ebur128(folder: Path, audio: Sound, *, rate: int = RATE) -> tuple[float, float]:
    """Integrated loudness and true peak as ffmpeg's own meter finds them, to 0.1."""
    path = folder / "measured.wav"
    files.write_wav(path, audio, rate)
    command = [
        "ffmpeg",
        "-nostats",
        "-hide_banner",
        "-i",
        path,
        "-af",
        "ebur128=peak=true",
        "-f",
        "null",
        "-",
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr.rpartition("Summary:")[
        2
    ]
    integrated = re.search(r"I:\s+(-?[\d.]+|-inf) LUFS", said)
    peak = re.search(r"Peak:\s+(-?[\d.]+|-inf) dBFS", said)
    assert integrated
    assert peak
    return float(integrated[1]), float(peak[1])
