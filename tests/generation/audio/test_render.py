"""The renderer: known answers for every rule, and the same samples every time."""

from __future__ import annotations

import hashlib
import json
import math
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.arrangement import Arrangement, BadDocument, add_clip, add_track, empty, parse, to_json
from generation.audio.arrays import amplitude
from generation.audio.render import RenderError, render, render_stems
from provenance import audiofile
from provenance.blobs import BlobMissing
from tests.generation.audio.signals import Sound, noise, sine

RATE = 44_100
ONES, STEREO, NOISE = "1" * 64, "2" * 64, "3" * 64
ASSETS: dict[str, Sound] = {
    ONES: np.ones((1, 1000), np.float32),
    STEREO: np.stack((np.full(1000, 0.5), np.full(1000, 0.25))).astype(np.float32),
    NOISE: noise(2, rate=RATE),
}


def load(sha256: str) -> tuple[Sound, int]:
    return ASSETS[sha256], RATE


def one_clip(asset: str = ONES, **clip: Any) -> Arrangement:
    track = {name: clip.pop(name) for name in ("gain", "pan") if name in clip}
    arrangement = add_track(
        empty(), name="A", role="keys", gain_millibel=track.get("gain", 0), pan_percent=track.get("pan", 0)
    )
    return add_clip(
        arrangement, "t1", asset=asset, name="clip", length_samples=clip.pop("length", 1000), **clip
    )


def muted(arrangement: Arrangement, track: int = 0) -> Arrangement:
    document = to_json(arrangement)
    document["tracks"][track]["mute"] = True
    return parse(document)


@pytest.mark.parametrize("pan", [-100, -50, 0, 25, 100])
def test_one_channel_is_panned_with_equal_power(pan: int) -> None:
    left, right = render(one_clip(pan=pan), load)[:, 0]
    position = (pan + 100) / 200
    assert left == pytest.approx(math.cos(position * math.pi / 2), abs=1e-7)
    assert right == pytest.approx(math.sin(position * math.pi / 2), abs=1e-7)
    assert left**2 + right**2 == pytest.approx(1.0, abs=1e-6)
    if pan == 0:
        assert 20 * math.log10(left) == pytest.approx(-3.01, abs=0.01)


@pytest.mark.parametrize(
    ("pan", "left", "right"),
    [
        (0, 0.5, 0.25),
        (-100, 0.75, 0.0),
        (100, 0.0, 0.75),
        (-50, 0.5 + 0.25 * math.cos(math.pi / 4), 0.25 * math.sin(math.pi / 4)),
        (50, 0.5 * math.cos(math.pi / 4), 0.25 + 0.5 * math.sin(math.pi / 4)),
    ],
)
def test_two_channels_are_panned_as_web_audio_does(pan: int, left: float, right: float) -> None:
    assert render(one_clip(STEREO, pan=pan), load)[:, 0] == pytest.approx([left, right], abs=1e-7)


def test_gains_of_clip_and_track_add_up_in_decibels() -> None:
    mix = render(one_clip(STEREO, gain=-600, gain_millibel=200), load)
    assert mix[0, 0] == pytest.approx(0.5 * 10 ** (-4 / 20), rel=1e-6)


def test_fades_are_straight_lines() -> None:
    mix = render(one_clip(STEREO, fade_in_samples=100, fade_out_samples=200), load)
    left = mix[0] / np.float32(0.5)
    assert left[:100] == pytest.approx(np.arange(100) / 100, abs=1e-6)
    assert left[100:800] == pytest.approx(np.ones(700))
    assert left[800:] == pytest.approx(np.arange(200, 0, -1) / 200, abs=1e-6)


def test_a_crossfade_of_equal_lengths_keeps_the_level() -> None:
    arrangement = one_clip(STEREO, fade_out_samples=300)
    arrangement = add_clip(
        arrangement,
        "t1",
        asset=STEREO,
        name="next",
        start_samples=700,
        length_samples=1000,
        fade_in_samples=300,
    )
    assert render(arrangement, load)[0] == pytest.approx(np.full(1700, 0.5), abs=1e-6)


def test_fades_longer_than_a_block_of_work_have_no_seam() -> None:
    length = 2 * RATE
    arrangement = one_clip(
        NOISE, length=length, fade_in_samples=length // 2, fade_out_samples=length - length // 2
    )
    half = length // 2
    line = np.concatenate((np.arange(half) / half, np.arange(length - half, 0, -1) / (length - half)))
    assert render(arrangement, load) == pytest.approx(ASSETS[NOISE] * line, abs=1e-6)


