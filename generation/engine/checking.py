"""Whether an engine can serve a request as it stands: the one check that every adapter makes first. Pure."""

import math
from collections.abc import Mapping
from typing import TypeGuard

import numpy as np

from generation.engine.base import (
    MAX_LIST,
    MAX_LYRICS,
    MAX_NOTES_BYTES,
    MAX_SEED,
    MAX_SEEDS,
    MAX_TEMPO_BPM,
    MAX_TEXT,
    MIN_TEMPO_BPM,
    BriefSpec,
    Capabilities,
    EngineFailure,
    EngineUnavailable,
    GenerationRequest,
    GivenInput,
    ModeSpec,
    ParameterSpec,
    ParameterValue,
    RequestRefused,
)
from generation.modes import AUDIO, MODES, NOTES, SOURCE, Given, Mode
from generation.symbolic.theory import BadTheory, Key, Metre


def check_request(request: GenerationRequest, capabilities: Capabilities) -> None:
    """Return when the engine can serve the request as it stands.

    Raises:
        EngineUnavailable: the engine is not ready on this machine.
        RequestRefused: something in the request must change; the message says what.
    """
    if not capabilities.available:
        raise EngineUnavailable("engine_unavailable", capabilities.unavailable_reason)
    spec = capabilities.mode(request.mode)
    if spec is None or request.mode not in MODES:
        offered = ", ".join(mode.name for mode in capabilities.modes)
        raise RequestRefused(
            "mode",
            f"{capabilities.title} does not offer the mode {request.mode!r}; choose one of: {offered}.",
        )
    mode = MODES[request.mode]
    _check_words(request, mode, spec, capabilities)
    _check_inputs(request, mode, spec)
    _check_section(request, mode)
    if mode.length != "source":
        _check_duration(request.duration_s, spec, capabilities)
    _check_seeds(request.seeds, spec, capabilities)
    if request.brief is not None:
        check_brief(request.brief)
    known = capabilities.parameters
    if spec.parameters is not None:
        known = tuple(one for one in known if one.name in spec.parameters)
    check_parameters(request.parameters, known)


def _check_words(request: GenerationRequest, mode: Mode, spec: ModeSpec, capabilities: Capabilities) -> None:
    _check_text("prompt", request.prompt)
    _check_text("lyrics", request.lyrics, most=MAX_LYRICS)
    for name in ("negative_prompt", "chords", "language"):
        _check_text(name, getattr(request, name))
    wanted = (
        ("lyrics", request.lyrics, mode.lyrics != "none"),
        ("negative_prompt", request.negative_prompt, spec.negative_prompt),
        ("chords", request.chords, mode.chords),
    )
    for name, value, read in wanted:
        if value and not read:
            said = name.replace("_", " ")
            raise RequestRefused(name, f"{capabilities.title} reads no {said} here; leave it empty.")
    if mode.lyrics == "required" and not request.lyrics.strip():
        raise RequestRefused("lyrics", "Write the words that are to be sung.")
    if request.language and request.language not in spec.languages:
        offered = ", ".join(spec.languages) or "none by name; leave the language empty"
        raise RequestRefused(
            "language", f"{capabilities.title} does not sing {request.language!r}; it offers: {offered}."
        )
    for target in request.targets:
        if target not in spec.targets:
            offered = ", ".join(spec.targets) or "none by name"
            raise RequestRefused("targets", f"There is no part {target!r} to ask for; it offers: {offered}.")


def _check_inputs(request: GenerationRequest, mode: Mode, spec: ModeSpec) -> None:
    known = {given.role: given for given in mode.given}
    seen: set[str] = set()
    for one in request.inputs:
        given = known.get(one.role)
        if given is None or one.role in seen:
            raise RequestRefused("inputs", f"{mode.title} takes no second {one.role}." if given else
                                 f"{mode.title} takes no {one.role}.")  # fmt: skip
        seen.add(one.role)
        kinds = spec.inputs.get(one.role, given.kinds)
        if (one.audio is None) == (one.notes is None):
            raise RequestRefused("inputs", f"Give the {one.role} as sound or as notes.")
        if (AUDIO if one.audio is not None else NOTES) not in kinds:
            raise RequestRefused("inputs", f"Give the {one.role} as {' or '.join(kinds)}.")
        if one.notes is not None and len(one.notes) > MAX_NOTES_BYTES:
            raise RequestRefused(
                "inputs", f"The {one.role} has more than {MAX_NOTES_BYTES >> 20} MB of notes."
            )
        if one.audio is not None:
            _check_sound(one, given)
    for given in mode.given:
        if given.required and given.role not in seen:
            raise RequestRefused("inputs", f"{mode.title} needs a {given.role}: {given.title.lower()}.")


def _check_sound(one: GivenInput, given: Given) -> None:
    audio = one.audio
    assert audio is not None
    if audio.ndim != 2 or audio.shape[0] not in (1, 2) or one.sample_rate_hz <= 0:
        raise RequestRefused("inputs", f"Give the {one.role} as one or two channels of sound.")
    seconds = audio.shape[1] / one.sample_rate_hz
    if not given.min_s <= seconds <= given.max_s:
        raise RequestRefused(
            "inputs",
            f"The {one.role} is {seconds:.1f} seconds long; give {given.min_s:g} to {given.max_s:g} seconds.",
        )
    if not np.isfinite(audio).all():
        raise RequestRefused("inputs", f"The {one.role} holds values that are no sound.")


