"""Attention of one new position over what is kept: by torch's own operator, or by our kernels on a GPU with Triton.

A cache is `[rows, 2, heads, positions, head width]`: keys, then values, at addresses that never change.
"""

from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn import functional


class Attention(Protocol):
    """Both calls write `[rows, width]` into `out` and MUST NOT depend on other rows or wait for the host."""

    name: str

    def prepare(self, lengths: Tensor, cross_lengths: Tensor | None, limit: int) -> object:
        """What all layers of this step share. `lengths` `[rows]` count the new position; none exceeds `limit`."""

    def own(self, qkv: Tensor, cache: Tensor, lengths: Tensor, limit: int, shared: Any, out: Tensor) -> None:
        """Keep the new keys and values at `lengths - 1`, then attend over `lengths` positions. `qkv` `[rows, 3
        * width]`.
        """

    def cross(self, query: Tensor, cache: Tensor, lengths: Tensor, shared: Any, out: Tensor) -> None:
        """Attend over the first `lengths` positions of a cache that does not change. `query` `[rows, width]`."""


class TorchAttention:
    """torch's scaled_dot_product_attention over a bucket of positions, the unused ones masked. Runs everywhere."""

    name = "torch"

    def prepare(
        self, lengths: Tensor, cross_lengths: Tensor | None, limit: int
    ) -> tuple[Tensor, Tensor | None, Tensor]:
        cross = None if cross_lengths is None else cross_lengths
        return _used(lengths, limit), cross, (lengths - 1).view(-1, 1, 1, 1, 1)

    def own(self, qkv: Tensor, cache: Tensor, lengths: Tensor, limit: int, shared: Any, out: Tensor) -> None:
        rows, _, heads, _, width = cache.shape
        used, _, at = shared
        parts = qkv.view(rows, 3, heads, 1, width)
        cache.scatter_(3, at.expand(rows, 2, heads, 1, width), parts[:, 1:])
        kept = cache[:, :, :, :limit]
        made = functional.scaled_dot_product_attention(parts[:, 0], kept[:, 0], kept[:, 1], attn_mask=used)
        out.view(rows, heads, 1, width).copy_(made)

    def cross(self, query: Tensor, cache: Tensor, lengths: Tensor, shared: Any, out: Tensor) -> None:
        rows, _, heads, positions, width = cache.shape
        used = _used(lengths, positions)
        made = functional.scaled_dot_product_attention(
            query.view(rows, heads, 1, width), cache[:, 0], cache[:, 1], attn_mask=used
        )
        out.view(rows, heads, 1, width).copy_(made)


def _used(lengths: Tensor, limit: int) -> Tensor:
    return (torch.arange(limit, device=lengths.device) < lengths.view(-1, 1)).view(-1, 1, 1, limit)
