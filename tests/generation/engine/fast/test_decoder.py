"""Batches and seeds, windows, progress, cancelling, memory; and golden codes."""

from __future__ import annotations

import gc
import hashlib
import importlib.util
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.support import needs

if importlib.util.find_spec("torch"):
    import torch

    from generation.engine.fast.decoder import Decoder, Take
    from generation.engine.fast.floor import Floor
    from generation.engine.fast.lanes import Conditions, Lanes
    from generation.engine.fast.sampling import Sampling
    from generation.engine.fast.scheduler import Finished
    from generation.engine.fast.shape import STEREO_SMALL, TINY, Shape
    from generation.engine.fast.weights import random_weights

pytestmark = needs("engines")

GOLDEN = Path(__file__).with_name("golden_codes.json")
FRAMES = 20


def weights(**changes: Any) -> Any:
    return random_weights(TINY if not changes else Shape(**{**vars(TINY), **changes}), seed=4)


def text(seed: int = 1, length: int = 6) -> Any:
    made = torch.randn(length, TINY.width, generator=torch.Generator().manual_seed(seed))
    return Conditions(cross=made, null_cross=torch.zeros_like(made))


def takes(*seeds: int, **changes: Any) -> list[Any]:
    values = {"frames": FRAMES, "conditions": text()} | changes
    return [Take(seed=seed, **values) for seed in seeds]


class CancelledByUser(Exception):
    pass


@pytest.mark.parametrize("count", [2, 5, 11], ids=lambda count: f"{count} together")
@pytest.mark.parametrize("guidance", [3.0, 1.0])
def test_a_take_alone_is_bit_for_bit_the_one_from_the_batch(count: int, guidance: float) -> None:
    """Logits, not only codes: matrix products run on blocks of one size, so the batch changes no rounding."""
    given = text()
    asked = takes(*range(count), conditions=given, sampling=Sampling(guidance=guidance))
    found, logits = stepped(Decoder(weights()), asked)
    for index, take in enumerate(asked):
        alone, single = stepped(Decoder(weights()), [take])
        assert torch.equal(alone[0], found[index])
        assert torch.equal(single[:, 0], logits[:, index])


def stepped(decoder: Any, asked: list[Any]) -> tuple[list[Any], Any]:
    lanes = decoder.lanes_for(asked)
    seen = []
    found = decoder.generate(asked, lambda done, total: seen.append(lanes.logits.clone()), lanes=lanes)
    return found, torch.stack(seen[1:])


def test_with_the_batch_as_it_is_bits_may_differ_and_codes_rarely_do() -> None:
    """Where the promise above does not hold: `row_block=0` lets the library choose by the size of the batch."""
    asked = takes(*range(5))
    found, logits = stepped(Decoder(weights(), row_block=0), asked)
    alone, single = stepped(Decoder(weights(), row_block=0), asked[2:3])
    assert torch.allclose(single[:, 0], logits[:, 2], atol=1e-4)
    assert torch.equal(alone[0], found[2])


def test_more_takes_than_lanes_change_nothing() -> None:
    decoder, asked = Decoder(weights()), takes(*range(7))
    expected = decoder.generate(asked)
    few = decoder.generate(asked, lanes=decoder.lanes_for(asked, slots=2))
    assert all(torch.equal(one, other) for one, other in zip(expected, few, strict=True))


def test_what_shares_a_batch_changes_nothing() -> None:
    """Other lengths, prompts, conditions and settings beside it."""
    decoder = Decoder(weights())
    known = torch.randint(0, 256, (4, 5), generator=torch.Generator().manual_seed(8))
    asked = [
        *takes(1),
        *takes(2, frames=33, sampling=Sampling(top_p=0.7)),
        *takes(3, prompt=known, sampling=Sampling(temperature=0.0)),
        *takes(4, conditions=text(2, 13), sampling=Sampling(guidance=1.0)),
        *takes(5, frames=70, stride=15),
    ]
    together = decoder.generate(asked)
    for take, codes in zip(asked, together, strict=True):
        assert codes.shape == (4, take.frames)
        assert torch.equal(decoder.generate([take])[0], codes)


