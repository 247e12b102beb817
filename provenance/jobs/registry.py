"""Who does what: handlers by kind (each app's `tasks.py`, worker only), periodic work (each app's
`periodic.py`, dispatch only)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from provenance.jobs.errors import UnknownKind

if TYPE_CHECKING:
    from provenance.jobs.claims import Claim

Handler = TypeVar("Handler", bound="Callable[[Claim], None]")
Work = TypeVar("Work", bound=Callable[[], object])


@dataclass(frozen=True, kw_only=True)
class Periodic:
    """Something that `dispatch` does every so often."""

    name: str
    every_s: float
    run: Callable[[], object]


_handlers: dict[str, Callable[[Claim], None]] = {}
_at_worker_start: dict[str, str] = {}
_periodic: dict[str, Periodic] = {}


def handler(kind: str, *, at_worker_start: str | None = None) -> Callable[[Handler], Handler]:
    """Register the function that runs jobs of that kind.

    `at_worker_start`: a title; then each start of a worker enqueues one such job by itself (on the CPU queue).
    """

    def register(function: Handler) -> Handler:
        if _handlers.setdefault(kind, function) is not function:
            raise RuntimeError(f"two handlers for the job kind {kind!r}")
        if at_worker_start is not None:
            _at_worker_start[kind] = at_worker_start
        return function

    return register


def periodic(name: str, every_s: float) -> Callable[[Work], Work]:
    """Register work that the leading `dispatch` process does every `every_s` seconds. It should take well
    under a second."""

    def register(function: Work) -> Work:
        _periodic[name] = Periodic(name=name, every_s=every_s, run=function)
        return function

    return register


def handler_for(kind: str) -> Callable[[Claim], None]:
    """The handler of that kind. Raises UnknownKind."""
    try:
        return _handlers[kind]
    except KeyError:
        raise UnknownKind(f"This worker knows no job of the kind {kind!r}.") from None


def kinds_at_worker_start() -> dict[str, str]:
    """Kind and title of the jobs that a starting worker enqueues."""
    return dict(_at_worker_start)


def all_periodic() -> tuple[Periodic, ...]:
    """All registered periodic work."""
    return tuple(_periodic.values())
