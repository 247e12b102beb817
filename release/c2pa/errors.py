"""Errors of signing. Reading never raises for what a file holds: that is a state of the report."""

from __future__ import annotations

from release.errors import SystemFault, UserFault


class CannotSign(UserFault):
    """The file cannot carry a manifest, or the manifest cannot be written."""

    code = "cannot_sign"


class KeysDamaged(SystemFault):
    """The signing keys on disk cannot be used."""

    code = "signing_keys_damaged"


class CertificateUnusable(SystemFault):
    """The configured certificate, key or signing program cannot sign; the message says what to do."""

    code = "certificate_unusable"


class TimestampUnavailable(SystemFault):
    """No configured authority stamped the signature. Signing works again when one answers."""

    code = "timestamp_unavailable"
    hold_s = 60.0
    """The job waits so long and asks again, without using up its attempts."""
