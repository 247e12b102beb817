"""How often `generation.audio.matching` is wrong: false alarms and hits, on recordings in a folder and on own renders.

    python -m label.benchmarks.matching FOLDER [--write] [--raw FILE]
    python -m label.benchmarks.matching --again FILE [--write]

The recordings (Ogg, MP3, Opus, FLAC, WAV) are read with ffmpeg and not kept. Debian's warzone2100-music, nexuiz-music,
hyperrogue-music, singularity-music, wesnoth-1.16-music and planetblupi-music-ogg are free music that anybody can fetch
again. `--write` puts the figures into `generation/audio/matching_measured.json`, which pages and documents quote.
`--raw` keeps every single comparison; `--again` counts those anew, for other thresholds.

Every rate comes with the exact bounds (Clopper and Pearson, 95 %). Pairs share recordings, so they are not quite as
independent as the bounds suppose.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import random
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy import stats

from generation.audio import likeness as limits
from generation.audio import matching
from generation.audio.arrays import Audio
from generation.audio.likeness import Likeness
from generation.audio.matching import Features, features, likeness
from label.benchmarks.matching_changes import CHANGES, RATE, Change, Sound, printed, read
from provenance import audiofile
from provenance.audiofile.fingerprints import MATCH_THRESHOLD, match

SOURCE_S, TARGET_S = 30, 75
PAIRS: Final = 1500
CHANGED_REAL, CHANGED_MADE = 32, 12
ENDINGS: Final = ("ogg", "mp3", "opus", "flac", "wav")
LEAST_BYTES: Final = 300_000


def say(*words: object) -> None:
    sys.stderr.write(" ".join(str(word) for word in words) + "\n")
    sys.stderr.flush()


def rate(count: int, of: int) -> dict[str, Any]:
    """How many of how many, and between which bounds the true share lies with 95 % confidence."""
    low = float(stats.beta.ppf(0.025, count, of - count + 1)) if count else 0.0
    high = float(stats.beta.ppf(0.975, count + 1, of - count)) if count < of else 1.0
    return {"count": count, "of": of, "low": round(low, 5), "high": round(high, 5)}


def renders(count: int = 16) -> list[Sound]:
    """Takes of two briefs by the sketch engine, a seed each: one genre, one key and one tempo a brief."""
    from generation.engine.base import BriefSpec, GenerationOutput, GenerationRequest
    from generation.engine.sketch import Sketch

    engine = Sketch()
    found: list[Sound] = []
    for genre, key, tempo in (("cinematic ambient", "D minor", 92.0), ("house", "A minor", 124.0)):
        request = GenerationRequest(
            mode="text_to_music", prompt=genre, duration_s=40.0, seeds=tuple(range(count // 2)),
            brief=BriefSpec(genre=genre, mood="", tempo_bpm=tempo, key=key, metre="4/4", structure=("A", "B"),
                            energy=(0.5, 0.8), instruments=(), avoid=()),
            parameters={},
        )  # fmt: skip
        for output in engine.generate(request, lambda done, total: None):
            assert isinstance(output, GenerationOutput)
            parts = [_mono(part.audio, output.sample_rate_hz) for part in output.stems]
            loudest = max(parts, key=lambda part: float((part**2).mean())) if parts else None
            name = f"sketch {genre} {len(found)}"
            found.append(Sound(name, _mono(output.audio, output.sample_rate_hz), stem=loudest))
    return found


def _mono(audio: Audio, sample_rate_hz: int) -> Audio:
    mono = audio.mean(axis=0, keepdims=True)
    result: Audio = audiofile.resample(mono, sample_rate_hz, RATE).astype(np.float32)
    return result


@dataclass(frozen=True)
class Piece:
    """One recording with what is compared of it."""

    sound: Sound
    whole: Features
    start: Features
    print_whole: str
    print_start: str

    @classmethod
    def of(cls, sound: Sound) -> Piece:
        start: Audio = sound.audio[:, : SOURCE_S * RATE]
        whole: Audio = sound.audio[:, : TARGET_S * RATE]
        return cls(
            replace(sound, audio=start),
            features(whole, RATE),
            features(start, RATE),
            printed(whole),
            printed(start),
        )


def recordings(folder: Path) -> list[Path]:
    """Every recording below a folder that is long enough to be music, each piece in one mix."""
    paths = sorted(path for ending in ENDINGS for path in folder.rglob(f"*.{ending}"))
    return [
        path
        for path in paths
        if path.stat().st_size > LEAST_BYTES
        # Another mix of the same piece: menu, menu_enhanced.
        and not any(path.stem != other.stem and path.stem.startswith(other.stem + "_") for other in paths)
    ]


def _recorded(path: Path) -> Piece | None:
    audio = read(path, TARGET_S)
    if audio.shape[1] < 45 * RATE or float(np.abs(audio[:, : SOURCE_S * RATE]).max()) < 0.01:
        return None
    return Piece.of(Sound(path.name, audio, path))


# -- false alarms ------------------------------------------------------------------------------------------------------

Pair = tuple[int, int]
Row = tuple[Pair, Likeness, float]
_pieces: list[Piece] = []


def _hold(pair: Pair) -> tuple[Likeness, float]:
    source, target = _pieces[pair[0]], _pieces[pair[1]]
    return likeness(source.start, target.whole), match(target.print_whole, source.print_start)


def false_alarms(name: str, rows: Sequence[Row]) -> dict[str, Any]:
    every = [one for _, one, _ in rows]
    n = len(every)
    for turned in (False, True):
        kind = sorted((one for one in every if one.turned is turned), key=lambda one: -one.sound)[:8]
        say(name, "turned" if turned else "plain", [(one.sound, one.heard_s, one.tempo) for one in kind])
    wrong = {pair[0] for pair, one, _ in rows if one.same_sound}
    return {
        "pairs": n,
        "recordings": len({place for pair, _, _ in rows for place in pair}),
        "recordings_with_a_false_alarm": len(wrong),
        "highest": {
            "sound": max((one.sound for one in every if not one.turned), default=0.0),
            "turned": max((one.sound for one in every if one.turned), default=0.0),
        },
        "chroma_99": round(float(np.percentile([one.chroma for one in every], 99)), 3),
        "onset_99": round(float(np.percentile([one.onset for one in every], 99)), 3),
        "sister": rate(sum(one.sound >= limits.SISTER_FROM for one in every), n),
        **_rates(rows),
    }


def _rates(rows: Sequence[Row]) -> dict[str, Any]:
    n = len(rows)
    return {
        "same": rate(sum(one.same_sound or printed >= MATCH_THRESHOLD for _, one, printed in rows), n),
        "sound": rate(sum(one.same_sound for _, one, _ in rows), n),
        "fingerprint": rate(sum(printed >= MATCH_THRESHOLD for _, _, printed in rows), n),
        "chroma": rate(sum(one.chroma >= limits.CHROMA_FROM for _, one, _ in rows), n),
        "onset": rate(sum(one.onset >= limits.ONSET_FROM for _, one, _ in rows), n),
        "alike": rate(sum(one.alike for _, one, _ in rows), n),
    }


# -- hits --------------------------------------------------------------------------------------------------------------


def _change(asked: tuple[str, int, int]) -> tuple[Likeness, float] | None:
    key, place, other = asked
    piece = _pieces[place]
    change = next(one for one in CHANGES if one.key == key)
    changed = change.make(piece.sound, _pieces[other].sound.audio)
    if changed is None:
        return None
    audio, source = changed if isinstance(changed, tuple) else (changed, None)
    start = features(source, RATE) if source is not None else piece.start
    print_start = printed(source) if source is not None else piece.print_start
    return likeness(start, features(audio, RATE)), match(printed(audio), print_start)


def hits(change: Change, rows: Sequence[Row]) -> dict[str, Any]:
    told = {"words": change.words, **_rates(rows)}
    say(
        change.words,
        told["same"],
        "alike",
        told["alike"]["count"],
        sorted(one.sound for _, one, _ in rows)[:12],
    )
    return told


# -- measuring and counting --------------------------------------------------------------------------------------------


def measure(folder: Path, *, processes: int, keep: Callable[[Any], None]) -> dict[str, Any]:
    """Every comparison: pairs of different pieces by material, and changed pieces by change; kept as they come."""
    rng = random.Random(5)  # noqa: S311 - the same pairs every time
    with ProcessPoolExecutor(processes) as pool:
        reading = pool.map(_recorded, recordings(folder))
        made = list(pool.map(Piece.of, renders()))
        real = [piece for piece in reading if piece is not None]
    say(f"{len(real)} recordings, {len(made)} renders")
    first = len(real)
    every = [(a, b) for a in range(first) for b in range(first) if a != b]
    half = len(made) // 2
    groups = (range(first, first + half), range(first + half, first + len(made)))
    pairs = {
        "recordings": rng.sample(every, min(PAIRS, len(every))),
        "renders": [(a, b) for group in groups for a in group for b in group if a != b],
        "renders_in_recordings": rng.sample(
            [(a, b) for a in range(first, first + len(made)) for b in range(first)], PAIRS // 5
        ),
    }
    chosen = [
        (place, rng.choice([one for one in range(first) if one != place]))
        for place in (
            *rng.sample(range(first), min(CHANGED_REAL, first)),
            *rng.sample(range(first, first + len(made)), min(CHANGED_MADE, len(made))),
        )
    ]
    report: dict[str, Any] = {"recordings": first, "renders": len(made), "alarms": {}, "hits": {}}
    _pieces[:] = [*real, *made]
    # The pool forks after the pieces are there: nothing of them is copied.
    with ProcessPoolExecutor(processes) as pool:
        for material, some in pairs.items():
            found = list(zip(some, pool.map(_hold, some, chunksize=25), strict=True))
            report["alarms"][material] = [(pair, asdict(one), printed) for pair, (one, printed) in found]
            false_alarms(material, _rows(report["alarms"][material]))
            keep(report)
        for change in CHANGES:
            tried = zip(
                chosen, pool.map(_change, [(change.key, *pair) for pair in chosen], chunksize=4), strict=True
            )
            report["hits"][change.key] = [
                (pair, asdict(one[0]), one[1]) for pair, one in tried if one is not None
            ]
            hits(change, _rows(report["hits"][change.key]))
            keep(report)
    return report


def _rows(data: Iterable[Any]) -> list[Row]:
    return [((pair[0], pair[1]), Likeness(**one), printed) for pair, one, printed in data]


def counted(found: Mapping[str, Any]) -> dict[str, Any]:
    """The rates of all comparisons by the thresholds as they are now."""
    lengths = f"{SOURCE_S} s of one in {TARGET_S} s of another"
    return {
        "measured_on": dt.date.today().isoformat(),  # noqa: DTZ011 - a day is enough
        "bounds": "Clopper and Pearson, 95 %",
        "recordings": f"{found['recordings']} pieces of free game music, {lengths}",
        "renders": f"{found['renders']} takes of the sketch engine of two briefs, compared within a brief",
        "changed": f"{CHANGED_REAL} recordings and {CHANGED_MADE} renders, {SOURCE_S} s each",
        "thresholds": limits.thresholds() | {"fingerprint": MATCH_THRESHOLD},
        "false_alarms": {name: false_alarms(name, _rows(rows)) for name, rows in found["alarms"].items()},
        "hits": {
            change.key: hits(change, _rows(found["hits"][change.key]))
            for change in CHANGES
            if change.key in found["hits"]
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--raw", type=Path)
    parser.add_argument("--again", type=Path)
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    if asked.folder is None and asked.again is None:
        parser.error("Name a folder of recordings, or --again with what an earlier run kept.")

    def keep(found: Any) -> None:
        if asked.raw:
            asked.raw.write_text(json.dumps(found))

    if asked.again:
        found = json.loads(asked.again.read_text())
    else:
        found = measure(asked.folder, processes=asked.processes, keep=keep)
    report = json.dumps(counted(found), indent=2) + "\n"
    if asked.write:
        Path(matching.__file__).with_name("matching_measured.json").write_text(report)
    sys.stdout.write(report)


if __name__ == "__main__":
    main()
