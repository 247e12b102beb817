"""Keys of the demo's people, held in memory: enrolled, confirmed and used by the services that the pages use."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from artists import services as people
from artists.models import PersonKey, PersonSignature, User
from provenance.signing import sign_ssh


class Signers:
    """Signs for people with an ssh key each, made when it is first needed. `owner` reads the codes out.

    Nothing is kept: the private keys are gone with the process.
    """

    def __init__(self, *owners: User) -> None:
        self._owners = owners
        self._keys: dict[object, Ed25519PrivateKey] = {}
        self._fingerprints: dict[object, str] = {}

    def sign(self, user: User, stream: str, *, purpose: str = "session") -> PersonSignature:
        """The person signs what waits in the stream."""
        request = people.signing_request(user, stream, purpose)
        fingerprint, signature = self.signature(user, bytes(request.payload))
        return people.sign(user, nonce=request.nonce, fingerprint=fingerprint, proof={"signature": signature})

    def signature(self, user: User, payload: bytes) -> tuple[str, str]:
        """The fingerprint of the person's key, and its armored signature over these bytes."""
        fingerprint = self.fingerprint(user)
        return fingerprint, sign_ssh(payload, self._keys[user.pk])

    def fingerprint(self, user: User) -> str:
        """Of the person's key, which is enrolled and confirmed when it is first asked for."""
        if user.pk not in self._fingerprints:
            self._fingerprints[user.pk] = self._enrol(user).fingerprint
        return self._fingerprints[user.pk]

    def _enrol(self, user: User) -> PersonKey:
        private = self._keys[user.pk] = Ed25519PrivateKey.generate()
        request = people.begin_enrolment(user)
        key = people.enrol_ssh_key(
            user, nonce=request.nonce, signature=sign_ssh(bytes(request.payload), private), label="In memory"
        )
        reader = next(owner for owner in self._owners if owner.pk != user.pk)
        code = people.issue_code(key, channel=PersonKey.Channel.IN_PERSON, actor=reader)
        return people.confirm_key(key, code=code, actor=user)
