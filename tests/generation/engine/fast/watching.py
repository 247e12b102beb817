"""A watch over what runs on torch's meta device."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode


class StaysThere(TorchDispatchMode):
    """Fails where an operator mixes in a tensor of the host's, draws by a global generator, or gives out
    tensors whose shape follows from numbers.
    """

    WAITS = (
        "_local_scalar_dense",
        "nonzero",
        "masked_select",
        "is_nonzero",
        "equal.",
        "unique",
        "repeat_interleave",
    )
    CHANCE = ("rand", "normal", "multinomial", "bernoulli", "exponential")

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = str(func).removeprefix("aten.")
        assert not name.startswith((*self.WAITS, *self.CHANCE)), name
        flat: list[Any] = torch.utils._pytree.tree_leaves((args, kwargs))
        for value in flat:
            assert not isinstance(value, torch.Tensor) or value.device.type == "meta" or value.dim() == 0, (
                name
            )
        if name.startswith("index"):
            assert not any(isinstance(value, torch.Tensor) and value.dtype == torch.bool for value in flat), (
                name
            )
        self.seen.add(name)
        return func(*args, **(kwargs or {}))
