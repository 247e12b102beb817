"""Our kernels beside torch's operators, on this device, in the sizes and precision of these weights.

What is compiled for the check is what the steps use: a take waits for no compiler.
"""

from typing import Any

import torch
from torch import Tensor

from generation.engine.fast import kernels, noise
from generation.engine.fast.attention import TorchAttention
from generation.engine.fast.ends import Ends, State, TorchEnds
from generation.engine.fast.kernels_ends import TritonEnds
from generation.engine.fast.kernels_products import TritonProducts
from generation.engine.fast.kernels_sizes import BLOCK, SPLIT
from generation.engine.fast.patterns import UNKNOWN
from generation.engine.fast.products import FEW, LibraryProducts, Products
from generation.engine.fast.shape import Unsupported
from generation.engine.fast.weights import Linear, Weights

LOOSE = {torch.float32: 1e-4, torch.float16: 2e-2, torch.bfloat16: 1e-1}
"""So much of the greatest number is taken for rounding."""


def check_step(weights: Weights) -> None:
    """Attention, and the two ends of a step. Raises Unsupported, or what the compiler raises."""
    width = weights.shape.head_width
    if width & (width - 1) or width < 8:
        raise Unsupported(f"heads of {width} channels have no kernel")
    _check_attention(weights)
    _check_ends(weights)


def _matrices(weights: Weights) -> list[Tensor]:
    found = [weights.embedding, weights.heads.weight]
    for layer in weights.layers:
        found += [part.weight for part in vars(layer).values() if isinstance(part, Linear)]
    return found


