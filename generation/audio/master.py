"""From a mix to a master: loudness to a target, true peaks under a ceiling, both measured before and after."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from generation.audio.arrays import Audio, Samples, SoundError, amplitude, decibels, valid_audio
from generation.audio.limiter import apply, gain_curve, limit, step_envelope
from generation.audio.loudness import Loudness, integrated_lufs, measure

TOLERANCE_LU: Final = 0.1
#: Limiting beyond this is heard as damage; a mix that needs more is told so instead.
MAX_REDUCTION_DB: Final = 12.0
TARGET_LUFS: Final = (-36.0, -5.0)
CEILING_DBTP: Final = (-12.0, 0.0)
#: Kept below the ceiling: other meters interpolate a little differently near half the sample rate.
HEADROOM_DB: Final = 0.2
_AIM_LU: Final = 0.03
_PASSES: Final = 10
_FINAL_PASSES: Final = 3
_LEAST_PROGRESS_LU: Final = 0.02


class MasterError(SoundError):
    """Sound that cannot be mastered: silent, too_short, bad_target, bad_ceiling."""

    code = "master_failed"


@dataclass(frozen=True, kw_only=True)
class MasterReport:
    """What mastering did. `note` is empty when the target was reached, else says why it was not."""

    before: Loudness
    after: Loudness
    target_lufs: float
    ceiling_dbtp: float
    gain_db: float
    max_reduction_db: float
    limited_share: float
    passes: int
    reached: bool
    note: str

    def facts(self) -> dict[str, Any]:
        """As whole numbers, for records that hold no floats."""
        return {
            "before": self.before.facts(),
            "after": self.after.facts(),
            "target_lufs_milli": round(self.target_lufs * 1000),
            "ceiling_millibel": round(self.ceiling_dbtp * 100),
            "gain_millibel": round(self.gain_db * 100),
            "max_reduction_millibel": round(self.max_reduction_db * 100),
            "limited_permille": round(self.limited_share * 1000),
            "reached": self.reached,
            "note": self.note,
        }


def master(
    audio: Audio,
    sample_rate_hz: int,
    *,
    target_lufs: float = -14.0,
    ceiling_dbtp: float = -1.0,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Audio, MasterReport]:
    """The mix at `target_lufs` (within 0.1 LU) with no true peak above `ceiling_dbtp`; float32 `[channels, samples]`.

    One gain and a look-ahead limiter, nothing else. The gain is raised until the target is reached, or until more
    would be more than 12 dB of limiting or no longer louder: then `reached` is false and `note` says so.
    Deterministic. `progress(passes done, passes at most)` may raise to cancel.

    Raises:
        MasterError: silence, less than 400 ms, or a target or ceiling out of range.
        SoundError: not a float array of one or two channels, or NaN in it.
    """
    audio = valid_audio(audio)
    _check_wish(target_lufs, ceiling_dbtp)
    before = measure(audio, sample_rate_hz)
    if before.integrated_lufs is None:
        raise _nothing_to_master(audio, sample_rate_hz)
    ceiling = amplitude(ceiling_dbtp - HEADROOM_DB)
    envelope = step_envelope(audio)
    most_db = decibels(ceiling / float(envelope.max())) + MAX_REDUCTION_DB

    # The loudness rises with the gain, by less than the gain once the limiter works: close in on it.
    gain_db = min(target_lufs - before.integrated_lufs, most_db)
    tried: list[tuple[float, float]] = []  # how far from the target, with which gain
    for done in range(_PASSES):
        if progress is not None:
            progress(done, _PASSES)
        short = target_lufs - _loudness_at(gain_db, audio, sample_rate_hz, ceiling, envelope)
        stuck = bool(tried) and abs(short - tried[-1][0]) < _LEAST_PROGRESS_LU
        tried.append((short, gain_db))
        if abs(short) <= _AIM_LU or stuck or (short > 0 and gain_db >= most_db):
            break
        gain_db = min(gain_db + short * _overshoot(tried), most_db)
    _, gain_db = min(tried, key=lambda each: abs(each[0]))
    slope = _overshoot(tried)
    if progress is not None:
        progress(_PASSES, _PASSES)
    # Keeping the ceiling between the samples costs a little loudness: make up for what it cost.
    for _ in range(_FINAL_PASSES):
        result, curve = limit(
            audio, sample_rate_hz, gain=amplitude(gain_db), ceiling=ceiling, envelope=envelope
        )
        short = target_lufs - (integrated_lufs(result, sample_rate_hz) or -math.inf)
        if abs(short) <= _AIM_LU or not math.isfinite(short) or (short > 0 and gain_db >= most_db):
            break
        gain_db = min(gain_db + short * slope, most_db)
    after = measure(result, sample_rate_hz)
    return result, _report(before, after, target_lufs, ceiling_dbtp, gain_db, curve, len(tried))


def _loudness_at(gain_db: float, audio: Audio, rate: int, ceiling: float, envelope: Samples) -> float:
    """The loudness with this gain into the limiter, whose result is not yet checked between the samples."""
    gain = amplitude(gain_db)
    curve = gain_curve(envelope, rate, gain=gain, ceiling=ceiling)
    loudness = integrated_lufs(apply(audio, curve, gain=gain), rate)
    return -math.inf if loudness is None else loudness


def _overshoot(tried: list[tuple[float, float]]) -> float:
    """How many dB of gain one LU took in the last step, within reason (secant)."""
    if len(tried) < 2:
        return 1.0
    (short_before, gain_before), (short, gain_db) = tried[-2:]
    gained = short_before - short
    return min(max((gain_db - gain_before) / gained, 1.0), 4.0) if gained > 0 else 1.0


def _report(
    before: Loudness,
    after: Loudness,
    target_lufs: float,
    ceiling_dbtp: float,
    gain_db: float,
    curve: Samples,
    passes: int,
) -> MasterReport:
    assert after.integrated_lufs is not None
    reached = abs(after.integrated_lufs - target_lufs) <= TOLERANCE_LU
    note = ""
    if not reached:
        note = (
            f"The ceiling of {ceiling_dbtp:g} dBTP holds this mix at {after.integrated_lufs:.1f} LUFS instead of "
            f"{target_lufs:g}: single peaks are too far above the rest. Tame them in the mix, or choose a lower target."
        )
    return MasterReport(
        before=before,
        after=after,
        target_lufs=target_lufs,
        ceiling_dbtp=ceiling_dbtp,
        gain_db=gain_db,
        max_reduction_db=max(0.0, -decibels(float(curve.min()))),
        limited_share=float(np.mean(curve < 10 ** (-0.1 / 20))),
        passes=passes,
        reached=reached,
        note=note,
    )


def _check_wish(target_lufs: float, ceiling_dbtp: float) -> None:
    if not TARGET_LUFS[0] <= target_lufs <= TARGET_LUFS[1]:
        raise MasterError(
            f"Choose a target from {TARGET_LUFS[0]:g} to {TARGET_LUFS[1]:g} LUFS; streaming services play at -14.",
            code="bad_target",
        )
    if not CEILING_DBTP[0] <= ceiling_dbtp <= CEILING_DBTP[1]:
        raise MasterError(
            f"Choose a ceiling from {CEILING_DBTP[0]:g} to {CEILING_DBTP[1]:g} dBTP; -1 is usual.",
            code="bad_ceiling",
        )


def _nothing_to_master(audio: Audio, rate: int) -> MasterError:
    if audio.shape[1] < round(0.4 * rate):
        return MasterError(
            "This is shorter than 0.4 seconds, too short to have a loudness.", code="too_short"
        )
    return MasterError(
        "This mix is silent, so no gain brings it to a loudness. Check mutes and faders, and render again.",
        code="silent",
    )
