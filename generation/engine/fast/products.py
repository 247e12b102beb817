"""The matrix products of a step: by torch's library on blocks of rows, or by our kernels where rows are few.

A library picks its kernel, and with it the rounding, by the number of rows; so products run on blocks of one number of
rows, filled up. Few rows are another matter: then a step only reads the weights, and a kernel that does nothing else,
with the norm before and the addition behind it, saves a third of the time. Between the two, bits differ.
"""

from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from generation.engine.fast.weights import Linear, Norm, Weights

ROW_BLOCK = {"cuda": 64, "cpu": 8}
"""By arithmetic, a GPU still reads the matrix longer than it multiplies 64 rows with it; `benchmark --row-blocks 0 64`
tells."""
FEW = 2
"""Up to so many rows (one guided take), our kernels read the weights once and multiply without the matrix units."""


class Products(Protocol):
    """Rows MUST NOT change one another's bits."""

    name: str

    def padded(self, rows: int) -> int:
        """Rows of the residual stream for `rows` rows that count."""

    def normed(self, x: Tensor, norm: Norm, linear: Linear, *, gelu: bool = False) -> Tensor:
        """The product of the normed rows of `x`, then GELU where asked."""

    def add(self, x: Tensor, y: Tensor, linear: Linear) -> None:
        """x += y @ weight.T, with one rounding."""

    def logits(self, x: Tensor, norm: Norm, heads: Linear) -> Tensor:
        """As `normed`, in float32."""


class LibraryProducts:
    """By torch. `block` 0 takes the rows as they are."""

    def __init__(self, weights: Weights, block: int) -> None:
        self.name, self._block = "library", block
        self._wide = _makes_wide_logits(weights)

    def padded(self, rows: int) -> int:
        return rows if self._block == 0 else -(-rows // self._block) * self._block

    def normed(self, x: Tensor, norm: Norm, linear: Linear, *, gelu: bool = False) -> Tensor:
        made = _joined([linear_of(part, linear) for part in self._blocks(normed(x, norm))])
        return functional.gelu(made) if gelu else made

    def add(self, x: Tensor, y: Tensor, linear: Linear) -> None:
        for part, other in zip(self._blocks(x), self._blocks(y), strict=True):
            part.addmm_(other, linear.weight.t())
            if linear.bias is not None:
                part.add_(linear.bias)

    def logits(self, x: Tensor, norm: Norm, heads: Linear) -> Tensor:
        if not self._wide:
            return self.normed(x, norm, heads).float()
        parts = self._blocks(normed(x, norm))
        return _joined([torch.mm(part, heads.weight.t(), out_dtype=torch.float32) for part in parts])

    def _blocks(self, x: Tensor) -> tuple[Tensor, ...]:
        if self._block == 0 or x.shape[0] == self._block:
            return (x,)
        parts: tuple[Tensor, ...] = x.split(self._block)
        return parts


def linear_of(x: Tensor, linear: Linear) -> Tensor:
    return functional.linear(x, linear.weight, linear.bias)


def normed(x: Tensor, norm: Norm) -> Tensor:
    return functional.layer_norm(x, (x.shape[-1],), norm.weight, norm.bias, norm.eps)


def _joined(parts: list[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(parts)


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
