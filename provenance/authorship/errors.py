"""What can be wrong with the entries that the fold reads."""

from __future__ import annotations

from provenance.errors import SystemFault


class AuthorshipError(SystemFault):
    """Root of this package's errors; `code` is stable, the message says what was expected."""

    code = "authorship"


class MalformedEntry(AuthorshipError):
    """An entry's body does not have the shape that the ledger writes. `path` names the place in it."""

    code = "malformed_entry"

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path


class UnknownRules(MalformedEntry):
    """The claims name a version of the attribution rules that this program does not know."""

    code = "unknown_rules"