def test_clips_start_where_they_stand_and_play_from_their_offset() -> None:
    mix = render(one_clip(NOISE, start_samples=50, offset_samples=10, length=100), load)
    assert mix.shape == (2, 150)
    assert not mix[:, :50].any()
    assert np.array_equal(mix[:, 50:], ASSETS[NOISE][:, 10:110])


def test_a_clip_longer_than_its_asset_ends_in_silence() -> None:
    mix = render(one_clip(STEREO, offset_samples=900, length=300, fade_out_samples=250), load)
    assert mix.shape == (2, 300)
    assert mix[0, 99] > 0
    assert not mix[:, 100:].any()
    assert not render(one_clip(STEREO, offset_samples=5000, length=10), load).any()


def test_nothing_is_clipped() -> None:
    assert render(one_clip(STEREO, gain=2400), load)[0, 0] == pytest.approx(0.5 * 10**1.2, rel=1e-6)


def two_tracks() -> Arrangement:
    arrangement = add_track(one_clip(NOISE, length=4000, gain=-300), name="B", role="drums", pan_percent=40)
    arrangement = add_clip(arrangement, "t2", asset=ONES, name="b", start_samples=777, length_samples=900)
    return add_clip(
        arrangement, "t2", asset=NOISE, name="c", start_samples=6000, offset_samples=99, length_samples=900
    )


def test_what_is_muted_is_not_heard_and_not_loaded() -> None:
    both = two_tracks()
    without = muted(both, 1)
    assert np.array_equal(render(without, load), render(one_clip(NOISE, length=4000, gain=-300), load))
    asked: list[str] = []
    render(muted(both, 0), lambda sha256: asked.append(sha256) or load(sha256))
    assert asked == [ONES, NOISE]
    document = to_json(both)
    document["tracks"][1]["clips"][0]["mute"] = True
    assert not render(document, load)[:, 4000:6000].any()


def test_each_asset_is_loaded_once() -> None:
    asked: list[str] = []
    render(two_tracks(), lambda sha256: asked.append(sha256) or load(sha256))
    assert sorted(asked) == [ONES, NOISE]


def test_the_stems_sum_to_the_mix() -> None:
    stems = render_stems(two_tracks(), load)
    assert [(stem.track_id, stem.name, stem.role) for stem in stems] == [
        ("t1", "A", "keys"),
        ("t2", "B", "drums"),
    ]
    mix = render(two_tracks(), load)
    assert all(stem.audio.shape == mix.shape for stem in stems)
    assert sum(stem.audio.astype(float) for stem in stems) == pytest.approx(mix, abs=2e-7)


def test_the_document_and_its_parsed_form_render_alike() -> None:
    assert np.array_equal(render(two_tracks(), load), render(to_json(two_tracks()), load))
    with pytest.raises(BadDocument):
        render({"v": 1}, load)


def test_silence_by_arrangement_is_refused_with_what_to_do() -> None:
    for nothing in (empty(), add_track(empty(), name="A", role="keys"), muted(one_clip())):
        with pytest.raises(RenderError, match="Add a clip, or unmute a track") as caught:
            render(nothing, load)
        assert caught.value.code == "nothing_to_render"


@pytest.mark.parametrize("error", [KeyError("x"), FileNotFoundError("x"), BlobMissing("x")])
def test_a_missing_asset_is_named_with_its_clip_and_track(error: Exception) -> None:
    def absent(sha256: str) -> tuple[Sound, int]:
        raise error

    with pytest.raises(RenderError, match=r"“clip” of the track “A” \(asset 111111111111") as caught:
        render(one_clip(), absent)
    assert caught.value.code == "asset_missing"


@pytest.mark.parametrize(
    ("audio", "rate"),
    [
        (np.full((1, 10), np.inf, np.float32), RATE),
        (np.zeros((6, 10), np.float32), RATE),
        (np.zeros((1, 10), np.float32), 0),
    ],
)
def test_an_unusable_asset_is_named(audio: Sound, rate: int) -> None:
    with pytest.raises(RenderError, match="cannot be used") as caught:
        render(one_clip(), lambda sha256: (audio, rate))
    assert caught.value.code == "asset_unusable"


def test_progress_counts_clips_and_can_cancel() -> None:
    seen: list[tuple[int, int]] = []
    render(two_tracks(), load, lambda done, total: seen.append((done, total)))
    assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]

    class Cancelled(Exception):
        pass

    def cancel(done: int, total: int) -> None:
        if done == 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        render(two_tracks(), load, cancel)


