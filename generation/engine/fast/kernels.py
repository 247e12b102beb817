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

from generation.engine.fast.kernels_sizes import BLOCK, SPLIT

NOISE_BLOCK = 1024


@triton.jit
def _partial(
    query, new, cache, lengths, sums, peaks, weights, out,
    query_row, new_row, out_row, cache_row, cache_kind, cache_head, cache_position, heads, splits, scale,
    WRITES: tl.constexpr, SINGLE: tl.constexpr, SPLIT: tl.constexpr, BLOCK: tl.constexpr, WIDTH: tl.constexpr,
):  # fmt: skip
    """One head of one row over one split: the greatest score, the sum of weights, and the weighted values. With
    SINGLE there is no other split, and this is all.
    """
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
        # Both are asked for before either is used: twice as much is on its way.
        block = tl.load(keys + where, mask=inside[:, None], other=0.0)
        other = tl.load(values + where, mask=inside[:, None], other=0.0)
        scores = tl.where(inside, tl.sum(block.to(tl.float32) * wanted[None, :], axis=1), float("-inf"))
        higher = tl.maximum(peak, tl.max(scores, axis=0))
        shrink = tl.exp(peak - higher)
        shares = tl.exp(scores - higher)
        total = total * shrink + tl.sum(shares[:, None] * other.to(tl.float32), axis=0)
        weight = weight * shrink + tl.sum(shares, axis=0)
        peak = higher
    if SINGLE:
        tl.store(out + row * out_row + head * WIDTH + channel, total / weight)
    else:
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
def gumbel_of(low, high, code, codebook, step, window):
    """`noise.gumbel` for a block of codes: the same words, the logarithms in this device's rounding."""
    c0 = (code // 4).to(tl.uint32)
    c1 = (code * 0 + codebook).to(tl.uint32)
    c2 = (code * 0 + step.to(tl.int32)).to(tl.uint32)
    c3 = (code * 0 + window.to(tl.int32)).to(tl.uint32)
    seed = low.to(tl.uint64) | (high.to(tl.uint64) << 32)
    r0, r1, r2, r3 = tl.philox(seed, c0, c1, c2, c3)
    which = code % 4
    word = tl.where(which == 0, r0, tl.where(which == 1, r1, tl.where(which == 2, r2, r3)))
    uniform = ((word >> 9).to(tl.float32) + 0.5) * 1.1920928955078125e-07
    return -tl.log(-tl.log(uniform))


@triton.jit
def _gumbel(seeds, windows, steps, out, codebooks, CARD: tl.constexpr, BLOCK: tl.constexpr):
    row = (tl.program_id(0) // codebooks).to(tl.int64)
    codebook = tl.program_id(0) % codebooks
    code = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    low, high = tl.load(seeds + row * 2), tl.load(seeds + row * 2 + 1)
    made = gumbel_of(low, high, code, codebook, tl.load(steps + row), tl.load(windows + row))
    tl.store(out + (row * codebooks + codebook) * CARD + code, made, mask=code < CARD)


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
    rows, (_, _, heads, positions, width) = lengths.shape[0], cache.shape
    splits = int(triton.cdiv(limit, SPLIT))
    single = splits == 1
    scratch = {"device": query.device, "dtype": torch.float32}
    sums = out if single else torch.empty(rows, heads, splits, width, **scratch)
    peaks = out if single else torch.empty(rows, heads, splits, **scratch)
    weights = out if single else torch.empty(rows, heads, splits, **scratch)
    source = query if new is None else new
    _partial[(rows * heads, splits)](
        query, source, cache, lengths, sums, peaks, weights, out,
        query.stride(0), source.stride(0), out.stride(0), cache.stride(0), cache.stride(1), cache.stride(2),
        cache.stride(3), heads, splits, width**-0.5,
        WRITES=new is not None, SINGLE=single, SPLIT=SPLIT, BLOCK=BLOCK, WIDTH=width,
    )  # fmt: skip
    if not single:
        # As many as these lanes can ever need, so that one kernel serves all lengths: compiling takes a second.
        most = triton.next_power_of_2(triton.cdiv(positions, SPLIT))
        _combine[(rows * heads,)](
            sums, peaks, weights, out, out.stride(0), heads, splits, SPLITS=most, WIDTH=width
        )  # fmt: skip


def gumbel(seeds: Tensor, windows: Tensor, steps: Tensor, *, codebooks: int, card: int) -> Tensor:
    """As `noise.gumbel`, in one launch."""
    rows = seeds.shape[0]
    out = torch.empty(rows, codebooks, card, device=seeds.device, dtype=torch.float32)
    blocks = triton.cdiv(card, NOISE_BLOCK)
    _gumbel[(rows * codebooks, blocks)](seeds, windows, steps, out, codebooks, CARD=card, BLOCK=NOISE_BLOCK)
    return out
