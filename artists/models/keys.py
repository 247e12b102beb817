"""People's own signing keys, and what they signed with them. The signed bytes stand in the ledger's entries."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from artists.models.user import User
from provenance.models import Recorded


class PersonKey(Recorded):
    """A passkey or an ssh key of one person. Useless until its owner confirmed it on a second channel."""

    class Method(models.TextChoices):
        WEBAUTHN = "webauthn", "Passkey"
        SSH = "ssh", "ssh key"

    class State(models.TextChoices):
        ENROLLED = "enrolled", "Waits for its confirmation"
        CONFIRMED = "confirmed", "In use"
        REVOKED = "revoked", "Revoked"

    class Channel(models.TextChoices):
        MAIL = "mail", "by mail"
        IN_PERSON = "in person", "in person"

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="signing_keys")
    method = models.CharField(max_length=8, choices=Method.choices)
    algorithm = models.CharField(max_length=8, help_text="ed25519 or es256.")
    fingerprint = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the public key, in hex.")
    public_key = models.CharField(
        max_length=200, help_text="Base64: 32 bytes (Ed25519) or 65 bytes (P-256, uncompressed point)."
    )
    credential_id = models.CharField(
        max_length=1400, blank=True, help_text="WebAuthn credential id, base64url."
    )
    label = models.CharField(max_length=80, help_text="What its owner calls it.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.ENROLLED)
    code_sha256 = models.CharField(
        max_length=64, help_text="Salted digest of the code on the second channel."
    )
    code_salt = models.CharField(
        max_length=64, default="", help_text="Not in the ledger, or the code could be guessed."
    )
    code_channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.MAIL)
    code_tries = models.PositiveSmallIntegerField(default=0, help_text="Wrong codes since the last was sent.")
    code_expires_at = models.DateTimeField()
    sign_count = models.BigIntegerField(default=0, help_text="WebAuthn counter; 0 where it is not kept.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["created_at"]

    def __str__(self) -> str:
        return self.label


class PersonSignature(Recorded):
    """One act of signing: a batch of a person's entries, under a nonce that works once."""

    class Purpose(models.TextChoices):
        SESSION = "session", "Session"
        DECLARATION = "declaration", "Declaration"
        APPROVAL = "approval", "Release approval"

    key = models.ForeignKey(PersonKey, on_delete=models.PROTECT, related_name="signatures")
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    stream = models.CharField(max_length=64)
    nonce = models.CharField(max_length=64, unique=True)
    payload_sha256 = models.CharField(max_length=64)
    entries_signed = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.purpose} signature over {self.entries_signed} entries"


class SigningRequest(models.Model):
    """What a person was shown before signing. Short-lived: it is used once or it expires."""

    nonce = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=12, help_text="As in PersonSignature, or enrol.")
    stream = models.CharField(max_length=64, blank=True)
    payload = models.BinaryField(help_text="Exact canonical JSON bytes that are signed.")
    words = models.TextField(blank=True, help_text="What is shown to the person, exactly.")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"request to sign ({self.purpose})"
