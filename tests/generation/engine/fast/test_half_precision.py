"""Logits in half precision beside those of audiocraft's and of transformers' own models in the same precision, for the
same codes: on the CPU everywhere, on a GPU where there is one.
"""

from __future__ import annotations

import copy
import importlib.util
from typing import Any

import pytest

from tests.support import needs

if importlib.util.find_spec("audiocraft"):
    import torch

    from generation.engine.fast.decoder import Decoder, Take
    from generation.engine.fast.importers import from_transformers
    from generation.engine.fast.sampling import Sampling
    from generation.engine.fast.scheduler import Scheduler
    from tests.generation.engine.fast import references

pytestmark = needs("engines")

FRAMES, GUIDANCE = 24, 3.0
TOLERANCE = {"float16": 0.03, "bfloat16": 0.2}
"""The greatest difference of a guided logit in standard deviations of all logits: the rounding of 11 and of 8 bits,
which guidance triples, through two layers.
"""


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=needs("gpu"))])
@pytest.mark.parametrize("precision", TOLERANCE)
@pytest.mark.parametrize("loop", ["audiocraft", "audiocraft, melody", "transformers"])
def test_logits_are_those_of_the_loops_but_for_rounding(loop: str, precision: str, device: str) -> None:
    dtype, melody = getattr(torch, precision), "melody" in loop
    if loop == "transformers":
        model = references.transformers_model()
        weights = from_transformers(model.state_dict(), model.config.to_dict())
        theirs_of = references.transformers_logits
    else:
        model, weights = references.audiocraft_model(melody=melody)
        theirs_of = references.audiocraft_logits
    given = references.conditions(prefix=11 if melody else 0)
    sequence, ours = stepped(Decoder(weights.to(device, dtype)), given)
    model = copy.deepcopy(model).to(device=device, dtype=dtype)
    with torch.no_grad():
        theirs = theirs_of(model, sequence.to(device), given, dtype).float().cpu()
    guided = (theirs[1] + (theirs[0] - theirs[1]) * GUIDANCE).transpose(0, 1)[: len(ours)]
    assert ours.std() > 1
    worst = float((ours - guided).abs().max() / guided.std())
    assert 0 < worst < TOLERANCE[precision], worst


def stepped(decoder: Any, given: Any) -> tuple[Any, Any]:
    """The sequence `[codebooks, steps]` of a take and the guided logits `[steps - 1, codebooks, card]` behind it."""
    take = Take(seed=5, frames=FRAMES, sampling=Sampling(guidance=GUIDANCE), conditions=given)
    lanes = decoder.lanes_for([take])
    scheduler, seen = Scheduler(lanes), []
    scheduler.submit(take)
    while not scheduler.idle:
        scheduler.step()
        seen.append(lanes.logits[0].clone().cpu())
    return lanes.sequence(0)[:, : decoder.shape.steps(FRAMES)], torch.stack(seen)
