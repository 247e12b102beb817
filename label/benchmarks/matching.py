"""How often `generation.audio.matching` is wrong: false alarms and hits, on recordings in a folder and on own renders.

    python -m label.benchmarks.matching FOLDER [--write]

The recordings (Ogg, MP3, Opus, FLAC, WAV) are read with ffmpeg and not kept. Debian's warzone2100-music, nexuiz-music,
hyperrogue-music and singularity-music are free music that anybody can fetch again. `--write` puts the figures into
`generation/audio/matching_measured.json`, which pages and documents quote.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import numpy as np
import soundfile as sf

from generation.audio import likeness as limits
from generation.audio import matching
from generation.audio.arrays import Audio
from generation.audio.likeness import Likeness
from generation.audio.matching import Features, features, likeness
from provenance import audiofile
from provenance.audiofile.fingerprints import MATCH_THRESHOLD, match

RATE: Final = matching.RATE_HZ
SOURCE_S, TARGET_S, BEGIN_S = 30, 75, 10
PAIRS: Final = 2500
ENDINGS: Final = ("ogg", "mp3", "opus", "flac", "wav")


def say(*words: object) -> None:
    sys.stderr.write(" ".join(str(word) for word in words) + "\n")


def read(path: Path, *, filters: str = "") -> Audio:
    """`TARGET_S` seconds of a recording as mono at the matcher's rate."""
    command = ["ffmpeg", "-v", "error", "-ss", str(BEGIN_S), "-t", str(TARGET_S), "-i", str(path), "-ac", "1"]
    command += ["-ar", str(RATE), *(["-af", filters] if filters else []), "-f", "f32le", "-"]
    raw = subprocess.run(command, check=False, capture_output=True).stdout  # noqa: S603 - fixed words and a path
    return np.frombuffer(raw, np.float32)[None].copy()


