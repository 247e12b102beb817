"""From an arrangement to sound: a pure function of the document and its assets.

**Same document, same assets: same samples.** Sums run in float64 in the order of tracks and clips; gains, pans
and filter taps are rounded so that processors that differ in the last bit of a cosine agree; the result is
rounded once, to float32. (One architecture: other compilers may fuse a multiplication with an addition.)

The rules, which are those of Web Audio, so that the browser's preview is what is rendered:

* Gain: `10 ** (millibel / 2000)`, clip times track.
* Pan of a one-channel asset: equal power, `x = (pan + 100) / 200`, left `cos(x pi/2)`, right `sin(x pi/2)`; -3 dB
  on both sides in the centre.
* Pan of a two-channel asset: untouched in the centre. To the left (`x = (pan + 100) / 100`): left becomes
  `L + R cos(x pi/2)`, right becomes `R sin(x pi/2)`; to the right the mirror image. (W3C Web Audio, 1.29.)
* Fades: linear in amplitude. Sample i of a fade-in of n samples has the gain `i / n`, the fade-out mirrors it as
  `(n - i) / n`: a fade-out and a fade-in over the same n samples add up to 1.
* Where an asset ends before its clip does, the rest of the clip is silent. Nothing is clipped.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from generation.arrangement import Arrangement, Clip, Track, parse
from generation.audio.arrays import Audio, Samples, SoundError, amplitude, valid_audio
from provenance.audiofile.resampling import resample
from provenance.blobs import BlobMissing

Load = Callable[[str], tuple[Audio, int]]
"""From the digest of an asset to its samples `[channels, samples]` and their rate in Hz. KeyError: not there."""

Progress = Callable[[int, int], None]
"""Called with clips done and clips in all; raising in it cancels."""

#: Samples per step: small enough that a step stays in the processor's cache.
_BLOCK: Final = 1 << 15


class RenderError(SoundError):
    """An arrangement that cannot be rendered: nothing_to_render, asset_missing, asset_unusable."""

    code = "render_failed"


@dataclass(frozen=True, kw_only=True)
class Stem:
    """One audible track alone, through its fader, pan and fades; as long as the whole render."""

    track_id: str
    name: str
    role: str
    audio: Audio


def render(document: Arrangement | Mapping[str, Any], load: Load, progress: Progress | None = None) -> Audio:
    """The mix of all audible clips, float32 `[2, length_samples]` at the document's rate. Not limited to 1.0.

    Raises:
        BadDocument: the document is not valid.
        RenderError: nothing is audible, or an asset is missing or unusable; the message names clip and track.
    """
    arrangement = _arrangement(document)
    mix: Samples = np.zeros((2, arrangement.length_samples))
    for track, clip, asset in _audible(arrangement, load, progress):
        _add(mix, clip, track, asset)
    return mix.astype(np.float32)


def render_stems(
    document: Arrangement | Mapping[str, Any], load: Load, progress: Progress | None = None
) -> tuple[Stem, ...]:
    """One stem per audible track, in the document's order; they sum to `render` but for float32 rounding."""
    arrangement = _arrangement(document)
    stems: list[Stem] = []
    current: Track | None = None
    mix: Samples = np.empty((2, 0))

    def close() -> None:
        if current is not None:
            stems.append(
                Stem(track_id=current.id, name=current.name, role=current.role, audio=mix.astype(np.float32))
            )

    for track, clip, asset in _audible(arrangement, load, progress):
        if track is not current:
            close()
            current, mix = track, np.zeros((2, arrangement.length_samples))
        _add(mix, clip, track, asset)
    close()
    return tuple(stems)


def _arrangement(document: Arrangement | Mapping[str, Any]) -> Arrangement:
    arrangement = document if isinstance(document, Arrangement) else parse(document)
    if arrangement.length_samples == 0:
        raise RenderError(
            "Nothing is audible in this arrangement. Add a clip, or unmute a track, and render again.",
            code="nothing_to_render",
        )
    return arrangement


def _audible(
    arrangement: Arrangement, load: Load, progress: Progress | None
) -> Iterator[tuple[Track, Clip, Audio]]:
    """Audible clips with their sound at the document's rate, which is held only until its last use."""
    pairs = [(track, clip) for track in arrangement.tracks for clip in track.audible_clips]
    uses = Counter(clip.asset for _, clip in pairs)
    held: dict[str, Audio] = {}
    for done, (track, clip) in enumerate(pairs):
        if progress is not None:
            progress(done, len(pairs))
        if clip.asset not in held:
            held[clip.asset] = _loaded(clip, track, load, arrangement.sample_rate_hz)
        yield track, clip, held[clip.asset]
        uses[clip.asset] -= 1
        if uses[clip.asset] == 0:
            del held[clip.asset]
    if progress is not None:
        progress(len(pairs), len(pairs))


def _loaded(clip: Clip, track: Track, load: Load, rate: int) -> Audio:
    place = f"the clip “{clip.name}” of the track “{track.name}” (asset {clip.asset[:12]}…)"
    try:
        audio, own_rate = load(clip.asset)
    except (KeyError, FileNotFoundError, BlobMissing) as error:
        raise RenderError(
            f"The sound of {place} is not in the storage. Upload it again, or remove the clip.",
            code="asset_missing",
        ) from error
    try:
        return resample(valid_audio(audio), own_rate, rate)
    except (SoundError, ValueError) as error:
        raise RenderError(
            f"The sound of {place} cannot be used: {error} Replace it with another.", code="asset_unusable"
        ) from error


def _add(mix: Samples, clip: Clip, track: Track, asset: Audio) -> None:
    sound = asset[:, clip.offset_samples : clip.offset_samples + clip.length_samples]
    gain = amplitude((clip.gain_millibel + track.gain_millibel) / 100)
    matrix = pan_matrix(track.pan_percent, channels=sound.shape[0])
    for first in range(0, sound.shape[1], _BLOCK):
        block = sound[:, first : first + _BLOCK].astype(np.float64)
        count = block.shape[1]
        _fade(block, clip, first)
        at = clip.start_samples + first
        for side in (0, 1):
            target = mix[side, at : at + count]
            for channel, factor in enumerate(matrix[side]):
                if factor != 0.0:
                    target += block[channel] * (factor * gain)


def _fade(block: Samples, clip: Clip, first: int) -> None:
    """Apply the part of the clip's fades that falls into the block that starts `first` samples into the clip."""
    count = block.shape[1]
    if first < clip.fade_in_samples:
        end = min(clip.fade_in_samples - first, count)
        block[:, :end] *= np.arange(first, first + end) / clip.fade_in_samples
    fade_start = clip.length_samples - clip.fade_out_samples
    if first + count > fade_start and clip.fade_out_samples:
        start = max(0, fade_start - first)
        left = clip.length_samples - np.arange(first + start, first + count)
        block[:, start:] *= left / clip.fade_out_samples


def pan_matrix(pan_percent: int, *, channels: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Factors from the asset's channels to left and right: `(left from each channel, right from each channel)`."""
    if channels == 1:
        angle = (pan_percent + 100) / 200 * math.pi / 2
        return (_exact(math.cos(angle)),), (_exact(math.sin(angle)),)
    if pan_percent <= 0:
        angle = (pan_percent + 100) / 100 * math.pi / 2
        return (1.0, _exact(math.cos(angle))), (0.0, _exact(math.sin(angle)))
    angle = pan_percent / 100 * math.pi / 2
    return (_exact(math.cos(angle)), 0.0), (_exact(math.sin(angle)), 1.0)


def _exact(value: float) -> float:
    return round(value * 2**40) / 2**40
