"""Actions of the release app, by noun."""

from release.reading import approval_of, cover_of, state_digest
from release.services.declarations import STATED_ORIGINS, declare, resolve
from release.services.imprints import create_imprint
from release.services.made import publish_how_made, withdraw_how_made
from release.services.packages import package_part, request_package, steer_package
from release.services.recordings import ContributionRow, change_recording, create_recording, set_contributions
from release.services.releases import (
    add_track,
    approve_release,
    change_release,
    check_territories,
    create_release,
    is_due,
    move_track,
    remove_track,
    upload_artwork,
    withdraw_release,
)

__all__ = [
    "STATED_ORIGINS",
    "ContributionRow",
    "add_track",
    "approval_of",
    "approve_release",
    "change_recording",
    "change_release",
    "check_territories",
    "cover_of",
    "create_imprint",
    "create_recording",
    "create_release",
    "declare",
    "is_due",
    "move_track",
    "package_part",
    "publish_how_made",
    "remove_track",
    "request_package",
    "resolve",
    "set_contributions",
    "state_digest",
    "steer_package",
    "upload_artwork",
    "withdraw_how_made",
    "withdraw_release",
]
