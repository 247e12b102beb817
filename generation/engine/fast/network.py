"""The transformer: one position of many rows at a time, or a prompt at once. Functions of tensors, no state of
a take.
"""

import torch
from torch import Tensor
from torch.nn import functional

from generation.engine.fast.attention import Attention
from generation.engine.fast.shape import Shape
from generation.engine.fast.weights import Linear, Norm, Weights

ROW_BLOCK = {"cuda": 64, "cpu": 8}
"""Matrix products run on blocks of so many rows, filled up: a library picks its kernel, and with it the rounding, by
the number of rows. By arithmetic, a GPU still reads the
matrix longer than it multiplies 64 rows with it; `benchmark --row-blocks 0 64` tells."""


class Network:
    """A decoder's layers over `weights`. Everything it allocates is made once or by torch's caching allocator."""

    def __init__(self, weights: Weights, attention: Attention, *, row_block: int) -> None:
        self.weights, self.shape = weights, weights.shape
        self._attention = attention
        self._block = row_block
        shape = weights.shape
        self._offsets = torch.arange(shape.codebooks, device=weights.device) * (shape.card + 1)
        self._wide_heads = _makes_wide_logits(weights)

    def padded(self, rows: int) -> int:
        """Rows of the residual stream for `rows` rows that count."""
        return rows if self._block == 0 else -(-rows // self._block) * self._block

    def embed(self, tokens: Tensor) -> Tensor:
        """Sum over the codebooks' embeddings: tokens `[..., codebooks]` to `[..., width]`."""
        found = functional.embedding(tokens + self._offsets, self.weights.embedding)
        total = found[..., 0, :]
        for codebook in range(
            1, self.shape.codebooks
        ):  # in this order, as the loops do that it is compared with
            total = total + found[..., codebook, :]
        return total

    def step(
        self, tokens: Tensor, places: Tensor, *, each: int, lengths: Tensor, limit: int, caches: list[Tensor],
        cross_caches: list[Tensor], cross_lengths: Tensor | None, mixed: Tensor,
    ) -> Tensor:  # fmt: skip
        """Logits `[rows, codebooks, card]` float32 for tokens `[slots, codebooks]`, `each` rows a slot.

        `places` `[rows, width]` are the positional embeddings, `lengths` count the new position, `mixed`
        `[padded rows, width]` is scratch whose rows beyond `rows` hold zeros.
        """
        slots, rows = tokens.shape[0], lengths.shape[0]
        width = self.shape.width
        x = self.embed(tokens).view(slots, 1, width).expand(slots, each, width).reshape(rows, width) + places
        x = functional.pad(x, (0, 0, 0, mixed.shape[0] - rows))
        shared = self._attention.prepare(lengths, cross_lengths, limit)
        out = mixed[:rows]
        for index, layer in enumerate(self.weights.layers):
            qkv = self._product(_normed(x, layer.norm), layer.qkv)
            self._attention.own(qkv[:rows], caches[index], lengths, limit, shared, out)
            self._add_product(x, mixed, layer.out)
            if layer.cross_q is not None and cross_lengths is not None:
                assert layer.cross_norm is not None
                assert layer.cross_out is not None
                query = self._product(_normed(x, layer.cross_norm), layer.cross_q)
                self._attention.cross(query[:rows], cross_caches[index], cross_lengths, shared, out)
                self._add_product(x, mixed, layer.cross_out)
            up = functional.gelu(self._product(_normed(x, layer.ff_norm), layer.up))
            self._add_product(x, up, layer.down)
        x = _normed(x, self.weights.norm)
        if self._wide_heads:
            parts = [
                torch.mm(part, self.weights.heads.weight.t(), out_dtype=torch.float32)
                for part in self._blocks(x)
            ]
            logits = torch.cat(parts) if len(parts) > 1 else parts[0]
        else:
            logits = self._product(x, self.weights.heads).float()
        return logits[:rows].view(rows, self.shape.codebooks, self.shape.card)

    def prefill(self, x: Tensor, cross: list[Tensor], caches: list[Tensor], rows: list[Tensor]) -> None:
        """Keep the keys and values of a whole beginning `x` `[kinds, positions, width]`, each kind for all its `rows`.

        `x` holds positional embeddings already. `cross` are keys and values `[kinds, 2, heads, length, head
        width]` by layer.
        """
        kinds, positions, width = x.shape
        heads = self.shape.heads
        for index, layer in enumerate(self.weights.layers):
            qkv = _linear(_normed(x, layer.norm), layer.qkv)
            parts = qkv.view(kinds, positions, 3, heads, -1).permute(2, 0, 3, 1, 4)
            for kind, which in enumerate(rows):
                caches[index][which, :, :, :positions] = parts[1:, kind]
            if index == self.shape.layers - 1:
                return  # nobody reads what the last layer says of known positions
            made = functional.scaled_dot_product_attention(parts[0], parts[1], parts[2], is_causal=True)
            x = x + _linear(made.transpose(1, 2).reshape(kinds, positions, width), layer.out)
            if cross and layer.cross_q is not None:
                assert layer.cross_norm is not None
                assert layer.cross_out is not None
                query = _linear(_normed(x, layer.cross_norm), layer.cross_q)
                query = query.view(kinds, positions, heads, -1).transpose(1, 2)
                made = functional.scaled_dot_product_attention(query, cross[index][:, 0], cross[index][:, 1])
                x = x + _linear(made.transpose(1, 2).reshape(kinds, positions, width), layer.cross_out)
            x = x + _linear(functional.gelu(_linear(_normed(x, layer.ff_norm), layer.up)), layer.down)

    def cross_states(self, source: Tensor) -> list[Tensor]:
        """Keys and values of a condition `[kinds, length, width]`, by layer `[kinds, 2, heads, length, head width]`."""
        kinds, length, _ = source.shape
        made = []
        for layer in self.weights.layers:
            assert layer.cross_kv is not None
            both = _linear(source, layer.cross_kv).view(kinds, length, 2, self.shape.heads, -1)
            made.append(both.permute(0, 2, 3, 1, 4).contiguous())
        return made

    def places(self, count: int) -> Tensor:
        """Positional embeddings `[count, width]`."""
        return sinusoids(self.shape, count, self.weights.device).to(self.weights.dtype)

    def _blocks(self, x: Tensor) -> tuple[Tensor, ...]:
        if self._block == 0 or x.shape[0] == self._block:
            return (x,)
        parts: tuple[Tensor, ...] = x.split(self._block)
        return parts

    def _product(self, x: Tensor, linear: Linear) -> Tensor:
        parts = [_linear(part, linear) for part in self._blocks(x)]
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def _add_product(self, x: Tensor, y: Tensor, linear: Linear) -> None:
        """x += y @ weight.T, in the product itself: no kernel of its own, and one rounding less."""
        for part, other in zip(self._blocks(x), self._blocks(y), strict=True):
            part.addmm_(other, linear.weight.t())
            if linear.bias is not None:
                part.add_(linear.bias)


def sinusoids(shape: Shape, count: int, device: torch.device | str) -> Tensor:
    """Sinusoidal positions `[count, width]`, float32: cosines, then sines (Vaswani et al. 2017, periods to 10000)."""
    half = shape.width // 2
    position = torch.arange(count, device=device, dtype=torch.float32).view(-1, 1)
    index = torch.arange(half, device=device, dtype=torch.float32)
    if shape.positions == "power":
        period = torch.full([], 10_000.0, device=device) ** (index / (half - 1))
        phase = position / period
    else:
        import math

        phase = position * torch.exp(index * -(math.log(10_000) / (half - 1)))
    return torch.cat([torch.cos(phase), torch.sin(phase)], dim=-1)


def _linear(x: Tensor, linear: Linear) -> Tensor:
    return functional.linear(x, linear.weight, linear.bias)


def _normed(x: Tensor, norm: Norm) -> Tensor:
    return functional.layer_norm(x, (x.shape[-1],), norm.weight, norm.bias, norm.eps)


def _makes_wide_logits(weights: Weights) -> bool:
    """Whether the last product can leave half precision without rounding to it (torch 2.8 on CUDA)."""
    if weights.device.type != "cuda" or weights.dtype == torch.float32 or weights.heads.bias is not None:
        return False
    try:
        probe = torch.zeros(8, weights.shape.width, device=weights.device, dtype=weights.dtype)
        torch.mm(probe, weights.heads.weight.t(), out_dtype=torch.float32)
    except (TypeError, RuntimeError):
        return False
    return True
