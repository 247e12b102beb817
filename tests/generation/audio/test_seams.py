"""Seams: what is outside of them stays bit by bit, what is inside crosses without a click, at one level, in time."""

from __future__ import annotations

import numpy as np
import pytest

from generation.audio import phase, seams
from generation.audio.arrays import SoundError
from generation.audio.loudness import integrated_lufs
from generation.audio.seams import extend, splice
from tests.generation.audio.signals import RATE, Sound, noise, silence, sine

SECTION = {"sample_rate_hz": RATE, "start_s": 2.0, "end_s": 4.0}


def clicks(seconds: float, *, period_s: float, first_s: float = 0.0, rate: int = RATE) -> Sound:
    """Short noise bursts on a beat."""
    out = np.zeros((2, round(seconds * rate)), np.float32)
    burst = noise(0.03, seed=5, level=0.3, rate=rate) * np.exp(
        -np.arange(round(0.03 * rate)) / (0.006 * rate)
    )
    at = first_s
    while round(at * rate) + burst.shape[1] <= out.shape[1]:
        out[:, round(at * rate) : round(at * rate) + burst.shape[1]] += burst.astype(np.float32)
        at += period_s
    return out


def roughest(audio: Sound) -> float:
    """The largest third difference: of a sine tiny, of a jump as large as the jump."""
    return float(np.abs(np.diff(audio.astype(np.float64), n=3, axis=1)).max())


def test_the_source_stays_bit_by_bit_outside_of_the_crossfades() -> None:
    source, new = noise(6.0), noise(6.0, seed=2, level=0.3)
    made = splice(source, new[:, 2 * RATE : 4 * RATE], **SECTION)
    assert made.audio.shape == source.shape
    assert made.audio.dtype == np.float32
    assert np.array_equal(made.audio[:, : 2 * RATE], source[:, : 2 * RATE])
    assert np.array_equal(made.audio[:, 4 * RATE :], source[:, 4 * RATE :])
    assert not np.array_equal(made.audio[:, 2 * RATE : 4 * RATE], source[:, 2 * RATE : 4 * RATE])
    assert made.kept == ((0, 2000, 0), (4000, 6000, 4000))
    assert source is not made.audio


def test_between_the_crossfades_stands_the_new_sound_alone() -> None:
    source, new = noise(6.0), noise(2.0, seed=2)
    made = splice(source, new, **SECTION, match_level=False)
    fade = round(0.04 * RATE)
    inside = slice(2 * RATE + fade, 4 * RATE - fade)
    assert np.array_equal(made.audio[:, inside], new[:, fade:-fade])


def test_new_sound_with_a_lead_in_has_its_first_beat_at_full_level() -> None:
    """What a model made all of: the crossfade ends where the section begins."""
    source, new = noise(6.0), noise(6.0, seed=2)
    made = splice(source, new, **SECTION, new_from_s=0.0, match_level=False, crossfade_ms=50)
    begin = 2 * RATE
    assert np.array_equal(made.audio[:, begin : begin + 1000], new[:, begin : begin + 1000])
    assert made.facts["seam_from_ms"] == 1950
    assert made.kept == ((0, 1950, 0), (4000, 6000, 4000))


@pytest.mark.parametrize("phase_deg", [0.0, 90.0, 180.0])
def test_no_click_is_heard_where_two_tones_meet(phase_deg: float) -> None:
    source, other = sine(-12, 6.0, hz=220), sine(-12, 2.0, hz=331, phase_deg=phase_deg)
    made = splice(source, other, **SECTION)
    tones = max(roughest(source), roughest(other))
    cut = source.copy()
    cut[:, 2 * RATE : 4 * RATE] = other
    assert roughest(made.audio) < 2 * tones
    assert phase_deg == 0.0 or roughest(cut) > 50 * tones  # the same without a crossfade


def test_the_same_sound_over_itself_comes_back_the_same() -> None:
    source = noise(6.0)
    made = splice(source, source, **SECTION, new_from_s=0.0)
    assert np.abs(made.audio - source).max() < 1e-6
    assert made.facts["crossfade_law"] == "equal gain"
    assert made.facts["gain_millibel"] == 0


def test_power_stays_even_through_the_crossfade() -> None:
    """Unrelated noises and one noise, 500 ms: no dip and no bump over 0.5 dB in the middle."""
    source = noise(6.0)
    for new in (noise(2.0, seed=2), source[:, 2 * RATE : 4 * RATE]):
        made = splice(source, new, **SECTION, crossfade_ms=500)
        middle = made.audio[:, round(2.15 * RATE) : round(2.35 * RATE)]
        change_db = 10 * np.log10(np.mean(middle**2) / np.mean(source**2))
        assert abs(change_db) < 0.5
    assert splice(source, noise(2.0, seed=2), **SECTION).facts["crossfade_law"] == "equal power"


