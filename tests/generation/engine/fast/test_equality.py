"""Codes equal to audiocraft's and to transformers' own loops, exactly, in float32: every kind of model and of
drawing.
"""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest

from tests.support import needs

if importlib.util.find_spec("audiocraft"):
    import torch

    from generation.engine.fast.decoder import Decoder, Take
    from generation.engine.fast.importers import from_transformers
    from generation.engine.fast.sampling import Sampling
    from tests.generation.engine.fast import references

pytestmark = needs("engines")

FRAMES, SEEDS = 14, (1, 2, 2**63 - 1)
KINDS: dict[str, dict[str, Any]] = {
    "mono": {}, "stereo": {"stereo": True}, "melody": {"melody": True},
    "stereo melody": {"stereo": True, "melody": True}, "biases": {"bias": True}, "custom":
    {"custom": True},
}  # fmt: skip
DRAWN: dict[str, dict[str, Any]] = {
    "greedy": {"temperature": 0.0},
    "top k": {"top_k": 50},
    "all codes": {"top_k": 0},
    "top p": {"top_p": 0.6, "top_k": 0},
    "cold and strict": {"temperature": 0.6, "guidance": 5.0},
    "unguided": {"guidance": 1.0},
}


def prompt(codebooks: int, length: int = 9) -> Any:
    return torch.randint(0, 256, (codebooks, length), generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("continued", [False, True], ids=["from nothing", "continued"])
@pytest.mark.parametrize(
    ("kind", "drawn"),
    [
        *((kind, drawn) for kind in ("mono", "stereo", "melody") for drawn in DRAWN),
        ("stereo melody", "top k"),
        ("biases", "top k"),
        ("custom", "top k"),
    ],
)
def test_audiocrafts_loop_makes_the_same_codes(kind: str, drawn: str, continued: bool) -> None:
    model, weights = references.audiocraft_model(**KINDS[kind])
    codebooks = weights.shape.codebooks
    given = references.conditions(prefix=11 if "melody" in kind else 0)
    known = prompt(codebooks) if continued else None
    takes = [
        Take(seed=seed, frames=FRAMES, sampling=Sampling(**DRAWN[drawn]), conditions=given, prompt=known)
        for seed in SEEDS
    ]
    with references.same_noise(takes, codebooks=codebooks, first_step=10 if continued else 1):
        theirs = references.audiocraft_codes(model, takes)
    ours = torch.stack(Decoder(weights).generate(takes))
    assert torch.equal(ours, theirs)
    assert len(ours.unique()) > 15, "a model that always says the same would pass anything"


@pytest.mark.parametrize("continued", [False, True], ids=["from nothing", "continued"])
@pytest.mark.parametrize(
    ("kind", "drawn"),
    [
        *((kind, drawn) for kind in ("mono", "stereo", "melody") for drawn in DRAWN if drawn != "all codes"),
        ("stereo melody", "top k"),
    ],
)  # it has no word for all codes
def test_transformers_loop_makes_the_same_codes(kind: str, drawn: str, continued: bool) -> None:
    model = references.transformers_model(**KINDS[kind])
    weights = from_transformers(model.state_dict(), model.config.to_dict())
    known = prompt(weights.shape.codebooks) if continued else None
    takes, theirs = references.transformers_takes(
        model,
        seeds=SEEDS,
        frames=FRAMES,
        sampling=Sampling(**DRAWN[drawn]),
        melody="melody" in kind,
        prompt=known,
    )
    assert torch.equal(torch.stack(Decoder(weights).generate(takes)), theirs)


@pytest.mark.parametrize("melody", [False, True], ids=["text", "melody"])
@pytest.mark.parametrize(("known", "total"), [(0, 110), (12, 110), (0, 61)])
def test_beyond_the_window_it_goes_on_as_audiocraft_does(melody: bool, known: int, total: int) -> None:
    model, weights = references.audiocraft_model(melody=melody)
    assert weights.shape.window == 60
    stride = 36
    by_start = {
        start: references.conditions(seed=start, prefix=11 if melody else 0)
        for start in range(0, total, stride)
    }
    start = prompt(4, known) if known else None
    given = by_start.__getitem__ if melody else by_start[0]  # a melody goes on, a text stays the same
    takes = [Take(seed=seed, frames=total, conditions=given, prompt=start, stride=stride) for seed in SEEDS]
    ours = torch.stack(Decoder(weights).generate(takes))
    theirs = references.audiocraft_windows(model, takes, window=60, stride=stride, total=total)
    assert ours.shape == (3, 4, total)
    assert torch.equal(ours, theirs)
    if known:
        assert torch.equal(ours[:, :, :known], start.expand(3, -1, -1))


def test_prompts_of_different_lengths_in_one_batch_are_what_each_is_alone() -> None:
    """A shorter text is not filled up with zeros that would be looked at, as it would be in one batch of
    audiocraft's.
    """
    model, weights = references.audiocraft_model()
    takes = [
        Take(seed=seed, frames=FRAMES, conditions=references.conditions(seed=seed, length=length))
        for seed, length in ((1, 3), (2, 20), (3, 9))
    ]
    together = Decoder(weights).generate(takes)
    for take, ours in zip(takes, together, strict=True):
        with references.same_noise([take]):
            assert torch.equal(ours, references.audiocraft_codes(model, [take])[0])
