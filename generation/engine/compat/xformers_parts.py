"""xformers' attention by torch's own, and a profiler that is never on."""

from typing import Any

import torch
from torch.nn import functional


class LowerTriangularMask:
    """Says "causal" to `memory_efficient_attention`."""


class _Profiler:
    _CURRENT_PROFILER = None


def unbind(packed: torch.Tensor, dim: int) -> tuple[torch.Tensor, ...]:
    return tuple(torch.unbind(packed, dim))


def memory_efficient_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attn_bias: torch.Tensor | LowerTriangularMask | None = None,
    p: float = 0.0,
    scale: float | None = None,
) -> torch.Tensor:
    """Attention over `[batch, time, heads, width]`, as xformers lays it out."""
    causal = isinstance(attn_bias, LowerTriangularMask)
    mixed = functional.scaled_dot_product_attention(
        query.transpose(1, 2),
        key.transpose(1, 2),
        value.transpose(1, 2),
        attn_mask=attn_bias if isinstance(attn_bias, torch.Tensor) else None,
        dropout_p=p,
        is_causal=causal,
        scale=scale,
    )
    return mixed.transpose(1, 2)


def modules() -> dict[str, dict[str, object]]:
    operations: dict[str, Any] = {
        "unbind": unbind,
        "memory_efficient_attention": memory_efficient_attention,
        "LowerTriangularMask": LowerTriangularMask,
    }
    profiler = {"_Profiler": _Profiler}
    return {
        "xformers": {},
        "xformers.ops": operations,
        "xformers.profiler": {},
        "xformers.profiler.profiler": profiler,
    }