@pytest.mark.parametrize("off_db", [-9.0, 6.0])
def test_the_new_sound_is_as_loud_as_what_surrounds_it(off_db: float) -> None:
    source = noise(8.0)
    new = noise(2.0, seed=2) * np.float32(10 ** (off_db / 20))
    made = splice(source, new, sample_rate_hz=RATE, start_s=3, end_s=5)
    inside = integrated_lufs(made.audio[:, round(3.1 * RATE) : round(4.9 * RATE)], RATE)
    around = integrated_lufs(source, RATE)
    assert inside is not None
    assert around is not None
    assert abs(inside - around) < 0.2
    assert made.facts["level_matched_to"] == "surroundings"
    assert abs(int(made.facts["gain_millibel"]) + off_db * 100) < 20


def test_a_quiet_section_stays_quiet_where_the_new_sound_covers_the_surroundings() -> None:
    """The model made all of it 6 dB too loud, with a quiet middle: the level of what surrounds it decides."""
    source = noise(8.0)
    new = source.copy() * 2
    new[:, 3 * RATE : 5 * RATE] *= 0.1
    made = splice(source, new, sample_rate_hz=RATE, start_s=3, end_s=5, new_from_s=0)
    assert made.facts["level_matched_to"] == "source"
    assert abs(int(made.facts["gain_millibel"]) + 602) < 10
    inside = made.audio[:, round(3.1 * RATE) : round(4.9 * RATE)]
    assert abs(20 * np.log10(np.std(inside) / np.std(source)) + 20) < 0.3


def test_matching_the_level_never_clips() -> None:
    source = noise(6.0, level=0.2)
    new = noise(2.0, seed=2, level=0.02)
    new[:, RATE] = 0.5
    made = splice(source, new, **SECTION)
    assert np.abs(made.audio).max() <= max(1.0, np.abs(source).max())
    assert made.facts["gain_limited_by"] == "peak"


def test_silence_around_or_inside_changes_no_level() -> None:
    for source, new in ((silence(6.0), noise(2.0)), (noise(6.0), silence(2.0))):
        assert splice(source, new, **SECTION).facts["gain_millibel"] == 0


def test_a_section_at_the_beginning_or_at_the_end_has_one_crossfade() -> None:
    source, new = noise(4.0), noise(2.0, seed=2)
    first = splice(source, new, sample_rate_hz=RATE, start_s=0, end_s=2)
    last = splice(source, new, sample_rate_hz=RATE, start_s=2, end_s=4)
    assert first.kept == ((2000, 4000, 2000),)
    assert last.kept == ((0, 2000, 0),)
    assert abs(first.audio[0, 0]) < 0.01  # begins without a click
    assert abs(last.audio[0, -1]) < 0.01


def test_all_of_it_can_be_replaced() -> None:
    made = splice(noise(2.0), noise(2.0, seed=2), sample_rate_hz=RATE, start_s=0, end_s=2)
    assert made.kept == ()
    assert made.facts["crossfade_law"] == "none"


def test_one_channel_fits_itself_to_two_and_two_to_one() -> None:
    mono, stereo = noise(6.0, channels=1), noise(6.0)
    assert splice(stereo, mono[:, : 2 * RATE], **SECTION).audio.shape == stereo.shape
    assert splice(mono, stereo[:, : 2 * RATE], **SECTION).audio.shape == mono.shape


