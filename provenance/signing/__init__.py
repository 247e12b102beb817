"""People's signatures: what is signed, and how a signature is checked. Pure: bytes in, an answer or `SigningError` out.

Two ways to sign the same payload: WebAuthn (a passkey; its challenge is `payload.challenge`), and SSHSIG
(`ssh-keygen -Y sign -n person-signature@deadwax` over the payload's exact bytes).
"""

from __future__ import annotations

from provenance.signing.assertion import Assertion, check_assertion
from provenance.signing.errors import SigningError
from provenance.signing.payload import (
    DOMAIN,
    ENROLMENT_DOMAIN,
    PersonPayload,
    challenge,
    enrolment,
)
from provenance.signing.publickey import ED25519, ES256, PublicKey
from provenance.signing.sshsig import NAMESPACE, SshSignature, parse_armor, sign_ssh

__all__ = [
    "DOMAIN",
    "ED25519",
    "ENROLMENT_DOMAIN",
    "ES256",
    "NAMESPACE",
    "Assertion",
    "PersonPayload",
    "PublicKey",
    "SigningError",
    "SshSignature",
    "challenge",
    "check_assertion",
    "enrolment",
    "parse_armor",
    "sign_ssh",
]
