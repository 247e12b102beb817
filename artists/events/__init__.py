"""What happens to people and to the roster. Names of people are sealed; ids and roles are public."""

from __future__ import annotations

from collections.abc import Mapping

from provenance.events import Event, event, sealed

LABEL_STREAM = "label"
_NAMES = "The name is erased with the person's vault rows; the id stays as a pseudonym."


@event
class UserEnrolled(Event):
    kind = "user.enrolled"
    sentence = "enrolled somebody as {role}"
    shred = _NAMES

    user: str
    role: str
    name: str = sealed()


@event
class UserInvited(Event):
    kind = "user.invited"
    sentence = "invited somebody as {role}"
    shred = "The address is erased with the invitation's vault row."

    role: str
    artist: str | None
    email: str = sealed()


@event
class InvitationAccepted(Event):
    kind = "invitation.accepted"
    sentence = "accepted an invitation as {role}"

    user: str
    role: str


@event
class InvitationWithdrawn(Event):
    kind = "invitation.withdrawn"
    sentence = "withdrew an invitation as {role}"

    role: str


@event
class RoleChanged(Event):
    kind = "user.role_changed"
    sentence = "changed a role from {before} to {after}"

    user: str
    before: str
    after: str


@event
class UserDeactivated(Event):
    kind = "user.deactivated"
    sentence = "closed an account"

    user: str


@event
class ArtistCreated(Event):
    kind = "artist.created"
    sentence = "put {name} on the roster"

    artist: str
    name: str
    artist_kind: str
    status: str
    is_ai_persona: bool


@event
class ArtistChanged(Event):
    kind = "artist.changed"
    sentence = "changed the roster entry of {name}: {fields}"

    artist: str
    name: str
    fields: tuple[str, ...]
    status: str


@event
class ArtistMemberAdded(Event):
    kind = "artist.member_added"
    sentence = "let somebody act as {artist_name}"

    artist: str
    artist_name: str
    user: str


@event
class PersonCreated(Event):
    kind = "person.created"
    sentence = "added {credit_name} as a contributor"
    shred = "The legal name is erased with its vault row; the credited name is public on every release."

    person: str
    credit_name: str
    ipi: str
    isni: str
    society: str
    country: str
    legal_name: str = sealed(default="")


@event
class PersonKeyEnrolled(Event):
    """A key of a person. It counts only once a `person_key.confirmed` follows."""

    kind = "person_key.enrolled"
    sentence = "enrolled a key for signing ({method}, {algorithm})"
    shred = "The name that its owner gave the key is erased; the public key stays, signatures are checked with it."

    user: str
    method: str
    algorithm: str
    public_key: str
    fingerprint: str
    credential_id: str
    rp_id: str
    code_sha256: str
    label: str = sealed()


@event
class PersonKeyCodeIssued(Event):
    kind = "person_key.code_issued"
    sentence = "asked for a new code to confirm a key, {channel}"

    fingerprint: str
    channel: str
    code_sha256: str


@event
class PersonKeyCodeRefused(Event):
    kind = "person_key.code_refused"
    sentence = "gave a wrong code for a key, time {tries}"

    fingerprint: str
    tries: int


@event
class PersonKeyConfirmed(Event):
    kind = "person_key.confirmed"
    sentence = "confirmed a key for signing by a code, {channel}"

    fingerprint: str
    channel: str


@event
class PersonKeyRevoked(Event):
    kind = "person_key.revoked"
    sentence = "revoked a key for signing: “{reason}”"
    shred = "The reason is erased with its vault row; that the key ended, and when, stays."

    fingerprint: str
    reason: str = sealed(default="")


@event
class SessionSigned(Event):
    """A person's signature over entries of their own. `payload` are the signed bytes, as an object."""

    kind = "session.signed"
    sentence = "signed {count} entries with a key ({method})"
    shred = "The words that were shown are erased; their digest stays in the payload. The leaves are what was signed."

    payload: Mapping[str, object]
    fingerprint: str
    method: str
    algorithm: str
    proof: Mapping[str, str]
    count: int
    words: str = sealed()


# Nouns with a module of their own; they need nothing from here.
from artists.events import agreement, anr, anr_rules, listening, practice, roster, taken_on  # noqa: E402, F401
