"""The vocabulary of methods: what a rule can say, as data and in words. Pure.

Rules are JSON: `{"v": 1, "material": {kind: use}, "engines": [...], "modes": [...], "human": [element, ...]}`.
A kind that is not named has no rule; an empty list of engines or modes allows all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from provenance.elements import ELEMENTS, element_label, element_order
from provenance.words import join

VERSION: Final = 1

#: Kind of generated material -> what is meant by it.
MATERIALS: Final[Mapping[str, str]] = {
    "scaffold": "chords, a form or a pulse to write against",
    "mirror": "an answer to the artist's own idea, to see it from outside",
    "texture": "a surface: pads, noise, atmosphere",
    "rhythm": "drums and percussion",
    "line": "a melody or a bass line",
    "vocal": "a voice, sung or spoken",
    "distortion": "a fragment of the artist's own that a model bent",
    "full_take": "a whole piece",
    "reference": "only listened to",
}
#: What may be an input only with somebody's agreement (`artists.services.consents`).
REFERENCES: Final[Mapping[str, str]] = {
    "voice_reference": "somebody's voice, for a model to sing with",
    "likeness_reference": "somebody's likeness",
}
USES: Final[Mapping[str, str]] = {
    "never": "never",
    "transformed": "only transformed",
    "freely": "freely",
}
HUMAN: Final = tuple(name for name in ELEMENTS if name != "artwork")
MOST_NAMES: Final = 20


class BadRules(ValueError):
    """Rules that the vocabulary does not hold; the message says what it does hold."""


def material_label(kind: str) -> str:
    return kind.replace("_", " ")


@dataclass(frozen=True)
class Rules:
    material: Mapping[str, str] = field(default_factory=dict)
    engines: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    human: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything to hold a master against."""
        bound = any(use != "freely" for use in self.material.values())
        return bound or bool(self.engines or self.modes or self.human)

    def to_json(self) -> dict[str, Any]:
        return {
            "v": VERSION,
            "material": dict(self.material),
            "engines": list(self.engines),
            "modes": list(self.modes),
            "human": list(self.human),
        }


@dataclass(frozen=True)
class Rule:
    """One rule by itself. `key` names it for good: `material:scaffold`, `engines`, `human:melody`."""

    key: str
    sentence: str


def parse(data: object) -> Rules:
    """Rules from JSON, each name known, each once, in the vocabulary's order. Raises BadRules."""
    if not isinstance(data, Mapping) or data.get("v", VERSION) != VERSION:
        raise BadRules("Give the rules as an object: v 1, material, engines, modes, human.")
    if strange := sorted(str(name) for name in set(data) - {"v", "material", "engines", "modes", "human"}):
        raise BadRules(
            f"There is no rule called {strange[0][:40]}. There are material, engines, modes and human."
        )
    material = data.get("material", {})
    if not isinstance(material, Mapping):
        raise BadRules("Give the material as an object: a kind and its use.")
    for kind, use in material.items():
        if kind not in MATERIALS:
            raise BadRules(f"There is no material called {str(kind)[:40]}. Choose from: {join(MATERIALS)}.")
        if use not in USES:
            raise BadRules(f"Material is used never, transformed or freely; not {str(use)[:40]}.")
    human = _names(data.get("human", ()), "human")
    if unknown := [name for name in human if name not in HUMAN]:
        raise BadRules(f"There is no element called {unknown[0][:40]}. Choose from: {join(HUMAN)}.")
    return Rules(
        material={kind: str(material[kind]) for kind in MATERIALS if kind in material},
        engines=_names(data.get("engines", ()), "engines"),
        modes=_names(data.get("modes", ()), "modes"),
        human=tuple(sorted(human, key=element_order)),
    )


def _names(values: object, what: str) -> tuple[str, ...]:
    if not isinstance(values, list | tuple) or not all(isinstance(value, str) for value in values):
        raise BadRules(f"Give the {what} as a list of names.")
    found = tuple(dict.fromkeys(value.strip() for value in values if value.strip()))
    if len(found) > MOST_NAMES or any(len(name) > 60 or "\0" in name for name in found):
        raise BadRules(f"Name at most {MOST_NAMES} {what}, each in at most 60 characters.")
    return found


def each(rules: Rules) -> tuple[Rule, ...]:
    """The rules one by one, in words."""
    found = []
    for kind, use in rules.material.items():
        name = material_label(kind)
        sentence = {
            "never": f"No generated {name} may be in a master.",
            "transformed": f"A generated {name} may be in a master only transformed.",
            "freely": f"A generated {name} may be used freely.",
        }[use]
        found.append(Rule(f"material:{kind}", sentence))
    if rules.engines:
        found.append(
            Rule("engines", f"Only these tools may have made what is in a master: {join(rules.engines)}.")
        )
    if rules.modes:
        modes = join(mode.replace("_", " ") for mode in rules.modes)
        found.append(Rule("modes", f"Tools may only be asked in these ways: {modes}."))
    for name in rules.human:
        label = element_label(name)
        found.append(Rule(f"human:{name}", f"The {label} must be human."))
    return tuple(found)


def differences(old: Rules, new: Rules) -> tuple[str, ...]:
    """What a newer version says otherwise, rule by rule."""
    before = {rule.key: rule.sentence for rule in each(old)}
    after = {rule.key: rule.sentence for rule in each(new)}
    found = []
    for key in dict.fromkeys([*before, *after]):
        if key not in after:
            found.append(f"Dropped: {before[key]}")
        elif key not in before:
            found.append(f"New: {after[key]}")
        elif before[key] != after[key]:
            found.append(f"Changed: {after[key]} Before: {before[key]}")
    return tuple(found)


def kinds(values: Iterable[str]) -> str:
    """Kinds as a list in words."""
    return join(material_label(value) for value in values)
