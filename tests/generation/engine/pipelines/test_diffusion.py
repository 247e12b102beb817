"""What pipelines share, tried on the real codecs: tiles against the whole, batches that shrink, ends within a step."""

from __future__ import annotations

import importlib.util
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from generation.engine.base import EngineFailure
from tests.support import needs

if importlib.util.find_spec("diffusers") and importlib.util.find_spec("torch"):
    import torch

    from generation.engine import diffusion
    from generation.engine.acestep import LAYOUTS
    from generation.engine.acestep_run import AceStepRunner
    from tests.generation.engine import tiny_diffusers

pytestmark = needs("engines")


class Stopped(BaseException):
    """As the model process raises it."""


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Tiny layers on many threads only wait for one another."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def codecs() -> dict[str, Any]:
    import diffusers

    torch.manual_seed(0)
    same: Any = diffusers.AutoencoderSAME(
        encoder_channels=4, encoder_c_mults=[4], encoder_strides=[4], patch_size=8, encoder_transformer_depths=[2],
        latent_dim=8, dim_heads=8, ff_mult=2,
    )  # fmt: skip
    tiny_diffusers.stir(same)
    return {
        "oobleck": tiny_diffusers.oobleck(latents=8, rate_hz=8_000, ratios=[2, 2, 2, 2, 2]).eval(),
        "same": same.eval(),
    }


@pytest.mark.parametrize("name", ["oobleck", "same"])
@pytest.mark.parametrize("frames", [7, 300])
def test_sound_decoded_in_tiles_is_the_sound_of_the_whole(
    codecs: dict[str, Any], name: str, frames: int
) -> None:
    vae = codecs[name]
    latents = torch.randn(8, frames, generator=torch.Generator().manual_seed(1))
    ticks: list[int] = []
    samples = frames * diffusion.hop_of(vae) - 5
    made = torch.from_numpy(diffusion.decoded(vae, latents, samples, lambda: ticks.append(1)))
    with torch.no_grad():
        whole = vae.decode(latents.unsqueeze(0)).sample[0, :, :samples]
    assert made.shape == whole.shape
    assert (made - whole).abs().max() <= 1e-5 * whole.abs().max()
    assert len(ticks) == -(-frames // diffusion.TILE)


@pytest.mark.parametrize("frames", [7, 300])
def test_sound_encoded_in_tiles_has_the_latents_of_the_whole(codecs: dict[str, Any], frames: int) -> None:
    vae = codecs["same"]
    sound = torch.randn(1, 2, frames * diffusion.hop_of(vae), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        made = diffusion.encoded(vae, vae.encode, sound, lambda: None)
        whole = vae.encode(sound).latents
    assert made.shape == whole.shape
    assert (made - whole).abs().max() <= 1e-5 * whole.abs().max()


def test_where_memory_runs_out_the_batch_is_halved_and_says_so() -> None:
    tried: list[int] = []

    def make(at: int, seeds: Sequence[int]) -> list[Any]:
        tried.append(len(seeds))
        if len(seeds) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")
        return [torch.tensor(float(at + place)) for place in range(len(seeds))]

    made = list(diffusion.in_batches(range(10), 64, make, name="big"))
    assert tried == [10, 5, 2, 2, 2, 2, 2]
    assert [(index, float(value)) for index, value, _ in made] == [
        (index, float(index)) for index in range(10)
    ]
    assert all(facts == {"batch": 2, "batch_asked": 10} for _, _, facts in made)
    assert [facts for _, _, facts in diffusion.in_batches([1, 2], 2, make, name="big")] == [{"batch": 2}] * 2


def test_one_take_that_does_not_fit_is_out_of_memory_and_takes_before_it_stay() -> None:
    def make(at: int, seeds: Sequence[int]) -> list[Any]:
        if at + len(seeds) > 2:
            raise RuntimeError(
                "[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: not enough memory: you tried"
            )
        return [torch.zeros(1)] * len(seeds)

    made = diffusion.in_batches([1, 2, 3], 2, make, name="big")
    assert [next(made)[0], next(made)[0]] == [0, 1]
    with pytest.raises(EngineFailure, match="too little free memory for big") as failed:
        next(made)
    assert failed.value.code == "out_of_memory"
    with pytest.raises(RuntimeError, match="shape"):
        list(
            diffusion.in_batches(
                [1], 1, lambda at, seeds: (_ for _ in ()).throw(RuntimeError("shape")), name="big"
            )
        )


def test_a_request_ends_within_a_step(made_pipelines: Path) -> None:
    told: list[int] = []
    job: dict[str, Any] = {
        "mode": "unconditional", "length": "asked", "duration_s": 5.0, "section_s": None, "seeds": [1, 2], "batch": 2,
        "parameters": {"steps": 4, "guidance": None}, "device": "cpu", "precision": "auto", "prompt": "",
        "lyrics": "", "language": "unknown", "task": "text2music", "task_options": {}, "inputs": (),
        "model": {
            "name": "ace-tiny-base", "folder": str(made_pipelines / "ace-tiny-base"), "licence": "MIT",
            "trusted": False, "full_codec": True,
        },
    }  # fmt: skip
    runner = AceStepRunner()

    def stop(done: int, total: int) -> None:
        told.append(done)
        if done == 2 and told.count(2) == 2:
            raise Stopped

    with pytest.raises(Stopped):
        list(runner.run(job, stop))
    assert told.count(0) > 3, "before the first step is over it is asked several times"
    assert max(told) == 2
    takes = list(runner.run(job, lambda done, total: None))
    assert len(takes) == 2
    assert set(LAYOUTS) == {"AceStepPipeline"}
    loaded = runner._cabinet._loaded
    assert loaded is not None
    first = weakref.ref(loaded.pipeline.transformer)
    del loaded, takes
    other = {**job["model"], "name": "ace-tiny-turbo", "folder": str(made_pipelines / "ace-tiny-turbo")}
    next(runner.run({**job, "model": other, "seeds": [1]}, lambda done, total: None))
    assert first() is None, "the model before is gone, its graphs with it, before another one needs the room"
