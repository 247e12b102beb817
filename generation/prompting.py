"""From a brief to a prompt, and what in a prompt asks for another artist's style. Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

__all__ = ["BriefValues", "StyleWarning", "build_prompt", "style_warnings"]


@dataclass(frozen=True, kw_only=True)
class BriefValues:
    """What the artist wants, before it is saved. Empty or None: not stated; `energy` runs 0..1 through the piece."""

    purpose: str = ""
    mood: str = ""
    genre: str = ""
    tempo_bpm: float | None = None
    key: str = ""
    metre: str = ""
    instruments: tuple[str, ...] = ()
    structure: tuple[str, ...] = ()
    energy: tuple[float, ...] = ()
    avoid: tuple[str, ...] = ()
    prompt: str = ""


@dataclass(frozen=True, kw_only=True)
class StyleWarning:
    """A name that the prompt seems to ask to be imitated, and why that matters."""

    name: str
    reason: str


def build_prompt(values: BriefValues) -> str:
    """The brief as one line of plain words, in the order in which text-to-music models weigh them."""
    sound = [values.genre, values.mood, ", ".join(values.instruments)]
    if values.tempo_bpm:
        sound.append(f"{values.tempo_bpm:g} bpm")
    sound += [
        f"in {values.key}" if values.key else "",
        values.metre if values.metre not in {"", "4/4"} else "",
    ]
    parts = [", ".join(filter(None, (part.strip() for part in sound)))]
    if values.structure:
        parts.append(f"Structure: {', '.join(values.structure)}")
    if values.energy:
        parts.append(f"Energy: {_arc(values.energy)}")
    if values.purpose.strip():
        parts.append(f"For: {values.purpose.strip()}")
    if values.avoid:
        parts.append(f"Avoid: {', '.join(values.avoid)}")
    return ". ".join(part.rstrip(".") for part in parts if part) + ("." if any(parts) else "")


def _arc(energy: tuple[float, ...]) -> str:
    low, high = min(energy), max(energy)
    if high - low < 0.15:
        return "low throughout" if high < 0.35 else "high throughout" if low > 0.65 else "even"
    peak = energy.index(high) / max(1, len(energy) - 1)
    where = "early" if peak < 0.34 else "in the middle" if peak < 0.67 else "towards the end"
    start = "starts low, " if energy[0] <= low + 0.1 else ""
    return f"{start}peaks {where}{', falls away' if energy[-1] < high - 0.3 else ''}"


# -- styles ------------------------------------------------------------------------------------------------------------
_REASON: Final = (
    "“{name}” reads like the name of an artist. A prompt that asks for a living artist's style may copy what is "
    "theirs - their sound, their voice, their name - and stores and societies turn such tracks away. "
    "The prompt stays in the ledger. Describe the sound itself instead: instruments, tempo, era, room, mood."
)
#: The words that ask for an imitation. What follows must look like a name.
_ASKS: Final = (
    r"in\s+the\s+(?:style|manner|vein|spirit|sound)\s+of",
    r"(?:sound(?:s|ing)?|sings?|singing|feels?|plays?|playing)\s+(?:just\s+|exactly\s+)?like",
    r"inspired\s+by",
    r"reminiscent\s+of",
    r"(?:à|a)\s+la",
    r"similar\s+to",
    r"like",
    r"by",
)
_STRONG: Final = re.compile(r"\bin\s+the\s+(?:style|manner|vein)\s+of\s+([^,.;:!?()\n]{2,60})", re.IGNORECASE)
_WORD: Final = r"[^\W\d_][\w'’.&-]*"
_CAPITAL: Final = (
    r"(?:The\s+)?[A-ZÀ-ÖØ-Þ][\w'’.&-]*"
    r"(?:\s+(?:(?:of|the|and|van|von|de|da|del|la|le|y|&)\s+)*[A-ZÀ-ÖØ-Þ0-9][\w'’.&-]*)*"
)
_AFTER: Final = re.compile(rf"\b(?i:{'|'.join(_ASKS)})\s+(?:the\s+)?({_CAPITAL})(?:\s+({_WORD}))?")
_BEFORE: Final = re.compile(
    rf"({_CAPITAL})(?:['’]s?\s+(?:style|sound|voice)|[- ](?:style|type\s+beat)|[- ]esque)\b"
)
_ARTICLES: Final = frozenset(
    ("a", "an", "some", "any", "my", "our", "this", "that", "these", "those", "one", "old", "early", "late")
)


@dataclass(frozen=True)
class _Words:
    names: tuple[str, ...]
    generic: frozenset[str]


@cache
def _words() -> _Words:
    data = tomllib.loads((Path(__file__).with_name("style_names.toml")).read_text(encoding="utf-8"))
    generic = {word.lower() for group in data["generic"].values() for word in group}
    return _Words(tuple(data["names"]["living"]), frozenset(generic))


def style_warnings(prompt: str, *, own_names: Iterable[str] = ()) -> list[StyleWarning]:
    """Names whose style the prompt asks for, each once. `own_names` (the project's artist) draw none.

    Genre phrases ("in the style of a slow waltz", "like Detroit techno") draw none either.
    """
    own = {part.strip().casefold() for name in own_names for part in (name, name.partition("(")[0])}
    found: dict[str, str] = {}

    def note(name: str) -> None:
        name = name.strip(" .'’-")
        plain = re.sub(r"['’]s?$", "", name)
        key = plain.casefold()
        if plain and key not in own and not any(key in other for other in found):
            found[key] = plain

    # 1. Names that are known. One of a single word counts when written like a name, or when asked for.
    for name in _words().names:
        known = rf"(?<!\w){re.escape(name)}(?!\w)"
        asked = rf"\b(?:{'|'.join(_ASKS)})\s+{known}|{known}(?:['’]s)?[- ](?:style|sound|type\s+beat|vibes?)"
        if re.search(known, prompt, re.IGNORECASE if " " in name else 0) or re.search(
            asked, prompt, re.IGNORECASE
        ):
            note(name)
    # 2. A capitalised name after words that ask for an imitation, or before "-style", "type beat".
    for match in _AFTER.finditer(prompt):
        if not _generic(match.group(1), match.group(2)):
            note(match.group(1))
    for match in _BEFORE.finditer(prompt):
        if not _generic(match.group(1), None):
            note(match.group(1))
    # 3. "in the style of" in small letters, when nothing in it is a word for a kind of music.
    for match in _STRONG.finditer(prompt):
        words = re.findall(_WORD, match.group(1))[:3]
        if words and words[0].islower() and words[0] not in _ARTICLES and not _generic(" ".join(words), None):
            note(_known_in(match.group(1)) or " ".join(words))
    return [StyleWarning(name=name, reason=_REASON.format(name=name)) for name in found.values()]


def _generic(phrase: str, following: str | None) -> bool:
    """Whether the phrase names a kind of music, a place, a time or a thing rather than a person."""
    words = [*re.findall(_WORD, phrase), *([following] if following else [])]
    generic = _words().generic
    parts = {part for word in map(str.lower, words) for part in (word, word.rstrip("s"), *word.split("-"))}
    return not parts.isdisjoint(generic)


def _known_in(phrase: str) -> str | None:
    return next((name for name in _words().names if name.casefold() in phrase.casefold()), None)
