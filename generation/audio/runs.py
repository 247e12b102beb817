"""Stretches of sound that have something in common, counted over the borders of blocks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
Lengths = NDArray[np.int64]


class Runs:
    """How long each run of True is in flags that come in blocks: the same runs, however they were cut."""

    def __init__(self) -> None:
        self._open = 0

    def add(self, flags: Flags) -> Lengths:
        """The lengths of the runs that ended within `flags`."""
        if not len(flags):
            return np.zeros(0, dtype=np.int64)
        edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
        starts, ends = edges[::2], edges[1::2]
        lengths = (ends - starts).astype(np.int64)
        if self._open:
            if len(starts) and starts[0] == 0:
                lengths[0] += self._open
            else:
                lengths = np.concatenate(([self._open], lengths))
            self._open = 0
        if len(ends) and ends[-1] == len(flags):
            self._open = int(lengths[-1])
            lengths = lengths[:-1]
        return lengths

    def end(self) -> int:
        """The length of the run that the last block left open, 0 for none."""
        last, self._open = self._open, 0
        return last
