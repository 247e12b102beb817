"""The worker's side of what a run is given: from rows to what an engine reads. Never for the web side."""

from __future__ import annotations

import numpy as np

from generation import measuring, services
from generation.audio.arrays import Audio
from generation.audio.phase import tempo_match
from generation.engine.base import BriefSpec, GenerationOutput, GenerationRequest, GivenInput, Kept
from generation.models import Brief, PromptRun, RunInput
from generation.modes import AUDIO, SOURCE
from generation.symbolic.midi import BadMidi
from generation.symbolic.slicing import stretch
from provenance import assets
from provenance.blobs import BlobMissing
from provenance.jobs import JobFailed

#: How far what an engine calls untouched may be from what it was given: half a step of 16 bits.
UNTOUCHED = 2.0**-16


#: A shorter section has too few beats to tell its tempo.
TEMPO_FROM_S = 4.0


def tempo_of_section(output: GenerationOutput, request: GenerationRequest) -> dict[str, str | int]:
    """Facts about whether a section that was made anew goes at the source's tempo; none where it cannot be told."""
    source, rate = request.given(SOURCE), output.sample_rate_hz
    if request.section_s is None or source is None or source.audio is None or source.sample_rate_hz != rate:
        return {}
    start, end = request.section_s
    if end - start < TEMPO_FROM_S:
        return {}
    return tempo_match(source.audio, output.audio[:, round(start * rate) : round(end * rate)], rate).facts()


def request_of(run: PromptRun, seeds: tuple[int, ...]) -> GenerationRequest:
    """The run as its engine reads it. Raises `JobFailed` where words of it are erased or what is given is gone."""
    if erased := run.words_erased:
        said = " and ".join(name.replace("_", " ") for name in erased)
        was = "was" if len(erased) == 1 else "were"
        raise JobFailed(f"The {said} of this run {was} erased, so it cannot be made any more. Ask again.")
    words = run.words
    section = run.section_ms
    return GenerationRequest(
        mode=run.mode,
        prompt=words.get("prompt", ""),
        negative_prompt=words.get("negative_prompt", ""),
        lyrics=words.get("lyrics", ""),
        chords=words.get("chords", ""),
        language=run.language,
        duration_s=run.duration_ms / 1000,
        seeds=seeds,
        brief=_spec(run.brief) if run.brief else None,
        parameters=run.parameters,
        inputs=tuple(given_input(one) for one in run.inputs.all()),
        targets=tuple(run.targets),
        section_s=None if section is None else (section[0] / 1000, section[1] / 1000),
    )


def given_input(one: RunInput) -> GivenInput:
    """A given thing, decoded: sound at its file's rate, cut to the sample; notes as a MIDI file, cut in time."""
    try:
        if one.kind == AUDIO:
            audio, rate_hz = measuring.decoded(one.asset.sha256)
            cut = _cut(audio, rate_hz, one.from_ms, one.to_ms)
            return GivenInput(role=one.role, sha256=one.asset.sha256, audio=cut, sample_rate_hz=rate_hz)
        notes = assets.read(one.asset)
        if one.from_ms is not None and one.to_ms is not None:
            notes = stretch(notes, one.from_ms, one.to_ms)
    except BlobMissing as error:
        raise JobFailed(f"The {one.title} is not in the store any more: {error}") from error
    except BadMidi as error:
        raise JobFailed(f"The notes of the {one.title} cannot be read: {error.message}") from error
    return GivenInput(role=one.role, sha256=one.asset.sha256, notes=notes)


def really_kept(output: GenerationOutput, request: GenerationRequest) -> tuple[Kept, ...]:
    """Of what the engine says is untouched, that which is: attribution rests on it, so it is compared.

    Where the rates differ the stretch was converted, which nobody can compare sample by sample; the engine's word
    counts. Notes are rendered anew; the engine's word counts there too.
    """
    return tuple(one for one in output.kept if _is_kept(one, output, request.given(one.role)))


def _is_kept(one: Kept, output: GenerationOutput, given: GivenInput | None) -> bool:
    if given is None or not 0 <= one.from_ms < one.to_ms or one.at_ms < 0:
        return False
    if given.audio is None or given.sample_rate_hz != output.sample_rate_hz:
        return True
    # The milliseconds were rounded: a margin at either end is not looked at.
    rate = output.sample_rate_hz
    margin = rate // 500 + 1
    length = (one.to_ms - one.from_ms) * rate // 1000 - 2 * margin
    before, after = one.from_ms * rate // 1000 + margin, one.at_ms * rate // 1000 + margin
    if length <= 0:
        return True
    source, made = given.audio[:, before : before + length], output.audio[:, after : after + length]
    if source.shape[1] < length - margin or made.shape[1] < length - margin:
        return False
    for shift in (0, -1, 1):  # at odd rates a millisecond is no whole number of samples
        moved = given.audio[:, max(0, before + shift) : before + shift + length]
        same = min(moved.shape[1], made.shape[1])
        if moved.shape[0] in (1, made.shape[0]) and _equal(moved[:, :same], made[:, :same]):
            return True
        if made.shape[0] == 1 and _equal(moved[:, :same].mean(axis=0, keepdims=True), made[:, :same]):
            return True
    return False


def _equal(source: Audio, made: Audio) -> bool:
    return bool(np.abs(source - made).max(initial=0.0) <= UNTOUCHED)


def _cut(audio: Audio, rate_hz: int, from_ms: int | None, to_ms: int | None) -> Audio:
    if from_ms is None or to_ms is None:
        return audio
    start, end = round(from_ms * rate_hz / 1000), round(to_ms * rate_hz / 1000)
    return np.ascontiguousarray(audio[:, start:end])


def _spec(brief: Brief) -> BriefSpec:
    values = services.brief_values(brief)
    return BriefSpec(
        genre=values.genre,
        mood=values.mood,
        tempo_bpm=values.tempo_bpm,
        key=values.key,
        metre=values.metre,
        structure=values.structure,
        energy=values.energy,
        instruments=values.instruments,
        avoid=values.avoid,
    )
