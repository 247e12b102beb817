"""Figures and their table. Whether a goal is met, and the ratio to something real, follow from what was measured."""

from __future__ import annotations

import operator
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

_RULES: Final = {"<=": operator.le, ">=": operator.ge}


@dataclass(frozen=True, slots=True)
class Goal:
    """A limit that a value keeps or not."""

    rule: str
    limit: float

    @classmethod
    def parse(cls, text: str) -> Goal | None:
        """`"<= 1.3"` as a goal, None for an empty text. Raises ValueError."""
        if not text:
            return None
        rule, _, limit = text.partition(" ")
        if rule not in _RULES:
            raise ValueError(f"a goal begins with <= or >=, not {text!r}")
        return cls(rule, float(limit))

    def kept_by(self, value: float) -> bool:
        return bool(_RULES[self.rule](value, self.limit))

    def __str__(self) -> str:
        return f"{self.rule} {self.limit:g}"


@dataclass(frozen=True, slots=True)
class Beside:
    """Something real, measured in the same run and the same unit, that a figure is held against."""

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One line: what was measured, how much it is, what it should be, and what it is a multiple of."""

    name: str
    value: float
    unit: str
    goal: Goal | None = None
    beside: Beside | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """The value as a multiple of what stands beside it; None where there is nothing, or nothing of size."""
        if self.beside is None or not self.beside.value:
            return None
        return self.value / self.beside.value

    @property
    def met(self) -> bool | None:
        return None if self.goal is None else self.goal.kept_by(self.value)

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "goal": str(self.goal) if self.goal else None,
            "met": self.met,
            "beside": {"name": self.beside.name, "value": self.beside.value} if self.beside else None,
            "ratio": self.ratio,
            "note": self.note,
        }


HEAD: Final = ("figure", "value", "goal", "met", "ratio", "to", "note")


def render(figures: Iterable[Figure]) -> str:
    """The table as plain text, one line a figure, columns aligned."""
    rows = [HEAD, *(_row(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(line.rstrip() for line in lines)


def _row(figure: Figure) -> tuple[str, ...]:
    met = {None: "", True: "yes", False: "NO"}[figure.met]
    return (
        figure.name,
        f"{_number(figure.value)} {figure.unit}",
        str(figure.goal) if figure.goal else "",
        met,
        f"{_number(figure.ratio)}x" if figure.ratio is not None else "",
        figure.beside.name if figure.beside else "",
        figure.note,
    )


def _number(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def p95(values: Sequence[float]) -> float:
    """The 95th percentile, between the measured values; of one value that value."""
    if len(values) == 1:
        return values[0]
    return statistics.quantiles(values, n=20, method="inclusive")[18]
