"""The sketch engine: music by rules and chance, as notes and as stems from a soundfont. Needs no weights and no GPU.

It reads the brief; of the prompt's text it takes genre, mood, tempo, key, metre and instruments where the brief leaves
them open. All takes of a request share key, tempo and form, so that their stems fit together.
"""

import platform
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from generation.engine.base import (
    BriefSpec,
    Capabilities,
    Engine,
    EngineUnavailable,
    GenerationOutput,
    GenerationRequest,
    ModeSpec,
    ParameterSpec,
    Progress,
    RequestRefused,
    StemAudio,
)
from generation.engine.checking import check_request
from generation.modes import TEXT_TO_MUSIC
from generation.symbolic import midi, render
from generation.symbolic.compose import Composition, compose, described
from generation.symbolic.planning import Planned, Wishes, plan
from generation.symbolic.theory import BadTheory

VERSION = "1"
LIBRARIES = ("tinysoundfont", "numpy", "scipy", "mido", "pyloudnorm", "pretty_midi")

PARAMETERS = (
    ParameterSpec(
        name="density", title="Density", kind="float", default=0.5, minimum=0.0, maximum=1.0,
        help="How many notes are played: 0 sparse, 1 busy.",
    ),
    ParameterSpec(
        name="swing", title="Swing", kind="float", default=None, minimum=0.0, maximum=1.0,
        help="0 straight, 1 triplets. Empty: as the genre swings.",
    ),
    ParameterSpec(
        name="humanise", title="Humanise", kind="float", default=0.5, minimum=0.0, maximum=1.0,
        help="Small errors of time and touch: 0 exactly on the grid, 1 loose.",
    ),
    ParameterSpec(
        name="reverb", title="Reverb", kind="float", default=None, minimum=0.0, maximum=1.0,
        help="How large the room is. Empty: as the genre has it.",
    ),
    ParameterSpec(
        name="lead", title="Lead melody", kind="bool", default=True,
        help="Off leaves the melody to you.",
    ),
)  # fmt: skip

# Where a genre's balance departs from the common one, dB.
BALANCE_DB: dict[str, dict[str, float]] = {
    "ambient": {"pads": 4.0, "lead": -3.5, "bass": -2.0, "drums": -6.0},
    "lo-fi hip-hop": {"keys": 1.5, "lead": -2.5},
    "house": {"drums": 2.0, "lead": -2.0, "bass": 1.0},
    "folk": {"guitar": 1.5, "drums": -4.0},
    "jazz": {"drums": -3.5, "keys": -0.5},
    "cinematic": {"strings": 2.5, "drums": -1.5, "pads": 1.5},
    "rock": {"guitar": 2.0, "drums": 1.0, "lead": -0.5},
}
HIGH_CUT_HZ = {"lo-fi hip-hop": 6_500.0}


class Sketch:
    """Keeps the protocol of `base.Engine`; holds no state between requests."""

    def capabilities(self) -> Capabilities:
        reason = ""
        try:
            render.soundfont_path()
        except render.SoundfontMissing as error:
            reason = str(error)
        return Capabilities(
            name="sketch",
            version=VERSION,
            title="Sketch",
            modes=(ModeSpec(name=TEXT_TO_MUSIC, brief=True),),
            min_duration_s=1.0,
            max_duration_s=300.0,
            max_variations=30,
            available=not reason,
            unavailable_reason=reason,
            needs_gpu=False,
            tool="sketch",
            parameters=PARAMETERS,
        )

    def generate(self, request: GenerationRequest, progress: Progress) -> Iterator[GenerationOutput]:
        """Check the request at once, then return an iterator of takes in the order of the seeds.

        `progress` counts one step for the notes, one for each stem and one for the mix of every take.

        Raises:
            RequestRefused, EngineUnavailable: see `check_request`.
        """
        check_request(request, self.capabilities())
        wishes = _wishes(request)
        try:
            planned = plan(wishes, duration_s=request.duration_s, sample_rate_hz=render.SAMPLE_RATE_HZ)
        except BadTheory as error:
            raise RequestRefused(error.code, error.message) from error
        return _takes(request, planned, progress)


