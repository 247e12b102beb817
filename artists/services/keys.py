"""People's keys: enrolled with proof that they are there, confirmed on a second channel, revoked.

Each step is an entry in the person's own stream, so a key that the label slipped in stands there to be seen.
Every action locks the key's row before it records, so that a signature and a revocation have one order in the log.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import secrets
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from webauthn import generate_registration_options, options_to_json, verify_registration_response
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, decode_credential_public_key
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.decode_credential_public_key import DecodedEC2PublicKey, DecodedOKPPublicKey
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from artists import events
from artists.errors import KeyRefused
from artists.models import PersonKey, Role, SigningRequest, User
from artists.services import codes
from artists.webauthn_site import RP_NAME, site
from provenance.keys import origin
from provenance.ledger import record
from provenance.signing import (
    ED25519,
    ENROLMENT_DOMAIN,
    ES256,
    PublicKey,
    SigningError,
    challenge,
    enrolment,
    parse_armor,
)

ENROL = "enrol"
REQUEST_LASTS = dt.timedelta(minutes=15)
_ALGORITHMS = [COSEAlgorithmIdentifier.ECDSA_SHA_256, COSEAlgorithmIdentifier.EDDSA]


def stream_of(user: User) -> str:
    return f"person:{user.pk}"


def begin_enrolment(user: User) -> SigningRequest:
    """What a new key has to sign to show that its owner has it. Works once, for a quarter of an hour."""
    now = timezone.now()
    sweep_requests(user)
    nonce = secrets.token_hex(32)
    return SigningRequest.objects.create(
        nonce=nonce,
        user=user,
        purpose=ENROL,
        payload=enrolment(log=origin(), person=str(user.pk), nonce=nonce, at=now),
        expires_at=now + REQUEST_LASTS,
    )


def sweep_requests(user: User) -> None:
    """Requests are short-lived: those of a person that are over go when the next is made."""
    SigningRequest.objects.filter(user=user, expires_at__lt=timezone.now()).delete()


def open_request(user: User, nonce: str, *, purposes: tuple[str, ...]) -> SigningRequest:
    """The person's own request that is neither used nor over, locked until the transaction ends."""
    # What is no nonce is never shown to the database, which has no NUL and no half of a surrogate pair.
    known = SigningRequest.objects.select_for_update().filter(nonce=nonce, user=user)
    request = known.first() if re.fullmatch("[0-9a-f]{64}", nonce) else None
    if request is None or request.purpose not in purposes:
        raise KeyRefused(
            "There is no such request of yours, or it is too old. Begin again.", code="no_request"
        )
    if request.used_at is not None:
        raise KeyRefused("This was signed already; a request works once. Begin again.", code="replayed")
    if request.expires_at <= timezone.now():
        raise KeyRefused("This request is too old. Begin again.", code="expired")
    return request


def passkey_options(user: User, request: SigningRequest) -> dict[str, Any]:
    """What the browser needs to make a passkey (PublicKeyCredentialCreationOptions as JSON)."""
    here = _passkeys_here()
    enrolled = PersonKey.objects.filter(user=user, method=PersonKey.Method.WEBAUTHN).exclude(
        state=PersonKey.State.REVOKED
    )
    options = generate_registration_options(
        rp_id=here.rp_id,
        rp_name=RP_NAME,
        user_name=user.email,
        user_id=user.pk.bytes,
        user_display_name=user.full_name,
        challenge=challenge(bytes(request.payload), domain=ENROLMENT_DOMAIN),
        supported_pub_key_algs=_ALGORITHMS,
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=base64url_to_bytes(key.credential_id)) for key in enrolled
        ],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
    )
    found: dict[str, Any] = json.loads(options_to_json(options))
    return found


def _passkeys_here() -> Any:
    here = site()
    if here.why_not:
        raise KeyRefused(here.why_not, code="no_passkeys_here")
    return here


