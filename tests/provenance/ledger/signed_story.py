"""A log that outsiders saw and a person signed: two keys of hers, two timestamps, a witness, a key handed over.

Tokens are made by `openssl ts`; cosignatures and passkey assertions here, by the formats' own documents.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import io
import json
import secrets
import uuid
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import transaction

from artists import events
from provenance import bundle, keys, ledger, notes, rotation, sequencer, signatures, verifier
from provenance.models import Checkpoint, Cosignature, Entry, TimestampToken
from provenance.outside import der
from provenance.outside.cosigning import COSIGNATURE_V1, CosignerKey
from provenance.signing import sshsig
from provenance.signing.payload import PersonPayload, challenge, words_sha256
from tests.provenance.ledger.helpers import ACTOR, note
from tests.provenance.outside.authority import Office
from tests.provenance.signing.helpers import ORIGIN, RP_ID, Authenticator

STREAM = "project:signed"
WORDS = "You kept take 3 and let go of take 4."


@dataclass
class Witness:
    """Signs checkpoints as C2SP tlog-cosignature says."""

    name: str = "witness.example/north"
    private: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def public(self) -> CosignerKey:
        return CosignerKey(self.name, self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    @property
    def key(self) -> verifier.Key:
        return verifier.Key.parse(str(self.public))

    def line(self, text: str, *, at: int) -> str:
        value = at.to_bytes(8, "big") + self.private.sign(f"cosignature/v1\ntime {at}\n{text}".encode())
        key_id = notes.key_id(self.name, COSIGNATURE_V1, self.public.public)
        return str(notes.Signature(self.name, key_id, value))


def head() -> Checkpoint:
    sequencer.drain()
    found = Checkpoint.objects.order_by("-size").first()
    assert found is not None
    return found


def stamp(office: Office, point: Checkpoint, *, signer: str = "tsa", over: bytes = b"") -> TimestampToken:
    """A token of openssl over the checkpoint's exact bytes, stored as the publisher stores it."""
    reply = office.reply(office.query(over or bytes(point.note)), signer=signer)
    token = der.token_of(reply)
    assert token is not None
    stated = dt.datetime.fromisoformat(verifier.read_token(token, "it").at)
    return TimestampToken.objects.create(checkpoint=point, authority="office", token=token, gen_time=stated)


def cosign(witness: Witness, point: Checkpoint, *, over: str = "") -> Cosignature:
    at = int(dt.datetime.now(dt.UTC).timestamp())
    text = over or notes.parse_note(bytes(point.note)).text
    return Cosignature.objects.create(
        checkpoint=point,
        witness=witness.name,
        key=str(witness.public),
        line=witness.line(text, at=at),
        at=dt.datetime.fromtimestamp(at, dt.UTC),
    )


