"""Receiver profiles: what each receiver asks for, as data with source, date and certainty."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

from release.errors import SystemFault
from release.labels.involvement import Involvement

FOLDER: Final = Path(__file__).parent / "profiles"

FieldKind = Literal["value", "tag", "credits", "tools", "circumstance"]


class BadProfile(SystemFault):
    """A profile file that cannot be read; the message names file and key."""

    code = "bad_profile"


class Certainty(StrEnum):
    """How sure a rule is."""

    CONFIRMED = "C"
    SECONDARY = "S"
    MEMORY = "M"
    OPEN = "?"

    @property
    def label(self) -> str:
        return {
            "C": "confirmed in a document",
            "S": "secondary reporting",
            "M": "from memory",
            "?": "not confirmed",
        }[self.value]


class Outcome(StrEnum):
    """What a receiver does with the release, the mildest first."""

    ACCEPTED = "accepted"
    NOTICE = "notice"
    RESTRICTED = "restricted"
    ASKED = "asked"
    """Nobody knows yet what decides it: a question for the rights team, never a permission."""
    REFUSED = "refused"

    @property
    def weight(self) -> int:
        return list(Outcome).index(self)


@dataclass(frozen=True, kw_only=True)
class FieldRule:
    """One field of a receiver: which elements decide it, and what is written for which involvement."""

    name: str
    kind: FieldKind
    elements: tuple[str, ...]
    values: Mapping[Involvement, tuple[str, ...]]
    when: frozenset[Involvement]
    circumstance: str
    judgement: str
    certainty: Certainty
    note: str


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One refusal or notice; every condition that is given must hold."""

    outcome: Outcome
    sentence: str
    cure: str
    certainty: Certainty
    elements: tuple[str, ...]
    involvement: frozenset[Involvement]
    training: frozenset[str]
    tool_blocked: bool
    has_procedural: bool


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One receiver."""

    id: str
    title: str
    #: The receiver itself, where the title names what it asks for.
    name: str
    kind: str
    version: int
    date: str
    source: str
    certainty: Certainty
    counts_procedural: bool
    fields: tuple[FieldRule, ...]
    rules: tuple[Rule, ...]


def profile_ids() -> tuple[str, ...]:
    """All receivers, sorted by id."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def profiles() -> tuple[Profile, ...]:
    """All profiles, sorted by id. Raises BadProfile."""
    return tuple(profile(name) for name in profile_ids())


@cache
def profile(name: str) -> Profile:
    """The profile of one receiver. Raises BadProfile for one that does not exist or cannot be read."""
    if name not in profile_ids():
        raise BadProfile(f"There is no receiver profile named {name!r}.")
    path = FOLDER / f"{name}.toml"
    try:
        return parse(tomllib.loads(path.read_text(encoding="utf-8")), name=name)
    except (KeyError, ValueError, TypeError) as error:
        raise BadProfile(f"The receiver profile {path.name} cannot be read: {error!r}") from error


def parse(data: Mapping[str, Any], *, name: str) -> Profile:
    """A profile from its TOML data. Raises KeyError, TypeError or ValueError for data of another shape."""
    _only(
        data,
        {
            "title",
            "name",
            "kind",
            "version",
            "date",
            "source",
            "certainty",
            "counts_procedural",
            "fields",
            "rules",
        },
    )
    certainty = Certainty(data["certainty"])
    return Profile(
        id=name,
        title=data["title"],
        name=data.get("name", data["title"]),
        kind=data["kind"],
        version=int(data["version"]),
        date=str(data["date"]),
        source=data["source"],
        certainty=certainty,
        counts_procedural=bool(data.get("counts_procedural", False)),
        fields=tuple(_field(item, certainty) for item in data.get("fields", [])),
        rules=tuple(_rule(item, certainty) for item in data.get("rules", [])),
    )


def _field(item: Mapping[str, Any], certainty: Certainty) -> FieldRule:
    _only(
        item,
        {"name", "kind", "elements", "values", "when", "circumstance", "judgement", "certainty", "note"},
    )
    kind = item["kind"]
    if kind not in ("value", "tag", "credits", "tools", "circumstance"):
        raise ValueError(f"unheard-of field kind {kind!r}")
    if kind in ("value", "credits") and {"All", "Partly", "None"} - set(item["values"]):
        raise ValueError(f"field {item['name']!r} needs a value for All, Partly and None")
    values = {
        Involvement(key): tuple([text] if isinstance(text, str) else text)
        for key, text in item.get("values", {}).items()
    }
    return FieldRule(
        name=item["name"],
        kind=kind,
        elements=tuple(item.get("elements", ())),
        values=MappingProxyType(values),
        when=frozenset(Involvement(value) for value in item.get("when", ())),
        circumstance=item.get("circumstance", ""),
        judgement=item.get("judgement", ""),
        certainty=Certainty(item.get("certainty", certainty)),
        note=item.get("note", ""),
    )


def _rule(item: Mapping[str, Any], certainty: Certainty) -> Rule:
    _only(
        item,
        {
            "outcome", "sentence", "cure", "certainty", "elements", "involvement",
            "training", "tool_blocked", "has_procedural",
        },
    )  # fmt: skip
    if not {"involvement", "training", "tool_blocked", "has_procedural"} & set(item):
        raise ValueError("a rule needs at least one condition")
    return Rule(
        outcome=Outcome(item["outcome"]),
        sentence=item["sentence"],
        cure=item.get("cure", ""),
        certainty=Certainty(item.get("certainty", certainty)),
        elements=tuple(item.get("elements", ("*", "!artwork"))),
        involvement=frozenset(Involvement(value) for value in item.get("involvement", ())),
        training=frozenset(item.get("training", ())),
        tool_blocked=bool(item.get("tool_blocked", False)),
        has_procedural=bool(item.get("has_procedural", False)),
    )


def _only(data: Mapping[str, Any], allowed: set[str]) -> None:
    """Refuses a mistyped key: one that is silently ignored would be a rule that nobody keeps."""
    if extra := set(data) - allowed:
        raise ValueError(f"unheard-of keys {sorted(extra)}")
