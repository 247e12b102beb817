"""The errors of the release package, as branches of the house's two: the user's fault and ours."""

from __future__ import annotations

from provenance import errors as house


class UserFault(house.UserFault):
    """Something was sent or is set up in a way that cannot be accepted; the message says what to do."""


class SystemFault(house.SystemFault):
    """Something on our side failed; the same request may succeed later."""


class BadField(UserFault):
    """One value cannot be accepted. `field` names it, so that a form can show the message beside it."""

    code = "bad_value"

    def __init__(self, message: str, *, field: str = "", code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.field = field


class GatesClosed(UserFault):
    """The release has open gates; the message names the first."""

    code = "gates_closed"
