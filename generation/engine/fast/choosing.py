"""Which of our kernels this device runs: all of them, or none where one does not do what torch's operators do."""

from dataclasses import dataclass

import torch

from generation.engine.fast.attention import Attention, TorchAttention
from generation.engine.fast.ends import Ends, TorchEnds
from generation.engine.fast.products import Products
from generation.engine.fast.weights import Weights


@dataclass(frozen=True, kw_only=True, eq=False)
class Parts:
    """What a step is made of. `few` are the products for up to `products.FEW` rows, None where the library makes them.

    `reason` says why our kernels are not used, empty when they are.
    """

    attention: Attention
    ends: Ends
    few: Products | None
    reason: str


def chosen(weights: Weights, wanted: str = "auto") -> Parts:
    """The parts for these weights where they lie. "auto" takes our kernels where Triton runs them here and they agree
    with torch on random numbers; "triton" insists on them, "torch" does without.
    """
    plain = Parts(attention=TorchAttention(), ends=TorchEnds(), few=None, reason="not asked for")
    if wanted == "torch":
        return plain
    if wanted == "auto" and weights.device.type != "cuda":
        return Parts(attention=plain.attention, ends=plain.ends, few=None, reason="no GPU")
    try:
        from generation.engine.fast import kernels, kernels_check, kernels_ends, kernels_products

        with torch.no_grad():
            kernels_check.check(weights)
    except Exception as error:  # whatever a compiler does: the other way is slower, not wrong
        if wanted == "triton":
            raise
        reason = next(iter(str(error).splitlines()), "")[:200]
        return Parts(
            attention=plain.attention, ends=plain.ends, few=None, reason=f"{type(error).__name__}: {reason}"
        )
    return Parts(
        attention=kernels.TritonAttention(), ends=kernels_ends.TritonEnds(),
        few=kernels_products.TritonProducts(), reason="",
    )  # fmt: skip
