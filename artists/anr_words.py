"""The vocabulary of A&R as data: criteria, elements of the AI answers, and kind answers."""

from __future__ import annotations

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


@dataclass(frozen=True)
class Word:
    key: str
    title: str
    hint: str = ""
    measured: str = ""


@dataclass(frozen=True)
class Template:
    key: str
    title: str
    subject: str
    body: str


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


def criteria() -> tuple[Word, ...]:
    """The five that everybody scores."""
    return tuple(Word(**row) for row in _data()["criterion"])


def elements() -> tuple[Word, ...]:
    return tuple(Word(**row) for row in _data()["element"])


def templates() -> tuple[Template, ...]:
    return tuple(Template(**{**row, "body": row["body"].strip() + "\n"}) for row in _data()["answer"])


def template(key: str) -> Template | None:
    return next((one for one in templates() if one.key == key), None)
