"""Runs our kernels by Triton's interpreter, which must be chosen before Triton is loaded: a process of its own.

Prints what was found as JSON.
"""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable, Iterator
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
def decoder(shape: Shape, attention: str = "triton") -> Decoder:
    """Asking for our kernels checks them."""
    return Decoder(random_weights(shape, seed=7), attention=attention)


def same_codes(shape: Shape, asked: list[Take]) -> bool:
    made = (decoder(shape, kind).generate(asked) for kind in ("triton", "torch"))
    return all(torch.equal(*pair) for pair in zip(*made, strict=True))


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


def counts(shape: Shape, count: int, known: int) -> int:
    asked = takes(shape, *[Sampling()] * count, known=known, frames=3 - shape.delays[-1])
    lanes = decoder(shape).lanes_for(asked)
    counted = Counted()
    real = lanes._step

    def step(*key: Any) -> None:
        with launches_count(counted), counted:
            real(*key)

    decoder(shape).generate(asked, before_the_last(lambda: setattr(lanes, "_step", step)), lanes=lanes)
    return counted.found


def before_the_last(first: Callable[[], object]) -> Callable[[int, int], None]:
    """Calls it before the last step."""
    calls = iter([lambda: None, lambda: None, first])

    def told(_: int, __: int) -> None:
        next(calls, lambda: None)()

    return told


def refused() -> str:
    """What is said of a kernel that does something else here."""
    real = TritonProducts.normed

    def wrong(self: Any, x: Any, norm: Any, linear: Any, *, gelu: bool = False) -> Any:
        return real(self, x, norm, linear, gelu=gelu) + (0.5 if gelu else 0.0)

    TritonProducts.normed = wrong  # type: ignore[method-assign]
    try:
        choosing.chosen(random_weights(SMALL), "triton")
    except Unsupported as error:
        return str(error)
    finally:
        TritonProducts.normed = real  # type: ignore[method-assign]
    return "nothing"


def main() -> None:
    torch.set_num_threads(1)
    with scalars_count():
        sys.stdout.write(json.dumps(found()) + "\n")


def found() -> dict[str, Any]:
    with torch.no_grad():
        half = random_weights(SMALL, dtype=torch.float16)
        kernels_check.check_step(half)
        kernels_check.check_products(half)
    plain, greedy, top_p = Sampling(top_k=9), Sampling(temperature=0.0), Sampling(top_p=0.7)
    return {
        "one take": same_codes(SMALL, takes(SMALL, plain)),
        "melody, no guidance": same_codes(ODD, takes(ODD, Sampling(guidance=1.0, temperature=0.8))),
        "four takes": same_codes(SMALL, takes(SMALL, plain, greedy, Sampling(top_k=0, guidance=1.0), top_p)),
        "two splits": same_codes(SMALL, takes(SMALL, plain, known=256)),
        "kernels": {
            "few": counts(SMALL, 1, 0), "few, two splits": counts(SMALL, 1, 256), "many": counts(SMALL, 3, 0),
            "melody": counts(ODD, 1, 0),
        },
        "planned": {
            "few": plan.kernels_of(SMALL, few=True, splits=1),
            "few, two splits": plan.kernels_of(SMALL, few=True, splits=2),
            "many": plan.kernels_of(SMALL, few=False, splits=1),
            "melody": plan.kernels_of(ODD, few=True, splits=1),
        },
        "refused": refused(),
    }  # fmt: skip


if __name__ == "__main__":
    main()
