"""From a score to sound: one stem for each part through the soundfont, balanced, and their exact sum.

Rendering is a pure function of the score, the room and the soundfont: same notes, same samples.
"""

import hashlib
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import pyloudnorm
import tinysoundfont
from numpy.typing import NDArray

from generation.symbolic import effects
from generation.symbolic.drums import KICK
from generation.symbolic.notes import Part, Score

Audio = NDArray[np.float32]

SAMPLE_RATE_HZ = 44_100
PEAK = 10 ** (-1.0 / 20)  # -1 dBFS
GRID = float(
    2**23
)  # stems lie on the grid of 24-bit audio: storing them loses nothing, and their sum is exact
CHUNK = 1 << 18
SOUNDFONT = "TimGM6mb.sf2"
DRUM_BANK = 128

# Loudness of each stem before the common gain, LUFS.
BALANCE = {
    "lead": -18.0, "keys": -20.5, "guitar": -20.5, "strings": -20.5, "pads": -24.5, "bass": -19.0, "drums": -18.0,
    "percussion": -27.0,
}  # fmt: skip
LOW_CUT_HZ = {
    "lead": 140.0,
    "keys": 90.0,
    "guitar": 90.0,
    "strings": 120.0,
    "pads": 150.0,
    "percussion": 250.0,
}
SEND = {
    "lead": 0.8, "keys": 0.6, "guitar": 0.5, "strings": 1.0, "pads": 1.0, "bass": 0.05, "drums": 0.3, "percussion": 0.5,
}  # fmt: skip
BASS_HIGH_CUT_HZ = 3_000.0  # this soundfont's basses buzz
SOFTENED = ("keys", "guitar", "drums", "lead")
DUCKED = ("pads", "keys", "strings", "bass")


class SoundfontMissing(RuntimeError):
    """The soundfont is not installed; the message says which package brings it."""


@dataclass(frozen=True, kw_only=True)
class Sound:
    """How a score should sound. `reverb` 0..1; `balance_db` moves roles; `high_cut_hz` 0 cuts nothing.

    `balanced`: each part at its role's loudness; else as loud as its own notes say, beside the others.
    """

    reverb: float = 0.3
    ducking: float = 0.0
    high_cut_hz: float = 0.0
    balance_db: Mapping[str, float] = field(default_factory=dict)
    balanced: bool = True


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """`stems` by role, in the score's order, each `[2, n]`; `mix` is their exact sum. `gain_db` was applied to all.

    Parts of one role are one stem; `names` says which.
    """

    mix: Audio
    stems: tuple[Audio, ...]
    gain_db: float
    roles: tuple[str, ...]
    names: tuple[str, ...]


def render(
    score: Score, *, samples: int, fade_from: int, sound: Sound, step: Callable[[], None] = lambda: None
) -> Rendered:
    """Return the score's sound, `samples` long, faded to zero from the sample `fade_from` on.

    The mix peaks at -1 dBFS at most. `step` is called after each stem.

    Raises:
        SoundfontMissing: no soundfont.
    """
    kicks = [
        score.samples(note.start, SAMPLE_RATE_HZ)
        for part in score.parts
        if part.role == "drums"
        for note in part.notes
        if note.pitch == KICK
    ]
    by_role: dict[str, Audio] = {}
    names: dict[str, str] = {}
    for part in score.parts:
        stem = _stem(score, part, samples=samples, fade_from=fade_from, sound=sound, kicks=kicks)
        if part.role in by_role:
            by_role[part.role] += stem
            names[part.role] += f" + {part.name}"
        else:
            by_role[part.role], names[part.role] = stem, part.name
        step()
    stems = list(by_role.values())
    peak = _peak(stems, samples)
    if len(stems) < len(score.parts):  # a stem of several parts must itself not clip
        peak = max(peak, *(_peak([stem], samples) for stem in stems))
    gain = (PEAK - len(stems) / GRID) / peak if peak > 0 else 1.0
    mix = np.zeros((2, samples), dtype=np.float32)
    for stem in stems:
        stem *= np.float32(gain * GRID)
        np.rint(stem, out=stem)
        stem /= np.float32(GRID)
        mix += stem
    return Rendered(
        mix=mix, stems=tuple(stems), gain_db=float(20 * np.log10(gain)), roles=tuple(by_role),
        names=tuple(name[:60] for name in names.values()),
    )  # fmt: skip


