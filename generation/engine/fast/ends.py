"""The two ends of a step: what goes into the first layer, and which codes follow from the logits of the last one.

Both read and write the lanes' state where it lies. `TorchEnds` runs everywhere; `kernels_ends.TritonEnds` does the same
in two launches.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from generation.engine.fast import noise
from generation.engine.fast.patterns import UNKNOWN
from generation.engine.fast.sampling import draw
from generation.engine.fast.shape import Shape


@dataclass(frozen=True, kw_only=True, eq=False)
class State:
    """Where all lanes are, one row each, at addresses that never change. int64 but for the last four, float32.

    `sequence` `[slots, codebooks, steps]`, `seeds` `[slots, 2]`, `logits` `[slots, codebooks, card]`, others `[slots]`.
    """

    sequence: Tensor
    at: Tensor
    prefix: Tensor
    active: Tensor
    seeds: Tensor
    window: Tensor
    top_k: Tensor
    top_p: Tensor
    temperature: Tensor
    guidance: Tensor
    logits: Tensor

    @classmethod
    def of(cls, shape: Shape, *, slots: int, positions: int, device: torch.device) -> "State":
        """All lanes stand still."""

        def whole(value: int, *more: int) -> Tensor:
            return torch.full((slots, *more), value, device=device, dtype=torch.int64)

        def real(value: float, *more: int) -> Tensor:
            return torch.full((slots, *more), value, device=device, dtype=torch.float32)

        return cls(
            sequence=whole(shape.card, shape.codebooks, positions + 1), at=whole(0), prefix=whole(0), active=whole(0),
            seeds=whole(0, 2), window=whole(0), top_k=whole(1), top_p=real(0), temperature=real(1), guidance=real(1),
            logits=real(0, shape.codebooks, shape.card),
        )  # fmt: skip

    def first(self, lanes: int) -> "State":
        """Of so many lanes, the same memory."""
        return State(**{name: value[:lanes] for name, value in vars(self).items()})


class Ends(Protocol):
    """Neither MUST wait for the host."""

    def enter(
        self, state: State, embedding: Tensor, places: Tensor, *, each: int, x: Tensor, lengths: Tensor
    ) -> None:
        """Put the sum of the present codes' embeddings and of their place into `x` `[padded rows, width]`, zeros into
        the rows that count for nothing; and into `lengths` `[rows]` how many positions there are with this one.
        """

    def leave(self, state: State, logits: Tensor, *, each: int, nucleus: bool) -> None:
        """Guide, draw and keep the codes of the next step where they are UNKNOWN, from logits `[rows, codebooks,
        card]`. `nucleus`: some lane draws by top p.
        """


class TorchEnds:
    """By torch's own operators. `gumbel` is `noise.gumbel` or does the same."""

    def __init__(self, gumbel: Callable[..., Tensor] = noise.gumbel) -> None:
        self._gumbel = gumbel

    def enter(
        self, state: State, embedding: Tensor, places: Tensor, *, each: int, x: Tensor, lengths: Tensor
    ) -> None:
        slots, codebooks, _ = state.sequence.shape
        at = state.at.view(slots, 1, 1).expand(slots, codebooks, 1)
        tokens = state.sequence.gather(2, at).squeeze(2).clamp(min=0)
        entered = embedded(tokens, embedding)
        position = (state.prefix + state.at).view(slots, 1).expand(slots, each).reshape(-1)
        rows, width = position.shape[0], x.shape[1]
        wide = entered.view(slots, 1, width).expand(slots, each, width).reshape(rows, width)
        x.copy_(functional.pad(wide + places[position], (0, 0, 0, x.shape[0] - rows)))
        lengths.copy_(position + 1)

    def leave(self, state: State, logits: Tensor, *, each: int, nucleus: bool) -> None:
        slots, codebooks, card = state.logits.shape
        if each == 2:
            pairs = logits.view(slots, 2, codebooks, card)
            logits = pairs[:, 1] + (pairs[:, 0] - pairs[:, 1]) * state.guidance.view(slots, 1, 1)
        state.logits.copy_(logits)
        made = self._gumbel(state.seeds, state.window, state.at + 1, codebooks=codebooks, card=card)
        drawn = draw(
            logits,
            made,
            temperature=state.temperature,
            top_k=state.top_k,
            top_p=state.top_p if nucleus else None,
        )
        following = (state.at + 1).view(slots, 1, 1).expand(slots, codebooks, 1)
        present = state.sequence.gather(2, following)
        write = (present == UNKNOWN) & (state.active.view(slots, 1, 1) > 0)
        state.sequence.scatter_(2, following, torch.where(write, drawn.unsqueeze(2), present))


def embedded(tokens: Tensor, embedding: Tensor) -> Tensor:
    """Sum over the codebooks' embeddings: tokens `[..., codebooks]` to `[..., width]`."""
    codebooks = tokens.shape[-1]
    offsets = torch.arange(codebooks, device=tokens.device) * (embedding.shape[0] // codebooks)
    found = functional.embedding(tokens + offsets, embedding)
    total = found[..., 0, :]
    for codebook in range(1, codebooks):  # in this order, as the loops do that it is compared with
        total = total + found[..., codebook, :]
    return total
