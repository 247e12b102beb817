"""Engines that serve every mode in the smallest way that is right: tones by seed, and what is given kept to the sample.

`modes` is of rules and chance, `model` calls itself a trained one (`ENGINES`). Their parameters make trouble to order.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field

import mido
import numpy as np

from generation import modes
from generation.engine.base import (
    Capabilities,
    FailedTake,
    GenerationOutput,
    GenerationRequest,
    Kept,
    ModelSpec,
    ModeSpec,
    ParameterSpec,
    Progress,
    StemAudio,
)
from generation.engine.checking import check_request

RATE_HZ = 44_100
#: Taken away from the sound of the next takes: how a test makes an engine vary.
DRIFT = {"next": 0.0, "version": "1"}

_PARAMETERS = (
    ParameterSpec(name="fail", title="Fail", kind="int", default=0, help="", minimum=0, maximum=30),
    ParameterSpec(name="guidance", title="Guidance", kind="float", default=3.0, help="", minimum=1, maximum=10),
    ParameterSpec(name="model", title="Model", kind="choice", default="small", help="",
                  choices=("small", "gone", "other")),
    ParameterSpec(name="lie", title="Lie", kind="bool", default=False, help=""),
)  # fmt: skip
_MODELS = (
    ModelSpec(name="small", title="Small", tool="", licence="", size_bytes=1, source="", present=True),
    ModelSpec(name="gone", title="Gone", tool="", licence="", size_bytes=1, source="", present=False,
              reason="download 1 GB first."),
    ModelSpec(name="other", title="Other", tool="fabelton-choir", licence="", size_bytes=1, source="", present=True),
)  # fmt: skip


@dataclass
class ModeEngine:
    name: str
    tool: str
    asked: list[GenerationRequest] = field(default_factory=list)

    def capabilities(self) -> Capabilities:
        return Capabilities(
            name=self.name, version="1", title=self.name.capitalize(), modes=tuple(map(_mode, modes.MODES)),
            min_duration_s=0.5, max_duration_s=60.0, max_variations=30, available=True, unavailable_reason="",
            needs_gpu=False, tool=self.tool, parameters=_PARAMETERS, models=_MODELS,
        )  # fmt: skip

    def generate(
        self, request: GenerationRequest, progress: Progress
    ) -> Iterator[GenerationOutput | FailedTake]:
        check_request(request, self.capabilities())
        self.asked.append(request)
        return self._takes(request, progress)

    def _takes(
        self, request: GenerationRequest, progress: Progress
    ) -> Iterator[GenerationOutput | FailedTake]:
        for index, seed in enumerate(request.seeds):
            progress(index, len(request.seeds))
            if index + 1 == request.parameters.get("fail"):
                yield FailedTake(index=index, seed=seed, code="silent", message="It came out silent.")
                continue
            yield _made(request, index, seed)


def _mode(name: str) -> ModeSpec:
    return ModeSpec(
        name=name,
        inputs={"notes": ("notes",)} if name == modes.ACCOMPANY else {},
        targets=("bass", "drums") if name in (modes.PARTS, modes.STEMS) else (),
        languages=("en", "de") if modes.MODES[name].lyrics != "none" else (),
        negative_prompt=name == modes.TEXT_TO_MUSIC,
        brief=name == modes.TEXT_TO_MUSIC,
        chance=modes.MODES[name].creates,
    )


def _made(request: GenerationRequest, index: int, seed: int) -> GenerationOutput:
    given = request.inputs[0] if request.inputs else None
    seconds = (given.seconds or 1.0) if given and request.duration_s == 0 else request.duration_s
    audio = tone(seed, round(seconds * RATE_HZ)) + np.float32(DRIFT["next"])
    kept: tuple[Kept, ...] = ()
    stems: tuple[StemAudio, ...] = ()
    source = given.audio if given else None
    if source is not None and source.shape[0] == 1:
        source = np.repeat(source, 2, axis=0)
    if request.mode == modes.CONTINUATION and source is not None:
        length_ms = source.shape[1] * 1000 // RATE_HZ
        audio = np.concatenate([source, audio], axis=1)
        kept = (Kept(role="source", from_ms=0, to_ms=length_ms, at_ms=0),)
    if request.mode == modes.REPLACEMENT and source is not None and request.section_s:
        start, end = (round(edge * RATE_HZ) for edge in request.section_s)
        new, audio = audio, source.copy()
        audio[:, start:end] = new[:, start:end]
        ends = (0, start * 1000 // RATE_HZ), (end * 1000 // RATE_HZ, source.shape[1] * 1000 // RATE_HZ)
        kept = tuple(Kept(role="source", from_ms=a, to_ms=b, at_ms=a) for a, b in ends if b > a)
    if request.mode == modes.STEMS and source is not None:
        audio = source * np.float32(0.999)
        stems = (
            StemAudio(role="bass", name="bass", audio=audio * np.float32(0.25)),
            StemAudio(role="drums", name="drums", audio=audio * np.float32(0.75)),
        )
    if request.parameters.get("lie") and source is not None:
        audio = tone(seed, audio.shape[1])
    return GenerationOutput(
        index=index, seed=seed, audio=audio, sample_rate_hz=RATE_HZ, stems=stems, kept=kept,
        midi=_notes(seed) if request.mode in _WRITES_NOTES else None,
        facts={"model": "tones", "model_sha256": "ab" * 32, "library_numpy": DRIFT["version"], "device": "cpu",
               "batch": 1, "batch_asked": 4, "tempo_milli_bpm": 92_000, "key": "D minor"},
    )  # fmt: skip


_WRITES_NOTES = frozenset(
    (modes.TO_NOTES, modes.HARMONISE, modes.ACCOMPANY, modes.CHORDS, modes.VARY, modes.HUMANISE, modes.CONTINUE_NOTES,
     modes.MELODY)
)  # fmt: skip


def tone(seed: int, samples: int) -> np.ndarray:
    t = np.arange(samples) / RATE_HZ
    return np.stack([0.3 * np.sin(2 * np.pi * (220 + seed % 1000) * t)] * 2).astype(np.float32)


def _notes(seed: int) -> bytes:
    file = mido.MidiFile()
    track = mido.MidiTrack()
    file.tracks.append(track)
    for pitch in (60, 62, 64, 60 + seed % 12):
        track.append(mido.Message("note_on", note=pitch, velocity=90, time=0))
        track.append(mido.Message("note_off", note=pitch, time=480))
    written = io.BytesIO()
    file.save(file=written)
    return written.getvalue()


ENGINES = {"modes": ModeEngine("modes", "sketch"), "model": ModeEngine("model", "musicgen")}