def enrol_passkey(user: User, *, nonce: str, credential: Mapping[str, Any], label: str) -> PersonKey:
    """Check what the authenticator made for this person, site and request, and enrol it."""
    here = _passkeys_here()
    with transaction.atomic():
        request = open_request(user, nonce, purposes=(ENROL,))
        try:
            made = verify_registration_response(
                credential=dict(credential),
                expected_challenge=challenge(bytes(request.payload), domain=ENROLMENT_DOMAIN),
                expected_rp_id=here.rp_id,
                expected_origin=here.origin,
                require_user_verification=True,
                supported_pub_key_algs=_ALGORITHMS,
            )
            key = _from_cose(made.credential_public_key)
        except (WebAuthnException, SigningError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise KeyRefused(f"The passkey was not taken: {str(error)[:200]}. Try again.") from error
        return _enrol(
            request,
            key,
            method=PersonKey.Method.WEBAUTHN,
            label=label,
            credential_id=bytes_to_base64url(made.credential_id),
            rp_id=here.rp_id,
            sign_count=made.sign_count,
        )


def _from_cose(data: bytes) -> PublicKey:
    """RFC 9053: an Ed25519 key (OKP) or a point on P-256 (EC2)."""
    match decode_credential_public_key(data):
        case DecodedOKPPublicKey(x=x, alg=COSEAlgorithmIdentifier.EDDSA):
            return PublicKey(ED25519, x)
        case DecodedEC2PublicKey(x=x, y=y, alg=COSEAlgorithmIdentifier.ECDSA_SHA_256):
            return PublicKey(ES256, b"\x04" + x + y)
        case _:
            raise SigningError("its kind of key is neither Ed25519 nor P-256")


def enrol_ssh_key(user: User, *, nonce: str, signature: str, label: str) -> PersonKey:
    """Enrol the key that signed the request with `ssh-keygen -Y sign`; the signature carries the public key."""
    with transaction.atomic():
        request = open_request(user, nonce, purposes=(ENROL,))
        try:
            found = parse_armor(signature)
            found.check(bytes(request.payload))
        except SigningError as error:
            raise KeyRefused(f"The key was not enrolled: {error}.") from error
        return _enrol(request, found.key, method=PersonKey.Method.SSH, label=label)


def _enrol(
    request: SigningRequest,
    key: PublicKey,
    *,
    method: str,
    label: str,
    credential_id: str = "",
    rp_id: str = "",
    sign_count: int = 0,
) -> PersonKey:
    label = label.strip() or PersonKey.Method(method).label
    if len(label) > 80:
        raise KeyRefused("Give the key a name below 80 characters.")
    if PersonKey.objects.filter(fingerprint=key.fingerprint).exists():
        raise KeyRefused(
            "This key is enrolled already. A key that was revoked cannot come back: make another."
        )
    code = codes.Code.new(key.fingerprint)
    user = request.user
    row = PersonKey(
        user=user,
        method=method,
        algorithm=key.algorithm,
        fingerprint=key.fingerprint,
        public_key=key.base64,
        credential_id=credential_id,
        label=label,
        sign_count=sign_count,
        code_sha256=code.sha256,
        code_salt=code.salt,
        code_expires_at=code.expires_at,
    )
    row.entry = record(
        events.PersonKeyEnrolled(
            stream=stream_of(user),
            subjects=(f"key:{key.fingerprint}",),
            user=str(user.pk),
            method=method,
            algorithm=key.algorithm,
            public_key=key.base64,
            fingerprint=key.fingerprint,
            credential_id=credential_id,
            rp_id=rp_id,
            code_sha256=code.sha256,
            label=label,
        ),
        actor=user,
    )
    row.save(force_insert=True)
    request.used_at = timezone.now()
    request.save(update_fields=["used_at"])
    codes.send_after_commit(row, code.text)
    return row


def issue_code(key: PersonKey, *, channel: str, actor: User) -> str:
    """A new code in place of the last: mailed to the key's owner, or given to a label owner who reads it out.

    Returns the code for the second case, and nothing for the first.
    """
    with transaction.atomic():
        key = _locked(key)
        if key.state != PersonKey.State.ENROLLED:
            raise KeyRefused("This key is confirmed or revoked already.")
        if channel == PersonKey.Channel.MAIL and actor.pk != key.user_id:
            raise KeyRefused("A code is mailed to the key's owner, who asks for it.", code="forbidden")
        if channel == PersonKey.Channel.IN_PERSON and (
            not actor.has_role(Role.OWNER) or actor.pk == key.user_id
        ):
            raise KeyRefused(
                "An owner of the label reads the code to the person, and nobody to themselves.",
                code="forbidden",
            )
        code = codes.Code.new(key.fingerprint)
        key.entry = record(
            events.PersonKeyCodeIssued(
                stream=stream_of(key.user),
                subjects=(f"key:{key.fingerprint}",),
                fingerprint=key.fingerprint,
                channel=channel,
                code_sha256=code.sha256,
            ),
            actor=actor,
        )
        key.code_sha256, key.code_salt, key.code_expires_at = code.sha256, code.salt, code.expires_at
        key.code_channel, key.code_tries = channel, 0
        key.save()
        if channel == PersonKey.Channel.MAIL:
            codes.send_after_commit(key, code.text)
            return ""
    return code.text


def confirm_key(key: PersonKey, *, code: str, actor: User) -> PersonKey:
    """Put a key to use by the code that its owner got on the second channel. Wrong codes are counted and recorded."""
    with transaction.atomic():
        key = _locked(key)
        if actor.pk != key.user_id:
            raise KeyRefused("A key is confirmed by its owner.", code="forbidden")
        if key.state != PersonKey.State.ENROLLED:
            raise KeyRefused("This key is confirmed or revoked already.")
        if key.code_expires_at <= timezone.now():
            raise KeyRefused("This code is too old. Ask for a new one.", code="expired")
        if key.code_tries >= codes.TRIES:
            raise KeyRefused("Too many wrong codes. Ask for a new one.", code="too_many_tries")
        right = codes.fits(key, code)
        subjects = (f"key:{key.fingerprint}",)
        if right:
            key.entry = record(
                events.PersonKeyConfirmed(
                    stream=stream_of(key.user),
                    subjects=subjects,
                    fingerprint=key.fingerprint,
                    channel=key.code_channel,
                ),
                actor=actor,
            )
            key.state = PersonKey.State.CONFIRMED
        else:
            key.code_tries += 1
            key.entry = record(
                events.PersonKeyCodeRefused(
                    stream=stream_of(key.user),
                    subjects=subjects,
                    fingerprint=key.fingerprint,
                    tries=key.code_tries,
                ),
                actor=actor,
            )
        key.save()
    if not right:  # after the commit: the wrong try is to stay counted
        left = codes.TRIES - key.code_tries
        raise KeyRefused(
            f"This is not the code. {left} {'try is' if left == 1 else 'tries are'} left."
            if left
            else "This is not the code. Ask for a new one.",
            code="wrong_code",
        )
    return key


def revoke_key(key: PersonKey, *, reason: str, actor: User) -> PersonKey:
    """End a key: its owner's choice, or an owner's of the label with a reason. What it signed before stays signed."""
    with transaction.atomic():
        key = _locked(key)
        if key.state == PersonKey.State.REVOKED:
            return key
        if actor.pk != key.user_id:
            if not actor.has_role(Role.OWNER):
                raise KeyRefused(
                    "A key is revoked by its owner or by an owner of the label.", code="forbidden"
                )
            if not reason.strip():
                raise KeyRefused("Say why you revoke somebody else's key.")
        key.entry = record(
            events.PersonKeyRevoked(
                stream=stream_of(key.user),
                subjects=(f"key:{key.fingerprint}",),
                fingerprint=key.fingerprint,
                reason=reason.strip(),
            ),
            actor=actor,
        )
        key.state = PersonKey.State.REVOKED
        key.save()
    return key


def _locked(key: PersonKey) -> PersonKey:
    return PersonKey.objects.select_for_update(of=("self",)).select_related("user").get(pk=key.pk)