def renders(count: int = 24) -> list[Audio]:
    """Takes of two briefs by the sketch engine, a seed each: one genre, one key and one tempo a brief."""
    from generation.engine.base import BriefSpec, GenerationOutput, GenerationRequest
    from generation.engine.sketch import Sketch

    engine = Sketch()
    found: list[Audio] = []
    for genre, key, tempo in (("cinematic ambient", "D minor", 92.0), ("house", "A minor", 124.0)):
        request = GenerationRequest(
            mode="text_to_music", prompt=genre, duration_s=45.0, seeds=tuple(range(count // 2)),
            brief=BriefSpec(genre=genre, mood="", tempo_bpm=tempo, key=key, metre="4/4", structure=("A", "B"),
                            energy=(0.5, 0.8), instruments=(), avoid=()),
            parameters={},
        )  # fmt: skip
        for output in engine.generate(request, lambda done, total: None):
            assert isinstance(output, GenerationOutput)
            mono = output.audio.mean(axis=0, keepdims=True)
            found.append(audiofile.resample(mono, output.sample_rate_hz, RATE).astype(np.float32))
    return found


def printed(audio: Audio) -> str:
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        sf.write(file.name, audio.T, RATE, subtype="PCM_16")
        return audiofile.fingerprint(file.name) or ""


class Piece:
    """One recording with what is compared of it."""

    def __init__(self, name: str, audio: Audio, path: Path | None = None) -> None:
        self.name, self.audio, self.path = name, audio, path
        self.whole: Features = features(audio, RATE)
        start: Audio = audio[:, : SOURCE_S * RATE]
        self.start = features(start, RATE)
        self.print_whole, self.print_start = printed(audio), printed(start)


def false_alarms(pairs: Iterable[tuple[Piece, Piece]]) -> dict[str, Any]:
    found: list[tuple[Likeness, float, str]] = []
    for source, target in pairs:
        like = likeness(source.start, target.whole)
        found.append((like, match(target.print_whole, source.print_start), f"{source.name} / {target.name}"))
    n = len(found)
    highest = sorted(found, key=lambda one: -one[0].sound)[:6]
    say("  loudest:", [(one.sound, one.heard_s, name) for one, _, name in highest])
    return {
        "n": n,
        "sound": sum(one.same_sound for one, _, _ in found),
        "sister": sum(one.sound >= limits.SISTER_FROM for one, _, _ in found),
        "alike": sum(one.alike for one, _, _ in found),
        "fingerprint": sum(printed >= MATCH_THRESHOLD for _, printed, _ in found),
        # With no false alarm in n, the rate lies below 3/n with 95 % confidence (the rule of three).
        "highest_sound": max(one.sound for one, _, _ in found),
        "sound_999_permille": round(float(np.percentile([one.sound for one, _, _ in found], 99.9)), 1),
        "chroma_99": round(float(np.percentile([one.chroma for one, _, _ in found], 99)), 3),
        "onset_99": round(float(np.percentile([one.onset for one, _, _ in found], 99)), 3),
    }


def hits(pieces: Iterable[tuple[Piece, Audio]]) -> dict[str, Any]:
    n, sound, alike, printing = 0, 0, 0, 0
    for source, changed in pieces:
        like = likeness(source.start, features(changed, RATE))
        n, sound, alike = n + 1, sound + like.same_sound, alike + like.alike
        printing += match(printed(changed), source.print_start) >= MATCH_THRESHOLD
    return {"n": n, "sound": sound, "alike": alike, "fingerprint": printing}


def mixed(audio: Audio, other: Audio, level_db: float) -> Audio:
    """`audio` under `other`, at a level relative to it."""
    length = min(audio.shape[1], other.shape[1])

    def even(one: Audio) -> Audio:
        cut = one[:, :length]
        result: Audio = (cut / max(1e-6, float(np.sqrt((cut**2).mean()))) * 0.1).astype(np.float32)
        return result

    result: Audio = (even(other) + even(audio) * np.float32(10 ** (level_db / 20))).astype(np.float32)
    return result


def measure(folder: Path) -> dict[str, Any]:
    rng = random.Random(5)  # noqa: S311 - the same pairs every time
    paths = sorted(path for ending in ENDINGS for path in folder.rglob(f"*.{ending}"))
    real: list[Piece] = []
    for path in paths:
        if any(path.stem != other.stem and path.stem.startswith(other.stem + "_") for other in paths):
            continue  # another mix of the same piece: menu, menu_enhanced
        audio = read(path)
        if audio.shape[1] >= 45 * RATE and float(np.abs(audio[:, : SOURCE_S * RATE]).max()) > 0.01:
            real.append(Piece(path.name, audio, path))
    say(f"{len(real)} recordings")
    made = [Piece(f"sketch {place}", audio) for place, audio in enumerate(renders())]
    say(f"{len(made)} renders")
    every = [(a, b) for a in real for b in real if a is not b]
    half = len(made) // 2
    alike = [(a, b) for group in (made[:half], made[half:]) for a in group for b in group if a is not b]
    report: dict[str, Any] = {
        "measured_on": dt.date.today().isoformat(),  # noqa: DTZ011 - a day is enough
        "recordings": f"{len(real)} pieces of free game music, {SOURCE_S} s of one in {TARGET_S} s of another",
        "renders": f"{len(made)} takes of the sketch engine: two briefs, twelve seeds each, compared within a brief",
        "thresholds": {"sound": limits.SOUND_FROM,
                       "sister": limits.SISTER_FROM, "chroma": limits.CHROMA_FROM, "onset": limits.ONSET_FROM,
                       "fingerprint": MATCH_THRESHOLD},
        "false_alarms": {
            "real": false_alarms(rng.sample(every, min(PAIRS, len(every)))),
            "rendered": false_alarms(alike),
        },
    }  # fmt: skip
    say(json.dumps(report, indent=1))
    chosen = rng.sample(real, min(48, len(real))) + rng.sample(made, min(12, len(made)))
    under = {
        piece.name: rng.choice([other for other in real if other is not piece]).audio for piece in chosen
    }
    changes: dict[str, Callable[[Piece], Audio | None]] = {
        "20 dB softer": lambda piece: piece.audio * np.float32(0.1),
        "3 % slower, same pitch": lambda piece: (
            read(piece.path, filters="atempo=0.97") if piece.path else None
        ),
        "3 % faster, same pitch": lambda piece: (
            read(piece.path, filters="atempo=1.03") if piece.path else None
        ),
        "as loud as other music": lambda piece: mixed(piece.audio, under[piece.name], 0),
        "6 dB below other music": lambda piece: mixed(piece.audio, under[piece.name], -6),
        "12 dB below other music": lambda piece: mixed(piece.audio, under[piece.name], -12),
        "10 s of it": lambda piece: np.concatenate(
            [under[piece.name][:, : 20 * RATE], piece.audio[:, 8 * RATE : 18 * RATE]], axis=1
        ),
    }
    report["hits"] = {}
    for name, change in changes.items():
        pairs = ((piece, change(piece)) for piece in chosen)
        report["hits"][name] = hits((piece, audio) for piece, audio in pairs if audio is not None)
        say(name, report["hits"][name])
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    report = json.dumps(measure(asked.folder), indent=2) + "\n"
    if asked.write:
        Path(matching.__file__).with_name("matching_measured.json").write_text(report)
    sys.stdout.write(report)


if __name__ == "__main__":
    main()