@dataclass
class Signer:
    """A person with one key, as the ledger knows them. Everything is recorded as the services would."""

    method: str = "webauthn"
    algorithm: str = "es256"
    user: str = field(default_factory=lambda: str(uuid.uuid4()))
    device: Any = None

    def __post_init__(self) -> None:
        self.device = self.device or Authenticator(self.algorithm)

    @property
    def actor(self) -> ledger.Actor:
        return ledger.Actor("human", self.user)

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.device.public.raw).hexdigest()

    def enrol(self, *, confirm: bool = True, **changes: Any) -> None:
        facts = {
            "user": self.user,
            "method": self.method,
            "algorithm": self.algorithm,
            "public_key": base64.b64encode(self.device.public.raw).decode(),
            "fingerprint": self.fingerprint,
            "credential_id": "",
            "rp_id": RP_ID if self.method == "webauthn" else "",
            "code_sha256": "0" * 64,
            "label": "the key in the drawer",
        }
        self._record(events.PersonKeyEnrolled(**self._at(), **{**facts, **changes}))
        if confirm:
            self.confirm()

    def confirm(self) -> None:
        self._record(
            events.PersonKeyConfirmed(**self._at(), fingerprint=self.fingerprint, channel="in person")
        )

    def revoke(self) -> None:
        self._record(events.PersonKeyRevoked(**self._at(), fingerprint=self.fingerprint, reason="lost"))

    def work(self, number: int, *, stream: str = STREAM, words: str = "") -> Entry:
        return note(number, stream=stream, words=words, actor=self.actor)

    def payload(self, entries: list[Entry], **changes: Any) -> PersonPayload:
        newest = TimestampToken.objects.order_by("-pk").first()
        facts: dict[str, Any] = {
            "log": keys.origin(),
            "person": self.user,
            "purpose": "session",
            "stream": STREAM,
            "leaves": tuple(bytes(entry.leaf_hash).hex() for entry in entries),
            "words_sha256": words_sha256(WORDS),
            "nonce": secrets.token_hex(32),
            "timestamp": hashlib.sha256(bytes(newest.token)).hexdigest() if newest else "",
            "at": "2026-11-21T12:00:00.000000Z",
        }
        return PersonPayload(**{**facts, **changes})

    def proof(self, data: bytes, **options: Any) -> dict[str, str]:
        if self.method == "ssh":
            return {"signature": sshsig.sign_ssh(data, self.device.private, **options)}
        said = {"origin": ORIGIN, "rp_id": RP_ID} | options
        return self.device.sign(challenge(data), **said).to_json() | {"rp_id": RP_ID, "origin": ORIGIN}

    def sign(
        self, entries: list[Entry], *, proof: dict[str, str] | None = None, actor: Any = None, **changes: Any
    ) -> Entry:
        """Record a signature over these entries; nothing of it is checked here."""
        payload = self.payload(entries, **changes)
        with transaction.atomic():
            entry = ledger.record(
                events.SessionSigned(
                    stream=STREAM,
                    subjects=(f"key:{self.fingerprint}",),
                    payload=json.loads(payload.data),
                    fingerprint=self.fingerprint,
                    method=self.method,
                    algorithm=self.algorithm,
                    proof=proof or self.proof(payload.data),
                    count=len(entries),
                    words=WORDS,
                ),
                actor=actor or self.actor,
            )
            fresh = [one for one in entries if not signatures.signed_entries([one.pk])]
            signatures.attach(entry, fresh)
        return entry

    def _at(self) -> dict[str, Any]:
        return {"stream": f"person:{self.user}", "subjects": (f"key:{self.fingerprint}",)}

    def _record(self, happened: Any) -> None:
        with transaction.atomic():
            ledger.record(happened, actor=self.actor)


@dataclass
class Story:
    office: Office
    witness: Witness
    mara: Signer
    ilse: Signer
    first_key: verifier.Key
    points: list[Checkpoint]

    @property
    def roots(self) -> list[Any]:
        return verifier.certificates((self.office.folder / "root.pem").read_bytes())

    @property
    def other_roots(self) -> list[Any]:
        return verifier.certificates((self.office.folder / "other.pem").read_bytes())

    @cached_property
    def plain(self) -> bytes:
        """The bundle of the story as it was told, all disclosed."""
        return self.bundle()

    def bundle(self, **options: Any) -> bytes:
        out = io.BytesIO()
        options.setdefault("disclose", bundle.everything)
        scope = bundle.of_stream(STREAM)
        bundle.build(entries=scope.entries, out=out, **options)
        return out.getvalue()


def tell(office: Office) -> Story:
    """Twelve entries of two people in one project, signed in three acts, with what outsiders saw in between."""
    witness = Witness()
    mara, ilse = Signer(), Signer(method="ssh", algorithm="ed25519")
    first_key = verifier.Key.parse(str(keys.verifier_key()))
    for number in range(5):
        note(number, stream="project:else")
    mara.enrol()
    ilse.enrol()
    one = [mara.work(number, words="softly" if number == 1 else "") for number in range(4)]
    points = [head()]
    stamp(office, points[0])
    cosign(witness, points[0])
    mara.sign(one)
    two = [ilse.work(number) for number in range(10, 14)]
    ilse.sign(two[:3])
    points.append(head())
    stamp(office, points[1])
    rotation.rotate(reason="yearly", actor=ACTOR)
    three = [mara.work(number) for number in range(20, 23)]
    mara.sign(three)
    points.append(head())
    stamp(office, points[2])
    cosign(witness, points[2])
    return Story(office, witness, mara, ilse, first_key, points)
