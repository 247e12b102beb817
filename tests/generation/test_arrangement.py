"""The arrangement document: strict on the way in, exact on the way out, every edit named."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation import arrangement as arr
from generation.arrangement import Arrangement, BadDocument, Clip, Edit, Track
from generation.arrangement.edits import KINDS
from provenance.elements import ROLES

BASS, KEYS = "b" * 64, "a" * 64
SECOND = 44_100


def document() -> dict[str, Any]:
    """A song of two tracks; every test changes its own copy."""
    return {
        "v": 1,
        "sample_rate_hz": 44_100,
        "tempo_milli_bpm": 92_000,
        "metre": "4/4",
        "tracks": [
            {
                "id": "t1",
                "name": "Bass",
                "role": "bass",
                "gain_millibel": -600,
                "pan_percent": 0,
                "mute": False,
                "clips": [
                    {
                        "id": "c1",
                        "asset": BASS,
                        "name": "take 5, bass",
                        "start_samples": 0,
                        "offset_samples": 0,
                        "length_samples": 10 * SECOND,
                        "gain_millibel": 0,
                        "fade_in_samples": 0,
                        "fade_out_samples": 4_410,
                        "mute": False,
                    }
                ],
            },
            {
                "id": "t2",
                "name": "Rhodes",
                "role": "keys",
                "gain_millibel": 0,
                "pan_percent": -30,
                "mute": False,
                "clips": [],
            },
        ],
    }


def changed(path: str, value: Any) -> dict[str, Any]:
    """The song with one place changed: `tracks.0.clips.0.name`."""
    result = document()
    item: Any = result
    *parents, last = path.split(".")
    for step in parents:
        item = item[int(step)] if step.isdigit() else item[step]
    item[int(last) if last.isdigit() else last] = value
    return result


def song() -> Arrangement:
    return arr.parse(document())


def test_a_valid_document_comes_back_unchanged() -> None:
    parsed = song()
    assert arr.to_json(parsed) == document()
    assert parsed.tracks[0].clips[0].end_samples == 10 * SECOND
    assert parsed.assets == (BASS,)
    assert parsed.length_samples == 10 * SECOND
    assert parsed.duration_ms == 10_000


def test_the_digest_is_known_and_ignores_the_order_of_keys_and_clips() -> None:
    assert arr.digest(arr.empty()) == "f35278eea32686b4b42fb678927971def24022047ff2150ed7216e1a4f761e04"
    shuffled = json.loads(json.dumps(document(), sort_keys=True))
    assert arr.digest(arr.parse(shuffled)) == arr.digest(song())
    two = arr.add_clip(song(), "t1", asset=KEYS, name="b", start_samples=5, length_samples=9)
    turned = arr.to_json(two)
    turned["tracks"][0]["clips"].reverse()
    assert arr.parse(turned) == two
    assert arr.digest(two) != arr.digest(song())


@pytest.mark.parametrize(
    ("path", "value", "code", "place"),
    [
        ("v", 2, "bad_version", "v"),
        ("v", None, "wrong_type", "v"),
        ("sample_rate_hz", 1, "out_of_range", "sample_rate_hz"),
        ("sample_rate_hz", 44_100.0, "wrong_type", "sample_rate_hz"),
        ("sample_rate_hz", "44100", "wrong_type", "sample_rate_hz"),
        ("tempo_milli_bpm", 0, "out_of_range", "tempo_milli_bpm"),
        ("tempo_milli_bpm", True, "wrong_type", "tempo_milli_bpm"),
        ("metre", "4", "bad_metre", "metre"),
        ("metre", "0/4", "bad_metre", "metre"),
        ("metre", "4/3", "bad_metre", "metre"),
        ("metre", None, "wrong_type", "metre"),
        ("tracks", None, "wrong_type", "tracks"),
        ("tracks", {}, "wrong_type", "tracks"),
        ("tracks.0", [], "wrong_type", "tracks[0]"),
        ("tracks.0", None, "wrong_type", "tracks[0]"),
        ("tracks.0.id", "", "bad_id", "tracks[0].id"),
        ("tracks.0.id", "../t", "bad_id", "tracks[0].id"),
        ("tracks.0.id", 7, "wrong_type", "tracks[0].id"),
        ("tracks.1.id", "t1", "duplicate_id", "tracks"),
        ("tracks.0.name", "nul\x00", "bad_text", "tracks[0].name"),
        ("tracks.0.name", "half \ud83c", "bad_text", "tracks[0].name"),
        ("tracks.0.name", "two\nlines", "bad_text", "tracks[0].name"),
        ("tracks.0.name", "x" * 201, "out_of_range", "tracks[0].name"),
        ("tracks.0.name", None, "wrong_type", "tracks[0].name"),
        ("tracks.0.role", "kazoo", "bad_role", "tracks[0].role"),
        ("tracks.0.gain_millibel", 2_401, "out_of_range", "tracks[0].gain_millibel"),
        ("tracks.0.pan_percent", -101, "out_of_range", "tracks[0].pan_percent"),
        ("tracks.0.mute", 0, "wrong_type", "tracks[0].mute"),
        ("tracks.0.solo", True, "unknown_key", "tracks[0]"),
        ("zoom", 3, "unknown_key", ""),
        ("tracks.0.clips.0.asset", "B" * 64, "bad_digest", "tracks[0].clips[0].asset"),
        ("tracks.0.clips.0.asset", "../../secret", "bad_digest", "tracks[0].clips[0].asset"),
        ("tracks.0.clips.0.length_samples", 0, "out_of_range", "tracks[0].clips[0].length_samples"),
        ("tracks.0.clips.0.start_samples", -1, "out_of_range", "tracks[0].clips[0].start_samples"),
        ("tracks.0.clips.0.start_samples", 10**30, "out_of_range", "tracks[0].clips[0].start_samples"),
        ("tracks.0.clips.0.start_samples", float("nan"), "wrong_type", "tracks[0].clips[0].start_samples"),
        ("tracks.0.clips.0.start_samples", 3600 * SECOND, "too_long", "tracks[0].clips[0]"),
        ("tracks.0.clips.0.offset_samples", 3600 * SECOND, "too_long", "tracks[0].clips[0]"),
        ("tracks.0.clips.0.fade_in_samples", 10 * SECOND, "fades_overlap", "tracks[0].clips[0]"),
        ("tracks.0.clips.0.mute", None, "wrong_type", "tracks[0].clips[0].mute"),
    ],
)
def test_what_is_not_exactly_right_is_refused_with_its_place(
    path: str, value: Any, code: str, place: str
) -> None:
    with pytest.raises(BadDocument) as caught:
        arr.parse(changed(path, value))
    assert (caught.value.code, caught.value.path) == (code, place)
    assert len(caught.value.message) > len(place) + 10


@pytest.mark.parametrize("value", [None, [], "text", 7, True, {}])
def test_what_is_no_document_at_all_is_refused(value: Any) -> None:
    with pytest.raises(BadDocument):
        arr.parse(value)


@pytest.mark.parametrize(
    "path", ["v", "metre", "tracks", "tracks.0.mute", "tracks.0.clips", "tracks.0.clips.0.asset"]
)
def test_a_missing_key_is_named(path: str) -> None:
    broken = document()
    item: Any = broken
    *parents, last = path.split(".")
    for step in parents:
        item = item[int(step)] if step.isdigit() else item[step]
    del item[last]
    with pytest.raises(BadDocument, match=f"Missing: {last}"):
        arr.parse(broken)


def test_two_clips_of_different_tracks_may_not_share_an_id() -> None:
    broken = document()
    broken["tracks"][1]["clips"] = copy.deepcopy(broken["tracks"][0]["clips"])
    with pytest.raises(BadDocument, match="Two clips have the id c1"):
        arr.parse(broken)


def test_the_65th_track_and_the_2001st_clip_are_refused() -> None:
    full = arr.empty()
    for _ in range(64):
        full = arr.add_track(full, name="Layer", role="pads")
    assert len(arr.parse(arr.to_json(full)).tracks) == 64
    with pytest.raises(BadDocument, match="65 tracks; 64 are possible"):
        arr.parse(arr.to_json(arr.add_track(full, name="one more", role="pads")))
    busy = document()
    clip = busy["tracks"][0]["clips"][0]
    busy["tracks"][0]["clips"] = [clip | {"id": f"c{n}"} for n in range(1000)]
    busy["tracks"][1]["clips"] = [clip | {"id": f"d{n}"} for n in range(1000)]
    assert len(list(arr.parse(busy).clips())) == 2000
    busy["tracks"][1]["clips"].append(clip | {"id": "one-more"})
    with pytest.raises(BadDocument, match="2001 clips"):
        arr.parse(busy)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RIFF",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"v": ' + b"9" * 10_000 + b"}",
        b'{"v": 1, "v": 1}',
        b'{"v": NaN}',
        b" " * 4_000_001,
    ],
    ids=["empty", "no json", "no utf-8", "deep", "huge number", "twin keys", "NaN", "too large"],
)
def test_hostile_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(BadDocument):
        arr.parse_bytes(data)


def test_bytes_parse_like_the_object() -> None:
    assert arr.parse_bytes(json.dumps(document()).encode()) == song()


def test_muted_clips_and_tracks_are_not_in_the_regions_or_the_length() -> None:
    both = arr.add_clip(song(), "t2", asset=KEYS, name="chords", start_samples=1, length_samples=12 * SECOND)
    assert [region.to_json() for region in arr.regions(both)] == [
        {"track": "Bass", "role": "bass", "from_ms": 0, "to_ms": 10_000, "asset": BASS},
        {"track": "Rhodes", "role": "keys", "from_ms": 0, "to_ms": 12_001, "asset": KEYS},
    ]
    assert both.length_samples == 12 * SECOND + 1
    muted = arr.parse(
        arr.to_json(both) | {"tracks": [t | {"mute": t["id"] == "t2"} for t in arr.to_json(both)["tracks"]]}
    )
    assert [region.role for region in arr.regions(muted)] == ["bass"]
    assert muted.length_samples == 10 * SECOND
    assert muted.audible_assets == (BASS,)
    assert muted.assets == (BASS, KEYS)


def test_new_tracks_and_clips_get_free_ids() -> None:
    built = arr.add_track(song(), name="Kit", role="drums")
    assert [track.id for track in built.tracks] == ["t1", "t2", "t3"]
    built = arr.add_clip(built, "t3", asset=KEYS, name="loop", length_samples=8)
    assert built.tracks[2].clips[0].id == "c2"
    assert arr.parse(arr.to_json(built)) == built
    with pytest.raises(KeyError):
        arr.add_clip(built, "t9", asset=KEYS, name="loop", length_samples=8)


# Edits


def with_clip(**values: Any) -> Arrangement:
    """The song after a change of its one clip."""
    (clip,) = song().tracks[0].clips
    return with_track(clips=(dataclasses.replace(clip, **values),))


def with_track(**values: Any) -> Arrangement:
    """The song after a change of its first track."""
    before = song()
    return dataclasses.replace(
        before, tracks=(dataclasses.replace(before.tracks[0], **values), *before.tracks[1:])
    )


def cut(*points: int) -> Arrangement:
    """The song with its bass cut at these samples."""
    (clip,) = song().tracks[0].clips
    edges = (0, *points, clip.length_samples)
    pieces = tuple(
        dataclasses.replace(
            clip,
            id=clip.id if n == 0 else f"{clip.id}-{n}",
            start_samples=start,
            offset_samples=start,
            length_samples=end - start,
            fade_out_samples=clip.fade_out_samples if end == clip.length_samples else 0,
        )
        for n, (start, end) in enumerate(itertools.pairwise(edges))
    )
    return with_track(clips=pieces)


@pytest.mark.parametrize(
    ("new", "kinds", "sentence"),
    [
        (song(), [], None),
        (dataclasses.replace(song(), tempo_milli_bpm=93_500), ["tempo"], "set the tempo to 93.5 bpm"),
        (dataclasses.replace(song(), metre="6/8"), ["signature"], "set the metre to 6/8"),
        (dataclasses.replace(song(), sample_rate_hz=48_000), ["rate"], "changed the sample rate to 48000 Hz"),
        (arr.add_track(song(), name="Kit", role="drums"), ["track.add"], "added the track Kit"),
        (dataclasses.replace(song(), tracks=song().tracks[:1]), ["track.remove"], "removed the track Rhodes"),
        (
            dataclasses.replace(song(), tracks=song().tracks[::-1]),
            ["track.reorder"],
            "changed the order of the tracks",
        ),
        (with_track(name="Low"), ["track.rename"], "renamed the track Bass to Low"),
        (with_track(role="other"), ["track.role"], "gave Bass the role other"),
        (with_track(gain_millibel=-450), ["track.gain"], "set the gain of Bass to -4.5 dB"),
        (with_track(pan_percent=-25), ["track.pan"], "panned Bass to 25 % left"),
        (with_track(mute=True), ["track.mute"], "muted Bass"),
        (with_track(clips=()), ["clip.remove"], "removed take 5, bass"),
        (
            arr.add_clip(song(), "t2", asset=KEYS, name="chords", length_samples=8),
            ["clip.add"],
            "added chords to Rhodes",
        ),
        (with_clip(start_samples=SECOND * 90), ["clip.move"], "moved take 5, bass to 1:30.000"),
        (with_clip(length_samples=SECOND), ["clip.trim"], "trimmed take 5, bass"),
        (
            with_clip(start_samples=SECOND, offset_samples=SECOND, length_samples=9 * SECOND),
            ["clip.trim"],
            "trimmed take 5, bass",
        ),
        (with_clip(offset_samples=99), ["clip.trim"], "trimmed take 5, bass"),
        (with_clip(asset=KEYS), ["clip.source"], "replaced the sound of take 5, bass"),
        (with_clip(name="the one"), ["clip.rename"], "renamed take 5, bass to the one"),
        (
            with_clip(fade_in_samples=10, fade_out_samples=9),
            ["clip.fade"],
            "changed the fades of take 5, bass",
        ),
        (with_clip(gain_millibel=300), ["clip.gain"], "set the gain of take 5, bass to +3.0 dB"),
        (with_clip(mute=True), ["clip.mute"], "muted take 5, bass"),
        (cut(4 * SECOND), ["clip.split", "clip.fade"], "split take 5, bass at 0:04.000"),
        (
            cut(2 * SECOND, 4 * SECOND),
            ["clip.split", "clip.split", "clip.fade"],
            "split take 5, bass at 0:04.000",
        ),
    ],
)
def test_each_change_has_its_name_and_its_sentence(
    new: Arrangement, kinds: list[str], sentence: str | None
) -> None:
    found = arr.edits(song(), new)
    assert [edit.kind for edit in found] == kinds
    assert arr.apply(song(), found) == new
    if sentence:
        assert arr.describe(found[0], song()) == sentence


def test_a_clip_that_changes_its_track_is_moved_not_removed_and_added() -> None:
    before = song()
    moved = dataclasses.replace(
        before,
        tracks=(
            dataclasses.replace(before.tracks[0], clips=()),
            dataclasses.replace(before.tracks[1], clips=before.tracks[0].clips),
        ),
    )
    assert arr.edits(before, moved) == [
        Edit(kind="clip.move", track="t2", clip="c1", before={"track": "t1"}, after={"track": "t2"})
    ]
    assert arr.describe(arr.edits(before, moved)[0], moved) == "moved take 5, bass to the track Rhodes"


def test_an_edit_as_json_holds_what_changed_and_no_floats() -> None:
    (edit,) = arr.edits(song(), with_track(gain_millibel=-450))
    assert edit.to_json() == {
        "kind": "track.gain",
        "track": "t1",
        "before": {"gain_millibel": -600},
        "after": {"gain_millibel": -450},
    }


def test_an_edit_that_names_what_is_not_there_is_refused() -> None:
    with pytest.raises(KeyError):
        arr.apply(song(), [Edit(kind="clip.gain", track="t1", clip="c9", after={"gain_millibel": 1})])
    with pytest.raises(KeyError):
        arr.apply(song(), [Edit(kind="clip.polish", track="t1", clip="c1")])


names = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)
gains = st.integers(-9_600, 2_400)
digests = st.sampled_from([character * 64 for character in "0af"])


@st.composite
def clips(draw: st.DrawFn, clip_id: str) -> Clip:
    length = draw(st.integers(1, 50))
    fade_in = draw(st.integers(0, length))
    return Clip(
        id=clip_id,
        asset=draw(digests),
        name=draw(names),
        start_samples=draw(st.integers(0, 60)),
        offset_samples=draw(st.integers(0, 60)),
        length_samples=length,
        gain_millibel=draw(gains),
        fade_in_samples=fade_in,
        fade_out_samples=draw(st.integers(0, length - fade_in)),
        mute=draw(st.booleans()),
    )


@st.composite
def arrangements(draw: st.DrawFn) -> Arrangement:
    track_ids = draw(st.lists(st.sampled_from("tuvwx"), unique=True))
    clip_ids = draw(st.lists(st.sampled_from("abcdefgh"), unique=True)) if track_ids else []
    homes = {clip_id: draw(st.sampled_from(track_ids)) for clip_id in clip_ids}
    tracks = []
    for track_id in track_ids:
        own = [draw(clips(clip_id)) for clip_id in clip_ids if homes[clip_id] == track_id]
        tracks.append(
            Track(
                id=track_id,
                name=draw(names),
                role=draw(st.sampled_from(ROLES)),
                gain_millibel=draw(gains),
                pan_percent=draw(st.integers(-100, 100)),
                mute=draw(st.booleans()),
                clips=tuple(sorted(own, key=lambda clip: (clip.start_samples, clip.id))),
            )
        )
    return Arrangement(
        sample_rate_hz=draw(st.sampled_from([8_000, 44_100, 192_000])),
        tempo_milli_bpm=draw(st.integers(10_000, 999_000)),
        metre=draw(st.sampled_from(["4/4", "6/8", "32/32"])),
        tracks=tuple(tracks),
    )


@given(arrangements())
def test_any_arrangement_survives_json_and_back(arrangement: Arrangement) -> None:
    text = json.dumps(arr.to_json(arrangement)).encode()
    assert arr.parse_bytes(text) == arrangement
    assert arr.digest(arr.parse_bytes(text)) == arr.digest(arrangement)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | digests,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(arrangements(), json_values, st.randoms(use_true_random=False))
@settings(max_examples=200)
def test_any_value_in_any_place_is_accepted_exactly_or_refused(
    arrangement: Arrangement, value: Any, pick: Any
) -> None:
    document = arr.to_json(arrangement)
    item: Any = document
    while True:
        key = pick.choice(sorted(item)) if isinstance(item, dict) else pick.randrange(len(item))
        if isinstance(item[key], dict | list) and item[key] and pick.random() < 0.8:
            item = item[key]
        else:
            break
    item[key] = value
    try:
        parsed = arr.parse(document)
    except BadDocument:
        return
    assert arr.parse(arr.to_json(parsed)) == parsed


@given(arrangements(), arrangements())
@settings(max_examples=200)
def test_the_edits_between_any_two_arrangements_lead_from_one_to_the_other(
    old: Arrangement, new: Arrangement
) -> None:
    found = arr.edits(old, new)
    assert arr.apply(old, found) == new
    assert (found == []) == (old == new)
    assert {edit.kind for edit in found} <= set(KINDS)
    for edit in found:
        assert arr.describe(edit, new)
        json.dumps(edit.to_json())


@given(arrangements(), arrangements())
def test_digests_are_equal_exactly_for_equal_arrangements(one: Arrangement, other: Arrangement) -> None:
    assert (arr.digest(one) == arr.digest(other)) == (one == other)


def test_two_thousand_clips_are_parsed_and_compared_in_a_moment() -> None:
    big = document()
    clip = big["tracks"][0]["clips"][0]
    big["tracks"][0]["clips"] = [clip | {"id": f"c{n}", "start_samples": n} for n in range(2000)]
    start = time.perf_counter()
    parsed = arr.parse(big)
    other = arr.parse(arr.to_json(with_track(name="Low")))
    assert len(arr.edits(parsed, other)) > 1999
    assert len(arr.edits(other, parsed)) > 1999
    assert time.perf_counter() - start < 2


def test_the_document_module_is_light() -> None:
    code = "import sys, generation.arrangement; print([m for m in ('numpy', 'django') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout.strip() == "[]"
