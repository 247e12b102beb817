"""The vocabulary of A&R as data: criteria, elements of the AI answers, and the kind answers as they are delivered."""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

_FILE: Final = Path(__file__).with_name("data") / "anr.toml"
AI_ANSWERS: Final = (("no", "No"), ("partly", "Partly"), ("yes", "Yes"))
RIGHTS: Final = (
    ("own", "All of it is ours"),
    ("shared", "Others wrote or own part of it"),
    ("samples", "It holds samples or covers"),
)
#: What an answer may hold in braces, and what comes there.
PLACEHOLDERS: Final = {
    "artist": "the name they make music under",
    "title": "what they called it",
    "number": "the submission's number",
    "label": "the label's name, as the rules of the inbox say",
    "who": "whoever sends the answer",
}


@dataclass(frozen=True)
class Word:
    key: str
    title: str
    hint: str = ""
    measured: str = ""


@dataclass(frozen=True)
class Template:
    """A kind answer. `number` counts the label's own versions; 0 is how it was delivered."""

    key: str
    title: str
    outcome: str
    subject: str
    body: str
    language: str = "en"
    number: int = 0
    active: bool = True
    built_in: bool = True
    changed: bool = False

    def with_words(self, subject: str, body: str) -> Template:
        return dataclasses.replace(self, subject=subject, body=body)


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


def criteria() -> tuple[Word, ...]:
    """The five that everybody scores."""
    return tuple(Word(**row) for row in _data()["criterion"])


def elements() -> tuple[Word, ...]:
    return tuple(Word(**row) for row in _data()["element"])


def templates() -> tuple[Template, ...]:
    """As they are delivered; what the label made of them is in `services.answer_templates`."""
    return tuple(Template(**{**row, "body": row["body"].strip()}) for row in _data()["answer"])


def template(key: str) -> Template | None:
    return next((one for one in templates() if one.key == key), None)


def instead(language: str) -> dict[str, str]:
    """What stands in an answer where a sender left something out, in its language or else in English."""
    rows: dict[str, dict[str, str]] = _data()["instead"]
    return rows.get(language.partition("-")[0]) or rows["en"]
