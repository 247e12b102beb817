"""One container for MusicGen's weights, whoever published them; and random ones of the same sizes."""

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from generation.engine.fast.shape import Shape


@dataclass(frozen=True, kw_only=True, eq=False)
class Linear:
    """`weight` `[outputs, inputs]`; `bias` `[outputs]` or None."""

    weight: Tensor
    bias: Tensor | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Norm:
    weight: Tensor
    bias: Tensor
    eps: float = 1e-5


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """Pre-norm decoder layer. `cross_*` are None in a model without cross-attention (melody)."""

    norm: Norm
    qkv: Linear
    out: Linear
    ff_norm: Norm
    up: Linear
    down: Linear
    cross_norm: Norm | None = None
    cross_q: Linear | None = None
    cross_kv: Linear | None = None
    cross_out: Linear | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Weights:
    """Everything a decoder needs. Tensors MAY share memory with the model that they came from.

    `embedding` `[codebooks * (card + 1), width]`, codebook by codebook; `heads.weight` `[codebooks * card, width]`.
    `source` says whose checkpoint it was.
    """

    shape: Shape
    embedding: Tensor
    layers: tuple[Layer, ...]
    norm: Norm
    heads: Linear
    source: str = ""

    @property
    def device(self) -> torch.device:
        return self.embedding.device

    @property
    def dtype(self) -> torch.dtype:
        return self.embedding.dtype

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> "Weights":
        """The same weights elsewhere or in another precision."""
        wanted = dtype or self.dtype

        def tensor(value: Tensor | None) -> Tensor | None:
            return None if value is None else value.to(device=device, dtype=wanted)

        def linear(value: Linear | None) -> Linear | None:
            if value is None:
                return None
            return Linear(weight=value.weight.to(device=device, dtype=wanted), bias=tensor(value.bias))

        def norm(value: Norm | None) -> Norm | None:
            if value is None:
                return None
            return replace(value, weight=tensor(value.weight), bias=tensor(value.bias))

        def part(value: object) -> Any:
            return (
                linear(value)
                if isinstance(value, Linear)
                else norm(value)
                if isinstance(value, Norm)
                else None
            )

        layers = tuple(
            Layer(**{name: part(value) for name, value in vars(layer).items()}) for layer in self.layers
        )
        moved = linear(self.heads), norm(self.norm)
        assert moved[0] is not None
        assert moved[1] is not None
        return replace(
            self,
            embedding=self.embedding.to(device=device, dtype=wanted),
            layers=layers,
            heads=moved[0],
            norm=moved[1],
        )


def random_weights(
    shape: Shape,
    *,
    seed: int = 0,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
    scale: float = 1.0,
) -> Weights:
    """Weights of that shape by chance, made on the device. Activations stay of the size of trained models'."""
    generator = torch.Generator(device=device).manual_seed(seed)

    def matrix(outputs: int, inputs: int) -> Tensor:
        values = torch.empty(outputs, inputs, device=device, dtype=dtype)
        return values.normal_(0, scale * inputs**-0.5, generator=generator)

    def linear(outputs: int, inputs: int) -> Linear:
        return Linear(weight=matrix(outputs, inputs))

    def norm() -> Norm:
        return Norm(
            weight=torch.ones(shape.width, device=device, dtype=dtype),
            bias=torch.zeros(shape.width, device=device, dtype=dtype),
        )

    def layer() -> Layer:
        width = shape.width
        crossing: dict[str, Any] = {
            "cross_norm": norm(), "cross_q": linear(width, width), "cross_kv": linear(2 * width, width),
            "cross_out": linear(width, width),
        } if shape.cross else {}  # fmt: skip
        return Layer(
            norm=norm(), qkv=linear(3 * width, width), out=linear(width, width), ff_norm=norm(),
            up=linear(shape.feed_forward, width), down=linear(width, shape.feed_forward), **crossing,
        )  # fmt: skip

    return Weights(
        shape=shape,
        embedding=matrix(shape.codebooks * (shape.card + 1), shape.width),
        layers=tuple(layer() for _ in range(shape.layers)),
        norm=norm(),
        heads=linear(shape.codebooks * shape.card, shape.width),
        source="random",
    )