def _check_section(request: GenerationRequest, mode: Mode) -> None:
    if request.section_s is None:
        if mode.section:
            raise RequestRefused("section", "Say which section: from where to where, in seconds.")
        return
    if not mode.section:
        raise RequestRefused("section", f"{mode.title} takes no section.")
    start, end = request.section_s
    source = request.given(SOURCE)
    seconds = source.seconds if source is not None else None
    if not (_is_number(start) and _is_number(end) and 0 <= start < end):
        raise RequestRefused("section", "A section ends after it starts, in seconds from the beginning.")
    if seconds is not None and end > seconds + 0.05:
        raise RequestRefused(
            "section", f"The section ends at {end:.1f} s, after the end of the source at {seconds:.1f} s."
        )


def check_brief(brief: BriefSpec) -> None:
    """Return when every stated field of the brief makes sense. Raises RequestRefused."""
    for name in ("genre", "mood", "key", "metre"):
        _check_text(name, getattr(brief, name))
    for name in ("structure", "instruments", "avoid"):
        values = getattr(brief, name)
        if isinstance(values, str) or len(values) > MAX_LIST:
            raise RequestRefused(name, f"Give {name} as a list of at most {MAX_LIST} entries.")
        for value in values:
            _check_text(name, value)
    check_tempo(brief.tempo_bpm)
    try:
        if brief.key:
            Key.parse(brief.key)
        if brief.metre:
            Metre.parse(brief.metre)
    except BadTheory as error:
        raise RequestRefused(error.code, error.message) from error
    if len(brief.energy) > MAX_LIST:
        raise RequestRefused("energy", f"Give the energy arc as at most {MAX_LIST} points.")
    for value in brief.energy:
        if not _is_number(value) or not 0.0 <= value <= 1.0:
            raise RequestRefused("energy", "Every point of the energy arc must lie between 0 and 1.")


def check_tempo(tempo_bpm: float | None) -> None:
    """Return for None (not stated) and for 20 to 300 quarter notes a minute. Raises RequestRefused."""
    if tempo_bpm is None:
        return
    if not _is_number(tempo_bpm) or not MIN_TEMPO_BPM <= tempo_bpm <= MAX_TEMPO_BPM:
        raise RequestRefused(
            "tempo",
            f"The tempo must lie between {MIN_TEMPO_BPM:g} and {MAX_TEMPO_BPM:g} quarter notes a minute; "
            "leave it empty to let the engine choose.",
        )


def check_parameters(values: Mapping[str, ParameterValue], specs: tuple[ParameterSpec, ...]) -> None:
    """Return when every value belongs to a known parameter and lies in its range. Raises RequestRefused."""
    known = {spec.name: spec for spec in specs}
    for name, value in values.items():
        spec = known.get(name)
        if spec is None:
            offered = ", ".join(sorted(known)) or "none"
            raise RequestRefused("parameter", f"There is no parameter {name!r}; choose among: {offered}.")
        _check_value(spec, value)


def _check_value(spec: ParameterSpec, value: object) -> None:
    match spec.kind:
        case "bool":
            if not isinstance(value, bool):
                raise RequestRefused("parameter", f"{spec.title} must be on or off.")
        case "choice":
            if value not in spec.choices:
                raise RequestRefused("parameter", f"{spec.title} must be one of: {', '.join(spec.choices)}.")
        case "int" | "float":
            low = -math.inf if spec.minimum is None else spec.minimum
            high = math.inf if spec.maximum is None else spec.maximum
            if not _is_number(value) or not low <= value <= high or (spec.kind == "int" and value % 1):
                kind = "a whole number" if spec.kind == "int" else "a number"
                raise RequestRefused("parameter", f"{spec.title} must be {kind} from {low:g} to {high:g}.")
        case _:
            raise EngineFailure(
                "parameter_kind", f"The parameter {spec.name} has the unknown kind {spec.kind}."
            )


def _check_duration(duration_s: float, spec: ModeSpec, capabilities: Capabilities) -> None:
    low = capabilities.min_duration_s if spec.min_duration_s is None else spec.min_duration_s
    high = capabilities.max_duration_s if spec.max_duration_s is None else spec.max_duration_s
    if not _is_number(duration_s) or not low <= duration_s <= high:
        raise RequestRefused(
            "duration", f"{capabilities.title} makes {low:g} to {high:g} seconds; choose within that."
        )


def _check_seeds(seeds: tuple[int, ...], spec: ModeSpec, capabilities: Capabilities) -> None:
    most = min(MAX_SEEDS, capabilities.max_variations) if spec.chance else 1
    if not 1 <= len(seeds) <= most:
        raise RequestRefused("seeds", f"Ask for 1 to {most} variations; this request has {len(seeds)}.")
    for seed in seeds:
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MAX_SEED:
            raise RequestRefused("seeds", "Every seed must be a whole number from 0 to 2^63 - 1.")
    if len(set(seeds)) != len(seeds):
        raise RequestRefused("seeds", "Give every variation its own seed: the same seed makes the same take.")


def _check_text(name: str, value: object, *, most: int = MAX_TEXT) -> None:
    said = name.replace("_", " ")
    if not isinstance(value, str):
        raise RequestRefused(name, f"The {said} must be text.")
    if "\0" in value:
        raise RequestRefused(name, f"The {said} holds a NUL character; remove it.")
    if len(value) > most:
        raise RequestRefused(name, f"The {said} is longer than {most} characters; shorten it.")


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
