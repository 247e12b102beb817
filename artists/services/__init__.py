"""Actions on people and the roster. Each writes its row and its entry in one transaction."""

from __future__ import annotations

from artists.services.invitations import (
    accept_invitation,
    invitation_by_secret,
    invite_user,
    withdraw_invitation,
)
from artists.services.roster import add_artist_member, change_artist, create_artist, create_person
from artists.services.users import change_role, create_user, deactivate_user

__all__ = [
    "accept_invitation",
    "add_artist_member",
    "change_artist",
    "change_role",
    "create_artist",
    "create_person",
    "create_user",
    "deactivate_user",
    "invitation_by_secret",
    "invite_user",
    "withdraw_invitation",
]
