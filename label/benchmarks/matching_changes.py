"""What an artist does to a piece before it is in a record, done to recordings whose answer is known."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soundfile as sf
from scipy import signal

from generation.audio import matching
from generation.audio.arrays import Audio
from provenance import audiofile

RATE: Final = matching.RATE_HZ
BEGIN_S: Final = 10
_EDIT_RATE: Final = 22_050


@dataclass(frozen=True)
class Sound:
    """A recording, mono at the matcher's rate. `stem`: its loudest part alone, where that is known."""

    name: str
    audio: Audio
    path: Path | None = None
    stem: Audio | None = None


#: The changed sound; or that and what it is looked for with, where that is not the piece's first half minute.
Changed = Audio | tuple[Audio, Audio] | None


@dataclass(frozen=True)
class Change:
    key: str
    words: str
    make: Callable[[Sound, Audio], Changed]


def read(path: Path, seconds: float, *, filters: str = "") -> Audio:
    """The start of a recording as mono at the matcher's rate, after ffmpeg's filters."""
    return _ffmpeg(["-ss", str(BEGIN_S), "-t", str(seconds), "-i", str(path)], filters)


def printed(audio: Audio) -> str:
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        sf.write(file.name, np.clip(audio.T, -1, 1), RATE, subtype="PCM_16")
        return audiofile.fingerprint(file.name) or ""


def mixed(audio: Audio, other: Audio, level_db: float) -> Audio:
    """`audio` under `other`, at a level relative to it."""
    length = min(audio.shape[1], other.shape[1])

    def even(one: Audio) -> Audio:
        cut = one[:, :length]
        result: Audio = (cut / max(1e-6, float(np.sqrt((cut**2).mean()))) * 0.1).astype(np.float32)
        return result

    result: Audio = (even(other) + even(audio) * np.float32(10 ** (level_db / 20))).astype(np.float32)
    return result


def _ffmpeg(source: list[str], filters: str, *, data: bytes | None = None) -> Audio:
    command = ["ffmpeg", "-v", "error", *source, "-ac", "1"]
    chain = f"aresample={_EDIT_RATE},{filters}" if filters else "anull"
    command += ["-af", chain, "-ar", str(RATE), "-f", "f32le", "-"]
    raw = subprocess.run(command, check=False, capture_output=True, input=data).stdout  # noqa: S603 - fixed words
    return np.frombuffer(raw, np.float32)[None].copy()


def _filtered(filters: str) -> Callable[[Sound, Audio], Changed]:
    def make(sound: Sound, other: Audio) -> Changed:
        if sound.path is not None:  # from the file, at more than the matcher's bandwidth
            return read(sound.path, sound.audio.shape[1] / RATE, filters=filters)
        raw = sound.audio[0].astype("<f4").tobytes()
        return _ffmpeg(["-f", "f32le", "-ar", str(RATE), "-ac", "1", "-i", "-"], filters, data=raw)

    return make


def _under(level_db: float, filters: str = "") -> Callable[[Sound, Audio], Changed]:
    def make(sound: Sound, other: Audio) -> Changed:
        changed = _filtered(filters)(sound, other) if filters else sound.audio
        assert isinstance(changed, np.ndarray)
        return mixed(changed, other, level_db)

    return make


def _part(seconds: int) -> Callable[[Sound, Audio], Changed]:
    def make(sound: Sound, other: Audio) -> Changed:
        part = sound.audio[:, 8 * RATE : (8 + seconds) * RATE]
        result: Audio = np.concatenate([other[:, : 20 * RATE], part], axis=1)
        return result

    return make


def _short(seconds: int) -> Callable[[Sound, Audio], Changed]:
    """A whole piece that is that short, somewhere in something longer, as loud as it."""

    def make(sound: Sound, other: Audio) -> Changed:
        part: Audio = sound.audio[:, 8 * RATE : (8 + seconds) * RATE]
        bed = other[:, : 24 * RATE].copy()
        room = min(bed.shape[1] - 10 * RATE, part.shape[1])
        bed[:, 10 * RATE : 10 * RATE + room] = mixed(part[:, :room], bed[:, 10 * RATE : 10 * RATE + room], 0)
        return bed, part

    return make


def _reverb(sound: Sound, other: Audio) -> Changed:
    """A hall of two seconds, as loud as the direct sound."""
    rng = np.random.default_rng(1)
    tail = rng.standard_normal(2 * RATE) * np.exp(-np.arange(2 * RATE) / (RATE * 0.4))
    wet = signal.fftconvolve(sound.audio[0], tail)[: sound.audio.shape[1]]
    wet *= np.sqrt((sound.audio**2).mean() / max(1e-12, float((wet**2).mean())))
    result: Audio = (sound.audio + wet[None]).astype(np.float32)
    return result


def _chopped(sound: Sound, other: Audio) -> Changed:
    """Half-second pieces, the last first."""
    size = RATE // 2
    cuts = [sound.audio[:, at : at + size] for at in range(0, sound.audio.shape[1] - size, size)]
    result: Audio = np.concatenate(cuts[::-1], axis=1)
    return result


def _stem(sound: Sound, other: Audio) -> Changed:
    return None if sound.stem is None else sound.stem[:, : sound.audio.shape[1]]


def _stem_under(sound: Sound, other: Audio) -> Changed:
    return None if sound.stem is None else mixed(sound.stem[:, : sound.audio.shape[1]], other, 0)


_UP_2: Final = f"rubberband=pitch={2 ** (2 / 12):.6f}"
_LOFI: Final = "acrusher=bits=8:mix=1,vibrato=f=0.8:d=0.03,lowpass=f=3500"
CHANGES: Final = (
    Change("as_it_is", "as it is", lambda sound, other: sound.audio),
    Change("under_0", "as loud as other music", _under(0)),
    Change("under_6", "6 dB below other music", _under(-6)),
    Change("under_12", "12 dB below other music", _under(-12)),
    Change("under_20", "20 dB below other music", _under(-20)),
    Change("up_2", "two semitones up at its tempo", _filtered(_UP_2)),
    Change("slower", "4.6 % slower at its pitch", _filtered("rubberband=tempo=0.954")),
    Change("speed", "slowed by 13.6 % with its pitch", _filtered("asetrate=19051,aresample=22050")),
    Change("backwards", "backwards", _filtered("areverse")),
    Change("reverb", "in a hall of two seconds", _reverb),
    Change("lofi", "as lo-fi (8 bits, dull, with wow)", _filtered(_LOFI)),
    Change("part_10", "10 s of it", _part(10)),
    Change("chopped", "in pieces of half a second in another order", _chopped),
    Change("short_6", "a piece of 6 s as loud as other music", _short(6)),
    Change("stem", "one stem of it alone", _stem),
    Change("stem_under", "one stem of it as loud as other music", _stem_under),
    Change("dull", "without anything above 1.5 kHz", _filtered("lowpass=f=1500,lowpass=f=1500")),
    Change("down_5", "five semitones down at its tempo", _filtered(f"rubberband=pitch={2 ** (-5 / 12):.6f}")),
    Change("both", "two semitones up and 4.6 % slower", _filtered(f"{_UP_2}:tempo=0.954")),
    Change("up_2_under_6", "two semitones up and 6 dB below other music", _under(-6, _UP_2)),
    Change("slower_under_6", "4.6 % slower and 6 dB below other music", _under(-6, "rubberband=tempo=0.954")),
    Change("drive", "distorted", _filtered("volume=24dB,asoftclip=type=tanh")),
)  # fmt: skip
