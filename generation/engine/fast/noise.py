"""Noise that is a pure function of a take's seed and of where it is used: Philox4x32-10 in torch's integer operations.

Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC'11; known answers from Random123's kat_vectors.
The counter is (code // 4, codebook, step, window) and the key the 64-bit seed, so no batch, order or device
changes the bits.
"""

import torch
from torch import Tensor

_M0, _M1 = 0xD2511F53, 0xCD9E8D57
_W0, _W1 = 0x9E3779B9, 0xBB67AE85
_LOW = 0xFFFFFFFF
_BITS = 23
"""A uniform of 23 bits and a half lies in (0, 1) in float32 exactly; of 24 the greatest would round to 1."""


def philox(counter: tuple[Tensor, Tensor, Tensor, Tensor], key: tuple[Tensor, Tensor]) -> tuple[Tensor, ...]:
    """Four words of 32 bits each (int64, 0..2**32-1) for counters and keys of the same kind, which broadcast."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        high0, low0 = _product(c0, _M0)
        high1, low1 = _product(c2, _M1)
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0 = (k0 + _W0) & _LOW
        k1 = (k1 + _W1) & _LOW
    return c0, c1, c2, c3


def gumbel(seeds: Tensor, windows: Tensor, steps: Tensor, *, codebooks: int, card: int) -> Tensor:
    """Standard Gumbel noise `[rows, codebooks, card]`, float32, for seeds `[rows, 2]` (low and high word),
    windows and steps `[rows]`.
    """
    device = seeds.device
    quarter = torch.arange((card + 3) // 4, device=device).view(1, 1, -1)
    codebook = torch.arange(codebooks, device=device).view(1, -1, 1)
    step, window = steps.view(-1, 1, 1), windows.view(-1, 1, 1)
    shape = torch.broadcast_shapes(quarter.shape, codebook.shape, step.shape)
    zero = torch.zeros(shape, dtype=torch.int64, device=device)
    key = (seeds[:, 0].view(-1, 1, 1), seeds[:, 1].view(-1, 1, 1))
    words = torch.stack(philox((quarter + zero, codebook + zero, step + zero, window + zero), key), dim=-1)
    return to_gumbel(words.flatten(-2)[..., :card])


def to_gumbel(words: Tensor) -> Tensor:
    """32-bit words to standard Gumbel noise, float32: -log(-log(u))."""
    uniform = ((words >> (32 - _BITS)).to(torch.float32) + 0.5) * (2.0**-_BITS)
    return -torch.log(-torch.log(uniform))


def seed_words(seed: int) -> tuple[int, int]:
    """The key of a seed from 0 to 2**64 - 1: low and high word."""
    if not 0 <= seed < 2**64:
        raise ValueError(f"a seed lies between 0 and 2**64 - 1, not {seed}")
    return seed & _LOW, seed >> 32


def _product(value: Tensor, factor: int) -> tuple[Tensor, Tensor]:
    """High and low word of a product of two 32-bit words, by halves: int64 never overflows."""
    low = value * (factor & 0xFFFF)
    high = value * (factor >> 16)
    middle = high + (low >> 16)
    return middle >> 16, ((middle & 0xFFFF) << 16) | (low & 0xFFFF)
