"""SSHSIG, the signatures of `ssh-keygen -Y sign` (OpenSSH, PROTOCOL.sshsig), for Ed25519 and ECDSA on P-256."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from provenance.signing.errors import SigningError
from provenance.signing.publickey import ED25519, ES256, PublicKey

#: Our own, so that a signature for a commit or a release can never pass as one for entries.
NAMESPACE: Final = "person-signature@deadwax"
_MAGIC: Final = b"SSHSIG"
_BEGIN: Final = "-----BEGIN SSH SIGNATURE-----"
_END: Final = "-----END SSH SIGNATURE-----"
_MAX_TEXT: Final = 4096
_HASHES: Final = {"sha256": hashlib.sha256, "sha512": hashlib.sha512}
_ED25519_NAME: Final = "ssh-ed25519"
_P256_NAME: Final = "ecdsa-sha2-nistp256"


@dataclass(frozen=True, slots=True)
class SshSignature:
    """A signature as it was read: not checked yet."""

    key: PublicKey
    namespace: str
    hash_name: str
    signature: bytes
    """As `PublicKey.verify` takes it."""
    armor: str
    """The same signature in the one form that `ssh-keygen` writes: what is kept, whatever line ends it came with."""

    def check(self, message: bytes, *, namespace: str = NAMESPACE) -> None:
        """Return if this signs `message` in `namespace`. Raises `SigningError`. Whose key it is, the caller checks."""
        if self.namespace != namespace:
            raise SigningError(
                f"the signature is for the namespace {self.namespace[:80]!r}: sign with -n {namespace}"
            )
        self.key.verify(self.signature, _signed(message, self.namespace, self.hash_name))


def parse_armor(text: str) -> SshSignature:
    """The signature in an armored text. Raises `SigningError` for anything else."""
    lines = [line.strip() for line in text.strip().splitlines()]
    if len(text) > _MAX_TEXT or len(lines) < 3 or lines[0] != _BEGIN or lines[-1] != _END:
        raise SigningError(f"a signature begins with {_BEGIN} and ends with {_END}")
    joined = "".join(lines[1:-1])
    if not re.fullmatch(r"[A-Za-z0-9+/]+={0,2}", joined):
        raise SigningError("the signature is not base64")
    try:
        blob = base64.b64decode(joined, validate=True)
    except (binascii.Error, ValueError):
        raise SigningError("the signature is not base64") from None
    if base64.b64encode(blob).decode() != joined:
        raise SigningError("the signature is not base64 in its one form")
    if blob[:6] != _MAGIC or blob[6:10] != b"\x00\x00\x00\x01":
        raise SigningError("this is not an SSHSIG of version 1")
    reader = _Reader(blob[10:])
    key = _key(reader.string())
    namespace, reserved, hash_name = reader.text(), reader.string(), reader.text()
    signature = _signature(reader.string(), key)
    reader.end()
    if reserved:
        raise SigningError("the signature's reserved field is not empty")
    if hash_name not in _HASHES:
        raise SigningError("the signature's hash is neither sha256 nor sha512")
    return SshSignature(key, namespace, hash_name, signature, _armored(blob))


def sign_ssh(message: bytes, private: Ed25519PrivateKey, *, namespace: str = NAMESPACE) -> str:
    """What `ssh-keygen -Y sign` would write for an Ed25519 key held in software: for the demo and for tests."""
    raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    signature = private.sign(_signed(message, namespace, "sha512"))
    name = _ED25519_NAME.encode()
    blob = b"".join(
        (
            _MAGIC,
            (1).to_bytes(4, "big"),
            _string(_string(name) + _string(raw)),
            _string(namespace.encode()),
            _string(b""),
            _string(b"sha512"),
            _string(_string(name) + _string(signature)),
        )
    )
    return _armored(blob)


def _armored(blob: bytes) -> str:
    coded = base64.b64encode(blob).decode()
    lines = [coded[at : at + 70] for at in range(0, len(coded), 70)]
    return "\n".join([_BEGIN, *lines, _END, ""])


def _signed(message: bytes, namespace: str, hash_name: str) -> bytes:
    digest = _HASHES[hash_name](message).digest()
    return _MAGIC + b"".join(map(_string, (namespace.encode(), b"", hash_name.encode(), digest)))


def _key(blob: bytes) -> PublicKey:
    """RFC 8709, section 4 (ssh-ed25519); RFC 5656, section 3.1 (ecdsa-sha2-nistp256)."""
    reader = _Reader(blob)
    name = reader.text()
    if name == _ED25519_NAME:
        key = PublicKey(ED25519, reader.string())
    elif name == _P256_NAME:
        if reader.text() != "nistp256":
            raise SigningError("the key's curve is not nistp256")
        key = PublicKey(ES256, reader.string())
    else:
        raise SigningError(
            f"keys of type {name[:60]!r} are not taken: use ssh-ed25519 or ecdsa-sha2-nistp256"
            + (", or enrol the security key as a passkey" if name.startswith("sk-") else "")
        )
    reader.end()
    return key


def _signature(blob: bytes, key: PublicKey) -> bytes:
    reader = _Reader(blob)
    name, value = reader.text(), reader.string()
    reader.end()
    if name != (_ED25519_NAME if key.algorithm == ED25519 else _P256_NAME):
        raise SigningError("the signature and its key are of different types")
    if key.algorithm == ED25519:
        return value
    inner = _Reader(value)
    r, s = inner.mpint(), inner.mpint()
    inner.end()
    return encode_dss_signature(r, s)


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


class _Reader:
    """RFC 4251, section 5: strings and mpints, with nothing left over."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def string(self) -> bytes:
        size = int.from_bytes(self._data[:4], "big")
        if len(self._data) < 4 + size:
            raise SigningError("the signature is cut off")
        value, self._data = self._data[4 : 4 + size], self._data[4 + size :]
        return value

    def text(self) -> str:
        try:
            return self.string().decode("ascii")
        except UnicodeDecodeError:
            raise SigningError("a name in the signature is not ASCII") from None

    def mpint(self) -> int:
        value = self.string()
        if not 0 < len(value) <= 33:
            raise SigningError("a number in the signature has the wrong size")
        number = int.from_bytes(value, "big", signed=True)
        if number <= 0:
            raise SigningError("a number in the signature is not positive")
        return number

    def end(self) -> None:
        if self._data:
            raise SigningError("something is left over in the signature")
