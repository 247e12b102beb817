"""Actions on people and the roster. Each writes its row and its entry in one transaction."""

from __future__ import annotations

from artists.services.invitations import (
    accept_invitation,
    invitation_by_secret,
    invite_user,
    withdraw_invitation,
)
from artists.services.keys import (
    begin_enrolment,
    confirm_key,
    enrol_passkey,
    enrol_ssh_key,
    issue_code,
    passkey_options,
    revoke_key,
)
from artists.services.roster import add_artist_member, change_artist, create_artist, create_person
from artists.services.signing import key_of_signature, sign, signing_request, webauthn_challenge
from artists.services.users import change_role, create_user, deactivate_user

__all__ = [
    "accept_invitation",
    "add_artist_member",
    "begin_enrolment",
    "change_artist",
    "change_role",
    "confirm_key",
    "create_artist",
    "create_person",
    "create_user",
    "deactivate_user",
    "enrol_passkey",
    "enrol_ssh_key",
    "invitation_by_secret",
    "invite_user",
    "issue_code",
    "key_of_signature",
    "passkey_options",
    "revoke_key",
    "sign",
    "signing_request",
    "webauthn_challenge",
    "withdraw_invitation",
]
