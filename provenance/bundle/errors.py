"""Why a bundle cannot be made."""

from __future__ import annotations

from provenance.errors import SystemFault, UserFault


class NotInLogYet(SystemFault):
    """Entries wait for their place in the log: commit first, then ask again."""

    code = "not_in_log_yet"


class BundleRefused(UserFault):
    code = "bundle_refused"