def test_guidance_of_one_is_the_model_without_guidance() -> None:
    decoder = Decoder(weights())
    (alone,) = decoder.generate(takes(9, sampling=Sampling(guidance=1.0)))
    beside = decoder.generate([*takes(9, sampling=Sampling(guidance=1.0)), *takes(9)])
    assert torch.equal(alone, beside[0])
    assert not torch.equal(alone, beside[1])


def test_a_length_just_over_a_bucket_reads_on() -> None:
    """Keys and values beyond the first bucket of positions: the codes are those of one larger bucket."""
    longer = weights(window=400)
    asked = takes(3, frames=300, sampling=Sampling(temperature=0.0))
    expected = Decoder(longer).generate(asked)[0]
    decoder = Decoder(longer)
    lanes = decoder.lanes(1, positions=700, cross_positions=6)
    lanes.advance = lambda: step_in_one_bucket(lanes)
    assert torch.equal(decoder.generate(asked, lanes=lanes)[0], expected)


def step_in_one_bucket(lanes: Any) -> None:
    real = lanes._step
    lanes._step = lambda limit, nucleus, count: real(lanes.positions, nucleus, count)
    Lanes.advance(lanes)
    lanes._step = real


def test_progress_counts_frames_and_ends_at_the_total() -> None:
    told: list[tuple[int, int]] = []
    Decoder(weights()).generate([*takes(1, frames=70, stride=15), *takes(2)], lambda *at: told.append(at))
    assert told[0] == (0, 90)
    assert told[-1] == (90, 90)
    assert told == sorted(told)
    assert len(told) >= 70


def test_a_cancelled_batch_ends_at_that_step_and_leaves_nothing() -> None:
    decoder, asked = Decoder(weights()), takes(1, 2)
    expected = decoder.generate(asked)
    steps = 0

    def cancel(done: int, total: int) -> None:
        nonlocal steps
        steps += 1
        if done >= 10:
            raise CancelledByUser

    with pytest.raises(CancelledByUser):
        decoder.generate(asked, cancel)
    assert steps < FRAMES, "the step that it was told at was its last"
    assert all(torch.equal(one, other) for one, other in zip(decoder.generate(asked), expected, strict=True))


