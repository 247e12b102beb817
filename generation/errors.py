"""What generation refuses, and what can go wrong on our side. Messages say what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenance.errors import SystemFault, UserFault

if TYPE_CHECKING:
    from generation.models import ArrangementVersion

__all__ = [
    "BadValue",
    "Conflict",
    "EngineStopped",
    "NotPossible",
    "ScannerAway",
    "StyleWarned",
    "SystemFault",
    "UserFault",
]


class BadValue(UserFault):
    """One value cannot be accepted. `field` names it, so that a form can show the message beside it."""

    code = "bad_value"

    def __init__(self, message: str, *, field: str = "", code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.field = field


class NotPossible(UserFault):
    """The thing is not in a state that allows this; the message says what has to happen first."""

    code = "not_possible"


class StyleWarned(UserFault):
    """The prompt draws warnings that nobody has acknowledged yet. Asking again with the acknowledgement is accepted."""

    code = "style_warning"

    def __init__(self, message: str, *, warnings: tuple[object, ...]) -> None:
        super().__init__(message)
        self.warnings = warnings
        self.field = "prompt"


class Conflict(UserFault):
    """Somebody saved in between. `latest` is their version; the caller's document is untouched."""

    code = "conflict"

    def __init__(self, message: str, *, latest: ArrangementVersion) -> None:
        super().__init__(message)
        self.latest = latest


class EngineStopped(SystemFault):
    """An engine ended without giving what was asked for."""

    code = "engine_stopped"


class ScannerAway(SystemFault):
    """The malware scanner cannot be asked; the job waits for it."""

    code = "scanner_away"
    hold_s = 60.0

    def __init__(self) -> None:
        super().__init__(
            "The malware scanner (DEADWAX_CLAMD) does not answer. Nobody hears the file until it does."
        )
