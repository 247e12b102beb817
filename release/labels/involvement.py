"""How much of an element is output of a trained model: All, Partly, None, and Unknown kept apart.

This is the labels' question. Whether a person is an author is another one (`release.documents.claims`), and
the two are never mixed: procedural material is not generative AI here, and not human authorship there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Protocol

from provenance.elements import Origin, element_order


class Involvement(StrEnum):
    """Involvement of generative AI; the values are DDEX's words, `Unknown` is ours and is never sent."""

    ALL = "All"
    PARTLY = "Partly"
    NONE = "None"
    UNKNOWN = "Unknown"


class ElementFinding(Protocol):
    """One element of a recording and where it comes from, as the authorship fold gives it."""

    @property
    def element(self) -> str: ...

    @property
    def origins(self) -> Collection[str]: ...


@dataclass(frozen=True, kw_only=True)
class ElementOrigins:
    """The plainest finding: an element and its origins. An empty set is an element that is not there."""

    element: str
    origins: frozenset[str]


def involvement(origins: Collection[str], *, count_procedural: bool = False) -> Involvement:
    """All if every origin is a trained model, None if none is, else Partly; any unknown makes it Unknown.

    Raises ValueError for an empty set: an element that is not there has no involvement.
    """
    found = {Origin(origin) for origin in origins}
    if not found:
        raise ValueError("An element without any origin has no involvement.")
    if Origin.UNKNOWN in found:
        return Involvement.UNKNOWN
    if Origin.MIXED in found:  # something of both; which part is which is not recorded
        return Involvement.PARTLY
    artificial = {Origin.TRAINED_MODEL} | ({Origin.PROCEDURAL} if count_procedural else set())
    if found <= artificial:
        return Involvement.ALL
    return Involvement.PARTLY if found & artificial else Involvement.NONE


def combine(values: Iterable[Involvement]) -> Involvement | None:
    """The involvement of a whole from that of its parts; Unknown wins, and no parts give None (Python's)."""
    found = set(values)
    if not found:
        return None
    if Involvement.UNKNOWN in found:
        return Involvement.UNKNOWN
    return next(iter(found)) if len(found) == 1 else Involvement.PARTLY


def matching(findings: Iterable[ElementFinding], patterns: Sequence[str]) -> tuple[ElementFinding, ...]:
    """The findings whose element fits a pattern (`performance:*`, `*`, `!artwork`), in the order of pages."""
    wanted = [pattern for pattern in patterns if not pattern.startswith("!")]
    barred = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    return tuple(
        sorted(
            (
                finding
                for finding in findings
                if finding.origins
                and any(fnmatchcase(finding.element, pattern) for pattern in wanted)
                and not any(fnmatchcase(finding.element, pattern) for pattern in barred)
            ),
            key=lambda finding: element_order(finding.element),
        )
    )


RECORDING: Sequence[str] = ("*", "!artwork")
"""The elements that are heard; the cover is labelled by itself."""


def overall(
    findings: Iterable[ElementFinding],
    *,
    patterns: Sequence[str] = RECORDING,
    count_procedural: bool = False,
) -> Involvement | None:
    """The involvement over all matching elements; None (Python's) where no element matches."""
    return combine(
        involvement(finding.origins, count_procedural=count_procedural)
        for finding in matching(findings, patterns)
    )


def procedural_elements(findings: Iterable[ElementFinding]) -> tuple[str, ...]:
    """The elements that hold material made by rules and chance: shown apart, whatever a receiver counts."""
    return tuple(f.element for f in matching(findings, ("*",)) if Origin.PROCEDURAL in f.origins)


def unknown_elements(findings: Iterable[ElementFinding]) -> tuple[str, ...]:
    """The elements whose origin nobody recorded: they block a release."""
    return tuple(f.element for f in matching(findings, ("*",)) if Origin.UNKNOWN in f.origins)
