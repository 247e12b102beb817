"""Which of our kernels this device runs. Where one does not do what torch's operators do, these are used."""

from dataclasses import dataclass

import torch

from generation.engine.fast.attention import Attention, TorchAttention
from generation.engine.fast.ends import Ends, TorchEnds
from generation.engine.fast.products import Products
from generation.engine.fast.weights import Weights


@dataclass(frozen=True, kw_only=True, eq=False)
class Parts:
    """What a step is made of. `few` are the products for up to `products.FEW` rows, None where the library makes them.

    `reason` says why some or all of our kernels are not used, empty when they are.
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
            kernels_check.check_step(weights)
    except Exception as error:  # whatever a compiler does: the other way is slower, not wrong
        if wanted == "triton":
            raise
        return Parts(attention=plain.attention, ends=plain.ends, few=None, reason=_words(error))
    few: Products | None = kernels_products.TritonProducts()
    reason = ""
    try:
        with torch.no_grad():
            kernels_check.check_products(weights)
    except Exception as error:  # as above
        if wanted == "triton":
            raise
        few, reason = None, _words(error)
    return Parts(attention=kernels.TritonAttention(), ends=kernels_ends.TritonEnds(), few=few, reason=reason)


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')[:200]}"
