"""What a check found: a sentence for people, a code for programs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    ERROR = "error"
    """A receiver would bounce it, or it states something untrue. Blocks."""
    WARNING = "warning"
    """Worth a look before sending."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong. `where` is an XPath into the message, or a file of it."""

    code: str
    sentence: str
    cure: str
    where: str = ""
    severity: Severity = Severity.ERROR


def errors(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Only the findings that block."""
    return tuple(finding for finding in findings if finding.severity is Severity.ERROR)
