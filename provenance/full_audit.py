"""All that `ledger_verify` derives, and beside it what lies outside the log: people's keys, stored bytes, loose files.

Apps add steps of their own in their `audits.py`. The steps here come after the snapshot is closed: reading all audio
may take hours, and no transaction stays open for that long.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from django.utils.module_loading import autodiscover_modules

from provenance import audit, blobcheck, dating
from provenance.audit import AuditReport, Step

Check = Callable[[Step, list[str]], str]
#: The step of `audit` whose place the reading here takes.
BYTES: Final = "The bytes of the assets"
C = TypeVar("C", bound=Check)
_more: dict[str, Check] = {}


def step(title: str) -> Callable[[C], C]:
    """Register a step: it gets the step (for faults) and the notices, and returns its result in words."""

    def register(check: C) -> C:
        _more[title] = check
        return check

    return register


@dataclass(frozen=True, slots=True)
class _Blobs:
    plan: blobcheck.Plan

    def read(self, step: Step, notices: list[str]) -> str:
        return blobcheck.read(self.plan, fault=step.fault, notice=notices.append).in_words(self.plan)


def _dates(step: Step, notices: list[str]) -> str:
    found = dating.check(fault=step.fault)
    return f"{found.tokens} stamped checkpoints, {found.entries} entries came after the first"


def _loose(step: Step, notices: list[str]) -> str:
    found = blobcheck.orphans()
    if not found.count:
        return "none"
    named = ", ".join(f"{sha256[:16]}..." for sha256 in found.first)
    return f"{found.count} that no asset and no entry names ({named}); the sweep takes them a week after they came"


def run(*, plan: blobcheck.Plan, done: Callable[[Step], None] = lambda step: None) -> AuditReport:
    """Check everything. `done` gets each step."""
    autodiscover_modules("audits")
    report = AuditReport()

    def take(made: Step) -> None:
        if made.title != BYTES:  # read below, after the snapshot
            made.number = len(report.steps) + 1
            report.steps.append(made)
            done(made)

    derived = audit.run(done=take)
    report.notices, report.vouched = derived.notices, derived.vouched
    checks: list[tuple[str, Check]] = [
        ("Dates fit the timestamps", _dates),
        *_more.items(),
        (BYTES, _Blobs(plan).read),
        ("Files that nothing names", _loose),
    ]
    for number, (title, check) in enumerate(checks, start=len(report.steps) + 1):
        made = Step(number, title)
        made.result = check(made, report.notices)
        report.steps.append(made)
        done(made)
    return report
