"""Engine parameters and facts as the ledger may hold them, and the checks that need no engine. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

MAX_FACTS: Final = 80
MAX_TEXT: Final = 1000
MAX_EXACT_INT: Final = 2**53 - 1


class BadParameter(ValueError):
    """A parameter that the engine does not offer; the message says which it does."""


def ledger_facts(facts: Mapping[str, Any]) -> dict[str, str | int]:
    """Engine facts as integers and bounded text: floats and large integers become text, NUL is dropped."""
    kept: dict[str, str | int] = {}
    for name, value in list(facts.items())[:MAX_FACTS]:
        plain = ledger_value(value)
        kept[_bounded(str(name))] = int(plain) if isinstance(plain, bool) else plain
    return kept


def ledger_value(value: Any) -> str | int | bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) <= MAX_EXACT_INT:
        return value
    return _bounded(f"{value:g}" if isinstance(value, float) else str(value))


def _bounded(value: str) -> str:
    return value.replace("\0", "").encode("utf-8", "replace").decode()[:MAX_TEXT]


def checked_parameters(values: Mapping[str, Any], specs: list[dict[str, Any]]) -> dict[str, Any]:
    """The parameters, if the engine offers them all and each lies in its range. Raises `BadParameter`.

    `specs` are the engine's own, as its offer keeps them; the engine checks again before it starts.
    """
    known = {spec["name"]: spec for spec in specs}
    for name, value in values.items():
        spec = known.get(name)
        if spec is None:
            offered = ", ".join(sorted(known)) or "none"
            raise BadParameter(f"This engine has no parameter {str(name)[:40]!r}; it offers: {offered}.")
        _check(spec, value)
    return dict(values)


def _check(spec: Mapping[str, Any], value: Any) -> None:
    title = spec.get("title") or spec["name"]
    match spec["kind"]:
        case "bool":
            if not isinstance(value, bool):
                raise BadParameter(f"{title} is on or off.")
        case "choice":
            if value not in spec["choices"]:
                raise BadParameter(f"{title} is one of: {', '.join(spec['choices'])}.")
        case kind:
            low = -math.inf if spec.get("minimum") is None else spec["minimum"]
            high = math.inf if spec.get("maximum") is None else spec["maximum"]
            number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
            if not number or not low <= value <= high or (kind == "int" and value % 1):
                wanted = "a whole number" if kind == "int" else "a number"
                raise BadParameter(f"{title} is {wanted} from {low:g} to {high:g}.")
