"""Sound to notes: many voices by basic-pitch where the engines extra is, one voice (a hum, a solo) by pYIN without.

The notes are played by the soundfont, so that they can be heard beside what they were taken from.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generation.audio import hums
from generation.audio.tune import Heard, key_of_notes, quantised, snapped, tune
from generation.engine import polyphonic
from generation.engine.base import (
    BriefSpec,
    Capabilities,
    Engine,
    EngineUnavailable,
    FailedTake,
    GenerationOutput,
    GenerationRequest,
    Made,
    ModelSpec,
    ModeSpec,
    ParameterSpec,
    Progress,
    RequestRefused,
)
from generation.engine.checking import check_request
from generation.engine.libraries import versions
from generation.modes import SOURCE, TO_NOTES
from generation.symbolic import midi, render
from generation.symbolic.notes import Note, Part, Score, tidy, us_per_quarter
from generation.symbolic.theory import TICKS, Key, Metre
from provenance.audiofile import resample

VERSION = "1"
MANY, ONE = "basic-pitch", "pyin"
TEMPO_BPM = 120.0
"""Where nobody says the tempo: MIDI needs one, and at this one the notes keep their times to a millisecond."""
PROGRAMS = {
    "piano": (0, "keys"), "electric piano": (4, "keys"), "guitar": (24, "guitar"), "bass": (33, "bass"),
    "strings": (48, "strings"), "voice": (53, "lead"), "flute": (73, "lead"),
}  # fmt: skip
GRIDS = {"off": 0.0, "1/4": 1.0, "1/8": 0.5, "1/16": 0.25, "1/8 triplets": 1 / 3}
"""Quarter notes of one step."""
LIBRARIES = {MANY: ("basic-pitch", "onnxruntime", "librosa", "numpy"), ONE: ("librosa", "scipy", "numpy")}

PARAMETERS = (
    ParameterSpec(
        name="sensitivity", title="Sensitivity", kind="float", default=0.5, minimum=0.0, maximum=1.0,
        help="basic-pitch: lower leaves out doubtful notes, higher finds faint ones and more that are none.",
    ),
    ParameterSpec(
        name="shortest_ms", title="Shortest note", kind="int", default=100, minimum=30, maximum=500,
        help="In thousandths of a second; what is shorter is left out.",
    ),
    ParameterSpec(
        name="snap_to_key", title="Into the key", kind="bool", default=False,
        help="Moves notes beside the key onto it: the brief's key, else the one that fits best.",
    ),
    ParameterSpec(
        name="quantise", title="Onto the grid", kind="choice", default="off", choices=tuple(GRIDS),
        help="Moves notes onto the beat of the brief's tempo, else of the one that is heard. Off keeps them as played.",
    ),
    ParameterSpec(
        name="instrument", title="Played by", kind="choice", default="piano", choices=tuple(PROGRAMS),
        help="What you hear the notes with. The notes are the same.",
    ),
)  # fmt: skip


class Notes:
    """Keeps the protocol of `base.Engine`; holds no state between requests but the loaded model."""

    def capabilities(self) -> Capabilities:
        reason = ""
        try:
            render.soundfont_path()
        except render.SoundfontMissing as error:
            reason = str(error)
        models = _models()
        present = [model for model in models if model.present]
        return Capabilities(
            name="notes",
            version=VERSION,
            title="Notes",
            modes=(ModeSpec(name=TO_NOTES, brief=True, chance=False),),
            min_duration_s=0.5,
            max_duration_s=600.0,
            max_variations=1,
            available=not reason,
            unavailable_reason=reason,
            needs_gpu=False,
            tool=present[0].tool,
            parameters=(
                ParameterSpec(
                    name="model", title="Method", kind="choice", default=present[0].name,
                    choices=tuple(model.name for model in present),
                    help="basic-pitch hears chords and several voices. pYIN follows one voice: a hum, a solo.",
                ),
                *PARAMETERS,
            ),
            models=models,
        )  # fmt: skip

    def generate(self, request: GenerationRequest, progress: Progress) -> Iterator[Made]:
        """Check the request at once, then return an iterator with the one take: MIDI, and its sound by the soundfont,
        as long as the recording. `progress` counts pieces of the recording and one for the sound.

        A recording in which no note is found gives a `FailedTake` (`no_notes`).

        Raises:
            RequestRefused, EngineUnavailable: see `check_request`; `silent`, `no_pitch`.
        """
        capabilities = self.capabilities()
        check_request(request, capabilities)
        source = request.given(SOURCE)
        assert source is not None
        assert source.audio is not None
        if np.abs(source.audio).max() < hums.SILENT:
            raise RequestRefused("silent", "There is no sound in this recording. Choose another one.")
        if hums.pitched(source.audio, source.sample_rate_hz)[0] == 0.0:
            raise RequestRefused(
                "no_pitch", "No pitch was found in this recording: it sounds like noise. Choose another one."
            )
        name = str(request.parameters.get("model", capabilities.parameters[0].default))
        return _takes(request, name, progress)


def engine() -> Engine:
    """Return the engine that writes recordings down."""
    return Notes()


def _takes(request: GenerationRequest, name: str, progress: Progress) -> Iterator[Made]:
    source, seed = request.given(SOURCE), request.seeds[0]
    assert source is not None
    assert source.audio is not None
    audio, rate, values = source.audio, source.sample_rate_hz, request.parameters
    shortest_s = int(values.get("shortest_ms", 100)) / 1000
    facts: dict[str, str | int] = {"engine": "notes", "engine_version": VERSION, "model": name}

    def step(done: int, total: int) -> None:
        progress(done, total + 1)

    if name == MANY:
        model = polyphonic.model()
        heard = model.notes(
            audio, rate, sensitivity=float(values.get("sensitivity", 0.5)), shortest_s=shortest_s, step=step
        )
        facts |= {
            "model_sha256": model.sha256,
            "weights_sha256": model.sha256,
            "weights_licence": "Apache-2.0",
        }
        facts["method"] = "basic-pitch: notes of several voices"
    else:
        found = tune(audio, rate, shortest_s=shortest_s, step=step)
        heard = found.notes
        facts |= {"model_sha256": "", "weights_sha256": "", "method": "pYIN (librosa.pyin): one voice"}
        facts |= {"tuning_cents": found.tuning_cents, "voiced_permille": found.voiced_permille}
    if not heard:
        yield FailedTake(
            index=0, seed=seed, code="no_notes",
            message="No notes were found in this recording. Choose one with a clear pitch, or raise the sensitivity.",
        )  # fmt: skip
        return
    settled = _settled(heard, request, audio, rate)
    score = _score(settled, str(values.get("instrument", "piano")), audio.shape[1] / rate)
    samples = round(audio.shape[1] / rate * render.SAMPLE_RATE_HZ)
    try:
        rendered = render.render(
            score,
            samples=samples,
            fade_from=max(0, samples - render.SAMPLE_RATE_HZ // 20),
            sound=render.Sound(),
        )
    except render.SoundfontMissing as error:
        raise EngineUnavailable("engine_unavailable", str(error)) from error
    data = midi.write(score)
    progress(1, 1)
    yield GenerationOutput(
        index=0,
        seed=seed,
        audio=rendered.mix,
        sample_rate_hz=render.SAMPLE_RATE_HZ,
        midi=data,
        facts=facts
        | settled.facts
        | {
            "mode": request.mode,
            "seed": seed,
            "notes": sum(len(part.notes) for part in score.parts),
            "lowest_pitch": min(note.pitch for note in settled.notes),
            "highest_pitch": max(note.pitch for note in settled.notes),
            "tempo_milli_bpm": score.tempo_milli_bpm,
            "metre": str(score.metre),
            "key": str(score.key),
            "soundfont": render.SOUNDFONT,
            "soundfont_sha256": render.soundfont_sha256(),
            "gain_millibel": round(rendered.gain_db * 100),
            "device": "cpu",
            "precision": "float32",
            **versions(LIBRARIES[name]),
        },
    )


@dataclass(frozen=True, kw_only=True)
class _Settled:
    """Notes after the wishes for key and grid, and how those were met."""

    notes: tuple[Heard, ...]
    tempo_bpm: float
    metre: Metre
    key: Key
    facts: dict[str, str | int]


def _settled(
    heard: tuple[Heard, ...], request: GenerationRequest, audio: NDArray[np.float32], rate: int
) -> _Settled:
    brief, values = request.brief or BriefSpec(), request.parameters
    facts: dict[str, str | int] = {}
    key = Key.parse(brief.key or key_of_notes(heard) or "C major")
    facts["key_from"] = "brief" if brief.key else "the notes"
    if values.get("snap_to_key"):
        moved = snapped(heard, key.scale)
        facts["notes_moved_into_key"] = sum(a.pitch != b.pitch for a, b in zip(heard, moved, strict=True))
        heard = moved
    step = GRIDS[str(values.get("quantise", "off"))]
    tempo, tempo_from = brief.tempo_bpm, "brief"
    if not tempo and step:
        tempo, tempo_from = _tempo(audio, rate), "the recording"
    if not tempo:
        tempo, tempo_from = TEMPO_BPM, "nothing"
    facts["tempo_from"] = tempo_from
    if step:
        heard, shift_s = quantised(heard, step * 60 / tempo)
        facts["grid"] = str(values["quantise"])
        facts["moved_ms"] = round(1000 * shift_s)
    return _Settled(
        notes=tuple(heard), tempo_bpm=tempo, metre=Metre.parse(brief.metre or "4/4"), key=key, facts=facts
    )


def _tempo(audio: NDArray[np.float32], rate: int) -> float | None:
    from generation.audio.music import tempo_estimate

    mono = resample(audio.mean(axis=0, keepdims=True, dtype=np.float32), rate, 22_050)[0]
    found = tempo_estimate(mono)
    return found if found and 20 <= found <= 300 else None


def _score(settled: _Settled, instrument: str, seconds: float) -> Score:
    program, role = PROGRAMS[instrument]
    tempo = us_per_quarter(settled.tempo_bpm)
    ticks_per_s = TICKS * 1e6 / tempo
    notes = tidy(
        Note(
            start=round(note.start_s * ticks_per_s),
            pitch=note.pitch,
            duration=max(1, round((note.end_s - note.start_s) * ticks_per_s)),
            velocity=note.velocity,
        )
        for note in settled.notes
    )
    end = max(round(seconds * ticks_per_s), max(note.end for note in notes))
    return Score(
        us_per_quarter=tempo,
        metre=settled.metre,
        key=settled.key,
        bars=-(-end // settled.metre.bar_ticks),
        parts=(Part(role=role, name="Notes", program=program, notes=notes),),
    )


def _models() -> tuple[ModelSpec, ...]:
    file = polyphonic.weights_file()
    many = ModelSpec(
        name=MANY, title="basic-pitch: chords and several voices", tool="basic-pitch", licence="Apache-2.0",
        size_bytes=file.stat().st_size if file else 230_444, source="the package basic-pitch 0.4.0",
        present=file is not None,
        reason="" if file else (
            "basic-pitch needs the engines extra; its model comes with it. Stop Deadwax and start it with "
            "`python3 manage.py up --engines` (1 GB on disk, about 4 GB more where torch comes with CUDA)."
        ),
    )  # fmt: skip
    one = ModelSpec(
        name=ONE, title="pYIN: one voice, a hum or a solo", tool="librosa", licence="ISC", size_bytes=0,
        source="librosa", present=True,
    )  # fmt: skip
    return (many, one) if file else (one, many)
