"""The arrangement as frozen dataclasses, its JSON and its digest."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import rfc8785

VERSION: Final = 1


@dataclass(frozen=True, kw_only=True)
class Clip:
    """A span of an asset on a track. All times are samples at the document's rate.

    The clip plays `length_samples` of the asset from `offset_samples` on, at `start_samples` of the timeline.
    Where the asset ends earlier, the rest of the clip is silent.
    """

    id: str
    asset: str
    name: str
    start_samples: int
    offset_samples: int
    length_samples: int
    gain_millibel: int = 0
    fade_in_samples: int = 0
    fade_out_samples: int = 0
    mute: bool = False

    @property
    def end_samples(self) -> int:
        return self.start_samples + self.length_samples


@dataclass(frozen=True, kw_only=True)
class Track:
    """Clips that share a name, a role, a fader and a pan position. Clips are in order of start, then id."""

    id: str
    name: str
    role: str
    gain_millibel: int = 0
    pan_percent: int = 0
    mute: bool = False
    clips: tuple[Clip, ...] = ()

    @property
    def audible_clips(self) -> tuple[Clip, ...]:
        return () if self.mute else tuple(clip for clip in self.clips if not clip.mute)


@dataclass(frozen=True, kw_only=True)
class Arrangement:
    """One version of a timeline. Solo, zoom and selection are view state and never part of it."""

    sample_rate_hz: int
    tempo_milli_bpm: int
    metre: str
    tracks: tuple[Track, ...] = ()

    def clips(self) -> Iterator[tuple[Track, Clip]]:
        return ((track, clip) for track in self.tracks for clip in track.clips)

    @property
    def assets(self) -> tuple[str, ...]:
        """Digests of all assets, each once, in order of first use; muted ones too."""
        return tuple(dict.fromkeys(clip.asset for _, clip in self.clips()))

    @property
    def audible_assets(self) -> tuple[str, ...]:
        """Digests of the assets that a render hears."""
        return tuple(dict.fromkeys(clip.asset for track in self.tracks for clip in track.audible_clips))

    @property
    def length_samples(self) -> int:
        """The end of the last audible clip: the length of the render. 0 when nothing is audible."""
        ends = (clip.end_samples for track in self.tracks for clip in track.audible_clips)
        return max(ends, default=0)

    @property
    def duration_ms(self) -> int:
        return self.length_samples * 1000 // self.sample_rate_hz


@dataclass(frozen=True, kw_only=True)
class Region:
    """One audible clip as the authorship stripe shows it; times in ms of the render, rounded outwards."""

    track: str
    role: str
    from_ms: int
    to_ms: int
    asset: str

    def to_json(self) -> dict[str, str | int]:
        return dataclasses.asdict(self)


def regions(arrangement: Arrangement) -> tuple[Region, ...]:
    """Where which asset sounds, in order of tracks, then time."""
    rate = arrangement.sample_rate_hz
    return tuple(
        Region(
            track=track.name,
            role=track.role,
            from_ms=clip.start_samples * 1000 // rate,
            to_ms=-(-clip.end_samples * 1000 // rate),
            asset=clip.asset,
        )
        for track in arrangement.tracks
        for clip in track.audible_clips
    )


def clip_to_json(clip: Clip) -> dict[str, Any]:
    return dataclasses.asdict(clip)


def track_to_json(track: Track) -> dict[str, Any]:
    fields = {field.name: getattr(track, field.name) for field in dataclasses.fields(Track)}
    return fields | {"clips": [clip_to_json(clip) for clip in track.clips]}


def to_json(arrangement: Arrangement) -> dict[str, Any]:
    """The document, as JSON types. `parse` turns it back into an equal arrangement."""
    return {
        "v": VERSION,
        "sample_rate_hz": arrangement.sample_rate_hz,
        "tempo_milli_bpm": arrangement.tempo_milli_bpm,
        "metre": arrangement.metre,
        "tracks": [track_to_json(track) for track in arrangement.tracks],
    }


def digest(arrangement: Arrangement) -> str:
    """SHA-256 (hex) of the canonical JSON (RFC 8785): equal exactly when two arrangements are equal."""
    return hashlib.sha256(rfc8785.dumps(to_json(arrangement))).hexdigest()


def empty(*, sample_rate_hz: int = 44_100, tempo_milli_bpm: int = 120_000, metre: str = "4/4") -> Arrangement:
    """A timeline without tracks. Values are checked when the document is parsed."""
    return Arrangement(sample_rate_hz=sample_rate_hz, tempo_milli_bpm=tempo_milli_bpm, metre=metre)


def add_track(
    arrangement: Arrangement,
    *,
    name: str,
    role: str,
    id: str | None = None,  # noqa: A002 - the document's own word
    gain_millibel: int = 0,
    pan_percent: int = 0,
) -> Arrangement:
    """The arrangement with a new, empty last track; the id is the next free `t1`, `t2`, ... unless given."""
    track = Track(
        id=id or _free_id("t", {track.id for track in arrangement.tracks}),
        name=name,
        role=role,
        gain_millibel=gain_millibel,
        pan_percent=pan_percent,
    )
    return dataclasses.replace(arrangement, tracks=(*arrangement.tracks, track))


def add_clip(
    arrangement: Arrangement,
    track_id: str,
    *,
    asset: str,
    name: str,
    length_samples: int,
    start_samples: int = 0,
    offset_samples: int = 0,
    gain_millibel: int = 0,
    fade_in_samples: int = 0,
    fade_out_samples: int = 0,
    id: str | None = None,  # noqa: A002 - the document's own word
) -> Arrangement:
    """The arrangement with one more clip; the id is the next free `c1`, ... unless given. Raises KeyError."""
    if track_id not in {track.id for track in arrangement.tracks}:
        raise KeyError(track_id)
    clip = Clip(
        id=id or _free_id("c", {clip.id for _, clip in arrangement.clips()}),
        asset=asset,
        name=name,
        start_samples=start_samples,
        offset_samples=offset_samples,
        length_samples=length_samples,
        gain_millibel=gain_millibel,
        fade_in_samples=fade_in_samples,
        fade_out_samples=fade_out_samples,
    )
    tracks = tuple(
        dataclasses.replace(track, clips=in_order((*track.clips, clip))) if track.id == track_id else track
        for track in arrangement.tracks
    )
    return dataclasses.replace(arrangement, tracks=tracks)


def in_order(clips: tuple[Clip, ...]) -> tuple[Clip, ...]:
    """The one order of clips in a track, so that equal timelines have equal digests."""
    return tuple(sorted(clips, key=lambda clip: (clip.start_samples, clip.id)))


def _free_id(prefix: str, taken: set[str]) -> str:
    number = len(taken) + 1
    while f"{prefix}{number}" in taken:
        number += 1
    return f"{prefix}{number}"
