"""The transformer: one position of many rows at a time, or a prompt at once. Functions of tensors, no state of
a take.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional

from generation.engine.fast.attention import Attention
from generation.engine.fast.ends import embedded
from generation.engine.fast.products import Products, linear_of, normed
from generation.engine.fast.shape import Shape
from generation.engine.fast.weights import Weights


class Network:
    """A decoder's layers over `weights`. Everything it allocates is made once or by torch's caching allocator."""

    def __init__(self, weights: Weights, attention: Attention) -> None:
        self.weights, self.shape = weights, weights.shape
        self._attention = attention

    def embed(self, tokens: Tensor) -> Tensor:
        """Sum over the codebooks' embeddings: tokens `[..., codebooks]` to `[..., width]`."""
        return embedded(tokens, self.weights.embedding)

    def step(
        self, x: Tensor, products: Products, *, lengths: Tensor, limit: int, caches: list[Tensor],
        cross_caches: list[Tensor], cross_lengths: Tensor | None, mixed: Tensor,
    ) -> Tensor:  # fmt: skip
        """Logits `[rows, codebooks, card]` float32 for what enters, `x` `[padded rows, width]`, which is used up.

        `lengths` `[rows]` count the new position; `mixed`, as large as `x`, is scratch whose rows beyond `rows` hold
        zeros.
        """
        rows = lengths.shape[0]
        shared = self._attention.prepare(lengths, cross_lengths, limit)
        out = mixed[:rows]
        for index, layer in enumerate(self.weights.layers):
            qkv = products.normed(x, layer.norm, layer.qkv)
            self._attention.own(qkv[:rows], caches[index], lengths, limit, shared, out)
            products.add(x, mixed, layer.out)
            if layer.cross_q is not None and cross_lengths is not None:
                assert layer.cross_norm is not None
                assert layer.cross_out is not None
                query = products.normed(x, layer.cross_norm, layer.cross_q)
                self._attention.cross(query[:rows], cross_caches[index], cross_lengths, shared, out)
                products.add(x, mixed, layer.cross_out)
            products.add(x, products.normed(x, layer.ff_norm, layer.up, gelu=True), layer.down)
        logits = products.logits(x, self.weights.norm, self.weights.heads)
        return logits[:rows].view(rows, self.shape.codebooks, self.shape.card)

    def prefill(self, x: Tensor, cross: list[Tensor], caches: list[Tensor], rows: list[Tensor]) -> None:
        """Keep the keys and values of a whole beginning `x` `[kinds, positions, width]`, each kind for all its `rows`.

        `x` holds positional embeddings already. `cross` are keys and values `[kinds, 2, heads, length, head
        width]` by layer.
        """
        kinds, positions, width = x.shape
        heads = self.shape.heads
        for index, layer in enumerate(self.weights.layers):
            qkv = linear_of(normed(x, layer.norm), layer.qkv)
            parts = qkv.view(kinds, positions, 3, heads, -1).permute(2, 0, 3, 1, 4)
            for kind, which in enumerate(rows):
                caches[index][which, :, :, :positions] = parts[1:, kind]
            if index == self.shape.layers - 1:
                return  # nobody reads what the last layer says of known positions
            made = functional.scaled_dot_product_attention(parts[0], parts[1], parts[2], is_causal=True)
            x = x + linear_of(made.transpose(1, 2).reshape(kinds, positions, width), layer.out)
            if cross and layer.cross_q is not None:
                assert layer.cross_norm is not None
                assert layer.cross_out is not None
                query = linear_of(normed(x, layer.cross_norm), layer.cross_q)
                query = query.view(kinds, positions, heads, -1).transpose(1, 2)
                made = functional.scaled_dot_product_attention(query, cross[index][:, 0], cross[index][:, 1])
                x = x + linear_of(made.transpose(1, 2).reshape(kinds, positions, width), layer.cross_out)
            x = x + linear_of(functional.gelu(linear_of(normed(x, layer.ff_norm), layer.up)), layer.down)

    def cross_states(self, source: Tensor) -> list[Tensor]:
        """Keys and values of a condition `[kinds, length, width]`, by layer `[kinds, 2, heads, length, head width]`."""
        kinds, length, _ = source.shape
        made = []
        for layer in self.weights.layers:
            assert layer.cross_kv is not None
            both = linear_of(source, layer.cross_kv).view(kinds, length, 2, self.shape.heads, -1)
            made.append(both.permute(0, 2, 3, 1, 4).contiguous())
        return made

    def places(self, count: int) -> Tensor:
        """Positional embeddings `[count, width]`."""
        return sinusoids(self.shape, count, self.weights.device).to(self.weights.dtype)


def sinusoids(shape: Shape, count: int, device: torch.device | str) -> Tensor:
    """Sinusoidal positions `[count, width]`, float32: cosines, then sines (Vaswani et al. 2017, periods to 10000)."""
    half = shape.width // 2
    position = torch.arange(count, device=device, dtype=torch.float32).view(-1, 1)
    index = torch.arange(half, device=device, dtype=torch.float32)
    if shape.positions == "power":
        period = torch.full([], 10_000.0, device=device) ** (index / (half - 1))
        phase = position / period
    else:
        phase = position * torch.exp(index * -(math.log(10_000) / (half - 1)))
    return torch.cat([torch.cos(phase), torch.sin(phase)], dim=-1)
