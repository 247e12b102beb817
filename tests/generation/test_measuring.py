"""What the worker stores of a sound: exactly what was made."""

from __future__ import annotations

import numpy as np
import pytest

from generation.measuring import decoded, stored
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
