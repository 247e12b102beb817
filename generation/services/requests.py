"""Whether an engine can serve a request as it is asked, read off what it says of itself (`EngineOffer`).

The engine checks again (`engine/checking.py`) before it starts; what is said here comes at once, beside its field.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from generation.asking import Way, ways
from generation.errors import BadValue
from generation.facts import BadParameter, checked_parameters
from generation.models import EngineOffer
from generation.modes import MODES, Mode
from generation.services.briefs import MAX_PROMPT
from generation.services.common import MAX_EXACT_INT, text, texts, whole
from generation.services.givens import Resolved

MAX_VARIATIONS: Final = 30
MAX_LYRICS: Final = 20_000


@dataclass(frozen=True, kw_only=True)
class Words:
    """What is said in words; all of it is sealed."""

    prompt: str = ""
    negative_prompt: str = ""
    lyrics: str = ""
    chords: str = ""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """An engine that is here, a mode of its, and how it serves that mode."""

    offer: EngineOffer
    mode: Mode
    way: Way


def choose(engine: str, mode: str) -> Choice:
    """The engine and its way of serving the mode. Raises `BadValue`."""
    offer = _offer(engine)
    name = text(mode, field="mode", what="mode", most=50)
    found = ways([offer], name) if name in MODES else []
    if not found:
        titles = [
            MODES[one["name"]].title for one in offer.capabilities.get("modes", ()) if one["name"] in MODES
        ]
        raise BadValue(f"{offer.title} does not do that. It offers: {', '.join(titles)}.", field="mode")
    return Choice(offer=offer, mode=MODES[name], way=found[0])


def check_words(choice: Choice, words: Words, *, has_brief: bool) -> Words:
    """The words, trimmed. Raises `BadValue` for one that is missing, too long, or not read in this mode."""
    mode, way = choice.mode, choice.way
    needed = mode.prompt == "required" and not has_brief
    found = Words(
        prompt=text(words.prompt, field="prompt", what="prompt", most=MAX_PROMPT, required=needed),
        negative_prompt=text(
            words.negative_prompt, field="negative_prompt", what="negative prompt", most=MAX_PROMPT
        ),
        lyrics=text(words.lyrics, field="lyrics", what="lyrics", most=MAX_LYRICS),
        chords=text(words.chords, field="chords", what="chords", most=MAX_PROMPT),
    )
    if mode.lyrics == "required" and not found.lyrics:
        raise BadValue("Write the words that are to be sung.", field="lyrics")
    for name, value, read in (
        ("prompt", found.prompt, mode.prompt != "none"),
        ("negative_prompt", found.negative_prompt, way.negative_prompt),
        ("lyrics", found.lyrics, mode.lyrics != "none"),
        ("chords", found.chords, mode.chords),
    ):
        if value and not read:
            said = name.replace("_", " ")
            raise BadValue(f"{choice.offer.title} reads no {said} here; leave it empty.", field=name)
    return found


def check_language(choice: Choice, language: str) -> str:
    language = text(language, field="language", what="language", most=35)
    if language and language not in choice.way.languages:
        offered = ", ".join(choice.way.languages) or "none by name; leave it empty"
        raise BadValue(
            f"{choice.offer.title} does not sing {language!r}. It offers: {offered}.", field="language"
        )
    return language


def check_targets(choice: Choice, targets: Iterable[str]) -> tuple[str, ...]:
    """The parts that are asked for, each once."""
    found = tuple(dict.fromkeys(texts(targets, field="targets", what="parts", most=16, each=20)))
    for target in found:
        if target not in choice.way.targets:
            offered = ", ".join(choice.way.targets) or "none by name"
            raise BadValue(f"There is no part {target!r} to ask for. It offers: {offered}.", field="targets")
    return found


def check_variations(choice: Choice, variations: int) -> None:
    most = min(MAX_VARIATIONS, choice.way.most) if choice.way.chance else 1
    if isinstance(variations, bool) or not isinstance(variations, int) or variations < 1:
        raise BadValue(f"Ask for 1 to {most} variations.", field="variations")
    if variations > most == 1:
        raise BadValue("Every variation would be the same here: ask for one.", field="variations")
    if variations > most:
        raise BadValue(f"{variations} variations: ask for {most} at most.", field="variations")


def duration_ms(choice: Choice, duration_s: float | None, given: Sequence[Resolved]) -> int:
    """What is asked for; where the result is as long as its source, that length, 0 where only the engine can tell."""
    if choice.mode.length == "source":
        if duration_s is not None:
            raise BadValue(
                "The result is as long as what is given; leave the length out.", field="duration_s"
            )
        return next((one.duration_ms or 0 for one in given), 0)
    low, high = choice.way.min_s, choice.way.max_s
    number = isinstance(duration_s, int | float) and not isinstance(duration_s, bool)
    if not number or duration_s is None or not low <= duration_s <= high:  # NaN fails both comparisons
        raise BadValue(
            f"{choice.offer.title} makes {low:g} to {high:g} seconds; choose within that.", field="duration_s"
        )
    return round(duration_s * 1000)


def check_section(
    choice: Choice, section_ms: Sequence[int] | None, given: Sequence[Resolved]
) -> tuple[int, int] | None:
    """The range of the source that is made anew, in milliseconds of what is given."""
    if not choice.mode.section:
        if section_ms is not None:
            raise BadValue(f"{choice.mode.title} takes no section.", field="section_ms")
        return None
    if section_ms is None:
        raise BadValue("Say which section: from where to where.", field="section_ms")
    whole_numbers = len(section_ms) == 2 and all(type(edge) is int for edge in section_ms)
    if not whole_numbers or not 0 <= section_ms[0] < section_ms[1]:
        raise BadValue("A section ends after it starts, in whole milliseconds.", field="section_ms")
    start, end = section_ms
    length = next((one.duration_ms for one in given if one.role == choice.mode.given[0].role), None)
    if length is not None and end > length:
        raise BadValue(
            f"The section ends at {end / 1000:.1f} s, after the end of the source at {length / 1000:.1f} s.",
            field="section_ms",
        )
    return start, end


def check_parameters(choice: Choice, values: Mapping[str, Any]) -> dict[str, Any]:
    """The knobs that were set, each known in this mode and in its range; a chosen model must be here."""
    if not isinstance(values, Mapping):
        raise BadValue("Give the parameters as an object of names and values.", field="parameters")
    try:
        found = checked_parameters(values, list(choice.way.parameters))
    except BadParameter as error:
        raise BadValue(str(error), field="parameters") from error
    chosen = model_of(choice, found)
    model = next((one for one in choice.way.models if one["name"] == chosen), None)
    if model is not None and not model.get("present", True):
        raise BadValue(f"{model['title']} is not here: {model.get('reason', '')}", field="parameters")
    return found


def model_of(choice: Choice, parameters: Mapping[str, Any]) -> str:
    """The model that will be used: the one chosen, else the engine's default; empty where there is no choice."""
    spec = choice.way.model
    return str(parameters.get("model") or (spec.get("default") if spec else "") or "")


def seeds_for(base_seed: int | None, variations: int) -> list[int]:
    """One seed per variation: counted up from the one given, else by chance; never two alike."""
    if base_seed is None:
        return secrets.SystemRandom().sample(range(2**31), variations)
    first = whole(base_seed, field="base_seed", what="seed", low=0, high=MAX_EXACT_INT - MAX_VARIATIONS)
    return [first + place for place in range(variations)]


def _offer(engine: str) -> EngineOffer:
    offer = EngineOffer.objects.filter(name=text(engine, field="engine", what="engine", most=50)).first()
    if offer is None:
        names = ", ".join(EngineOffer.objects.filter(available=True).values_list("name", flat=True))
        raise BadValue(
            f"There is no engine {engine!r} here. Choose one of: {names}."
            if names
            else "No engine is offered yet: a worker says what it can run when it starts. Try again in a moment.",
            field="engine",
        )
    if not offer.available:
        raise BadValue(f"{offer.title} is not offered here: {offer.unavailable_reason}", field="engine")
    return offer
