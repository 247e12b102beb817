"""The errors of the provenance package: one root, two branches."""

from __future__ import annotations


class ProvenanceError(Exception):
    """Root of every error that this package raises on purpose."""

    code = "provenance_error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class UserFault(ProvenanceError):
    """The caller sent something that cannot be accepted; the message says what to do. Retrying is pointless."""

    code = "refused"


class SystemFault(ProvenanceError):
    """Something on our side failed; the same request may succeed later."""

    code = "system_fault"


class NotInTransaction(SystemFault):
    code = "not_in_transaction"


class BadEvent(SystemFault):
    """An event cannot be written as canonical JSON, or breaks the event rules. A programming mistake or bad text."""

    code = "bad_event"