def test_a_thousand_generations_leave_no_more_than_one() -> None:
    """Half of them as a queue makes them; some of those are cancelled on the way."""
    decoder = Decoder(
        random_weights(
            Shape(layers=1, width=16, heads=2, feed_forward=16, card=16, window=8, delays=(0,)), seed=1
        )
    )

    floor = Floor(decoder)

    def make(seed: int) -> None:
        if seed % 2:
            decoder.generate([Take(seed=seed, frames=1)])
            return
        tickets = floor.submit([Take(seed=seed, frames=2)], owner=str(seed), chunk_frames=1)
        while not floor.idle:
            floor.step()
            if seed % 10 == 0 or any(isinstance(event, Finished) for event in floor.read(tickets[0])):
                break
        floor.cancel(tickets)

    def held() -> tuple[int, int]:
        gc.collect()
        tensors = [one for one in gc.get_objects() if type(one) is torch.Tensor]
        return len(tensors), sum(one.numel() * one.element_size() for one in tensors)

    for seed in range(20):
        make(seed)
    before, resident = held(), resident_bytes()
    for seed in range(1_000):
        make(seed)
    assert held() == before
    assert floor.idle
    assert not floor._events
    assert resident_bytes() - resident < 30_000_000


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_codes_for_fixed_seeds_are_those_of_the_golden_file() -> None:
    """Whoever changes them changes what every recorded seed means: raise `fast.VERSION` with it."""
    from generation.engine import fast

    stereo = Shape(
        **{**vars(STEREO_SMALL), "layers": 1, "width": 32, "heads": 4, "feed_forward": 64, "card": 128}
    )
    front = text(3, 11).cross
    melody = Conditions(prefix=front, null_prefix=front * 0.3)
    known = torch.randint(0, 256, (4, 5), generator=torch.Generator().manual_seed(8))
    found: dict[str, Any] = {"version": fast.VERSION}
    cases = {
        "sampled": Decoder(weights()).generate(takes(1, 2**63 - 1)),
        "greedy": Decoder(weights()).generate(takes(1, sampling=Sampling(temperature=0.0))),
        "top p, unconditional": Decoder(weights()).generate(
            [Take(seed=7, frames=FRAMES, sampling=Sampling(top_p=0.9, guidance=1.0))]
        ),
        "continued": Decoder(weights()).generate(takes(6, prompt=known)),
        "melody": Decoder(weights(cross=False)).generate(takes(8, conditions=melody)),
        "two windows": Decoder(weights()).generate(takes(5, frames=60, stride=15)),
        "stereo": Decoder(random_weights(stereo, seed=2)).generate([Take(seed=3, frames=12)]),
    }
    for name, codes in cases.items():
        together = torch.stack(codes)
        found[name] = {"first": together[..., :3].flatten().tolist(), "sha256": digest(together)}
    if os.environ.get("WRITE_GOLDEN") == "1":
        GOLDEN.write_text(json.dumps(found, indent=1) + "\n")
    assert found == json.loads(GOLDEN.read_text())


def digest(codes: Any) -> str:
    return hashlib.sha256(codes.to(torch.int16).numpy().astype("<i2").tobytes()).hexdigest()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"frames": 0}, "nothing is left to make"),
        ({"frames": 90, "stride": 40}, "does not lie within the window"),
        ({"prompt": "wrong codebooks"}, "the prompt has 3 codebooks, the model 4"),
    ],
)
def test_what_cannot_be_made_is_refused(wrong: dict[str, Any], words: str) -> None:
    if "prompt" in wrong:
        wrong = {"prompt": torch.zeros(3, 2, dtype=torch.int64)}
    with pytest.raises(ValueError, match=words):
        Decoder(weights()).generate(takes(1, **wrong))


# What follows needs a GPU: the same promises, with graphs and in half precision.


@needs("gpu")
@pytest.mark.parametrize("count", [1, 5])
@pytest.mark.parametrize("attention", ["auto", "torch"])
def test_on_a_gpu_graphs_change_no_bit(attention: str, count: int) -> None:
    moved, asked = gpu_weights(), gpu_takes(*range(count))
    eager, captured = (Decoder(moved, attention=attention, graphs=graphs) for graphs in (False, True))
    expected = eager.generate(asked)
    lanes = captured.lanes_for(asked)
    assert all(
        torch.equal(*pair) for pair in zip(captured.generate(asked, lanes=lanes), expected, strict=True)
    )
    assert (lanes.graphs_off, lanes.graph_count > 0) == ("", True)


@needs("gpu")
def test_on_a_gpu_our_kernels_run() -> None:
    decoder = Decoder(gpu_weights())
    assert (decoder.attention, decoder.attention_reason) == ("triton", "")
    assert [decoder.are_few(slots) for slots in (1, 2)] == [True, False]


@needs("gpu")
def test_on_a_gpu_a_take_alone_is_bit_for_bit_the_one_from_the_batch() -> None:
    """With the products of many rows: what the model process uses, whatever is asked for."""
    decoder, asked = Decoder(gpu_weights(), row_block=64), gpu_takes(*range(30))
    found = decoder.generate(asked)
    for index in (0, 13, 29):
        assert torch.equal(decoder.generate(asked[index : index + 1])[0], found[index])


