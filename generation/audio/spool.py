"""Numbers that are too many to hold and are needed again: in memory while they are few, then in a temporary file."""

from __future__ import annotations

import tempfile
from types import TracebackType
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

_IN_MEMORY_BYTES: Final = 32 << 20


class Spool:
    """A row of float32 that grows at its end and is read by place. Close it: the file goes with it."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES, prefix="deadwax-")  # noqa: SIM115
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    def add(self, values: NDArray[np.float32]) -> None:
        """Appends all values, in C order. Raises OSError where the disk is full."""
        self._file.seek(0, 2)
        self._file.write(np.ascontiguousarray(values, dtype=np.float32).tobytes())
        self._length += values.size

    def span(self, first: int, last: int) -> NDArray[np.float32]:
        """The values from `first` up to `last`; zeros before the first value and after the last one."""
        result = np.zeros(max(0, last - first), dtype=np.float32)
        low, high = max(0, first), min(self._length, last)
        if low < high:
            self._file.seek(low * 4)
            result[low - first : high - first] = np.frombuffer(self._file.read((high - low) * 4), np.float32)
        return result
