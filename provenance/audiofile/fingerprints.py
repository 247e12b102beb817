"""Acoustic fingerprints (Chromaprint): is this sound, perhaps re-encoded or cut, one that we know?"""

from __future__ import annotations

import base64
import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from provenance.audiofile.errors import BadAudio
from provenance.audiofile.header import MAX_DURATION_S, Header
from provenance.audiofile.reading import counted_blocks, open_audio

#: Seconds between two values of a fingerprint: Chromaprint's frames of 4096 samples at 11025 Hz, two thirds overlapped.
STEP_S: Final = 1365 / 11025
#: Measured on 72 pieces of free game music, 10 s to 9 minutes: 2,556 pairs of different pieces reached 0.51 at most
#: (99.9 % stay below 0.41; two mixes of one piece gave 0.81). The same piece as MP3 of 96 kbit/s gave 0.97 and more,
#: its excerpts of 20 s as MP3 0.86 and more against 0.33 for excerpts of others, of 8 s 0.92 against 0.46.
MATCH_THRESHOLD: Final = 0.6
_LEAST_OVERLAP_S: Final = 4.0
_LEAST_SHARE: Final = 0.5
_ALGORITHM: Final = 1


@dataclass(frozen=True, kw_only=True)
class Alignment:
    """The best place of one fingerprint on another. `offset_s` is where the second begins in the first."""

    similarity: float
    offset_s: float
    overlap_s: float


def fingerprint_unavailable() -> str:
    """Why no fingerprints can be made here, and what to do; empty when they can."""
    if _library() is not None or shutil.which("fpcalc"):
        return ""
    return (
        "No acoustic fingerprint: the Chromaprint library is not installed here. "
        "Install it (Debian: apt install libchromaprint-tools) and run the fingerprint job again."
    )


def fingerprint(path: Path | str) -> str | None:
    """Chromaprint's compressed fingerprint of all of a file (not only of its first two minutes), as URL-safe base64.

    None when it cannot be had: the library is absent (`fingerprint_unavailable` says so), or the sound is shorter
    than about three seconds. Raises BadAudio for a file that cannot be read.
    """
    if fingerprint_unavailable():
        return None
    with open_audio(path) as reader:
        header = reader.header
        too_long = BadAudio("too_long", "This file is longer than two hours. Split it.")
        limit = MAX_DURATION_S * header.sample_rate_hz
        blocks = (
            np.clip(np.rint(block * 32768), -32768, 32767).astype("<i2").tobytes()
            for block in counted_blocks(reader, max_samples=limit, too_long=too_long)
        )
        by = _by_program if _library() is None else _by_library
        text = by(blocks, header)
    return text if text and len(decode_fingerprint(text)) else None


def match(fingerprint_a: str, fingerprint_b: str) -> float:
    """Similarity from 0 (as unrelated sound) to 1 (the same); at `MATCH_THRESHOLD` and above, call it a match."""
    return align(fingerprint_a, fingerprint_b).similarity


def align(fingerprint_a: str, fingerprint_b: str) -> Alignment:
    """Slide one fingerprint along the other and take the place where most bits agree.

    Unrelated sound agrees in half of its bits, so similarity is twice the share of agreeing bits above one half.
    Values that only repeat their predecessor (silence, a held tone) count for nothing: any silence equals any other.
    All places are compared at once, by correlating the bits (FFT). Raises ValueError for what is no fingerprint.
    """
    a, b = decode_fingerprint(fingerprint_a), decode_fingerprint(fingerprint_b)
    nothing = Alignment(similarity=0.0, offset_s=0.0, overlap_s=0.0)
    weight_a, weight_b = _weights(a), _weights(b)
    informative = min(weight_a.sum(), weight_b.sum())
    least = max(_LEAST_OVERLAP_S / STEP_S, _LEAST_SHARE * informative)
    if informative < least:
        return nothing
    size = 1 << (len(a) + len(b) - 1).bit_length()
    overlap = _correlate(weight_a, weight_b, size)
    agreement = np.zeros(size)
    for bit in range(32):
        agreement += _correlate(_signs(a, bit) * weight_a, _signs(b, bit) * weight_b, size)
    possible = overlap > least - 0.5
    if not possible.any():
        return nothing
    score = np.where(possible, agreement / (32 * np.maximum(overlap, 1)), -1.0)
    best = int(np.argmax(score))
    shift = best if best < len(a) else best - size
    return Alignment(
        similarity=round(float(np.clip(score[best], 0.0, 1.0)), 4),
        offset_s=round(shift * STEP_S, 2),
        overlap_s=round(float(overlap[best]) * STEP_S, 2),
    )


