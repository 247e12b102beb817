"""What a request to MusicGen is given, as the model hears it: the end of a piece as codes to go on from, or a melody.

The model goes forwards only: of a source it hears what lies before what is to be made. In the model process only.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from generation.engine.base import (
    Audio,
    EngineFailure,
    FailedTake,
    GenerationOutput,
    GivenInput,
    Kept,
    Made,
    RequestRefused,
)
from generation.engine.musicgen_load import Loaded
from generation.engine.sections import Stretch, joined
from generation.modes import CONTINUATION, MELODY, MELODY_INPUT, REPLACEMENT, SOURCE

SILENT = 1e-4
"""A take whose loudest sample lies below (-80 dBFS) is no sound."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Heard:
    """What is made out of what: `frames` in all, the first of them `known` codes `[codebooks, frames]` of the source.

    `melody` `[channels, samples]` at the model's rate. `part`: where the result belongs in the source. `seconds` count
    what is new.
    """

    frames: int
    seconds: float
    known: torch.Tensor | None = None
    melody: torch.Tensor | None = None
    part: Stretch | None = None

    @property
    def known_frames(self) -> int:
        return 0 if self.known is None else int(self.known.shape[-1])

    @property
    def new_frames(self) -> int:
        return self.frames - self.known_frames


def seconds_of(job: Mapping[str, Any]) -> float:
    """How much is to be made."""
    if job["mode"] == REPLACEMENT:
        start, end = job["section_s"]
        return float(end) - float(start)
    return float(job["duration_s"])


def heard(loaded: Loaded, job: Mapping[str, Any]) -> Heard:
    """Raises RequestRefused where the model cannot hear what is given."""
    seconds = seconds_of(job)
    frames = math.ceil(round(seconds * float(loaded.model.frame_rate), 6))
    given = {one.role: one for one in job.get("inputs", ())}
    if job["mode"] in (CONTINUATION, REPLACEMENT):
        return _goes_on(loaded, job, given[SOURCE], frames, seconds)
    melody = None
    if job["mode"] == MELODY:
        if "self_wav" not in loaded.model.lm.condition_provider.conditioners:
            raise RequestRefused(
                "model", f"{job['checkpoint']['name']} follows no melody; choose a melody model."
            )
        melody = _as_the_models(loaded, given[MELODY_INPUT])
    return Heard(frames=frames, seconds=seconds, melody=melody)


def finished(
    loaded: Loaded,
    job: Mapping[str, Any],
    what: Heard,
    index: int,
    sound: Audio,
    facts: Mapping[str, str | int],
) -> Made:
    """A take of what the model made, `[channels, samples]` of all frames; or why it is none.

    Where a source is given the take has its rate and channels, and is the source, bit by bit, outside of the seams.
    """
    seed = job["seeds"][index]
    rate = int(loaded.model.sample_rate)
    new = sound[:, what.known_frames * loaded.hop :]
    samples = round(what.seconds * rate)

    def failed(code: str, message: str) -> FailedTake:
        return FailedTake(index=index, seed=seed, code=code, message=message)

    if not np.isfinite(sound).all():
        return failed("not_finite", "The model made no sound but broken numbers; try another seed.")
    if new.shape[1] < samples:
        return failed("too_short", f"The model made {new.shape[1]} of {samples} samples; try again.")
    if np.abs(new).max() < SILENT:
        return failed("silent", "The model made nothing but silence; try another seed, or other words.")
    if what.part is None:
        audio = np.ascontiguousarray(new[:, :samples])
        return GenerationOutput(index=index, seed=seed, audio=audio, sample_rate_hz=rate, facts=facts)
    try:
        audio, rate, kept, more = _set_in(job, what, what.part, sound, rate)
    except EngineFailure as error:
        return failed(error.code, error.message)
    return GenerationOutput(
        index=index, seed=seed, audio=audio, sample_rate_hz=rate, facts={**facts, **more}, kept=kept
    )


def _set_in(
    job: Mapping[str, Any], what: Heard, part: Stretch, sound: Audio, rate: int
) -> tuple[Audio, int, tuple[Kept, ...], dict[str, str | int]]:
    audio, source_hz, facts, kept = joined(job, part, sound, rate)
    facts["context_ms"] = round(1000 * part.start_s)
    facts["context_heard"] = "before" if what.known_frames else "none"
    if source_hz != rate:
        facts["new_resampled_from_hz"] = rate  # the source stays as it is
    return audio, source_hz, kept, facts


def _goes_on(
    loaded: Loaded, job: Mapping[str, Any], source: GivenInput, frames: int, seconds: float
) -> Heard:
    """The source up to where it is gone on from, as codes: whole frames, at most half of the model's window."""
    frame_rate = float(loaded.model.frame_rate)
    assert source.audio is not None
    assert source.seconds is not None
    at_s = source.seconds if job["mode"] == CONTINUATION else float(job["section_s"][0])
    wanted = min(float(job["parameters"]["context_s"]), at_s)
    count = min(int(wanted * frame_rate + 1e-6), loaded.window // 2)
    context_s = count / frame_rate
    known = None
    if count:
        first, last = round((at_s - context_s) * source.sample_rate_hz), round(at_s * source.sample_rate_hz)
        cut = GivenInput(
            role=source.role, sha256=source.sha256, audio=source.audio[:, max(0, first) : last],
            sample_rate_hz=source.sample_rate_hz,
        )  # fmt: skip
        known = _codes(loaded, _as_the_models(loaded, cut), count)
    part = Stretch(
        given=source,
        sound=torch.zeros(0),
        start_s=context_s,
        end_s=context_s + seconds,
        begins_s=at_s - context_s,
    )
    return Heard(frames=count + frames, seconds=seconds, known=known, part=part)


def _codes(loaded: Loaded, sound: torch.Tensor, frames: int) -> torch.Tensor:
    """Codes `[codebooks, frames]` of a sound, by the model's own encoder."""
    samples = frames * loaded.hop
    sound = torch.nn.functional.pad(sound, (0, max(0, samples - sound.shape[-1])))[:, :samples]
    with torch.no_grad():
        codes, _ = loaded.model.compression_model.encode(sound.unsqueeze(0))
    found: torch.Tensor = codes[0, :, :frames]
    return found


def _as_the_models(loaded: Loaded, given: GivenInput) -> torch.Tensor:
    """At the model's rate and with its channels, as audiocraft itself converts what it is given."""
    from audiocraft.data.audio_utils import convert_audio

    assert given.audio is not None
    sound = torch.from_numpy(np.ascontiguousarray(given.audio)).to(loaded.model.device)
    made: torch.Tensor = convert_audio(
        sound, given.sample_rate_hz, loaded.model.sample_rate, loaded.model.audio_channels
    )
    return made
