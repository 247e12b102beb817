"""A queue of several owners: shared steps, fairness, first sound soon."""

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
    from generation.engine.fast.scheduler import Advanced, Chunk, Finished, Scheduler
    from generation.engine.fast.shape import TINY
    from generation.engine.fast.weights import random_weights

pytestmark = needs("engines")


@pytest.fixture(scope="module")
def decoder() -> Any:
    return Decoder(random_weights(TINY, seed=4))


def queue(decoder: Any, *, slots: int, reserve: int = 0) -> Any:
    positions = TINY.steps(TINY.window)
    return Scheduler(decoder.lanes(slots, positions=positions, cross_positions=8), reserve=reserve)


def run(scheduler: Any) -> tuple[dict[int, Any], list[list[Any]]]:
    """Codes by ticket, and the events of every step."""
    codes, steps = {}, []
    while not scheduler.idle:
        steps.append(scheduler.step())
        codes |= {event.ticket: event.codes for event in steps[-1] if isinstance(event, Finished)}
    return codes, steps


def order(steps: list[list[Any]]) -> list[int]:
    return [event.ticket for events in steps for event in events if isinstance(event, Finished)]


def test_takes_of_different_lengths_share_steps(decoder: Any) -> None:
    scheduler = queue(decoder, slots=3)
    takes = [Take(seed=seed, frames=frames) for seed, frames in enumerate((30, 10, 10, 10, 10))]
    tickets = [scheduler.submit(take) for take in takes]
    codes, steps = run(scheduler)
    assert len(steps) == 30 + 3, "the four short ones ran beside the long one, two after two"
    for ticket, take in zip(tickets, takes, strict=True):
        assert torch.equal(codes[ticket], decoder.generate([take])[0])


def test_whoever_comes_in_the_middle_gets_the_codes_that_they_get_alone(decoder: Any) -> None:
    scheduler = queue(decoder, slots=3)
    scheduler.submit(Take(seed=1, frames=30))
    for _ in range(7):
        scheduler.step()
    made = torch.randn(5, TINY.width, generator=torch.Generator().manual_seed(1))
    late = Take(
        seed=2,
        frames=12,
        conditions=Conditions(cross=made, null_cross=torch.zeros_like(made)),
        sampling=Sampling(top_p=0.8),
    )
    ticket = scheduler.submit(late)
    codes, _ = run(scheduler)
    assert torch.equal(codes[ticket], decoder.generate([late])[0])


def test_a_free_lane_goes_to_whoever_has_the_fewest(decoder: Any) -> None:
    scheduler = queue(decoder, slots=2)
    many = [scheduler.submit(Take(seed=seed, frames=10), owner="mara") for seed in range(6)]
    scheduler.step()
    one = scheduler.submit(Take(seed=9, frames=10), owner="jonas")
    _, steps = run(scheduler)
    finished = order(steps)
    assert finished.index(one) == 3, (
        "jonas has one of the next two free lanes and waits for no more of mara's six"
    )
    assert [ticket for ticket in finished if ticket != one] == many


def test_one_owner_never_has_all_lanes_while_some_are_reserved(decoder: Any) -> None:
    scheduler = queue(decoder, slots=4, reserve=1)
    for seed in range(8):
        scheduler.submit(Take(seed=seed, frames=20), owner="mara")
    scheduler.step()
    one = scheduler.submit(Take(seed=9, frames=3), owner="jonas")
    _, steps = run(scheduler)
    assert order(steps)[0] == one, "there was a lane for jonas at once"


def test_whoever_is_in_a_hurry_is_next_among_their_own(decoder: Any) -> None:
    scheduler = queue(decoder, slots=1)
    patient = [scheduler.submit(Take(seed=seed, frames=4), owner="mara") for seed in range(2)]
    urgent = scheduler.submit(Take(seed=7, frames=4), owner="mara", urgent=True)
    _, steps = run(scheduler)
    assert order(steps) == [urgent, *patient]


def test_codes_are_told_while_they_are_made(decoder: Any) -> None:
    scheduler = queue(decoder, slots=2)
    known = torch.randint(0, 256, (4, 7), generator=torch.Generator().manual_seed(2))
    take = Take(seed=3, frames=90, stride=20, prompt=known)
    ticket = scheduler.submit(take, chunk_frames=8)
    codes, steps = run(scheduler)
    chunks = [
        (number, event) for number, events in enumerate(steps) for event in events if isinstance(event, Chunk)
    ]
    assert torch.equal(torch.cat([chunk.codes for _, chunk in chunks], dim=-1), codes[ticket])
    assert torch.equal(codes[ticket], decoder.generate([take])[0])
    assert [chunk.first for _, chunk in chunks] == sorted({chunk.first for _, chunk in chunks})
    assert chunks[0][0] < 8, "the first chunk comes with the first frames, not at the end"
    assert len(chunks) >= 10


def test_the_first_chunk_may_be_another_than_those_after_it(decoder: Any) -> None:
    scheduler = queue(decoder, slots=1)
    ticket = scheduler.submit(Take(seed=3, frames=31), chunk_frames=10, first_chunk_frames=14)
    codes, steps = run(scheduler)
    chunks = [event for events in steps for event in events if isinstance(event, Chunk)]
    assert [chunk.codes.shape[-1] for chunk in chunks] == [14, 10, 7]
    assert torch.equal(torch.cat([chunk.codes for chunk in chunks], dim=-1), codes[ticket])


def test_progress_is_told_for_every_take_and_never_goes_back(decoder: Any) -> None:
    scheduler = queue(decoder, slots=2)
    ticket = scheduler.submit(Take(seed=3, frames=90, stride=20))
    _, steps = run(scheduler)
    told = [event.frames for events in steps for event in events if isinstance(event, Advanced)]
    assert told == list(range(1, 91))
    assert {event.ticket for events in steps for event in events} == {ticket}


def test_a_cancelled_take_makes_room_at_once(decoder: Any) -> None:
    scheduler = queue(decoder, slots=1)
    running, waiting, last = (scheduler.submit(Take(seed=seed, frames=20)) for seed in range(3))
    scheduler.step()
    scheduler.cancel(running)
    scheduler.cancel(waiting)
    scheduler.cancel(99)
    codes, steps = run(scheduler)
    assert list(codes) == [last]
    assert len(steps) == 23
    assert torch.equal(codes[last], decoder.generate([Take(seed=2, frames=20)])[0])


def test_what_can_never_fit_is_refused_when_it_is_asked_for(decoder: Any) -> None:
    scheduler = Scheduler(decoder.lanes(1, positions=20, guided=False))
    with pytest.raises(ValueError, match="know no guidance"):
        scheduler.submit(Take(seed=1, frames=4))
    plain = Sampling(guidance=1.0)
    long = Conditions(prefix=torch.zeros(400, TINY.width), null_prefix=torch.zeros(400, TINY.width))
    with pytest.raises(ValueError, match="does not fit into lanes"):
        scheduler.submit(Take(seed=1, frames=4, sampling=plain, conditions=long))
    wide = Conditions(cross=torch.zeros(400, TINY.width), null_cross=torch.zeros(400, TINY.width))
    with pytest.raises(ValueError, match="a condition of 400 positions"):
        scheduler.submit(Take(seed=1, frames=4, sampling=plain, conditions=wide))
    with pytest.raises(ValueError, match="leaves none"):
        Scheduler(decoder.lanes(2, positions=20), reserve=2)
