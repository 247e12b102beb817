"""The delay pattern: codebook k is delayed by `delays[k]` steps behind the first (Copet et al. 2023, section 2.2).

Sequences are `[codebooks, steps]` int64 with `frames + max delay + 1` steps; step 0 holds the special token alone.
"""

import torch
from torch import Tensor

from generation.engine.fast.shape import Shape

UNKNOWN = -1


def delayed(shape: Shape, codes: Tensor, frames: int) -> Tensor:
    """The sequence of `frames` frames that begins with `codes` `[codebooks, known frames]`, UNKNOWN where a
    code is to come.
    """
    known = codes.shape[-1]
    sequence = torch.full((shape.codebooks, shape.steps(frames)), shape.card, dtype=torch.int64)
    for codebook, delay in enumerate(shape.delays):
        start = delay + 1
        sequence[codebook, start : start + frames] = UNKNOWN
        sequence[codebook, start : start + known] = codes[codebook, :known].to("cpu")
    return sequence


def undelayed(shape: Shape, sequence: Tensor, first: int, last: int) -> Tensor:
    """Codes `[codebooks, last - first]` of the frames from `first` up to before `last`."""
    rows = [
        sequence[codebook, delay + 1 + first : delay + 1 + last]
        for codebook, delay in enumerate(shape.delays)
    ]
    return torch.stack(rows)


def complete_frames(shape: Shape, written: int) -> int:
    """How many frames have all their codes when steps 0..`written` are known."""
    return max(0, written - shape.delays[-1])


def windows(total: int, window: int, stride: int, known: int = 0) -> list[tuple[int, int, int]]:
    """Spans that make `total` frames when `known` are given: (start, end, frames known at its start), as
    audiocraft goes on.

    Each further window starts `stride` behind the one before and begins with the end of what that one made.
    """
    if total <= known:
        raise ValueError(f"{total} frames are asked for and {known} are given: nothing is left to make")
    if total <= window:
        return [(0, total, known)]
    if not 0 < stride < window:
        raise ValueError(f"a stride of {stride} does not lie within the window of {window}")
    if known > window:
        raise ValueError(f"the prompt of {known} frames is longer than the window of {window}")
    spans = []
    start, have = 0, known
    while start + have < total:
        end = start + min(total - start, window)
        if end - start <= have:  # audiocraft fails here, too: the prompt fills the window
            raise ValueError(f"{have} frames fill the window from {start} on: nothing is left to make")
        spans.append((start, end, have))
        start, have = start + stride, end - start - stride
    return spans
