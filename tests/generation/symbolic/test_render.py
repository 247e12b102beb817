import librosa
import numpy as np
import pytest

from generation.symbolic import effects, render
from generation.symbolic.compose import compose
from generation.symbolic.notes import Note, Part, Score
from generation.symbolic.render import SAMPLE_RATE_HZ, Sound
from generation.symbolic.theory import Key, Metre
from tests.generation.symbolic.music import part, planned


def score(*notes: Note, program: int = 0, drums: bool = False) -> Score:
    item = Part(role="drums" if drums else "lead", name="x", program=program, notes=notes, drums=drums)
    return Score(us_per_quarter=500_000, metre=Metre(4, 4), key=Key("C", "major"), bars=2, parts=(item,))


def test_a_note_sounds_at_its_pitch_from_its_very_sample_on() -> None:
    music = score(Note(960, 69, 960, 100), program=73)
    sound = render.synthesised(music, music.parts[0], samples=4 * SAMPLE_RATE_HZ).mean(axis=0)
    start = music.samples(960, SAMPLE_RATE_HZ)
    assert start == SAMPLE_RATE_HZ
    assert not sound[:start].any()
    assert np.abs(sound[start : start + 4_410]).max() > 0.01
    held = sound[start + 8_820 : start + 40_000]
    spectrum = np.abs(np.fft.rfft(held * np.hanning(held.size)))
    assert np.argmax(spectrum) * SAMPLE_RATE_HZ / held.size == pytest.approx(440, rel=0.01)
    assert np.abs(sound[-2_205:]).max() < 0.01 * np.abs(sound).max()  # let go at 2 s, silent by 4 s


def test_drum_strokes_are_found_where_they_were_written() -> None:
    ticks = [0, 480, 960, 1440, 1920, 2400, 2880, 3360]
    music = score(*(Note(t, 38, 120, 110) for t in ticks), drums=True)
    sound = render.synthesised(music, music.parts[0], samples=5 * SAMPLE_RATE_HZ).mean(axis=0)
    onsets = librosa.onset.onset_detect(y=sound, sr=SAMPLE_RATE_HZ, units="time", hop_length=256)
    assert len(onsets) in (7, 8)  # a stroke at time 0 has no silence before it to rise from
    gaps = np.diff(onsets)
    assert gaps == pytest.approx(np.full(gaps.size, 0.5), abs=0.015)


@pytest.mark.parametrize(("genre", "tempo_bpm"), [("house", 124), ("pop", 108), ("rock", 132), ("folk", 96)])
def test_the_tempo_can_be_heard(genre: str, tempo_bpm: float) -> None:
    done = planned(20, genre=genre, tempo_bpm=tempo_bpm, energy=(0.7,), structure=("A", "B"))
    music = compose(done.plan, seed=2).score
    sound = render.render(music, samples=done.samples, fade_from=done.fade_from, sound=Sound())
    found = float(np.squeeze(librosa.beat.beat_track(y=sound.mix.mean(axis=0), sr=SAMPLE_RATE_HZ)[0]))
    ratio = found / tempo_bpm
    assert min(abs(ratio - r) for r in (0.5, 1.0, 2.0)) < 0.03


def test_same_notes_same_samples_and_stems_sum_to_the_mix_on_the_24_bit_grid() -> None:
    done = planned(8, genre="lo-fi hip-hop")
    music = compose(done.plan, seed=11).score
    sound = Sound(reverb=0.4, ducking=0.3, high_cut_hz=6_000)
    first = render.render(music, samples=done.samples, fade_from=done.fade_from, sound=sound)
    again = render.render(music, samples=done.samples, fade_from=done.fade_from, sound=sound)
    assert np.array_equal(first.mix, again.mix)
    assert all(np.array_equal(a, b) for a, b in zip(first.stems, again.stems, strict=True))
    for order in (first.stems, first.stems[::-1]):
        total = np.zeros_like(first.mix)
        for stem in order:
            total += stem
        assert np.array_equal(total, first.mix)
    whole = first.mix.astype(np.float64) * 2**23
    assert np.array_equal(whole, np.rint(whole))


def test_bass_lies_below_lead_and_hats_above_all() -> None:
    done = planned(20, genre="pop")
    music = compose(done.plan, seed=4).score
    stems = render.render(music, samples=done.samples, fade_from=done.fade_from, sound=Sound()).stems
    centre = {
        item.role: float(librosa.feature.spectral_centroid(y=stem.mean(axis=0), sr=SAMPLE_RATE_HZ).mean())
        for item, stem in zip(music.parts, stems, strict=True)
    }
    assert centre["bass"] < centre["lead"] < centre["drums"]


