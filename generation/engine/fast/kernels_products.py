# ruff: noqa: N803
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator"
"""A Triton kernel for products of few rows: reads every weight once, as fast as memory gives it, and nothing waits for
a launch in between: the layer norm before it, GELU and the addition to the residual stream behind it are part of it.

Every program has all inputs of a few outputs in flight at once. A row's sum is the same whatever rows are beside it.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from generation.engine.fast.products import FEW
from generation.engine.fast.weights import Linear, Norm

TILE = 16_384
"""Weights of one program: 32 KiB in half precision, 64 for each of 256 threads."""
MOST_OUTPUTS = 16


@triton.jit
def _product(
    x, norm_weight, norm_bias, weight, bias, out, x_row, out_row, eps,
    INPUTS: tl.constexpr, PADDED: tl.constexpr, OUTPUTS: tl.constexpr, BLOCK: tl.constexpr, ROWS: tl.constexpr,
    NORM: tl.constexpr, BIAS: tl.constexpr, GELU: tl.constexpr, ADD: tl.constexpr,
):  # fmt: skip
    """BLOCK outputs of every row."""
    output = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    channel = tl.arange(0, PADDED)
    inside = channel < INPUTS
    there = output < OUTPUTS
    # Asked for first: they are on their way while the norm is computed. Without the barrier the assembler asks later.
    matrix = tl.load(
        weight + output[:, None] * INPUTS + channel[None, :], mask=there[:, None] & inside[None, :], other=0.0,
        eviction_policy="evict_first",
    )  # fmt: skip
    tl.debug_barrier()
    for row in tl.static_range(ROWS):
        given = tl.load(x + row * x_row + channel, mask=inside, other=0.0)
        value = given.to(tl.float32)
        if NORM:
            mean = tl.sum(value, axis=0) / INPUTS
            centred = tl.where(inside, value - mean, 0.0)
            spread = tl.rsqrt(tl.sum(centred * centred, axis=0) / INPUTS + eps)
            scale = tl.load(norm_weight + channel, mask=inside, other=0.0).to(tl.float32)
            shift = tl.load(norm_bias + channel, mask=inside, other=0.0).to(tl.float32)
            value = (centred * spread * scale + shift).to(given.dtype).to(tl.float32)
        made = tl.sum(matrix.to(tl.float32) * value[None, :], axis=1)
        if BIAS:
            made += tl.load(bias + output, mask=there, other=0.0).to(tl.float32)
        if GELU:
            made = made * 0.5 * (1.0 + tl.erf(made * 0.7071067811865476))
        place = out + row * out_row + output
        if ADD:
            made += tl.load(place, mask=there, other=0.0).to(tl.float32)
        tl.store(place, made, mask=there)


class TritonProducts:
    """Keeps the protocol of `products.Products`, for `products.FEW` rows: one kernel a matrix, whoever asks."""

    name = "triton"

    def padded(self, rows: int) -> int:
        if rows > FEW:
            raise ValueError(f"these products are for {FEW} rows, not for {rows}")
        return FEW

    def normed(self, x: Tensor, norm: Norm, linear: Linear, *, gelu: bool = False) -> Tensor:
        out = torch.empty(x.shape[0], linear.weight.shape[0], device=x.device, dtype=x.dtype)
        _launch(x, norm, linear, out, gelu=gelu)
        return out

    def add(self, x: Tensor, y: Tensor, linear: Linear) -> None:
        _launch(y, None, linear, x, add=True)

    def logits(self, x: Tensor, norm: Norm, heads: Linear) -> Tensor:
        out = torch.empty(x.shape[0], heads.weight.shape[0], device=x.device, dtype=torch.float32)
        _launch(x, norm, heads, out)
        return out


def _launch(
    x: Tensor, norm: Norm | None, linear: Linear, out: Tensor, *, gelu: bool = False, add: bool = False
) -> None:
    weight = linear.weight
    outputs, inputs = weight.shape
    padded = triton.next_power_of_2(inputs)
    block = outputs_of_a_program(inputs)
    _product[(triton.cdiv(outputs, block),)](
        x, weight if norm is None else norm.weight, weight if norm is None else norm.bias, weight,
        weight if linear.bias is None else linear.bias, out, x.stride(0), out.stride(0),
        0.0 if norm is None else norm.eps,
        INPUTS=inputs, PADDED=padded, OUTPUTS=outputs, BLOCK=block, ROWS=x.shape[0],
        NORM=norm is not None, BIAS=linear.bias is not None, GELU=gelu, ADD=add, num_warps=8,
    )  # fmt: skip


def outputs_of_a_program(inputs: int) -> int:
    """How many outputs one program makes of so many inputs."""
    return max(1, min(MOST_OUTPUTS, TILE // int(triton.next_power_of_2(inputs))))
