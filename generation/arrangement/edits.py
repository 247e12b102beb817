"""Named edits between two versions of an arrangement, exact enough to be played again.

`apply(old, edits(old, new)) == new` for every pair of arrangements: the list says everything that changed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from generation.arrangement.document import Arrangement, Clip, Track, in_order

_DOCUMENT_EDITS: Final = {
    "rate": ("sample_rate_hz",),
    "tempo": ("tempo_milli_bpm",),
    "signature": ("metre",),
}
_TRACK_EDITS: Final = {
    "track.rename": ("name",),
    "track.role": ("role",),
    "track.gain": ("gain_millibel",),
    "track.pan": ("pan_percent",),
    "track.mute": ("mute",),
}
_CLIP_EDITS: Final = {
    "clip.source": ("asset",),
    "clip.rename": ("name",),
    "clip.fade": ("fade_in_samples", "fade_out_samples"),
    "clip.gain": ("gain_millibel",),
    "clip.mute": ("mute",),
}
KINDS: Final = (
    *_DOCUMENT_EDITS,
    "track.add",
    "track.remove",
    "track.reorder",
    *_TRACK_EDITS,
    "clip.add",
    "clip.remove",
    "clip.move",
    "clip.trim",
    "clip.split",
    *_CLIP_EDITS,
)


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One named change. `before` and `after` hold the values that changed: integers, text, booleans."""

    kind: str
    track: str | None = None
    clip: str | None = None
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As a ledger body may hold it: JSON types without floats; absent parts are left out."""
        parts = {
            "track": self.track,
            "clip": self.clip,
            "before": dict(self.before),
            "after": dict(self.after),
        }
        return {"kind": self.kind} | {name: value for name, value in parts.items() if value}


def edits(old: Arrangement, new: Arrangement) -> list[Edit]:
    """The named edits that lead from `old` to `new`, in the order in which they apply; empty for equal ones."""
    found: list[Edit] = []
    state = _State(old)

    def note(edit: Edit) -> None:
        state.apply(edit)
        found.append(edit)

    # 1. The document's own fields, then tracks that are new: clips may move into them.
    for kind, names in _DOCUMENT_EDITS.items():
        if change := _changed(old, new, names):
            note(Edit(kind=kind, before=change[0], after=change[1]))
    for track in new.tracks:
        if track.id not in state.tracks:
            note(Edit(kind="track.add", track=track.id, after=_fields(track, exclude=("id", "clips"))))
    # 2. Clips. A new clip that continues a shortened old one is the second half of a split.
    home = {clip.id: (track.id, clip) for track, clip in new.clips()}
    ends = {
        (track_id, clip.asset, clip.end_samples): clip_id for clip_id, (track_id, clip) in state.clips.items()
    }
    for clip_id, (track_id, clip) in sorted(home.items(), key=lambda item: -item[1][1].start_samples):
        if clip_id in state.clips:
            continue
        first = ends.get((track_id, clip.asset, clip.end_samples))
        split = _split(state.clips[first][1], home.get(first), track_id, clip) if first else None
        note(split or _clip_edit("clip.add", track_id, clip, after=clip))
        if first and split:  # the first half may have been cut again
            ends[(track_id, clip.asset, clip.start_samples)] = first
    for clip_id, (track_id, clip) in list(state.clips.items()):
        if clip_id not in home:
            note(_clip_edit("clip.remove", track_id, clip, before=clip))
    for clip_id, (track_id, clip) in home.items():
        for edit in _clip_changes(*state.clips[clip_id], track_id, clip):
            note(edit)
    # 3. Tracks: gone, changed, in another order.
    for track_id, track in list(state.tracks.items()):
        if track_id not in {kept.id for kept in new.tracks}:
            note(Edit(kind="track.remove", track=track_id, before=_fields(track, exclude=("id", "clips"))))
    for track in new.tracks:
        for kind, names in _TRACK_EDITS.items():
            if change := _changed(state.tracks[track.id], track, names):
                note(Edit(kind=kind, track=track.id, before=change[0], after=change[1]))
    order, wanted = list(state.tracks), [track.id for track in new.tracks]
    if order != wanted:
        note(Edit(kind="track.reorder", before={"tracks": order}, after={"tracks": wanted}))
    return found


def apply(old: Arrangement, changes: Iterable[Edit]) -> Arrangement:
    """The arrangement after the edits. Raises KeyError when an edit names what is not there."""
    state = _State(old)
    for edit in changes:
        state.apply(edit)
    return state.arrangement()


class _State:
    """An arrangement taken apart, so that an edit costs no copy of the whole."""

    def __init__(self, arrangement: Arrangement) -> None:
        self.document = dataclasses.replace(arrangement, tracks=())
        self.tracks = {track.id: dataclasses.replace(track, clips=()) for track in arrangement.tracks}
        self.clips = {clip.id: (track.id, clip) for track, clip in arrangement.clips()}

    def apply(self, edit: Edit) -> None:
        after: dict[str, Any] = dict(edit.after)
        match edit.kind:
            case "rate" | "tempo" | "signature":
                self.document = dataclasses.replace(self.document, **after)
            case "track.add":
                self.tracks[_named(edit.track)] = Track(id=_named(edit.track), **after)
            case "track.remove":
                del self.tracks[_named(edit.track)]
            case "track.reorder":
                self.tracks = {track_id: self.tracks[track_id] for track_id in after["tracks"]}
            case "clip.add":
                self.clips[_named(edit.clip)] = (_named(edit.track), Clip(id=_named(edit.clip), **after))
            case "clip.remove":
                del self.clips[_named(edit.clip)]
            case "clip.split":
                track_id, clip = self.clips[_named(edit.clip)]
                second = Clip(**after.pop("second"))
                self.clips[_named(edit.clip)] = (track_id, dataclasses.replace(clip, **after))
                self.clips[second.id] = (track_id, second)
            case "clip.move":
                track_id, clip = self.clips[_named(edit.clip)]
                track_id = after.pop("track", track_id)
                self.clips[_named(edit.clip)] = (track_id, dataclasses.replace(clip, **after))
            case kind if kind == "clip.trim" or kind in _CLIP_EDITS:
                track_id, clip = self.clips[_named(edit.clip)]
                self.clips[_named(edit.clip)] = (track_id, dataclasses.replace(clip, **after))
            case kind if kind in _TRACK_EDITS:
                self.tracks[_named(edit.track)] = dataclasses.replace(
                    self.tracks[_named(edit.track)], **after
                )
            case kind:
                raise KeyError(kind)

    def arrangement(self) -> Arrangement:
        clips: dict[str, list[Clip]] = {track_id: [] for track_id in self.tracks}
        for track_id, clip in self.clips.values():
            clips[track_id].append(clip)
        tracks = (
            dataclasses.replace(track, clips=in_order(tuple(clips[track_id])))
            for track_id, track in self.tracks.items()
        )
        return dataclasses.replace(self.document, tracks=tuple(tracks))


def _clip_changes(old_track: str, old: Clip, new_track: str, new: Clip) -> list[Edit]:
    found: list[Edit] = []
    window = _changed(old, new, ("offset_samples", "length_samples"))
    shift = new.start_samples - old.start_samples
    # Dragging the left edge moves start and offset together: that is one trim and no move.
    left_edge = window is not None and shift != 0 and shift == new.offset_samples - old.offset_samples
    moved = _changed(old, new, () if left_edge else ("start_samples",))
    if old_track != new_track or moved:
        before, after = moved or ({}, {})
        if old_track != new_track:
            before, after = before | {"track": old_track}, after | {"track": new_track}
        found.append(Edit(kind="clip.move", track=new_track, clip=new.id, before=before, after=after))
    if window:
        before, after = window
        if left_edge:
            before = before | {"start_samples": old.start_samples}
            after = after | {"start_samples": new.start_samples}
        found.append(Edit(kind="clip.trim", track=new_track, clip=new.id, before=before, after=after))
    for kind, names in _CLIP_EDITS.items():
        if change := _changed(old, new, names):
            found.append(Edit(kind=kind, track=new_track, clip=new.id, before=change[0], after=change[1]))
    return found


def _split(old: Clip, new: tuple[str, Clip] | None, track_id: str, second: Clip) -> Edit | None:
    """The split of `old` whose second half is `second`, which ends where `old` ended; None if it is none.

    `new` is what became of `old`: it must still be there and no longer than the first half.
    """
    first_length = second.start_samples - old.start_samples
    if (
        new is None
        or not 0 < first_length < old.length_samples
        or second.offset_samples != old.offset_samples + first_length
        or new[1].length_samples > first_length
    ):
        return None
    return Edit(
        kind="clip.split",
        track=track_id,
        clip=old.id,
        before={"length_samples": old.length_samples},
        after={"length_samples": first_length, "second": dataclasses.asdict(second)},
    )


def _clip_edit(
    kind: str, track_id: str, clip: Clip, *, before: Clip | None = None, after: Clip | None = None
) -> Edit:
    return Edit(
        kind=kind,
        track=track_id,
        clip=clip.id,
        before=_fields(before, exclude=("id",)) if before else {},
        after=_fields(after, exclude=("id",)) if after else {},
    )


def _fields(item: Clip | Track, *, exclude: tuple[str, ...]) -> dict[str, Any]:
    names = (each.name for each in dataclasses.fields(item))
    return {name: getattr(item, name) for name in names if name not in exclude}


def _changed(
    old: object, new: object, names: tuple[str, ...]
) -> tuple[dict[str, Any], dict[str, Any]] | None:
    differ = [name for name in names if getattr(old, name) != getattr(new, name)]
    if not differ:
        return None
    return {name: getattr(old, name) for name in differ}, {name: getattr(new, name) for name in differ}


def _named(value: str | None) -> str:
    if value is None:
        raise KeyError("an edit without its track or clip")
    return value


def describe(edit: Edit, arrangement: Arrangement) -> str:
    """A sentence about the edit for people; names come from `arrangement` (either version), else the ids."""
    tracks = {track.id: track.name for track in arrangement.tracks}
    clips = {clip.id: clip.name for _, clip in arrangement.clips()}
    rate = arrangement.sample_rate_hz
    track = tracks.get(edit.track or "") or edit.after.get("name") or edit.before.get("name") or edit.track
    clip = clips.get(edit.clip or "") or edit.after.get("name") or edit.before.get("name") or edit.clip
    after = edit.after
    match edit.kind:
        case "rate":
            return f"changed the sample rate to {after['sample_rate_hz']} Hz"
        case "tempo":
            return f"set the tempo to {after['tempo_milli_bpm'] / 1000:g} bpm"
        case "signature":
            return f"set the metre to {after['metre']}"
        case "track.add":
            return f"added the track {after['name']}"
        case "track.remove":
            return f"removed the track {edit.before['name']}"
        case "track.reorder":
            return "changed the order of the tracks"
        case "track.rename":
            return f"renamed the track {edit.before['name']} to {after['name']}"
        case "track.role":
            return f"gave {track} the role {after['role'].replace('_', ' ')}"
        case "track.gain":
            return f"set the gain of {track} to {after['gain_millibel'] / 100:+.1f} dB"
        case "track.pan":
            return f"panned {track} to {_pan(after['pan_percent'])}"
        case "track.mute":
            return f"{'muted' if after['mute'] else 'unmuted'} {track}"
        case "clip.add":
            return f"added {clip} to {tracks.get(edit.track or '', edit.track)}"
        case "clip.remove":
            return f"removed {clip}"
        case "clip.move" if "track" in after:
            return f"moved {clip} to the track {tracks.get(after['track'], after['track'])}"
        case "clip.move":
            return f"moved {clip} to {_time(after['start_samples'], rate)}"
        case "clip.trim":
            return f"trimmed {clip}"
        case "clip.split":
            return f"split {clip} at {_time(after['second']['start_samples'], rate)}"
        case "clip.source":
            return f"replaced the sound of {clip}"
        case "clip.rename":
            return f"renamed {edit.before['name']} to {after['name']}"
        case "clip.fade":
            return f"changed the fades of {clip}"
        case "clip.gain":
            return f"set the gain of {clip} to {after['gain_millibel'] / 100:+.1f} dB"
        case "clip.mute":
            return f"{'muted' if after['mute'] else 'unmuted'} {clip}"
        case kind:
            raise KeyError(kind)


def _pan(percent: int) -> str:
    if percent == 0:
        return "the centre"
    return f"{abs(percent)} % {'left' if percent < 0 else 'right'}"


def _time(samples: int, rate: int) -> str:
    minutes, rest = divmod(samples, 60 * rate)
    return f"{minutes}:{rest / rate:06.3f}"
