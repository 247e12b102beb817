"""A section that was made anew says whether it goes at the tempo of the piece."""

from __future__ import annotations

import numpy as np
import pytest

from generation import giving
from generation.engine.base import GenerationOutput, GenerationRequest, GivenInput
from tests.generation.audio.test_seams import RATE, clicks


@pytest.mark.parametrize(("period_s", "agrees"), [(0.5, 1), (0.25, 1), (0.43, 0)])
def test_the_tempo_of_a_new_section_is_held_against_the_pieces(period_s: float, agrees: int) -> None:
    piece = clicks(16.0, period_s=0.5)
    made = np.concatenate(
        [piece[:, : 4 * RATE], clicks(8.0, period_s=period_s), piece[:, 12 * RATE :]], axis=1
    )
    given = GivenInput(role="source", sha256="0" * 64, audio=piece, sample_rate_hz=RATE)
    request = GenerationRequest(
        mode="section_replacement",
        prompt="",
        duration_s=16.0,
        seeds=(1,),
        inputs=(given,),
        section_s=(4.0, 12.0),
    )
    output = GenerationOutput(index=0, seed=1, audio=made, sample_rate_hz=RATE)
    assert giving.tempo_of_section(output, request)["tempo_agrees"] == agrees
