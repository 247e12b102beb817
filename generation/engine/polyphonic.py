"""Notes of several voices by basic-pitch, whose small model comes in its wheel: nothing is downloaded.

R. Bittner, J. Bosch, D. Rubinstein, G. Meseguer-Brocal and S. Ewert, A lightweight instrument-agnostic model for
polyphonic note transcription and multipitch estimation, ICASSP 2022. Imports nothing of it before it is asked for.
"""

import hashlib
import importlib.util
import logging
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generation.audio.tune import Heard
from generation.engine.base import EngineUnavailable, Progress
from provenance.audiofile import resample

_OVERLAP_FRAMES = 30
"""Its windows of two seconds overlap by so much, half of it on either side."""


def weights_file() -> Path | None:
    """The model inside the wheel, where the package and the runtime for it are installed. Imports neither."""
    if importlib.util.find_spec("onnxruntime") is None:
        return None
    spec = importlib.util.find_spec("basic_pitch")
    if spec is None or spec.origin is None:
        return None
    file = Path(spec.origin).parent / "saved_models" / "icassp_2022" / "nmp.onnx"
    return file if file.is_file() else None


class BasicPitch:
    """The model, loaded by basic-pitch's own class; its windows, its joining of them and its notes are used
    as they are. Sound is handed over as an array: the package itself reads files only.
    """

    def __init__(self, file: Path) -> None:
        logger = logging.getLogger()
        before, logger.level = logger.level, logging.ERROR  # it warns of each runtime that is not there
        try:
            from basic_pitch import inference, note_creation
        finally:
            logger.level = before
        self._inference: Any = inference
        self._creation: Any = note_creation
        self._model: Any = inference.Model(file)
        self.sha256 = hashlib.sha256(file.read_bytes()).hexdigest()

    def notes(
        self, audio: NDArray[np.float32], rate: int, *, sensitivity: float, shortest_s: float, step: Progress
    ) -> tuple[Heard, ...]:
        """Notes by start and pitch, of `[channels, samples]`.

        `sensitivity` 0.5 is stricter than the package itself (onsets from 0.6 on, frames from 0.4): on melodies of the
        soundfont that found the same notes and half as many that are none. 0.7 is about the package's own choice.
        """
        own = self._inference
        mono = resample(audio.mean(axis=0, keepdims=True, dtype=np.float32), rate, own.AUDIO_SAMPLE_RATE)[0]
        overlap = _OVERLAP_FRAMES * own.FFT_HOP
        hop = own.AUDIO_N_SAMPLES - overlap
        padded = np.concatenate((np.zeros(overlap // 2, np.float32), mono))
        total = -(-len(padded) // hop)
        found: dict[str, list[NDArray[np.float32]]] = {"note": [], "onset": [], "contour": []}
        for number, (window, _) in enumerate(own.window_audio_file(padded, hop)):
            step(number, total)
            for name, values in self._model.predict(window[np.newaxis].astype(np.float32)).items():
                found[name].append(values)
        step(total, total)
        joined = {
            name: own.unwrap_output(np.concatenate(values), len(mono), _OVERLAP_FRAMES)
            for name, values in found.items()
        }
        _, events = self._creation.model_output_to_notes(
            joined,
            onset_thresh=0.9 - 0.6 * sensitivity,
            frame_thresh=0.7 - 0.6 * sensitivity,
            min_note_len=max(1, round(shortest_s * own.AUDIO_SAMPLE_RATE / own.FFT_HOP)),
            include_pitch_bends=False,
        )
        return tuple(
            Heard(
                start_s=float(start), end_s=float(end), pitch=int(pitch), exact=float(pitch),
                velocity=min(127, max(1, round(127 * float(strength)))),
            )
            for start, end, pitch, strength, _ in sorted(events, key=lambda event: (event[0], event[2]))
        )  # fmt: skip


@cache
def model() -> BasicPitch:
    """The model, one object per process. Raises EngineUnavailable."""
    file = weights_file()
    if file is None:
        raise EngineUnavailable(
            "engine_unavailable", "basic-pitch is not installed any more. Start Deadwax again."
        )
    return BasicPitch(file)
