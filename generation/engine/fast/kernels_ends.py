# ruff: noqa: N803
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator"
"""Triton kernels for the two ends of a step: one launch each, where torch needs some sixty of a few microseconds.

The greatest k logits are found by bits (a binary search over the numbers' order), not by sorting them.
"""

import triton
import triton.language as tl
from torch import Tensor

from generation.engine.fast import kernels
from generation.engine.fast.ends import State, TorchEnds
from generation.engine.fast.kernels import gumbel_of
from generation.engine.fast.patterns import UNKNOWN

_UNKNOWN = tl.constexpr(UNKNOWN)


@triton.jit
def _enter(
    sequence, at, prefix, embedding, places, x, lengths,
    sequence_slot, sequence_codebook, book_size, rows,
    CODEBOOKS: tl.constexpr, EACH: tl.constexpr, WIDTH: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """One block of channels of one row of `x`."""
    row = tl.program_id(0).to(tl.int64)
    channel = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    inside = channel < WIDTH
    if row < rows:
        slot = row // EACH
        step = tl.load(at + slot)
        position = tl.load(prefix + slot) + step
        places_type = places.dtype.element_ty
        total = tl.zeros((BLOCK,), places_type)
        for codebook in tl.static_range(CODEBOOKS):
            token = tl.load(sequence + slot * sequence_slot + codebook * sequence_codebook + step)
            token = tl.where(token < 0, 0, token) + codebook * book_size
            total = total + tl.load(embedding + token * WIDTH + channel, mask=inside, other=0.0)
        total = total + tl.load(places + position * WIDTH + channel, mask=inside, other=0.0)
        tl.store(x + row * WIDTH + channel, total, mask=inside)
        if tl.program_id(1) == 0:
            tl.store(lengths + row, position + 1)
    else:
        tl.store(x + row * WIDTH + channel, tl.zeros((BLOCK,), x.dtype.element_ty), mask=inside)


@triton.jit
def _leave(
    logits, kept, sequence, at, active, seeds, windows, top_k, temperature, guidance,
    sequence_slot, sequence_codebook, codebooks,
    EACH: tl.constexpr, CARD: tl.constexpr, PADDED: tl.constexpr,
):  # fmt: skip
    """One codebook of one lane: guided, drawn and kept."""
    slot = (tl.program_id(0) // codebooks).to(tl.int64)
    codebook = tl.program_id(0) % codebooks
    code = tl.arange(0, PADDED)
    inside = code < CARD
    lowest = float("-inf")
    value = tl.load(logits + (slot * EACH * codebooks + codebook) * CARD + code, mask=inside, other=lowest)
    if EACH == 2:
        other = tl.load(
            logits + ((slot * 2 + 1) * codebooks + codebook) * CARD + code, mask=inside, other=0.0
        )
        value = other + (value - other) * tl.load(guidance + slot)
    tl.store(kept + (slot * codebooks + codebook) * CARD + code, value, mask=inside)
    warmth = tl.load(temperature + slot)
    # Adding zero makes one zero of both: the search below knows their bits only.
    scaled = tl.where(warmth > 0, tl.div_rn(value, tl.where(warmth > 0, warmth, 1.0)), value) + 0.0
    scaled = tl.where(inside, scaled, lowest)
    bits = scaled.to(tl.int32, bitcast=True)
    order = tl.where(bits < 0, ~bits, bits ^ -2147483648).to(
        tl.uint32, bitcast=True
    )  # as numbers are ordered
    wanted = tl.load(top_k + slot).to(tl.int32)
    least = tl.zeros((), tl.uint32)
    one = tl.full((), 1, tl.uint32)
    for bit in tl.static_range(32):
        higher = least | (one << (31 - bit))
        least = tl.where(tl.sum((order >= higher).to(tl.int32), axis=0) >= wanted, higher, least)
    step = tl.load(at + slot)
    made = gumbel_of(
        tl.load(seeds + slot * 2),
        tl.load(seeds + slot * 2 + 1),
        code,
        codebook,
        step + 1,
        tl.load(windows + slot),
    )
    chosen = tl.where(warmth > 0, scaled + made, scaled)
    chosen = tl.where((order >= least) & inside, chosen, lowest)
    drawn = tl.minimum(tl.argmax(chosen, axis=0), CARD - 1).to(tl.int64)  # even of broken numbers a code
    place = sequence + slot * sequence_slot + codebook * sequence_codebook + step + 1
    write = (tl.load(place) == _UNKNOWN) & (tl.load(active + slot) > 0)
    tl.store(place, drawn, mask=write)


class TritonEnds:
    """Keeps the protocol of `ends.Ends`. Drawing by top p is left to torch's operators."""

    def __init__(self) -> None:
        self._by_torch = TorchEnds(kernels.gumbel)

    def enter(
        self, state: State, embedding: Tensor, places: Tensor, *, each: int, x: Tensor, lengths: Tensor
    ) -> None:
        padded, width = x.shape
        codebooks, block = state.sequence.shape[1], min(1024, triton.next_power_of_2(width))
        _enter[(padded, triton.cdiv(width, block))](
            state.sequence, state.at, state.prefix, embedding, places, x, lengths,
            state.sequence.stride(0), state.sequence.stride(1), embedding.shape[0] // codebooks, lengths.shape[0],
            CODEBOOKS=codebooks, EACH=each, WIDTH=width, BLOCK=block,
        )  # fmt: skip

    def leave(self, state: State, logits: Tensor, *, each: int, nucleus: bool) -> None:
        if nucleus:
            self._by_torch.leave(state, logits, each=each, nucleus=nucleus)
            return
        slots, codebooks, card = state.logits.shape
        _leave[(slots * codebooks,)](
            logits, state.logits, state.sequence, state.at, state.active, state.seeds, state.window, state.top_k,
            state.temperature, state.guidance, state.sequence.stride(0), state.sequence.stride(1), codebooks,
            EACH=each, CARD=card, PADDED=triton.next_power_of_2(card), num_warps=8,
        )  # fmt: skip
