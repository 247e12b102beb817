"""How often the comparison of sound is wrong: what was measured, as rates with their bounds, and in words. No arrays.

The figures lie in `matching_measured.json`, written by `label/benchmarks/matching.py`. A rate's bounds are exact
(Clopper and Pearson) at 95 %. That nothing was heard shows only so much as would have been heard: a change counts as
excluded where at least `RELIED` of the pieces are found after it, by the lower bound.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from provenance.words import join

#: At least so large a share has to be found, by the lower bound, for silence to say something.
RELIED: Final = 0.8
_FILE: Final = Path(__file__).with_name("matching_measured.json")


@dataclass(frozen=True)
class Rate:
    """`count` of `of`; the true share lies between `low` and `high` with 95 % confidence."""

    count: int
    of: int
    low: float
    high: float

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Rate:
        return cls(int(data["count"]), int(data["of"]), float(data["low"]), float(data["high"]))

    @property
    def at_most(self) -> str:
        return f"{self.count} of {self.of} (at most {_percent(self.high)})"

    @property
    def between(self) -> str:
        return f"{self.count} of {self.of} ({_percent(self.low)} to {_percent(self.high)})"


@dataclass(frozen=True)
class Change:
    """Something that is done to a piece, and how often it was found all the same."""

    key: str
    words: str
    same: Rate
    """By the sound or by its fingerprint: what a verdict rests on."""
    sound: Rate
    fingerprint: Rate
    chroma: Rate
    onset: Rate
    alike: Rate

    @property
    def relied(self) -> bool:
        return self.same.low >= RELIED


@dataclass(frozen=True)
class Alarms:
    """How often different pieces were taken for the same. `alike`: chords and rhythm together."""

    pairs: int
    recordings: int
    sound: Rate
    sister: Rate
    fingerprint: Rate
    chroma: Rate
    onset: Rate
    alike: Rate


_CHANGED: Final = ("same", "sound", "fingerprint", "chroma", "onset", "alike")
_ALARMED: Final = ("sound", "sister", "fingerprint", "chroma", "onset", "alike")


@cache
def measured() -> dict[str, Any]:
    """Everything that was measured: thresholds, material, false alarms and hits, and when."""
    found: dict[str, Any] = json.loads(_FILE.read_text())
    return found


@cache
def changes() -> tuple[Change, ...]:
    return tuple(
        Change(key, one["words"], **{name: Rate.read(one[name]) for name in _CHANGED})
        for key, one in measured()["hits"].items()
    )


@cache
def alarms(material: str = "recordings") -> Alarms:
    """False alarms among `recordings`, `renders` of one tool, or `renders_in_recordings`."""
    one = measured()["false_alarms"][material]
    return Alarms(
        int(one["pairs"]), int(one["recordings"]), **{name: Rate.read(one[name]) for name in _ALARMED}
    )


def found_in(key: str) -> Rate:
    """How often a piece was found after a change."""
    return next(change.same for change in changes() if change.key == key)


def match_words(*, sister: bool, by_print: bool) -> str:
    """The false-alarm rate that applies to a match, as a sentence."""
    if by_print:
        rate, what = alarms().fingerprint, "different recordings"
    elif sister:
        rate, what = alarms("renders").sister, "different takes of one tool"
    else:
        rate, what = alarms().sound, "different recordings"
    return f"Of pairs of {what}, {rate.at_most} pass this bound."


def error_rates() -> str:
    """How often the comparison of sound is wrong, in sentences, from what was measured."""
    real, made = alarms(), alarms("renders")
    found = {change.key: change for change in changes()}
    under = join(
        f"{found[key].same.between} {found[key].words}"
        for key in ("under_0", "under_6", "under_12", "under_20")
    )
    return (
        f"Measured on {measured()['measured_on']}: of pairs of different recordings {real.sound.at_most} were taken "
        f"for the same sound; of pairs of takes by one synthesiser, which share its samples, {made.sound.at_most} "
        f"were, and {made.sister.at_most} by the stricter bound that counts there. Found were {under}."
    )


class Rates:
    """The measured error rates for tables on pages."""

    @property
    def on(self) -> str:
        return str(measured()["measured_on"])

    @property
    def material(self) -> list[str]:
        found = measured()
        return [found["recordings"], found["renders"]]

    @property
    def alarms(self) -> list[tuple[str, Alarms]]:
        return [
            ("different recordings", alarms()),
            ("different takes of one tool", alarms("renders")),
            ("a take of a tool and a recording", alarms("renders_in_recordings")),
        ]

    @property
    def changes(self) -> tuple[Change, ...]:
        return changes()


def _percent(share: float) -> str:
    value = share * 100
    return f"{value:.2f} %" if value < 1 else f"{value:.0f} %"
