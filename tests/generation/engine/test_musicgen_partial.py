"""Sound on the way of many takes: few passes of the codec, each take's own sound, and trouble that costs no take."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.support import needs

if importlib.util.find_spec("audiocraft"):
    import torch

    from generation.engine import compat
    from generation.engine.fast import baselines
    from generation.engine.fast.codec import Codec, codec_of, decode_whole
    from generation.engine.musicgen_partial import CHUNK_FRAMES, FIRST_CHUNK_FRAMES, TOGETHER, Partials

    compat.install()

pytestmark = needs("engines")

FRAMES, TAKES = 40, 10


@pytest.fixture(scope="module")
def codec() -> Any:
    return codec_of(baselines.codec(device="cpu", tiny=True))


@pytest.fixture(scope="module")
def codes() -> Any:
    return torch.randint(0, 256, (TAKES, 4, FRAMES), generator=torch.Generator().manual_seed(1))


def test_takes_that_come_together_share_the_codecs_passes(codec: Codec, codes: Any) -> None:
    passes: list[int] = []

    def latents(given: Any) -> Any:
        passes.append(given.shape[0])
        return codec.latents(given)

    heard: dict[int, list[Any]] = {}
    samples = FRAMES * codec.hop - 100
    partials = Partials(
        replace(codec, latents=latents), lambda piece: heard.setdefault(piece.index, []).append(piece),
        frames=FRAMES, samples=samples,
    )  # fmt: skip
    late = TAKES - 1  # began later than the others
    partials([(index, 0, codes[index, :, :20]) for index in range(late)])
    partials([(index, 20, codes[index, :, 20:]) for index in range(late)] + [(late, 0, codes[late, :, :20])])
    partials([(late, 20, codes[late, :, 20:30]), (late, 30, codes[late, :, 30:])])
    assert passes == [TOGETHER, 1, TOGETHER, 1, 1, 1, 1]
    assert sorted(heard) == list(range(TAKES))
    for index, pieces in heard.items():
        at = np.cumsum([0, *(piece.audio.shape[1] for piece in pieces)])
        assert [piece.start for piece in pieces] == at[:-1].tolist()
        assert at[-1] == samples
        whole = decode_whole(codec, codes[index])[:, :samples].numpy()
        assert np.abs(np.concatenate([piece.audio for piece in pieces], axis=1) - whole).max() < 2e-6


def test_the_first_chunk_is_a_second_of_sound(codec: Codec) -> None:
    heard: list[Any] = []
    partials = Partials(codec, heard.append, frames=200, samples=200 * codec.hop)
    partials([(0, 0, torch.zeros(4, FIRST_CHUNK_FRAMES, dtype=torch.int64))])
    partials([(0, FIRST_CHUNK_FRAMES, torch.zeros(4, CHUNK_FRAMES, dtype=torch.int64))])
    assert [piece.audio.shape for piece in heard] == [(1, codec.sample_rate_hz)] * 2


def test_where_there_is_no_room_for_listening_it_is_silent_and_costs_nothing_else(
    codec: Codec, codes: Any
) -> None:
    def latents(given: Any) -> Any:
        if given.shape[0] > 1:
            raise torch.OutOfMemoryError("no room")
        return codec.latents(given)

    heard: list[Any] = []
    partials = Partials(
        replace(codec, latents=latents), heard.append, frames=FRAMES, samples=FRAMES * codec.hop
    )
    partials([(0, 0, codes[0, :, :20])])
    assert len(heard) == 1
    partials([(0, 20, codes[0, :, 20:]), (1, 0, codes[1, :, :20]), (2, 0, codes[2, :, :20])])
    partials([(3, 0, codes[3, :, :20])])
    assert len(heard) == 2, "its last piece came before the trouble, nothing after it"
