"""Signing: a person's own unsigned entries of one stream, shown in words, signed with a confirmed key of theirs."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from artists import events
from artists.errors import NothingToSign, SignatureRefused
from artists.models import PersonKey, PersonSignature, SigningRequest, User
from artists.services.keys import REQUEST_LASTS, open_request, sweep_requests
from artists.webauthn_site import site
from provenance import canonical, signatures
from provenance.keys import origin
from provenance.ledger import record
from provenance.models import Entry
from provenance.signing import PersonPayload, PublicKey, SigningError, challenge, check_assertion, parse_armor
from provenance.signing.assertion import Assertion
from provenance.signing.payload import words_sha256

PURPOSES = tuple(PersonSignature.Purpose.values)
#: What each purpose covers; everything where nothing is named.
KINDS: Mapping[str, tuple[str, ...]] = {
    PersonSignature.Purpose.SESSION: (),
    PersonSignature.Purpose.DECLARATION: ("master.declared",),
    PersonSignature.Purpose.APPROVAL: ("release.approved",),
}


def signing_request(user: User, stream: str, purpose: str) -> SigningRequest:
    """What this person is asked to sign: words, and the payload with its nonce. Raises `NothingToSign`.

    A request that is still open and about the same entries is given again.
    """
    entries = _waiting(user, stream, purpose)
    if not entries:
        raise NothingToSign("Nothing of yours waits for a signature there.")
    now = timezone.now()
    leaves = tuple(bytes(entry.leaf_hash).hex() for entry in entries)
    sweep_requests(user)
    standing = SigningRequest.objects.filter(
        user=user, purpose=purpose, stream=stream, used_at=None, expires_at__gt=now + REQUEST_LASTS / 2
    )
    for request in standing.order_by("-expires_at")[:3]:
        if PersonPayload.parse(bytes(request.payload)).leaves == leaves:
            return request
    words = _words(user, stream, purpose, entries)
    payload = PersonPayload(
        log=origin(),
        person=str(user.pk),
        purpose=purpose,
        stream=stream,
        leaves=leaves,
        words_sha256=words_sha256(words),
        nonce=secrets.token_hex(32),
        timestamp=signatures.newest_token_sha256(),
        at=canonical.timestamp(now),
    )
    return SigningRequest.objects.create(
        nonce=payload.nonce,
        user=user,
        purpose=purpose,
        stream=stream,
        payload=payload.data,
        words=words,
        expires_at=now + REQUEST_LASTS,
    )


def _waiting(user: User, stream: str, purpose: str) -> list[Entry]:
    if purpose not in PURPOSES:
        raise SignatureRefused(f"A signature is for one of: {', '.join(PURPOSES)}.")
    return signatures.unsigned_entries(str(user.pk), stream, kinds=KINDS[purpose])


def _words(user: User, stream: str, purpose: str, entries: list[Entry]) -> str:
    """The text that is shown. Its last line keeps its digest from being guessed."""
    what = {
        PersonSignature.Purpose.SESSION: f"{len(entries)} {'entry' if len(entries) == 1 else 'entries'} of your own",
        PersonSignature.Purpose.DECLARATION: "your declaration",
        PersonSignature.Purpose.APPROVAL: "your approval",
    }[PersonSignature.Purpose(purpose)]
    return "\n\n".join(
        [
            f"{user.full_name}, you sign {what} in “{signatures.stream_title(stream)}”.",
            signatures.retold(entries),
            "\n".join(
                [
                    "Private words are not repeated here (…); your signature covers them sealed.",
                    f"Log {origin()}, stream {stream}.",
                    f"Reference {secrets.token_hex(16)}",
                ]
            ),
        ]
    )


def webauthn_challenge(request: SigningRequest) -> bytes:
    return challenge(bytes(request.payload))


def sign(user: User, *, nonce: str, fingerprint: str, proof: Mapping[str, Any]) -> PersonSignature:
    """Check a signature over an open request and record it: entry, links and row in one transaction.

    `proof`: for a passkey `authenticator_data`, `client_data`, `signature` in base64url; for an ssh key `signature`,
    the armored text. Raises `SignatureRefused` (or `KeyRefused`) with what is wrong; the request then stays open.
    """
    with transaction.atomic():
        # 1. The request: the person's own, open, and still about all of these entries.
        request = open_request(user, nonce, purposes=PURPOSES)
        data = bytes(request.payload)
        payload = PersonPayload.parse(data)
        if PersonSignature.objects.filter(nonce=nonce).exists():
            raise SignatureRefused("This was signed already; a request works once.", code="replayed")
        # 2. The key: the person's own, confirmed, not revoked. All their keys are locked, and before anything is
        #    recorded, so that two signatures of one person, or a signature and a revocation, have an order.
        keys = PersonKey.objects.select_for_update(of=("self",)).filter(user=user).order_by("pk")
        key = next((row for row in keys if row.fingerprint == fingerprint), None)
        if key is None:
            raise SignatureRefused("This is no key of yours. Enrol it first.", code="unknown_key")
        if key.state != PersonKey.State.CONFIRMED:
            raise SignatureRefused(
                "This key is revoked."
                if key.state == PersonKey.State.REVOKED
                else "This key is not confirmed yet.",
                code="key_not_in_use",
            )
        # 3. The signature itself.
        said, counter = _checked(key, data, proof)
        # 4. The entries: as they were shown, and nobody signed them meanwhile.
        wanted = {bytes.fromhex(leaf) for leaf in payload.leaves}
        entries = list(Entry.objects.filter(leaf_hash__in=wanted, stream=payload.stream).order_by("id"))
        mine = [entry for entry in entries if entry.actor_type == "human" and entry.actor_id == str(user.pk)]
        if len(mine) != len(wanted):
            raise SignatureRefused("Not all of these entries are yours.", code="not_yours")
        if signatures.signed_entries(entry.id for entry in mine):
            raise SignatureRefused(
                "Some of this is signed already. Open the page again.", code="signed_already"
            )
        # 5. All of it at once.
        entry = record(
            events.SessionSigned(
                stream=payload.stream,
                subjects=(f"key:{key.fingerprint}",),
                payload=json.loads(data),
                fingerprint=key.fingerprint,
                method=key.method,
                algorithm=key.algorithm,
                proof=said,
                count=len(mine),
                words=request.words,
            ),
            actor=user,
        )
        signatures.attach(entry, mine)
        if counter > key.sign_count:
            key.sign_count, key.entry = counter, entry
            key.save()
        request.used_at, request.words = timezone.now(), ""
        request.save(update_fields=["used_at", "words"])
        return PersonSignature.objects.create(
            key=key,
            purpose=payload.purpose,
            stream=payload.stream,
            nonce=payload.nonce,
            payload_sha256=hashlib.sha256(data).hexdigest(),
            entries_signed=len(mine),
            entry=entry,
        )


def _checked(key: PersonKey, data: bytes, proof: Mapping[str, Any]) -> tuple[dict[str, str], int]:
    """The proof as it is recorded, and the authenticator's counter."""
    public = PublicKey.from_base64(key.algorithm, key.public_key)
    try:
        if key.method == PersonKey.Method.SSH:
            found = parse_armor(str(proof.get("signature", "")))
            if found.key != public:
                raise SigningError("another key made this signature")
            found.check(data)
            return {"signature": found.armor}, 0
        here = site()
        assertion = Assertion.from_base64url(
            authenticator_data=proof.get("authenticator_data", ""),
            client_data=proof.get("client_data", ""),
            signature=proof.get("signature", ""),
        )
        counter = check_assertion(
            assertion, challenge=challenge(data), origin=here.origin, rp_id=here.rp_id, key=public
        )
    except SigningError as error:
        raise SignatureRefused(f"Not signed: {error}.") from error
    # Level 2, 7.2, step 21: a counter that does not grow tells of a copied authenticator; 0 tells that there is none.
    if (counter or key.sign_count) and counter <= key.sign_count:
        raise SignatureRefused(
            "Not signed: this passkey's counter went back, so it may have been copied. Revoke it and enrol another.",
            code="counter_reused",
        )
    return {**assertion.to_json(), "rp_id": here.rp_id, "origin": here.origin}, counter


def key_of_signature(signature: str) -> str:
    """The fingerprint of the key in an armored ssh signature."""
    try:
        return parse_armor(signature).key.fingerprint
    except SigningError as error:
        raise SignatureRefused(f"Not signed: {error}.") from error
