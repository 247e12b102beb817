"""Guidance, temperature, top-k and top-p, and the draw: all on the device, every take with settings of its own."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How the next code is drawn. `top_p` above 0 replaces `top_k`, as in audiocraft; `top_k` 0 means all.

    `temperature` 0 is greedy. `guidance` is the coefficient of classifier-free guidance (Ho and Salimans 2022).
    """

    temperature: float = 1.0
    top_k: int = 250
    top_p: float = 0.0
    guidance: float = 3.0

    def __post_init__(self) -> None:
        if self.temperature < 0 or self.top_k < 0 or not 0 <= self.top_p <= 1:
            raise ValueError(
                f"{self} cannot be sampled with: temperature and top_k from 0, top_p from 0 to 1"
            )


def draw(
    logits: Tensor, noise: Tensor, *, temperature: Tensor, top_k: Tensor, top_p: Tensor | None
) -> Tensor:
    """The code drawn for each of `logits` `[rows, codebooks, card]` float32; int64 `[rows, codebooks]`.

    `noise` is standard Gumbel noise of the same shape; `temperature`, `top_k` (1..card) and `top_p` are `[rows]`.
    The greatest of logits / temperature + noise among those kept is distributed as softmax(logits / temperature)
    restricted to them (Gumbel 1954). Codes that tie with the last one kept are kept, too, as audiocraft does.
    Temperature 0 takes the greatest logit. `top_p` None switches that part off, which spares a few kernels.
    """
    rows, codebooks, card = logits.shape
    greedy = (temperature <= 0).view(rows, 1, 1)
    scaled = torch.where(
        greedy, logits, logits / torch.where(temperature > 0, temperature, 1.0).view(rows, 1, 1)
    )
    falling = torch.sort(scaled, dim=-1, descending=True).values
    kept = top_k.view(rows, 1).expand(rows, codebooks)
    if top_p is not None:
        # In float64, so that the order in which a device adds up cannot decide what is kept.
        shares = torch.softmax(falling.double(), dim=-1)
        before = torch.cumsum(shares, dim=-1) - shares
        nucleus = (before <= top_p.view(rows, 1, 1)).sum(dim=-1)
        kept = torch.where((top_p > 0).view(rows, 1), nucleus, kept)
    least = falling.gather(-1, (kept - 1).clamp(0, card - 1).unsqueeze(-1))
    chosen = torch.where(greedy, scaled, scaled + noise).masked_fill(scaled < least, -torch.inf)
    return chosen.argmax(dim=-1)
