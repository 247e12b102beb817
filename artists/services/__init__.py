"""Actions on people and the roster. Each writes its row and its entry in one transaction."""

from __future__ import annotations

from artists.services.documents import add_document, filed, remove_document
from artists.services.filters import forget_filter, save_filter
from artists.services.importing import export_rows, import_rows, record_export
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
from artists.services.merging import likenesses, merge_artists, separate_artists, what_moves
from artists.services.people import (
    change_person,
    create_person,
    legal_names,
    link_person,
    people_behind,
    unlink_person,
)
from artists.services.roster import (
    add_artist_member,
    change_artist,
    change_status,
    clean_tags,
    create_artist,
    remove_artist_member,
    set_picture,
)
from artists.services.signing import key_of_signature, sign, signing_request, webauthn_challenge
from artists.services.team import add_team_member, colleagues, remove_team_member
from artists.services.users import change_role, create_user, deactivate_user

__all__ = [
    "accept_invitation",
    "add_artist_member",
    "add_document",
    "add_team_member",
    "begin_enrolment",
    "change_artist",
    "change_person",
    "change_role",
    "change_status",
    "clean_tags",
    "colleagues",
    "confirm_key",
    "create_artist",
    "create_person",
    "create_user",
    "deactivate_user",
    "enrol_passkey",
    "enrol_ssh_key",
    "export_rows",
    "filed",
    "forget_filter",
    "import_rows",
    "invitation_by_secret",
    "invite_user",
    "issue_code",
    "key_of_signature",
    "legal_names",
    "likenesses",
    "link_person",
    "merge_artists",
    "passkey_options",
    "people_behind",
    "record_export",
    "remove_artist_member",
    "remove_document",
    "remove_team_member",
    "revoke_key",
    "save_filter",
    "separate_artists",
    "set_picture",
    "sign",
    "signing_request",
    "unlink_person",
    "webauthn_challenge",
    "what_moves",
    "withdraw_invitation",
]
