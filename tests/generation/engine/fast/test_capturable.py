"""A step can be captured in a graph and nothing in it waits for the device: it runs on torch's meta device, where there
are no numbers to read.
"""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest

from tests.support import needs

if importlib.util.find_spec("torch"):
    import torch

    from generation.engine.fast.decoder import Decoder, Take
    from generation.engine.fast.lanes import Conditions
    from generation.engine.fast.sampling import Sampling
    from generation.engine.fast.scheduler import Finished, Scheduler
    from generation.engine.fast.shape import TINY, Shape
    from generation.engine.fast.weights import random_weights
    from tests.generation.engine.fast.watching import StaysThere

pytestmark = needs("engines")

FRAMES = 5


def there(shape: Any, **asked: Any) -> tuple[Any, Any]:
    """Lanes on the meta device with two takes under way, and their scheduler."""
    decoder = Decoder(random_weights(shape).to("meta", torch.float16))
    kind = "cross" if shape.cross else "prefix"
    given = torch.zeros(5, shape.width, device="meta", dtype=torch.float16)
    conditions = Conditions(**{kind: given, f"null_{kind}": given})
    takes = [
        Take(seed=seed, frames=FRAMES, conditions=conditions, sampling=Sampling(**asked))
        for seed in (1, 2**64 - 1)
    ]
    lanes = decoder.lanes_for(takes, slots=5)
    scheduler = Scheduler(lanes, reserve=0)
    for take in takes:
        scheduler.submit(take)
    return lanes, scheduler


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({}, {}),
        ({"delays": (0, 0, 1, 1)}, {"top_p": 0.8}),
        ({"cross": False}, {"guidance": 1.0}),
    ],
    ids=str,
)
def test_no_step_reads_what_it_computed(changes: dict[str, Any], asked: dict[str, Any]) -> None:
    lanes, scheduler = there(Shape(**{**vars(TINY), **changes}), **asked)
    scheduler.step()
    with StaysThere() as mode:
        for _ in range(lanes.network.shape.steps(FRAMES) - 3):
            assert not any(isinstance(event, Finished) for event in scheduler.step())
    assert "scatter_.src" in mode.seen, "it made codes"
    with pytest.raises(NotImplementedError, match="meta"):
        scheduler.step()  # the last one: codes are fetched


def test_the_watch_notices_whoever_waits() -> None:
    lanes, _ = there(TINY)
    with StaysThere(), pytest.raises((AssertionError, RuntimeError, NotImplementedError)):
        bool(lanes.logits.sum() > 0)
    with StaysThere(), pytest.raises(AssertionError, match="add"):
        lanes.logits + torch.zeros(lanes.logits.shape)


@pytest.mark.parametrize("slots", [1, 2, 3, 8, 30, 32])
def test_a_step_goes_over_few_lanes_where_few_move(slots: int) -> None:
    """As many as move or more, and of few sizes: each is a graph."""
    lanes = Decoder(random_weights(TINY).to("meta")).lanes(slots, positions=20)
    sizes = [lanes.lanes_for(count) for count in range(1, slots + 1)]
    assert all(count <= size <= max(2, 4 * count) for count, size in enumerate(sizes, start=1))
    assert sizes[-1] == slots
    assert len(set(sizes)) <= 3