def engine() -> Engine:
    """Return the sketch engine."""
    return Sketch()


def _takes(request: GenerationRequest, planned: Planned, progress: Progress) -> Iterator[GenerationOutput]:
    steps = len(planned.plan.programs) + 2
    total = steps * len(request.seeds)
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        progress(done, total)

    sound = _sound(request, planned)
    progress(0, total)
    for index, seed in enumerate(request.seeds):
        music = compose(planned.plan, seed=seed)
        step()
        try:
            rendered = render.render(
                music.score, samples=planned.samples, fade_from=planned.fade_from, sound=sound, step=step
            )
        except render.SoundfontMissing as error:
            raise EngineUnavailable("engine_unavailable", str(error)) from error
        data = midi.write(music.score)
        step()
        yield GenerationOutput(
            index=index,
            seed=seed,
            audio=rendered.mix,
            sample_rate_hz=render.SAMPLE_RATE_HZ,
            stems=tuple(
                StemAudio(role=part.role, name=part.name, audio=audio)
                for part, audio in zip(music.score.parts, rendered.stems, strict=True)
            ),
            midi=data,
            facts=_facts(seed, planned, music, rendered, sound),
        )


def _wishes(request: GenerationRequest) -> Wishes:
    brief = request.brief or BriefSpec()
    values = request.parameters
    swing = values.get("swing")
    return Wishes(
        prompt=request.prompt,
        genre=brief.genre,
        mood=brief.mood,
        tempo_bpm=brief.tempo_bpm,
        key=brief.key,
        metre=brief.metre,
        structure=brief.structure,
        energy=brief.energy,
        instruments=brief.instruments,
        avoid=brief.avoid,
        density=float(values.get("density", 0.5)),
        swing=None if swing is None else float(swing),
        humanise=float(values.get("humanise", 0.5)),
        lead=bool(values.get("lead", True)),
    )


def _sound(request: GenerationRequest, planned: Planned) -> render.Sound:
    genre = planned.plan.genre
    reverb = request.parameters.get("reverb")
    return render.Sound(
        reverb=genre.reverb if reverb is None else float(reverb),
        ducking=genre.ducking,
        high_cut_hz=HIGH_CUT_HZ.get(genre.name, 0.0),
        balance_db=BALANCE_DB.get(genre.name, {}),
    )


def _facts(
    seed: int, planned: Planned, music: Composition, rendered: render.Rendered, sound: render.Sound
) -> dict[str, str | int]:
    score, piece = music.score, planned.plan
    sections, chords = described(piece.sections, music.spans, piece.metre)
    facts: dict[str, str | int] = {
        "engine": "sketch",
        "engine_version": VERSION,
        "model": "rules and chance",
        "weights_sha256": "",
        "soundfont": render.SOUNDFONT,
        "soundfont_sha256": render.soundfont_sha256(),
        "device": "cpu",
        "precision": "float32",
        "seed": seed,
        "genre": piece.genre.name,
        "key": str(score.key),
        "tempo_milli_bpm": score.tempo_milli_bpm,
        "metre": str(score.metre),
        "bars": score.bars,
        "sections": sections,
        "chords": chords,
        "instruments": ", ".join(
            f"{part.name} {_programme(part.program, part.drums)}" for part in score.parts
        ),
        "density_percent": round(piece.density * 100),
        "swing_percent": round(piece.swing * 100),
        "humanise_percent": round(piece.humanise * 100),
        "reverb_percent": round(sound.reverb * 100),
        "gain_millibel": round(rendered.gain_db * 100),
        **planned.notes,
        **_versions(),
    }
    return facts


def _programme(program: int, drums: bool) -> str:
    return f"kit {program}" if drums else f"program {program}"


@cache
def _versions() -> dict[str, str]:
    found = {"python_version": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[f"{name}_version"] = version(name)
        except PackageNotFoundError:
            found[f"{name}_version"] = "unknown"
    return found