def _peak(stems: list[Audio], samples: int) -> float:
    """Return the largest magnitude of the stems' sum, in pieces: a sum in double precision is large."""
    peak = 0.0
    for start in range(0, samples, CHUNK):
        total = np.sum([stem[:, start : start + CHUNK] for stem in stems], axis=0, dtype=np.float64)
        peak = max(peak, float(np.abs(total).max()))
    return peak


def _stem(score: Score, part: Part, *, samples: int, fade_from: int, sound: Sound, kicks: list[int]) -> Audio:
    dry = synthesised(score, part, samples=samples)
    if sound.ducking > 0 and part.role in DUCKED and kicks:
        depth = sound.ducking * (0.6 if part.role == "bass" else 1.0)
        dry *= effects.ducking(
            kicks, samples=samples, sample_rate_hz=SAMPLE_RATE_HZ, depth=depth, recovery_s=0.22
        )
    wet = effects.treated(
        dry,
        sample_rate_hz=SAMPLE_RATE_HZ,
        low_cut_hz=LOW_CUT_HZ.get(part.role, 0.0),
        high_cut_hz=BASS_HIGH_CUT_HZ
        if part.role == "bass"
        else sound.high_cut_hz
        if part.role in SOFTENED
        else 0.0,
        send=round(SEND[part.role] * sound.reverb, 3),
        size=round(sound.reverb, 2),
    )
    loud = loudness_lufs(wet) if sound.balanced else None
    if loud is not None:
        target = BALANCE[part.role] + sound.balance_db.get(part.role, 0.0)
        wet *= np.float32(10 ** ((target - loud) / 20))
    return effects.faded(wet, start=fade_from)


def synthesised(score: Score, part: Part, *, samples: int) -> Audio:
    """Return the part alone as the soundfont plays it, dry: `[2, samples]`, notes placed to the sample."""
    # A fresh synthesizer for each part: voices that still ring from another would leak into this one.
    synth = tinysoundfont.Synth(gain=0.0, samplerate=SAMPLE_RATE_HZ)
    font = synth.sfload(_soundfont_bytes())
    synth.program_select(0, font, DRUM_BANK if part.drums else 0, part.program, part.drums)
    synth.control_change(0, 10, part.pan)
    events: list[tuple[int, int, int, int]] = []  # sample, off before on, pitch, velocity
    for note in part.notes:
        events.append((score.samples(note.start, SAMPLE_RATE_HZ), 1, note.pitch, note.velocity))
        events.append((score.samples(note.end, SAMPLE_RATE_HZ), 0, note.pitch, 0))
    out = np.zeros((samples, 2), dtype=np.float32)
    view = out.reshape(-1).view(np.uint8).data
    now = 0
    for at, on, pitch, velocity in sorted(events):
        if at >= samples:
            break
        if at > now:
            synth.generate_simple(at - now, view[now * 8 : at * 8])
            now = at
        if on:
            synth.noteon(0, pitch, velocity)
        else:
            synth.noteoff(0, pitch)
    if now < samples:
        synth.generate_simple(samples - now, view[now * 8 :])
    return np.ascontiguousarray(out.T)


def loudness_lufs(audio: Audio) -> float | None:
    """Return integrated loudness (ITU-R BS.1770) of `[2, n]`, None where it is silent or shorter than 0.4 s."""
    if audio.shape[1] < 0.4 * SAMPLE_RATE_HZ:
        return None
    with np.errstate(divide="ignore"):
        value = float(_meter().integrated_loudness(audio.T))
    return value if np.isfinite(value) else None


@cache
def _meter() -> pyloudnorm.Meter:
    return pyloudnorm.Meter(SAMPLE_RATE_HZ)


def soundfont_path() -> Path:
    """Return where the soundfont lies: inside pretty_midi's package. Raises SoundfontMissing."""
    spec = importlib.util.find_spec("pretty_midi")
    if spec is None or spec.origin is None:
        raise SoundfontMissing("Install the package pretty_midi: it brings the soundfont.")
    path = Path(spec.origin).with_name(SOUNDFONT)
    if not path.is_file():
        raise SoundfontMissing(f"pretty_midi is installed without {SOUNDFONT}; install it again.")
    return path


@cache
def soundfont_sha256() -> str:
    """Return the digest of the soundfont that this process renders with."""
    return hashlib.sha256(_soundfont_bytes()).hexdigest()


@cache
def _soundfont_bytes() -> bytes:
    return soundfont_path().read_bytes()
