# ruff: noqa: N803
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator"
"""Triton kernels for a GPU: attention of one new position that reads just what is kept, and Philox noise.

Why own kernels: torch's operators either need the exact length (which changes every step, so no graph) or read the
whole bucket behind a mask, and they share the work out by the size of the batch, which changes a take's rounding with
it. Here every split covers the same SPLIT positions whatever the batch, and a row that is done costs nothing. Follows
"Flash-Decoding" (Dao et al. 2023). `TRITON_INTERPRET=1` runs them without a GPU.
"""

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from generation.engine.fast import noise as plain_noise
from generation.engine.fast.attention import TorchAttention
from generation.engine.fast.shape import Shape, Unsupported

SPLIT = 256
BLOCK = 64
NOISE_BLOCK = 256


@triton.jit
def _partial(
    query, new, cache, lengths, sums, peaks, weights,
    query_row, new_row, cache_row, cache_kind, cache_head, cache_position, heads, splits, scale,
    WRITES: tl.constexpr, SPLIT: tl.constexpr, BLOCK: tl.constexpr, WIDTH: tl.constexpr,
):  # fmt: skip
    """One head of one row over one split: the greatest score, the sum of weights, and the weighted values."""
    row = (tl.program_id(0) // heads).to(tl.int64)
    head = tl.program_id(0) % heads
    split = tl.program_id(1)
    channel = tl.arange(0, WIDTH)
    length = tl.load(lengths + row).to(tl.int32)
    start = split * SPLIT
    wanted = tl.load(query + row * query_row + head * WIDTH + channel).to(tl.float32) * scale
    keys = cache + row * cache_row + head * cache_head
    values = keys + cache_kind
    last = length
    peak = tl.full((), float("-inf"), tl.float32)
    weight = tl.full((), 0.0, tl.float32)
    total = tl.zeros((WIDTH,), tl.float32)
    if WRITES:
        # The new position is taken from where it was made: nothing is read that this launch writes.
        last = length - 1
        owns = (last - start >= 0) & (last - start < SPLIT)
        mine = (channel * 0 + last - start >= 0) & (channel * 0 + last - start < SPLIT)
        key = tl.load(new + row * new_row + head * WIDTH + channel, mask=mine, other=0.0)
        value = tl.load(new + row * new_row + (heads + head) * WIDTH + channel, mask=mine, other=0.0)
        tl.store(keys + last * cache_position + channel, key, mask=mine)
        tl.store(values + last * cache_position + channel, value, mask=mine)
        peak = tl.where(owns, tl.sum(wanted * key.to(tl.float32), axis=0), peak)
        weight = tl.where(owns, 1.0, weight)
        total = value.to(tl.float32)
    end = tl.minimum(last, start + SPLIT)
    for at in range(start, end, BLOCK):
        position = at + tl.arange(0, BLOCK)
        inside = position < end
        where = position[:, None] * cache_position + channel[None, :]
        block = tl.load(keys + where, mask=inside[:, None], other=0.0).to(tl.float32)
        scores = tl.where(inside, tl.sum(block * wanted[None, :], axis=1), float("-inf"))
        higher = tl.maximum(peak, tl.max(scores, axis=0))
        shrink = tl.exp(peak - higher)
        shares = tl.exp(scores - higher)
        block = tl.load(values + where, mask=inside[:, None], other=0.0).to(tl.float32)
        total = total * shrink + tl.sum(shares[:, None] * block, axis=0)
        weight = weight * shrink + tl.sum(shares, axis=0)
        peak = higher
    place = (row * heads + head) * splits + split
    tl.store(sums + place * WIDTH + channel, total)
    tl.store(peaks + place, peak)
    tl.store(weights + place, weight)


@triton.jit
def _combine(
    sums, peaks, weights, out, out_row, heads, splits,
    SPLITS: tl.constexpr, WIDTH: tl.constexpr,
):  # fmt: skip
    """The splits of one head of one row together. A split beyond the row's length weighs nothing."""
    row = (tl.program_id(0) // heads).to(tl.int64)
    head = tl.program_id(0) % heads
    channel = tl.arange(0, WIDTH)
    split = tl.arange(0, SPLITS)
    inside = split < splits
    place = (row * heads + head) * splits + split
    peak = tl.load(peaks + place, mask=inside, other=float("-inf"))
    share = tl.exp(peak - tl.max(peak, axis=0))
    weight = tl.sum(share * tl.load(weights + place, mask=inside, other=0.0), axis=0)
    part = tl.load(sums + place[:, None] * WIDTH + channel[None, :], mask=inside[:, None], other=0.0)
    total = tl.sum(share[:, None] * part, axis=0) / weight
    tl.store(out + row * out_row + head * WIDTH + channel, total)


@triton.jit
def _gumbel(seeds, windows, steps, out, codebooks, CARD: tl.constexpr, BLOCK: tl.constexpr):
    """`noise.gumbel` in one launch: the same words, the logarithms in this device's rounding."""
    row = (tl.program_id(0) // codebooks).to(tl.int64)
    codebook = tl.program_id(0) % codebooks
    quarter = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    low = tl.load(seeds + row * 2).to(tl.uint64)
    high = tl.load(seeds + row * 2 + 1).to(tl.uint64)
    c0 = quarter.to(tl.uint32)
    c1 = (quarter * 0 + codebook).to(tl.uint32)
    c2 = (quarter * 0 + tl.load(steps + row).to(tl.int32)).to(tl.uint32)
    c3 = (quarter * 0 + tl.load(windows + row).to(tl.int32)).to(tl.uint32)
    r0, r1, r2, r3 = tl.philox(low | (high << 32), c0, c1, c2, c3)
    base = out + (row * codebooks + codebook) * CARD + quarter * 4
    tl.store(base, _to_gumbel(r0), mask=quarter * 4 < CARD)
    tl.store(base + 1, _to_gumbel(r1), mask=quarter * 4 + 1 < CARD)
    tl.store(base + 2, _to_gumbel(r2), mask=quarter * 4 + 2 < CARD)
    tl.store(base + 3, _to_gumbel(r3), mask=quarter * 4 + 3 < CARD)


@triton.jit
def _to_gumbel(word):
    uniform = ((word >> 9).to(tl.float32) + 0.5) * 1.1920928955078125e-07
    return -tl.log(-tl.log(uniform))


class TritonAttention:
    """Keeps the protocol of `attention.Attention`."""

    name = "triton"

    def prepare(self, lengths: Tensor, cross_lengths: Tensor | None, limit: int) -> None:
        return None

    def own(self, qkv: Tensor, cache: Tensor, lengths: Tensor, limit: int, shared: Any, out: Tensor) -> None:
        width = cache.shape[2] * cache.shape[4]
        _attend(qkv, cache, lengths, limit, out, new=qkv[:, width:])

    def cross(self, query: Tensor, cache: Tensor, lengths: Tensor, shared: Any, out: Tensor) -> None:
        _attend(query, cache, lengths, cache.shape[3], out, new=None)


def _attend(
    query: Tensor, cache: Tensor, lengths: Tensor, limit: int, out: Tensor, *, new: Tensor | None
) -> None:
    rows, _, heads, _, width = cache.shape
    splits = triton.cdiv(limit, SPLIT)
    scratch = {"device": query.device, "dtype": torch.float32}
    sums = torch.empty(rows, heads, splits, width, **scratch)
    peaks = torch.empty(rows, heads, splits, **scratch)
    weights = torch.empty(rows, heads, splits, **scratch)
    source = query if new is None else new
    _partial[(rows * heads, splits)](
        query, source, cache, lengths, sums, peaks, weights,
        query.stride(0), source.stride(0), cache.stride(0), cache.stride(1), cache.stride(2), cache.stride(3),
        heads, splits, width**-0.5, WRITES=new is not None, SPLIT=SPLIT, BLOCK=BLOCK, WIDTH=width,
    )  # fmt: skip
    _combine[(rows * heads,)](
        sums,
        peaks,
        weights,
        out,
        out.stride(0),
        heads,
        splits,
        SPLITS=triton.next_power_of_2(splits),
        WIDTH=width,
    )


def gumbel(seeds: Tensor, windows: Tensor, steps: Tensor, *, codebooks: int, card: int) -> Tensor:
    """As `noise.gumbel`, in one launch."""
    rows = seeds.shape[0]
    out = torch.empty(rows, codebooks, card, device=seeds.device, dtype=torch.float32)
    blocks = triton.cdiv((card + 3) // 4, NOISE_BLOCK)
    _gumbel[(rows * codebooks, blocks)](seeds, windows, steps, out, codebooks, CARD=card, BLOCK=NOISE_BLOCK)
    return out


def check_agrees(shape: Shape, device: torch.device, dtype: torch.dtype) -> None:
    """Return when the kernels, run here, agree with torch's operators. Raises Unsupported or what the compiler
    raises.
    """
    width = shape.head_width
    if width & (width - 1) or width < 8:
        raise Unsupported(f"heads of {width} channels have no kernel")
    generator = torch.Generator(device=device).manual_seed(0)
    rows, heads, positions = 3, 2, 2 * SPLIT + 8
    made: dict[str, Any] = {"device": device, "dtype": dtype}
    qkv = torch.empty(rows, 3 * heads * width, **made).normal_(generator=generator)
    cache = torch.empty(rows, 2, heads, positions, width, **made).normal_(generator=generator)
    lengths = torch.tensor([1, SPLIT + 1, positions], device=device)
    tolerance = 1e-4 if dtype == torch.float32 else 2e-2
    found = []
    for attention in (TorchAttention(), TritonAttention()):
        kept, out = cache.clone(), torch.zeros(rows, heads * width, **made)
        crossed = torch.zeros_like(out)
        shared = attention.prepare(lengths, lengths, positions)
        attention.own(qkv, kept, lengths, positions, shared, out)
        attention.cross(qkv[:, : heads * width].contiguous(), kept, lengths, shared, crossed)
        found.append((kept, out, crossed))
    for ours, theirs in zip(*found, strict=True):
        if not torch.allclose(ours.float(), theirs.float(), atol=tolerance, rtol=tolerance):
            worst = (ours.float() - theirs.float()).abs().max().item()
            raise Unsupported(f"the attention kernels are off by {worst:.2g} on this device")
    seeds = torch.tensor([[1, 2], [2**32 - 1, 7]], device=device)
    places = torch.tensor([3, 4], device=device)
    ours = gumbel(seeds, places, places, codebooks=shape.codebooks, card=shape.card)
    theirs = plain_noise.gumbel(seeds, places, places, codebooks=shape.codebooks, card=shape.card)
    if not torch.allclose(ours, theirs, atol=1e-4, rtol=1e-4):
        raise Unsupported("the noise kernel makes other noise on this device")
