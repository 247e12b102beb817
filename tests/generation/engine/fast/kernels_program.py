"""Runs our kernels by Triton's interpreter, which must be chosen before Triton is loaded: a process of its own.

Prints what was found as JSON.
"""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

os.environ["TRITON_INTERPRET"] = "1"

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from triton.runtime import interpreter
from triton.runtime.interpreter import GridExecutor

from generation.engine.fast import choosing, kernels_check, plan
from generation.engine.fast.decoder import Decoder, Take
from generation.engine.fast.kernels_products import TritonProducts
from generation.engine.fast.lanes import Conditions
from generation.engine.fast.sampling import Sampling
from generation.engine.fast.shape import Shape, Unsupported
from generation.engine.fast.weights import random_weights

SMALL = Shape(layers=1, width=16, heads=2, feed_forward=32, card=40, delays=(0, 1), window=300)
ODD = Shape(layers=2, width=24, heads=3, feed_forward=48, card=32, delays=(0, 0), cross=False, window=300)


def takes(shape: Shape, *samplings: Sampling, frames: int = 3, known: int = 0) -> list[Take]:
    generator = torch.Generator().manual_seed(3)
    given = torch.randn(5, shape.width, generator=generator)
    kind = "cross" if shape.cross else "prefix"
    conditions = Conditions(**{kind: given, f"null_{kind}": torch.zeros_like(given)})
    prompt = torch.randint(0, shape.card, (shape.codebooks, known), generator=generator) if known else None
    return [
        Take(seed=seed, frames=known + frames, sampling=one, conditions=conditions, prompt=prompt)
        for seed, one in enumerate(samplings)
    ]


@functools.cache
def decoder(shape: Shape, attention: str) -> Decoder:
    return Decoder(random_weights(shape, seed=7), attention=attention)


class Counted(TorchDispatchMode):
    """Counts what a GPU would be asked to run: our launches, and torch's operators that are no views."""

    def __init__(self) -> None:
        super().__init__()
        self.found = self.within = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        free = func.is_view or "empty" in str(func) or "_unsafe_view" in str(func)
        self.found += not self.within and not free
        return made


@contextmanager
def launches_count(counted: Counted) -> Iterator[None]:
    real = GridExecutor.__call__

    def call(self: Any, *args: Any, **kwargs: Any) -> None:
        counted.found += 1
        counted.within += 1
        real(self, *args, **kwargs)
        counted.within -= 1

    GridExecutor.__call__ = call
    try:
        yield
    finally:
        GridExecutor.__call__ = real


@contextmanager
def scalars_count() -> Iterator[None]:
    """Before 3.7 Triton's interpreter asks an array of one number for it, which NumPy refuses from 2.4 on."""
    real = interpreter._patch_lang_tensor

    def mended(tensor: Any, scope: Any) -> None:
        real(tensor, scope)
        tensor.__index__ = lambda self: int(self.handle.data.squeeze())  # the scope puts the first one back

    interpreter._patch_lang_tensor = mended
    try:
        yield
    finally:
        interpreter._patch_lang_tensor = real


def beside_torch(shape: Shape, asked: list[Take]) -> tuple[bool, int]:
    """Whether our kernels make the codes that torch's operators make, and how many kernels their last step launches."""
    ours = decoder(shape, "triton")
    lanes, counted = ours.lanes_for(asked), Counted()
    real, last = lanes._step, shape.steps(asked[0].frames) - 1

    def step(*key: Any) -> None:
        if lanes.written(0) < last - 1:
            real(*key)
            return
        with launches_count(counted), counted:
            real(*key)

    lanes._step = step  # type: ignore[method-assign]
    made = ours.generate(asked, lanes=lanes), decoder(shape, "torch").generate(asked)
    ours.release()
    return all(torch.equal(*pair) for pair in zip(*made, strict=True)), counted.found


def refused() -> str:
    """What is said of a kernel that does something else here."""
    real = TritonProducts.normed

    def wrong(self: Any, x: Any, norm: Any, linear: Any, *, gelu: bool = False) -> Any:
        return real(self, x, norm, linear, gelu=gelu) + (0.5 if gelu else 0.0)

    TritonProducts.normed = wrong  # type: ignore[method-assign]
    try:
        with once_checked():
            choosing.chosen(random_weights(SMALL), "triton")
    except Unsupported as error:
        return str(error)
    finally:
        TritonProducts.normed = real  # type: ignore[method-assign]
    return "nothing"


@contextmanager
def once_checked() -> Iterator[None]:
    """Without the check of attention and of a step's ends, which takes seconds here and was made before."""
    real = kernels_check.check_step
    kernels_check.check_step = lambda weights: None
    try:
        yield
    finally:
        kernels_check.check_step = real


def main() -> None:
    torch.set_num_threads(1)
    with scalars_count():
        sys.stdout.write(json.dumps(found()) + "\n")


def found() -> dict[str, Any]:
    with torch.no_grad():
        half = random_weights(SMALL, dtype=torch.float16)
        kernels_check.check_step(half)
        kernels_check.check_products(half)
    decoder(SMALL, "triton")  # asking for our kernels checks them
    with once_checked():
        decoder(ODD, "triton")
    plain, greedy, top_p = Sampling(top_k=9), Sampling(temperature=0.0), Sampling(top_p=0.7)
    cases = {
        "one take": (SMALL, takes(SMALL, plain, frames=2)),
        "melody, no guidance": (ODD, takes(ODD, Sampling(guidance=1.0, temperature=0.8))),
        "four takes": (SMALL, takes(SMALL, plain, greedy, Sampling(top_k=0, guidance=1.0), top_p)),
        "three takes": (SMALL, takes(SMALL, plain, greedy, Sampling(top_k=0, guidance=1.0), frames=1)),
        "two splits": (SMALL, takes(SMALL, plain, known=256, frames=2)),
    }
    compared = {name: beside_torch(*case) for name, case in cases.items()}
    return {
        "same": {name: same for name, (same, _) in compared.items()},
        "kernels": {name: count for name, (_, count) in compared.items() if name != "four takes"},
        "planned": {
            "one take": plan.kernels_of(SMALL, few=True, splits=1),
            "melody, no guidance": plan.kernels_of(ODD, few=True, splits=1),
            "three takes": plan.kernels_of(SMALL, few=False, splits=1),
            "two splits": plan.kernels_of(SMALL, few=True, splits=2),
        },
        "refused": refused(),
    }  # fmt: skip


if __name__ == "__main__":
    main()
