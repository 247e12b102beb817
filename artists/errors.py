"""What people's side of the house refuses, and how it says so."""

from __future__ import annotations

from provenance.errors import UserFault


class ArtistsUserFault(UserFault):
    code = "artists_refused"


class InvitationOver(ArtistsUserFault):
    code = "invitation_over"


class AlreadyThere(ArtistsUserFault):
    code = "already_there"


class KeyRefused(ArtistsUserFault):
    """A key that cannot be enrolled, confirmed or used."""

    code = "key_refused"


class SignatureRefused(ArtistsUserFault):
    code = "signature_refused"


class NothingToSign(ArtistsUserFault):
    code = "nothing_to_sign"
