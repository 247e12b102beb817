"""The errors of the release package: one root, two branches."""

from __future__ import annotations


class ReleaseError(Exception):
    """Root of every error that this package raises on purpose."""

    code = "release_error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class UserFault(ReleaseError):
    """Something was sent or is set up in a way that cannot be accepted; the message says what to do."""

    code = "refused"


class SystemFault(ReleaseError):
    """Something on our side failed; the same request may succeed later."""

    code = "system_fault"
