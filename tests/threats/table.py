"""Which row of deploy/THREATS.md a test carries out. `test_table.py` compares both."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Test = TypeVar("Test", bound=Callable[..., object])

#: Row -> names of the tests that attack it.
ATTACKED: dict[str, list[str]] = {}


def threat(row: str) -> Callable[[Test], Test]:
    """Mark a test as the attack of that row."""

    def mark(test: Test) -> Test:
        ATTACKED.setdefault(row, []).append(f"{test.__module__}.{test.__name__}")
        return test

    return mark
