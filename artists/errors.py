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


class LinkOver(ArtistsUserFault):
    """A link that has ended, was revoked or never was."""

    code = "link_over"


class TooMany(ArtistsUserFault):
    """A limit is reached; the message says when to come back."""

    code = "too_many"


class UploadRefused(ArtistsUserFault):
    """A resumable upload's request that does not fit. `status` is the HTTP status of tus 1.0."""

    code = "upload_refused"

    def __init__(self, message: str, *, status: int = 400, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.status = status


class NotNow(ArtistsUserFault):
    """The thing is not in a state that allows this."""

    code = "not_possible"