def test_a_section_shorter_than_its_crossfades_shortens_them() -> None:
    source = noise(2.0)
    made = splice(
        source, noise(1.0, seed=2)[:, :480], sample_rate_hz=RATE, start_s=1.0, end_s=1.01, crossfade_ms=500
    )
    assert made.facts["crossfade_ms"] == 5
    assert np.array_equal(made.audio[:, :RATE], source[:, :RATE])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"start_s": 4.0, "end_s": 2.0}, "bad_section"),
        ({"start_s": -1.0}, "bad_section"),
        ({"start_s": 7.0, "end_s": 8.0}, "bad_section"),
        ({"end_s": 5.0}, "too_short"),
        ({"new_from_s": 2.5}, "too_short"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_sentence(change: dict[str, float], code: str) -> None:
    with pytest.raises(SoundError) as caught:
        splice(noise(6.0), noise(2.0), **SECTION | change)
    assert caught.value.code == code


def test_broken_numbers_and_shapes_are_refused() -> None:
    broken = noise(2.0)
    broken[0, 100] = np.nan
    with pytest.raises(SoundError, match="no numbers"):
        splice(noise(6.0), broken, **SECTION)
    with pytest.raises(SoundError, match="channels by samples"):
        splice(noise(6.0)[0], noise(2.0), **SECTION)


def test_a_sound_that_came_late_is_moved_back_by_its_waveform() -> None:
    source = noise(6.0)
    late = np.roll(source, 700, axis=1)
    made = splice(source, late, **SECTION, new_from_s=0.0, align_ms=50)
    assert made.facts["aligned_by"] == "waveform"
    assert made.facts["aligned_microseconds"] == round(-700 / RATE * 1e6)
    assert np.abs(made.audio - source).max() < 1e-5


def test_other_sounds_on_the_same_beat_are_moved_by_their_attacks() -> None:
    source = clicks(8.0, period_s=0.5)
    new = clicks(8.0, period_s=0.5, first_s=0.04) * 0.2 + sine(-40, 8.0, hz=523)
    made = splice(source, -new, sample_rate_hz=RATE, start_s=3, end_s=5, new_from_s=0, align_ms=100)
    assert made.facts["aligned_by"] in {"attacks", "waveform"}
    assert abs(int(made.facts["aligned_microseconds"]) + 40_000) <= 3_000


def test_a_section_that_was_made_alone_falls_on_the_beat() -> None:
    source = clicks(8.0, period_s=0.5)
    new = clicks(2.2, period_s=0.5, first_s=0.06)  # 60 ms late
    made = splice(source, new, sample_rate_hz=RATE, start_s=3, end_s=5, align_ms=100, tempo_bpm=120)
    assert made.facts["aligned_by"] == "beat"
    assert abs(int(made.facts["aligned_microseconds"]) + 60_000) <= 6_000
    # Every burst of the result stands on the half second.
    loud = np.flatnonzero(np.abs(made.audio).max(axis=0) > 0.15) / RATE
    assert (np.abs((loud + 0.25) % 0.5 - 0.25) < 0.03).all()


def test_nothing_is_moved_where_nothing_shows_the_beat() -> None:
    made = splice(noise(6.0), noise(2.0, seed=2), **SECTION, align_ms=100, tempo_bpm=120)
    assert made.facts["aligned_by"] == "none"


def test_tempi_are_compared_without_doubling() -> None:
    source = clicks(10.0, period_s=0.5)
    same = phase.tempo_match(source, clicks(10.0, period_s=0.5, first_s=0.2), RATE)
    other = phase.tempo_match(source, clicks(10.0, period_s=0.43), RATE)
    assert same.agrees
    assert abs(same.ratio - 1) < 0.02
    assert not other.agrees
    assert abs(other.ratio - 0.5 / 0.43) < 0.04
    assert phase.tempo_match(source, silence(4.0), RATE).agrees


def test_a_piece_goes_on_after_its_end() -> None:
    source, new = noise(4.0), noise(3.0, seed=2)
    made = extend(source, new, sample_rate_hz=RATE, overlap_s=1.0, match_level=False)
    fade = round(0.04 * RATE)
    assert made.audio.shape[1] == 6 * RATE
    assert np.array_equal(made.audio[:, : 4 * RATE - fade], source[:, :-fade])
    assert np.array_equal(made.audio[:, 4 * RATE :], new[:, RATE:])
    assert made.kept == ((0, 3960, 0),)


def test_a_piece_is_led_up_to() -> None:
    source, new = noise(4.0), noise(3.0, seed=2)
    made = extend(source, new, "start", sample_rate_hz=RATE, overlap_s=1.0, match_level=False)
    fade = round(0.04 * RATE)
    assert made.audio.shape[1] == 6 * RATE
    assert np.array_equal(made.audio[:, 2 * RATE + fade :], source[:, fade:])
    assert np.array_equal(made.audio[:, : 2 * RATE], new[:, : 2 * RATE])
    assert made.kept == ((40, 4000, 2040),)


@pytest.mark.parametrize("side", ["start", "end"])
def test_an_extension_is_as_loud_as_what_it_overlaps_and_without_a_click(side: str) -> None:
    whole = sine(-12, 8.0, hz=220)
    source, rest = (whole[:, : 5 * RATE], whole[:, 4 * RATE :]) if side == "end" else (
        whole[:, 3 * RATE :], whole[:, : 4 * RATE])  # fmt: skip
    made = extend(source, rest / 4, side, sample_rate_hz=RATE, overlap_s=1.0)
    assert made.audio.shape == whole.shape
    assert np.abs(made.audio - whole).max() < 0.01
    assert abs(int(made.facts["gain_millibel"]) - 1204) <= 4
    assert roughest(made.audio) < 1.5 * roughest(whole)


def test_an_extension_without_overlap_costs_the_length_of_the_crossfade() -> None:
    made = extend(noise(2.0), noise(2.0, seed=2), sample_rate_hz=RATE, crossfade_ms=100)
    assert made.audio.shape[1] == 4 * RATE - RATE // 10
    assert made.facts["overlap_ms"] == 100


def test_an_extension_that_adds_nothing_is_refused() -> None:
    with pytest.raises(SoundError) as caught:
        extend(noise(2.0), noise(1.0), sample_rate_hz=RATE, overlap_s=1.0)
    assert caught.value.code == "too_short"
    with pytest.raises(SoundError) as caught:
        extend(noise(2.0), noise(2.0), "middle", sample_rate_hz=RATE)
    assert caught.value.code == "bad_side"


def test_tiny_sounds_break_nothing() -> None:
    one = np.zeros((1, 1), np.float32)
    with pytest.raises(SoundError):
        extend(one, one, sample_rate_hz=RATE)
    assert splice(one, one, sample_rate_hz=RATE, start_s=0, end_s=1).audio.shape == (1, 1)
    assert seams.correlation(np.zeros((1, 4)), np.ones((1, 4))) == 0.0
