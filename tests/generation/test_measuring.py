"""What the worker stores of a sound: exactly what was made."""

from __future__ import annotations

import numpy as np
import pytest

from generation.measuring import decoded, flac_copy, stored
from tests.generation.audio.signals import RATE, noise


@pytest.mark.parametrize(("level", "codec", "bits"), [(0.05, "pcm_24", 24), (1.5, "pcm_float", 32)])
def test_a_mix_is_stored_without_clipping_at_any_level(level: float, codec: str, bits: int) -> None:
    mix = noise(2, level=level)
    made = stored(mix, RATE, role="full_mix", name="loud")
    back, rate = decoded(made.staged.sha256)
    assert rate == RATE
    assert np.abs(back - mix).max() <= 2**-24
    assert (made.probe["codec"], made.probe["bit_depth"], made.probe["clipped_samples"]) == (codec, bits, 0)
    assert made.probe["samples"] == mix.shape[1]


@pytest.mark.parametrize("seconds", [0.01, 2, 5.123])
def test_a_copy_in_blocks_has_the_bytes_of_a_copy_of_the_whole(seconds: float) -> None:
    source = stored(noise(seconds), RATE, role="full_mix", name="sent").staged.sha256
    audio, rate = decoded(source)
    steps: list[int] = []
    copy = flac_copy(source, role="full_mix", name="sent", step=lambda: steps.append(1))
    assert steps
    whole = stored(audio, rate, role="full_mix", name="sent", media_type="audio/flac", measured=False)
    assert copy == whole
