"""Holding generated pieces against recordings, from stored assets, read in blocks. For workers."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np
import soundfile as sf

from generation.audio import matching
from generation.audio.arrays import Audio
from generation.audio.matching import Features, features, features_of, likeness
from generation.audio.spool import Spool
from generation.hearing import TRIED_DB, Heard, Hearing, Piece
from generation.services.method_material import Target
from provenance import audiofile, blobs

THREADS: Final = 2
#: So much of a piece is mixed into the master to see whether it would be heard there.
_TRIED_S: Final = 20
_WRITTEN: Final = 1 << 18


class _Sound:
    """One recording: its features, and its fingerprint where Chromaprint is installed."""

    def __init__(self, sha256: str) -> None:
        with Spool() as kept:
            with blobs.store().local_path(sha256) as path, audiofile.decoding(path) as sound:
                small = audiofile.Resampler(sound.sample_rate_hz, matching.RATE_HZ)
                for block in sound.blocks:
                    kept.add(small.add(block.mean(axis=0, keepdims=True)))
                kept.add(small.end())
            self.features: Features = features_of(kept)
            self.loudest = _loudest(kept)
            with tempfile.NamedTemporaryFile(prefix="deadwax-", suffix=".wav") as file:
                with sf.SoundFile(file.name, "w", matching.RATE_HZ, 1, subtype="PCM_16") as written:
                    for at in range(0, len(kept), _WRITTEN):
                        written.write(kept.span(at, min(len(kept), at + _WRITTEN)))
                self.fingerprint = audiofile.fingerprint(file.name) or ""


def compare(
    pieces: Sequence[Piece],
    targets: Sequence[Target],
    progress: Callable[[int, int], None],
    *,
    watched: frozenset[str] = frozenset(),
) -> Hearing:
    """Every piece against every target but itself. Chords and rhythm are compared with the master (the first) only:
    in a single part of it they say little.

    Pieces whose group is in `watched` are also mixed into the master on purpose: a method check may count on not
    hearing a piece only where it would have heard it.
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

        def tries(piece: Piece, heard: Sequence[Heard]) -> bool:
            return piece.group in watched and not piece.part and not any(found.same for found in heard)

        def one(piece: Piece) -> tuple[list[Heard], int | None]:
            heard = [
                _heard(piece, target, sounds, first=place == 0)
                for place, target in enumerate(targets)
                if target.sha256 != piece.sha256
            ]
            tried = tries(piece, heard)
            return heard, _heard_to(sounds[piece.sha256], sounds[targets[0].sha256]) if tried else None

        found: list[Heard] = []
        levels: dict[str, int | None] = {}
        for place, (piece, (some, level)) in enumerate(
            zip(pieces, pool.map(one, pieces), strict=True), start=1
        ):
            found += some
            if tries(piece, some):
                levels[piece.group] = level
            progress(len(digests) + place, total)
    return Hearing(comparisons=tuple(found), heard_to_db=levels)


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
        likeness=likeness(source.features, other.features, harmony=first and not piece.part),
        fingerprint=alike,
        fingerprint_from=audiofile.MATCH_THRESHOLD,
    )


def _heard_to(piece: _Sound, master: _Sound) -> int | None:
    """The softest level of `TRIED_DB`, below the master's loudest stretch, at which the piece is recognised in it."""
    source = features(piece.loudest, matching.RATE_HZ)
    for level_db, mixture in zip(TRIED_DB, _mixtures(piece.loudest, master.loudest), strict=True):
        if likeness(source, features(mixture, matching.RATE_HZ), harmony=False, turned=False).same_sound:
            return level_db
    return None


def _mixtures(piece: Audio, master: Audio) -> Iterator[Audio]:
    length = min(piece.shape[1], master.shape[1])
    over, under = _even(master[:, :length]), _even(piece[:, :length])
    for level_db in TRIED_DB:
        mixture: Audio = over + under * np.float32(10 ** (level_db / 20))
        yield mixture


def _even(audio: Audio) -> Audio:
    result: Audio = (audio / max(1e-6, float(np.sqrt((audio**2).mean()))) * 0.1).astype(np.float32)
    return result


def _loudest(kept: Spool) -> Audio:
    """`[1, samples]`: the loudest stretch of `_TRIED_S` seconds, to the second; all of what is shorter."""
    second = matching.RATE_HZ
    whole = len(kept) // second
    if len(kept) <= _TRIED_S * second:
        return kept.span(0, len(kept))[None]
    energy = [
        np.square(kept.span(at * second, (at + 1) * second), dtype=np.float64).sum() for at in range(whole)
    ]
    sums = np.concatenate([[0.0], np.cumsum(energy)])
    begin = int(np.argmax(sums[_TRIED_S:] - sums[:-_TRIED_S])) * second
    return kept.span(begin, begin + _TRIED_S * second)[None]
