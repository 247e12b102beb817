"""The look at a file: everything that is measured of it at once, in one reading. For workers, because of librosa."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from generation.audio.analysis import Analysis, AnalysisMeter
from generation.audio.quality import Quality, QualityMeter
from provenance import audiofile


def look(path: Path | str, step: Callable[[], None] = lambda: None) -> tuple[Analysis, Quality]:
    """Analysis and quality of a sound file of one or two channels, read in blocks: memory hardly grows with its length.

    `step` is called between blocks, and what it raises ends the work. Raises BadAudio: `too_long` beyond two hours,
    and what `audiofile.decode` raises.
    """
    with (
        audiofile.decoding(path) as sound,
        AnalysisMeter(sound.sample_rate_hz, sound.channels) as analysis,
    ):
        quality = QualityMeter(sound.sample_rate_hz, sound.channels, analysis.loudness)
        for block in sound.blocks:
            analysis.add(block)
            quality.add(block)
            step()
        return analysis.end(step), quality.end()
