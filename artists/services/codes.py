"""Codes that confirm a key on a second channel: short enough to read out, useless to who only reads the ledger."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from dataclasses import dataclass

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.utils import timezone

from artists.models import PersonKey

#: Crockford's base 32: nothing in it is mistaken for something else. Ten of them are 50 bits.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 10
TRIES = 5
LASTS = dt.timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Code:
    """A fresh code with what is stored of it."""

    text: str
    salt: str
    sha256: str
    expires_at: dt.datetime

    @classmethod
    def new(cls, fingerprint: str) -> Code:
        plain = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
        salt = secrets.token_hex(32)
        return cls(f"{plain[:5]}-{plain[5:]}", salt, digest(salt, fingerprint, plain), timezone.now() + LASTS)


def digest(salt: str, fingerprint: str, plain: str) -> str:
    return hashlib.sha256("\x00".join(["deadwax/key-code/v1", salt, fingerprint, plain]).encode()).hexdigest()


def fits(key: PersonKey, typed: str) -> bool:
    """Whether somebody typed the key's code, however they wrote it."""
    plain = "".join(char for char in typed.upper() if char.isascii() and char.isalnum())
    plain = plain.translate(str.maketrans("OIL", "011"))
    return hmac.compare_digest(digest(key.code_salt, key.fingerprint, plain), key.code_sha256)


def send_after_commit(key: PersonKey, code: str) -> None:
    """Mail the code to its owner's address. A mail server that is down does not undo the enrolment."""
    user = key.user
    text = (
        f"Somebody who is logged in as you enrolled a key for signing: “{key.label}”.\n\n"
        f"If it was you, confirm it with this code at {settings.DEADWAX_BASE_URL}/account/keys/ :\n\n"
        f"    {code}\n\n"
        "It works for 24 hours. If it was not you, revoke the key on the same page,"
        " change your password, and tell the label's owner.\n\n"
        f"The key's fingerprint: {key.fingerprint}\n"
    )
    transaction.on_commit(
        lambda: send_mail("Confirm your key for signing", text, None, [user.email], fail_silently=False),
        robust=True,
    )
