"""Noise against published answers, and what is drawn with it against the distribution asked for."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import pytest
from scipy import stats

from tests.support import needs

if importlib.util.find_spec("torch"):
    import torch

    from generation.engine.fast import noise
    from generation.engine.fast.sampling import Sampling, draw

pytestmark = needs("engines")

# Random123's kat_vectors: philox4x32 with 10 rounds; counter, key, answer.
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((2**32 - 1,) * 4, (2**32 - 1,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN)
def test_philox_gives_the_published_answers(counter: Any, key: Any, answer: Any) -> None:
    words = noise.philox(
        tuple(torch.tensor([word]) for word in counter), tuple(torch.tensor([word]) for word in key)
    )
    assert tuple(int(word) for word in words) == answer


def test_noise_is_finite_at_both_ends() -> None:
    ends = noise.to_gumbel(torch.tensor([0, 2**32 - 1]))
    assert torch.isfinite(ends).all()
    assert ends[0] < -2.7
    assert ends[1] > 16


def test_noise_follows_from_seed_window_step_and_codebook_alone() -> None:
    def made(seeds: list[int], windows: list[int], steps: list[int]) -> Any:
        words = torch.tensor([noise.seed_words(seed) for seed in seeds])
        return noise.gumbel(words, torch.tensor(windows), torch.tensor(steps), codebooks=4, card=100)

    batch = made([5, 6, 5, 5, 5 + 2**32], [0, 0, 1, 0, 0], [7, 7, 7, 8, 7])
    assert torch.equal(made([5], [0], [7])[0], batch[0])
    rows = batch.flatten(0, 1)
    assert len({row.numpy().tobytes() for row in rows}) == len(rows), "nothing is drawn twice"
    larger = noise.gumbel(
        torch.tensor([[5, 0]]), torch.tensor([0]), torch.tensor([7]), codebooks=8, card=2048
    )
    assert torch.equal(larger[0, :4, :100], batch[0]), "nor does the model's size change it"


def test_noise_is_gumbels() -> None:
    words = torch.tensor([noise.seed_words(seed) for seed in range(64)])
    zeros = torch.zeros(64, dtype=torch.int64)
    values = noise.gumbel(words, zeros, zeros, codebooks=4, card=256).flatten().numpy()
    assert stats.kstest(values, "gumbel_r").pvalue > 0.01
    pairs = values.reshape(-1, 2)
    assert abs(np.corrcoef(pairs[:, 0], pairs[:, 1])[0, 1]) < 0.01


def drawn(logits: Any, count: int, **asked: Any) -> Any:
    """So many draws from one distribution: seeds in the rows, steps one after another."""
    sampling = Sampling(**asked)
    rows = 500
    words = torch.tensor([noise.seed_words(seed) for seed in range(rows)])
    card = logits.shape[-1]
    zeros = torch.zeros(rows, dtype=torch.int64)
    found = []
    for step in range(count // rows):
        given = noise.gumbel(words, zeros, zeros + step, codebooks=1, card=card)
        found.append(
            draw(
                logits.expand(rows, 1, card), given, temperature=torch.full((rows,), sampling.temperature),
                top_k=torch.full((rows,), sampling.top_k or card), top_p=torch.full((rows,), sampling.top_p),
            )
        )  # fmt: skip
    return torch.cat(found).flatten().numpy()


LOGITS = [2.0, 1.0, 0.5, 0.0, -0.5, -1.0, -1.5, -2.0, -2.5, 0.25]


@pytest.mark.parametrize(
    "asked",
    [
        {"top_k": 0},
        {"top_k": 4},
        {"top_k": 0, "top_p": 0.8},
        {"top_k": 0, "temperature": 1.7},
        {"top_k": 3, "temperature": 0.5},
    ],
    ids=str,
)
def test_codes_are_drawn_as_often_as_they_should_be(asked: dict[str, Any]) -> None:
    logits = torch.tensor(LOGITS)
    shares = torch.softmax(logits.double() / asked.get("temperature", 1.0), dim=-1).numpy()
    order = np.argsort(-shares)
    if asked["top_k"]:
        shares[order[asked["top_k"] :]] = 0
    if asked.get("top_p"):
        before = np.cumsum(shares[order]) - shares[order]
        shares[order[before > asked["top_p"]]] = 0
    shares /= shares.sum()
    counts = np.bincount(drawn(logits, 20_000, **asked), minlength=len(LOGITS))
    assert counts[shares == 0].sum() == 0
    kept = shares > 0
    assert stats.chisquare(counts[kept], shares[kept] * counts.sum()).pvalue > 0.01


def test_consecutive_draws_know_nothing_of_one_another() -> None:
    found = drawn(torch.zeros(8), 40_000, top_k=0).reshape(-1, 500)
    table = np.zeros((8, 8))
    np.add.at(table, (found[:-1].flatten(), found[1:].flatten()), 1)
    assert stats.chi2_contingency(table).pvalue > 0.01
    table = np.zeros((8, 8))
    np.add.at(table, (found[:, :-1].flatten(), found[:, 1:].flatten()), 1)
    assert stats.chi2_contingency(table).pvalue > 0.01, "neighbouring seeds"


def test_every_row_is_drawn_with_its_own_settings() -> None:
    logits = torch.randn(4, 2, 50, generator=torch.Generator().manual_seed(1))
    words = torch.tensor([noise.seed_words(seed) for seed in range(4)])
    given = noise.gumbel(words, torch.zeros(4, dtype=torch.int64), torch.arange(4), codebooks=2, card=50)
    temperature = torch.tensor([0.0, 1.0, 0.5, 1.0])
    top_k, top_p = torch.tensor([50, 5, 50, 1]), torch.tensor([0.0, 0.0, 0.4, 0.0])
    together = draw(logits, given, temperature=temperature, top_k=top_k, top_p=top_p)
    assert torch.equal(together[0], logits[0].argmax(-1)), "greedy"
    assert torch.equal(together[3], logits[3].argmax(-1)), "one code is left"
    for row in range(4):
        one = slice(row, row + 1)
        alone = draw(
            logits[one], given[one], temperature=temperature[one], top_k=top_k[one], top_p=top_p[one]
        )
        assert torch.equal(alone[0], together[row])
    without = draw(logits[:2], given[:2], temperature=temperature[:2], top_k=top_k[:2], top_p=None)
    assert torch.equal(without, together[:2])


def test_codes_that_tie_with_the_last_one_kept_are_kept() -> None:
    found = drawn(torch.tensor([1.0, 0.0, 0.0, -9.0]), 2_000, top_k=2)
    assert set(found) == {0, 1, 2}


@pytest.mark.parametrize("asked", [{"temperature": -1.0}, {"top_k": -1}, {"top_p": 1.5}], ids=str)
def test_settings_that_mean_nothing_are_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="temperature and top_k from 0, top_p from 0 to 1"):
        Sampling(**asked)


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_seeds_beyond_64_bits_are_refused(seed: int) -> None:
    with pytest.raises(ValueError, match="a seed lies between"):
        noise.seed_words(seed)