def test_the_last_chord_is_the_tonic_to_the_ear() -> None:
    done = planned(20, genre="pop", key="G major", tempo_bpm=90, avoid=("drums",))
    music = compose(done.plan, seed=6).score
    sound = render.render(music, samples=done.samples, fade_from=done.fade_from, sound=Sound()).mix.mean(
        axis=0
    )
    last = sound[music.samples((music.bars - 1) * 1920, SAMPLE_RATE_HZ) + 4_410 : done.fade_from]
    power = np.abs(np.fft.rfft(last * np.hanning(last.size))) ** 2
    hz = np.fft.rfftfreq(last.size, 1 / SAMPLE_RATE_HZ)
    heard = (hz > 120) & (hz < 1_000)
    classes = np.rint(69 + 12 * np.log2(hz[heard] / 440)).astype(int) % 12
    chroma = np.bincount(classes, weights=power[heard], minlength=12)
    assert set(np.argsort(chroma)[-3:]) == {7, 11, 2}  # G B D


def test_the_room_is_the_same_each_time_and_leaves_the_dry_sound_in_place() -> None:
    click = np.zeros((2, 44_100), dtype=np.float32)
    click[:, 1_000] = 1.0
    wet, again = (
        effects.treated(click, sample_rate_hz=44_100, low_cut_hz=0, high_cut_hz=0, send=0.5, size=0.4)
        for _ in range(2)
    )
    assert np.array_equal(wet, again)
    assert np.abs(wet[:, :1_000]).max() < 1e-6  # nothing before the sound
    assert wet[0, 1_000] == pytest.approx(1.0, abs=1e-3)
    tail = np.sqrt((wet[:, 1_100:] ** 2).sum(axis=1))
    assert tail == pytest.approx(np.full(2, 0.5), rel=0.35)


def test_long_audio_is_treated_in_blocks_as_if_it_were_one() -> None:
    rng = np.random.Generator(np.random.PCG64(5))
    noise = rng.standard_normal((2, effects.BLOCK + 90_000)).astype(np.float32)
    whole = effects.treated(
        noise, sample_rate_hz=44_100, low_cut_hz=90, high_cut_hz=6_000, send=0.6, size=0.3
    )
    head = effects.treated(
        noise[:, :60_000], sample_rate_hz=44_100, low_cut_hz=90, high_cut_hz=6_000, send=0.6, size=0.3
    )
    assert whole[:, :60_000] == pytest.approx(head, abs=2e-4)
    gap = noise.copy()
    gap[:, : effects.BLOCK - 150_000] = (
        0  # what comes before the seam is silent: the sound after it must not be
    )
    late = effects.treated(gap, sample_rate_hz=44_100, low_cut_hz=90, high_cut_hz=6_000, send=0.6, size=0.3)
    assert late[:, effects.BLOCK + 1_000 :] == pytest.approx(whole[:, effects.BLOCK + 1_000 :], abs=2e-2)


def test_filters_cut_what_they_say() -> None:
    time_s = np.arange(44_100) / 44_100
    for hz, kept in ((50, 0.06), (1_000, 1.0), (15_000, 0.03)):
        tone = np.tile(np.sin(2 * np.pi * hz * time_s), (2, 1)).astype(np.float32)
        out = effects.treated(tone, sample_rate_hz=44_100, low_cut_hz=200, high_cut_hz=3_000, send=0, size=0)
        ratio = np.sqrt((out[:, 10_000:30_000] ** 2).mean() / 0.5)
        assert ratio == pytest.approx(kept, rel=0.1, abs=0.02)


def test_ducking_dips_at_each_kick_and_comes_back() -> None:
    curve = effects.ducking([10_000], samples=44_100, sample_rate_hz=44_100, depth=0.5, recovery_s=0.2)
    assert curve[:9_000] == pytest.approx(1.0)
    assert curve.min() == pytest.approx(0.5, abs=0.01)
    assert 9_900 < int(np.argmin(curve)) < 10_400
    assert curve[20_000:] == pytest.approx(1.0)


def test_percussion_and_drums_are_separate_stems() -> None:
    done = planned(12, genre="house", structure=("drop", "drop"), energy=(0.9,))
    music = compose(done.plan, seed=1).score
    assert part(music.parts, "percussion").drums
    assert part(music.parts, "drums").notes != part(music.parts, "percussion").notes


def test_the_soundfont_is_the_one_that_was_measured() -> None:
    assert render.soundfont_path().stat().st_size == 5_994_284
    assert len(render.soundfont_sha256()) == 64
