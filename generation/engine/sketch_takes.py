"""From a piece in notes to a take: sound, stems that sum to it, a MIDI file and facts."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from generation.engine.base import (
    EngineUnavailable,
    FailedTake,
    GenerationOutput,
    Kept,
    Made,
    Progress,
    StemAudio,
)
from generation.engine.libraries import versions
from generation.symbolic import midi, render
from generation.symbolic.notes import Score

VERSION = "1"
LIBRARIES = ("tinysoundfont", "numpy", "scipy", "mido", "pyloudnorm", "pretty_midi")
QUIET = 1e-4


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One take as notes, and how it is to sound."""

    score: Score
    samples: int
    fade_from: int
    sound: render.Sound
    facts: Mapping[str, str | int] = field(default_factory=dict)
    kept: tuple[Kept, ...] = ()


def takes(
    seeds: tuple[int, ...], write: Callable[[int], Piece], *, parts: int, progress: Progress
) -> Iterator[Made]:
    """Yield the take of each seed. `progress` counts one step for the notes, one for each part and one for the mix."""
    total = (parts + 2) * len(seeds)
    done = 0

    def step() -> None:
        nonlocal done
        done = min(done + 1, total)
        progress(done, total)

    progress(0, total)
    for index, seed in enumerate(seeds):
        piece = write(seed)
        step()
        try:
            rendered = render.render(
                piece.score, samples=piece.samples, fade_from=piece.fade_from, sound=piece.sound, step=step
            )
        except render.SoundfontMissing as error:
            raise EngineUnavailable("engine_unavailable", str(error)) from error
        data = midi.write(piece.score)
        step()
        if abs(rendered.mix).max(initial=0.0) < QUIET:
            yield FailedTake(
                index=index, seed=seed, code="silent", message="The instruments play none of these notes."
            )
            continue
        yield GenerationOutput(
            index=index,
            seed=seed,
            audio=rendered.mix,
            sample_rate_hz=render.SAMPLE_RATE_HZ,
            stems=tuple(
                StemAudio(role=role, name=name, audio=audio)
                for role, name, audio in zip(rendered.roles, rendered.names, rendered.stems, strict=True)
            ),
            midi=data,
            facts=_facts(seed, piece, rendered),
            kept=piece.kept,
        )


def _facts(seed: int, piece: Piece, rendered: render.Rendered) -> dict[str, str | int]:
    score = piece.score
    return {
        "engine": "sketch",
        "engine_version": VERSION,
        "model": "rules and chance",
        "weights_sha256": "",
        "soundfont": render.SOUNDFONT,
        "soundfont_sha256": render.soundfont_sha256(),
        "device": "cpu",
        "precision": "float32",
        "seed": seed,
        "key": str(score.key),
        "tempo_milli_bpm": score.tempo_milli_bpm,
        "metre": str(score.metre),
        "bars": score.bars,
        "instruments": ", ".join(
            f"{part.name} {_programme(part.program, part.drums)}" for part in score.parts
        ),
        "reverb_percent": round(piece.sound.reverb * 100),
        "gain_millibel": round(rendered.gain_db * 100),
        **piece.facts,
        **_versions(),
    }


def _programme(program: int, drums: bool) -> str:
    return f"kit {program}" if drums else f"program {program}"


@cache
def _versions() -> dict[str, str]:
    return versions(LIBRARIES)