def _check_attention(weights: Weights) -> None:
    shape, split = weights.shape, SPLIT
    made, generator = _random(weights)
    rows, heads, width, positions = 3, shape.heads, shape.head_width, 2 * split + BLOCK
    qkv = torch.empty(rows, 3 * heads * width, **made).normal_(generator=generator)
    cache = torch.empty(rows, 2, heads, positions, width, **made).normal_(generator=generator)
    for limit, counts in ((positions, [1, split + 1, positions]), (split, [1, split // 2 + 1, split])):
        lengths = torch.tensor(counts, device=weights.device)
        found = []
        for attention in (TorchAttention(), kernels.TritonAttention()):
            kept = cache.clone()
            out, crossed = torch.zeros(rows, heads * width, **made), torch.zeros(rows, heads * width, **made)
            shared = attention.prepare(lengths, lengths, limit)
            attention.own(qkv, kept, lengths, limit, shared, out)
            attention.cross(
                qkv[:, : heads * width].contiguous(),
                kept[:, :, :, :limit].contiguous(),
                lengths,
                shared,
                crossed,
            )
            found.append((kept, out, crossed))
        for theirs, ours in zip(*found, strict=True):
            _agree("attention", ours, theirs, weights.dtype)


def check_products(weights: Weights) -> None:
    """Every kind of matrix of a layer, and the last one. A row MUST be the same whatever is beside it.

    Raises Unsupported, or what the compiler raises.
    """
    loose = [matrix for matrix in _matrices(weights) if not matrix.is_contiguous()]
    if loose:
        raise Unsupported(f"{len(loose)} matrices of the checkpoint do not lie in one piece")
    made, generator = _random(weights)
    layer, shape = weights.layers[0], weights.shape
    wide = torch.empty(FEW + 1, shape.feed_forward, **made).normal_(generator=generator)

    def all_of(products: Products, given: Tensor) -> list[Tensor]:
        x = given[:, : shape.width].contiguous()
        y = x.flip(1).contiguous()
        found = [products.normed(x, layer.norm, layer.qkv)]
        products.add(x, y, layer.out)
        if layer.cross_q is not None and layer.cross_norm is not None and layer.cross_out is not None:
            found.append(products.normed(x, layer.cross_norm, layer.cross_q))
            products.add(x, y, layer.cross_out)
        found.append(products.normed(x, layer.ff_norm, layer.up, gelu=True))
        products.add(x, given, layer.down)
        return [*found, x, products.logits(x, weights.norm, weights.heads)]

    ours = all_of(TritonProducts(), wide[:FEW].clone())
    for mine, theirs in zip(ours, all_of(LibraryProducts(weights, 0), wide[:FEW].clone()), strict=True):
        _agree("product", mine, theirs, weights.dtype)
    for mine, other in zip(ours, all_of(TritonProducts(), wide[1:].flip(0).contiguous()), strict=True):
        if not torch.equal(mine[1], other[1]):
            raise Unsupported("the product kernel rounds a row otherwise beside others on this device")


def _check_ends(weights: Weights) -> None:
    shape, device = weights.shape, weights.device
    _, generator = _random(weights)
    slots, positions = 3, 12
    state = State.of(shape, slots=slots, positions=positions, device=device)
    state.sequence[:, :, :6] = torch.randint(
        0, shape.card, (slots, shape.codebooks, 6), device=device, generator=generator
    )
    state.sequence[:, :, 6:] = UNKNOWN
    for name, values in (
        ("at", [5, 2, 5]), ("prefix", [0, 3, 1]), ("active", [1, 1, 0]), ("window", [0, 1, 7]),
        ("top_k", [min(250, shape.card), 1, shape.card]), ("temperature", [1.3, 0.0, 1.0]),
        ("guidance", [3.0, 1.0, 2.0]),
    ):  # fmt: skip
        getattr(state, name).copy_(torch.tensor(values))
    state.seeds.copy_(torch.tensor([[1, 2], [2**32 - 1, 7], [0, 0]]))
    places = torch.empty(positions, shape.width, device=device).normal_(generator=generator).to(weights.dtype)
    # Whole steps far apart, so that no rounding decides between two codes.
    logits = (
        torch.rand(2 * slots, shape.codebooks, shape.card, device=device, generator=generator)
        .argsort(-1)
        .float()
    )
    found = []
    for ends in (TorchEnds(), TritonEnds()):
        mine = State(**{name: value.clone() for name, value in vars(state).items()})
        found.append(_both_ends(ends, mine, weights, places, logits))
    for name, theirs, ours in zip(("entry", "length", "logit", "draw"), *found, strict=True):
        _agree(name, ours.float(), theirs.float(), weights.dtype if name == "entry" else torch.float32)
    seeds, zeros = state.seeds, state.window
    ours = kernels.gumbel(seeds, zeros, state.at, codebooks=shape.codebooks, card=shape.card)
    theirs = noise.gumbel(seeds, zeros, state.at, codebooks=shape.codebooks, card=shape.card)
    _agree("noise", ours, theirs, torch.float32)


def _both_ends(
    ends: Ends, state: State, weights: Weights, places: Tensor, logits: Tensor
) -> tuple[Tensor, ...]:
    slots, width = state.at.shape[0], weights.shape.width
    x = torch.ones(2 * slots + 2, width, device=weights.device, dtype=weights.dtype)
    lengths = torch.zeros(2 * slots, device=weights.device, dtype=torch.int64)
    ends.enter(state, weights.embedding, places, each=2, x=x, lengths=lengths)
    ends.leave(state, logits, each=2, nucleus=False)
    return x, lengths, state.logits, state.sequence


def _random(weights: Weights) -> tuple[dict[str, Any], torch.Generator]:
    generator = torch.Generator(device=weights.device).manual_seed(0)
    return {"device": weights.device, "dtype": weights.dtype}, generator


def _agree(what: str, ours: Tensor, theirs: Tensor, dtype: torch.dtype) -> None:
    worst = (ours.double() - theirs.double()).abs().max().item() / max(1.0, theirs.abs().max().item())
    if not worst <= LOOSE[dtype]:
        raise Unsupported(f"the {what} kernel is off by {worst:.2g} on this device")
