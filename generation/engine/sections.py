"""A stretch of a source that a model works on, and the way back: what is new is set into the source by seams.

Imported in model processes. The result keeps the source's rate: outside of the seams it is the source, bit by bit.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from generation.audio import seams
from generation.audio.arrays import SoundError
from generation.engine.base import Audio, EngineFailure, GivenInput, Kept
from generation.engine.diffusion import fitted, padded
from generation.modes import CONTINUATION
from provenance.audiofile import resample

OVERLAP_S = 1.0
"""So much of the source a model makes again beside what it adds: level and place are matched there."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Stretch:
    """What the model is given: `sound` `[channels, samples]` in whole frames at its rate; `start_s`..`end_s` of it is
    to be made. `begins_s`: the moment of the source where it begins.
    """

    given: GivenInput
    sound: Tensor
    start_s: float
    end_s: float
    begins_s: float = 0.0


def stretch(job: Mapping[str, Any], given: GivenInput, *, rate_hz: int, channels: int, hop: int) -> Stretch:
    """The section and its surroundings, or the end (or start) of the source and room for what is added."""
    assert given.audio is not None
    assert given.seconds is not None
    context_s = float(job["parameters"]["context_s"])
    if job["mode"] == CONTINUATION:
        added_s = float(job["duration_s"])
        known_s = min(context_s, given.seconds)
        added = math.ceil(added_s * rate_hz)
        if job["parameters"]["side"] == "start":
            known = fitted(_cut(given, 0.0, known_s), rate_hz, channels)
            sound = padded(known, hop, before=added)
            return Stretch(given=given, sound=sound, start_s=0.0, end_s=added_s)
        known = fitted(_cut(given, given.seconds - known_s, given.seconds), rate_hz, channels)
        start_s = known.shape[-1] / rate_hz
        sound = padded(known, hop, after=added)
        return Stretch(
            given=given,
            sound=sound,
            start_s=start_s,
            end_s=start_s + added_s,
            begins_s=given.seconds - known_s,
        )
    start_s, end_s = job["section_s"]
    begins_s, ends_s = max(0.0, start_s - context_s), min(given.seconds, end_s + context_s)
    sound = padded(fitted(_cut(given, begins_s, ends_s), rate_hz, channels), hop)
    return Stretch(
        given=given,
        sound=sound,
        start_s=start_s - begins_s,
        end_s=min(end_s, ends_s) - begins_s,
        begins_s=begins_s,
    )


def joined(
    job: Mapping[str, Any], part: Stretch, made: Audio, rate_hz: int
) -> tuple[Audio, int, dict[str, str | int], tuple[Kept, ...]]:
    """The whole result, its rate, what was done at the seams, and what of the source stands in it.

    `made` covers the stretch. Raises EngineFailure where it cannot be joined.
    """
    given = part.given
    assert given.audio is not None
    source, source_hz = given.audio, given.sample_rate_hz
    if source.shape[0] < made.shape[0]:
        source = np.repeat(source, made.shape[0], axis=0)
    asked = job["parameters"]
    options: dict[str, Any] = {
        "sample_rate_hz": source_hz,
        "crossfade_ms": float(asked["crossfade_ms"]),
        "match_level": bool(asked["match_level"]),
    }
    try:
        if job["mode"] == CONTINUATION:
            overlap_s = min(OVERLAP_S, source.shape[1] / source_hz / 2)
            at_start = asked["side"] == "start"
            low = 0.0 if at_start else part.start_s - overlap_s
            high = part.end_s + overlap_s if at_start else part.end_s
            new = resample(made[:, round(low * rate_hz) : round(high * rate_hz)], rate_hz, source_hz)
            new = new[:, : round((overlap_s + float(job["duration_s"])) * source_hz)]
            done = seams.extend(source, new, asked["side"], overlap_s=overlap_s, **options)
        else:
            start_s, end_s = job["section_s"]
            new = resample(made, rate_hz, source_hz)
            done = seams.splice(
                source, new, start_s=start_s, end_s=end_s, new_from_s=part.begins_s, **options
            )
    except SoundError as error:
        raise EngineFailure("no_seam", f"What was made could not be set into the source: {error}") from error
    kept = tuple(
        Kept(role=given.role, from_ms=one.from_ms, to_ms=one.to_ms, at_ms=one.at_ms) for one in done.kept
    )
    return done.audio, source_hz, dict(done.facts), kept


def _cut(given: GivenInput, from_s: float, to_s: float) -> GivenInput:
    assert given.audio is not None
    rate = given.sample_rate_hz
    audio = given.audio[:, round(from_s * rate) : round(to_s * rate)]
    return GivenInput(role=given.role, sha256=given.sha256, audio=audio, sample_rate_hz=rate)
