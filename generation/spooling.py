"""The worker's side of `listening.py`: writes what an engine hands out of takes that are being made."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np

from generation import listening
from generation.engine.base import Audio, GenerationOutput, PartialAudio
from provenance.jobs import Claim


class Spool:
    """Keeps the protocol of `base.Listener` for one run of a job; the folder goes when the run ends, however it does.

    A full disk ends the listening and nothing else.
    """

    def __init__(self, claim: Claim, numbers: Sequence[int]) -> None:
        """`numbers`: which take of the run each of the engine's indices is."""
        self._folder = listening.folder(claim.job_id, claim.fence)
        self._numbers = numbers
        self._files: dict[int, BinaryIO] = {}
        self._at: dict[int, int] = {}
        self._whole: dict[int, tuple[int, int, int]] = {}

    @property
    def scratch(self) -> Path:
        return self._folder / "scratch"

    def __enter__(self) -> Spool:
        with contextlib.suppress(OSError):
            self._folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            shutil.rmtree(self._folder, ignore_errors=True)
            self.scratch.mkdir(parents=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for index in list(self._files):
            self._close(index)
        shutil.rmtree(self._folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            self._folder.parent.rmdir()

    def __call__(self, partial: PartialAudio) -> None:
        index, channels = partial.index, partial.audio.shape[0]
        if not 0 <= index < len(self._numbers) or partial.start != self._at.get(index, 0):
            return  # after a gap a take is not heard any further
        if index not in self._files and partial.start:
            return
        try:
            if index not in self._files:
                self._begin(index, channels, partial.sample_rate_hz, partial.samples)
            self._append(index, partial.audio)
        except OSError:
            self._close(index)

    def finish(self, output: GenerationOutput) -> None:
        """Add what was not handed out of a take that is finished, so that who listens hears its end."""
        index = output.index
        if index not in self._files:
            return
        with contextlib.suppress(OSError):
            if self._whole[index] == (*output.audio.shape, output.sample_rate_hz):
                self._append(index, output.audio[:, self._at[index] :])
        self._close(index)

    def _begin(self, index: int, channels: int, sample_rate_hz: int, samples: int) -> None:
        path = self._folder / listening.file_name(self._numbers[index])
        self._files[index] = path.open("wb", buffering=0)
        self._whole[index] = (channels, samples, sample_rate_hz)
        self._at[index] = 0
        self._files[index].write(
            listening.header(channels=channels, sample_rate_hz=sample_rate_hz, samples=samples)
        )

    def _append(self, index: int, audio: Audio) -> None:
        left = self._whole[index][1] - self._at[index]
        audio = np.nan_to_num(audio[:, :left], posinf=1.0, neginf=-1.0)
        self._at[index] += audio.shape[1]
        words = np.rint(np.clip(audio, -1.0, 1.0) * 32767).astype("<i2")
        self._files[index].write(np.ascontiguousarray(words.T).tobytes())

    def _close(self, index: int) -> None:
        if file := self._files.pop(index, None):
            with contextlib.suppress(OSError):
                file.close()
