"""Briefs: the intent, in the artist's words, before anything is generated."""

from __future__ import annotations

import math

from django.db import transaction

from artists.models import User
from generation import events
from generation.errors import BadValue
from generation.models import Brief, Project
from generation.prompting import BriefValues, build_prompt
from generation.services.common import locked, next_number, ref, text, texts
from generation.symbolic.theory import BadTheory, Key, Metre
from provenance.ledger import record

TEMPO_BPM = (20, 300)
MAX_PROMPT = 4000


def save_brief(project: Project, *, values: BriefValues, actor: User) -> Brief:
    """Each saving is a new row. An empty prompt is built from the rest. Raises `BadValue` naming the field."""
    genre = text(values.genre, field="genre", what="genre", most=60)
    purpose = text(values.purpose, field="purpose", what="purpose", most=1000)
    mood = text(values.mood, field="mood", what="mood", most=400)
    prompt = text(values.prompt, field="prompt", what="prompt", most=MAX_PROMPT)
    avoid = texts(values.avoid, field="avoid", what="things to avoid", each=120)
    structure = texts(values.structure, field="structure", what="sections", each=30)
    instruments = texts(values.instruments, field="instruments", what="instruments")
    tempo_milli_bpm = _tempo(values.tempo_bpm)
    key, metre, energy = _key(values.key), _metre(values.metre), _energy(values.energy)
    if not prompt:
        prompt = build_prompt(values)[:MAX_PROMPT]
    with transaction.atomic():
        locked(project)
        brief = Brief(
            project=project,
            number=next_number(project.briefs.all()),
            genre=genre,
            tempo_milli_bpm=tempo_milli_bpm,
            key=key,
            metre=metre,
            instruments=list(instruments),
            structure=list(structure),
            energy_percent=list(energy),
        )
        brief.entry = record(
            events.BriefSaved(
                stream=project.stream,
                subjects=(ref("brief", brief),),
                number=brief.number,
                genre=genre,
                tempo_milli_bpm=tempo_milli_bpm,
                key=key,
                metre=metre,
                instruments=instruments,
                structure=structure,
                energy_percent=energy,
                purpose=purpose,
                mood=mood,
                avoid=avoid,
                prompt=prompt,
            ),
            actor=actor,
        )
        brief.save(force_insert=True)
    return brief


def brief_values(brief: Brief) -> BriefValues:
    """A saved brief as it was given; words that were erased since are empty."""
    words = brief.words
    return BriefValues(
        purpose=words.get("purpose", ""),
        mood=words.get("mood", ""),
        genre=brief.genre,
        tempo_bpm=None if brief.tempo_milli_bpm is None else brief.tempo_milli_bpm / 1000,
        key=brief.key,
        metre=brief.metre,
        instruments=tuple(brief.instruments),
        structure=tuple(brief.structure),
        energy=tuple(percent / 100 for percent in brief.energy_percent),
        avoid=tuple(words.get("avoid", ())),
        prompt=words.get("prompt", ""),
    )


def _tempo(value: float | None) -> int | None:
    if value is None:
        return None
    low, high = TEMPO_BPM
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not number or not low <= value <= high:
        raise BadValue(f"Write a tempo between {low} and {high} bpm, or leave it empty.", field="tempo_bpm")
    return round(value * 1000)


def _key(value: str) -> str:
    value = text(value, field="key", what="key", most=40)
    try:
        return str(Key.parse(value)) if value else ""
    except BadTheory as error:
        raise BadValue(error.message, field="key") from error


def _metre(value: str) -> str:
    value = text(value, field="metre", what="metre", most=8)
    try:
        return str(Metre.parse(value)) if value else "4/4"
    except BadTheory as error:
        raise BadValue(error.message, field="metre") from error


def _energy(values: tuple[float, ...]) -> tuple[int, ...]:
    if len(values) > 64:
        raise BadValue(f"The energy arc has {len(values)} points; 64 are possible.", field="energy")
    for value in values:
        number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not number or not 0 <= value <= 1:
            raise BadValue("Every point of the energy arc lies between 0 and 1.", field="energy")
    return tuple(round(value * 100) for value in values)