@needs("gpu")
def test_on_a_gpu_one_of_two_takes_without_guidance_is_bit_for_bit_the_one_alone() -> None:
    """With the products of few rows, whose rounding is not that of many."""
    decoder, plain = Decoder(gpu_weights()), Sampling(guidance=1.0)
    asked = gpu_takes(3, 4, sampling=plain)
    assert decoder.are_few(2, guided=False)
    found = decoder.generate(asked)
    for index in (0, 1):
        assert torch.equal(decoder.generate(asked[index : index + 1])[0], found[index])


@needs("gpu")
def test_on_a_gpu_products_of_few_rows_and_of_many_differ_by_rounding_alone() -> None:
    """Where a take alone is not bit for bit the one from a batch. Tolerance: 0.06 standard deviations of the logits."""
    known = torch.randint(0, 256, (4, 12), generator=torch.Generator().manual_seed(1))
    asked = gpu_takes(3, frames=14, prompt=known)
    few, many = Decoder(gpu_weights()), Decoder(gpu_weights(), row_block=64)
    assert few.are_few(1)
    assert not many.are_few(1)
    one, other = (stepped(decoder, asked)[1][0] for decoder in (few, many))
    assert (one - other).abs().max() / other.std() < 0.06


@needs("gpu")
def test_on_a_gpu_few_of_many_lanes_are_stepped_alone_without_changing_a_bit() -> None:
    decoder, asked = Decoder(gpu_weights(), row_block=64), gpu_takes(1, 2)
    lanes = decoder.lanes(32, positions=TINY.steps(FRAMES), cross_positions=6)
    lanes.warm(TINY.steps(FRAMES))
    lanes.warm(TINY.steps(FRAMES), lanes=2)
    assert lanes.graph_count == 2
    few = decoder.generate(asked, lanes=lanes)
    lanes.lanes_for = lambda _: 32
    assert all(torch.equal(*pair) for pair in zip(few, decoder.generate(asked, lanes=lanes), strict=True))


@needs("gpu")
def test_on_a_gpu_half_precision_stays_near_float32() -> None:
    """Tolerance: 0.06 standard deviations of the logits, for known codes."""
    shape = Shape(**{**vars(TINY), "width": 512, "heads": 8, "feed_forward": 2048, "layers": 8})
    exact = random_weights(shape, seed=3)
    known = torch.randint(0, 256, (4, 30), generator=torch.Generator().manual_seed(1))
    made = []
    for device, dtype in (("cpu", torch.float32), ("cuda", torch.float16)):
        decoder = Decoder(exact.to(device, dtype))
        lanes = decoder.lanes_for([Take(seed=1, frames=31, prompt=known)])
        seen: list[Any] = []
        decoder.generate(
            [Take(seed=1, frames=31, prompt=known)],
            lambda *_, seen=seen, lanes=lanes: seen.append(lanes.logits.cpu()),
            lanes=lanes,
        )
        made.append(seen[1])
    assert (made[0] - made[1]).abs().max() / made[0].std() < 0.06


@needs("gpu")
def test_on_a_gpu_no_memory_is_left_behind() -> None:
    decoder = Decoder(gpu_weights())
    decoder.generate(gpu_takes(1))
    before = torch.cuda.memory_allocated()
    for seed in range(1_000):
        decoder.generate(gpu_takes(seed, frames=1))
    assert torch.cuda.memory_allocated() <= before
    decoder.release()
    assert torch.cuda.memory_allocated() < before


def gpu_weights() -> Any:
    shape = Shape(**{**vars(TINY), "width": 128, "heads": 2})
    return random_weights(shape, seed=4, device="cuda", dtype=torch.float16)


def gpu_takes(*seeds: int, frames: int = FRAMES, **more: Any) -> list[Any]:
    made = torch.randn(6, 128, generator=torch.Generator().manual_seed(1)).to("cuda", torch.float16)
    given = Conditions(cross=made, null_cross=torch.zeros_like(made))
    return [Take(seed=seed, frames=frames, conditions=given, **more) for seed in seeds]
