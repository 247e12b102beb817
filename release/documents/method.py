"""The method in a document: what the artist stated, and what a check found about each rule. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

VERDICT_WORDS: Final[Mapping[str, str]] = {
    "confirmed": "Confirmed",
    "refuted": "Refuted",
    "undecided": "Undecided",
}
#: Printed in the place of words that their artist did not publish.
SEALED: Final = "The artist's words are sealed: they have not published them."


@dataclass(frozen=True, kw_only=True)
class RuleRecord:
    """One rule: what it says, what was found, why, on what that rests and how often such evidence errs."""

    sentence: str
    verdict: str
    because: str
    rests_on: str
    limits: str = ""
    entries: tuple[str, ...] = ()
    """Digests of the entries that show it."""


@dataclass(frozen=True, kw_only=True)
class MethodRecord:
    """The check of one master against one version. `statement` is empty where its artist keeps it sealed."""

    artist: str
    number: int
    dated: str
    statement: str
    checked_on: str
    entry_digest: str
    comparisons: int
    rules: tuple[RuleRecord, ...]
    grounds: tuple[tuple[str, str], ...]
    measured: str
    published_at: str = ""
    """The public address, where there is one."""


def method_data(method: MethodRecord) -> dict[str, Any]:
    """What the template prints."""
    return {
        "heading": f"Version {method.number} of the method of {method.artist}, {method.dated}",
        "statement": method.statement or SEALED,
        "sealed": not method.statement,
        "checked_on": method.checked_on,
        "entry_digest": method.entry_digest,
        "comparisons": method.comparisons,
        "rules": [
            {
                "sentence": rule.sentence,
                "verdict": rule.verdict,
                "verdict_words": VERDICT_WORDS[rule.verdict],
                "because": rule.because,
                "rests_on": rule.rests_on,
                "limits": rule.limits,
                "entries": list(rule.entries),
            }
            for rule in method.rules
        ],
        "grounds": [{"name": name, "meaning": meaning} for name, meaning in method.grounds],
        "measured": method.measured,
        "published_at": method.published_at,
    }
