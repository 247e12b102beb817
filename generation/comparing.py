"""Holding generated pieces against recordings, from stored assets. For workers."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import soundfile as sf

from generation.audio import matching
from generation.audio.arrays import Audio
from generation.audio.matching import Features, features, likeness
from generation.measuring import decoded
from generation.method_check import Heard, Piece
from generation.services.methods import Target
from provenance import audiofile

THREADS: Final = 2


class _Sound:
    """One recording: its features, and its fingerprint where Chromaprint is installed."""

    def __init__(self, sha256: str) -> None:
        audio, rate = decoded(sha256)
        mono: Audio = audio.mean(axis=0, keepdims=True)
        small = audiofile.resample(mono, rate, matching.RATE_HZ)
        self.features: Features = features(small, matching.RATE_HZ)
        with tempfile.NamedTemporaryFile(prefix="deadwax-", suffix=".wav") as file:
            sf.write(file.name, small.T, matching.RATE_HZ, subtype="PCM_16")
            self.fingerprint = audiofile.fingerprint(file.name) or ""


def compare(
    pieces: Sequence[Piece], targets: Sequence[Target], progress: Callable[[int, int], None]
) -> list[Heard]:
    """Every piece against every target but itself. Chords and rhythm are compared with the master (the first) only:
    in a single part of it they say little.
    """
    digests = list(
        dict.fromkeys([*(piece.sha256 for piece in pieces), *(target.sha256 for target in targets)])
    )
    total = len(digests) + len(pieces)
    sounds: dict[str, _Sound] = {}
    with ThreadPoolExecutor(THREADS) as pool:
        for place, (sha256, sound) in enumerate(
            zip(digests, pool.map(_Sound, digests), strict=True), start=1
        ):
            sounds[sha256] = sound
            progress(place, total)

        def one(piece: Piece) -> list[Heard]:
            return [
                _heard(piece, target, sounds, first=place == 0)
                for place, target in enumerate(targets)
                if target.sha256 != piece.sha256
            ]

        found: list[Heard] = []
        for place, some in enumerate(pool.map(one, pieces), start=1):
            found += some
            progress(len(digests) + place, total)
    return found


def _heard(piece: Piece, target: Target, sounds: dict[str, _Sound], *, first: bool) -> Heard:
    source, other = sounds[piece.sha256], sounds[target.sha256]
    alike = 0.0
    if source.fingerprint and other.fingerprint:
        alike = audiofile.match(other.fingerprint, source.fingerprint)
    return Heard(
        group=piece.group,
        title=piece.title,
        target=target.sha256,
        target_title=target.title,
        likeness=likeness(source.features, other.features, harmony=first),
        fingerprint=alike,
        fingerprint_from=audiofile.MATCH_THRESHOLD,
    )