@pytest.mark.parametrize("rate", [22_050, 32_000, 48_000, 96_000])
def test_an_asset_of_another_rate_keeps_its_pitch_length_and_level(rate: int) -> None:
    asset = sine(-6, 2, hz=1000, rate=rate)
    mix = render(one_clip(length=2 * RATE), lambda sha256: (asset, rate))
    expected = sine(-6, 2, hz=1000, rate=RATE)
    assert np.abs(mix - expected)[:, 200:-200].max() < 1e-4


def test_resampling_keeps_what_is_heard_and_drops_what_would_fold_back() -> None:
    kept = audiofile.resample(sine(0, 1, hz=19_500, rate=96_000), 96_000, RATE)
    assert np.abs(kept[:, 500:-500]).max() == pytest.approx(1.0, abs=0.01)
    folded = audiofile.resample(sine(0, 1, hz=25_000, rate=96_000), 96_000, RATE)
    assert np.abs(folded[:, 500:-500]).max() < 1e-4


FRESH = """
import hashlib, json, sys
import numpy as np
from generation.audio.render import render

def load(sha256):
    rate = 48_000 if sha256[0] == "2" else 44_100
    time = np.arange(3 * rate) / rate
    return (0.3 * np.stack((np.sin(2764.6 * time), np.sin(1231.5 * time)))).astype(np.float32), rate

print(hashlib.sha256(render(json.load(sys.stdin), load).tobytes()).hexdigest())
"""


def test_a_fresh_process_renders_the_same_bytes(tmp_path: Path) -> None:
    arrangement = one_clip(
        STEREO, length=100_000, pan=-33, gain=-451, fade_in_samples=9_999, fade_out_samples=501
    )
    arrangement = add_track(arrangement, name="B", role="pads", pan_percent=71, gain_millibel=-1234)
    arrangement = add_clip(arrangement, "t2", asset=ONES, name="b", start_samples=4321, length_samples=90_000)
    digests = {
        subprocess.run(
            [sys.executable, "-c", FRESH],
            input=json.dumps(to_json(arrangement)),
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[3],
        ).stdout.strip()
        for _ in range(2)
    }
    space: dict[str, Any] = {}
    exec(FRESH.partition("print(")[0], space)  # the same assets, in this process
    here = hashlib.sha256(render(arrangement, space["load"]).tobytes()).hexdigest()
    assert digests == {here}


@given(st.integers(-9_600, 2_400))
def test_gain_is_exact_to_a_thousandth_of_a_decibel(millibel: int) -> None:
    assert 20 * math.log10(amplitude(millibel / 100)) == pytest.approx(millibel / 100, abs=1e-3)


@given(
    st.lists(
        st.tuples(st.integers(0, 3000), st.integers(0, 1200), st.integers(1, 1500), st.integers(-2000, 600)),
        min_size=1,
        max_size=6,
    )
)
@settings(max_examples=40, deadline=None)
def test_any_clips_render_as_the_plain_sum_of_each_alone(clips: list[tuple[int, int, int, int]]) -> None:
    arrangement = add_track(empty(), name="A", role="keys")
    total = max(start + length for start, _, length, _ in clips)
    expected = np.zeros((2, total))
    for start, offset, length, gain in clips:
        arrangement = add_clip(
            arrangement,
            "t1",
            asset=STEREO,
            name="x",
            start_samples=start,
            offset_samples=offset,
            length_samples=length,
            gain_millibel=gain,
        )
        piece = ASSETS[STEREO][:, offset : offset + length]
        expected[:, start : start + piece.shape[1]] += piece * 10 ** (gain / 2000)
    assert render(arrangement, load) == pytest.approx(expected, abs=1e-5)


def test_eight_tracks_of_three_minutes_render_far_above_sixty_times_realtime() -> None:
    length = 180 * RATE
    long = {str(n) * 64: np.full((2, length), 0.01 * n, np.float32) for n in range(8)}
    arrangement = empty()
    for n, asset in enumerate(long):
        arrangement = add_track(
            arrangement, name=f"T{n}", role="other", pan_percent=10 * n, gain_millibel=-100
        )
        arrangement = add_clip(
            arrangement,
            f"t{n + 1}",
            asset=asset,
            name="x",
            length_samples=length,
            fade_in_samples=RATE,
            fade_out_samples=RATE,
        )
    render(one_clip(), load)
    start = time.process_time()
    mix = render(arrangement, lambda sha256: (long[sha256], RATE))
    assert 180 / (time.process_time() - start) > 60
    assert mix.shape == (2, length)