def terms(fingerprint: str) -> list[int]:
    """What an index finds a fingerprint by: its values without the four lowest bits, each once, sorted.

    Two fingerprints of one sound share many of them (measured on MP3 of 96 kbit/s: about half), those of different
    sounds hardly any. Values that repeat their predecessor (silence, a held tone) are left out. Empty for what is no
    fingerprint.
    """
    try:
        values = decode_fingerprint(fingerprint)
    except ValueError:
        return []
    fresh = values[_weights(values) > 0][1:] >> np.uint32(4)
    return [int(value) for value in np.unique(fresh)]


def decode_fingerprint(text: str) -> NDArray[np.uint32]:
    """The 32-bit values of a compressed fingerprint. Needs no library. Raises ValueError.

    Format: one byte algorithm, three bytes count, then per value the distances between the set bits of its XOR
    with the one before, three bits each and ended by 0; a 7 is continued in a five-bit list that follows.
    """
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise ValueError("this is no fingerprint") from error
    if len(data) < 4 or data[0] != _ALGORITHM:
        raise ValueError("this is no fingerprint of Chromaprint's default algorithm")
    count = int.from_bytes(data[1:4], "big")
    bits = np.unpackbits(np.frombuffer(data, np.uint8, offset=4), bitorder="little")
    threes = bits[: len(bits) // 3 * 3].reshape(-1, 3) @ np.array([1, 2, 4])
    ends = np.flatnonzero(threes == 0)
    if count == 0:
        return np.empty(0, dtype=np.uint32)
    if len(ends) < count:
        raise ValueError("this fingerprint is cut short")
    steps = threes[: ends[count - 1] + 1].astype(np.int64)
    first_exception = (len(steps) * 3 + 7) // 8 * 8
    tail = bits[first_exception:]
    fives = tail[: len(tail) // 5 * 5].reshape(-1, 5) @ np.array([1, 2, 4, 8, 16])
    large = np.flatnonzero(steps == 7)
    if len(fives) < len(large):
        raise ValueError("this fingerprint is cut short")
    steps[large] += fives[: len(large)]
    values = np.zeros(count, dtype=np.uint32)
    value = bit = index = 0
    for step in steps.tolist():
        if step:
            bit += step
            if bit > 32:
                raise ValueError("this is no fingerprint")
            value ^= 1 << (bit - 1)
        else:
            values[index] = value
            index, bit = index + 1, 0
    return values


def _weights(values: NDArray[np.uint32]) -> NDArray[np.float64]:
    fresh = np.ones(len(values))
    fresh[1:] = values[1:] != values[:-1]
    return fresh


def _signs(values: NDArray[np.uint32], bit: int) -> NDArray[np.float64]:
    return ((values >> np.uint32(bit)) & np.uint32(1)).astype(np.float64) * 2 - 1


def _correlate(a: NDArray[np.float64], b: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Circular cross-correlation; entry k is b shifted by k, entries from the end are negative shifts."""
    product = np.fft.rfft(a, size) * np.conj(np.fft.rfft(b, size))
    return np.fft.irfft(product, size)


@cache
def _library() -> Any:
    try:
        import chromaprint  # part of pyacoustid; ImportError where the shared library is absent
    except ImportError:
        return None
    return chromaprint


def _by_library(blocks: Iterator[bytes], header: Header) -> str | None:
    library = _library()
    printer = library.Fingerprinter()
    printer.start(header.sample_rate_hz, header.channels)
    for block in blocks:
        printer.feed(block)
    try:
        return str(printer.finish().decode("ascii"))
    except library.FingerprintError:
        return None


def _by_program(blocks: Iterator[bytes], header: Header) -> str | None:
    """By the program fpcalc, which gets our samples, so that both ways see the same sound."""
    command = ["fpcalc", "-plain", "-length", str(MAX_DURATION_S), "-format", "s16le"]
    command += ["-rate", str(header.sample_rate_hz), "-channels", str(header.channels), "-"]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603 - fixed words and numbers
            command, stdin=subprocess.PIPE, stdout=said, stderr=subprocess.DEVNULL
        )
        assert process.stdin is not None
        try:
            with contextlib.suppress(BrokenPipeError):
                for block in blocks:
                    process.stdin.write(block)
                process.stdin.close()
            process.wait(timeout=60)
        finally:
            process.kill()
            process.wait()
        said.seek(0)
        # Some builds complain about the end of the stream in their exit status and print the fingerprint all the same.
        return said.read().decode("ascii", errors="replace").strip() or None
