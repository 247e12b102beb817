"""What a signing certificate must be, checked before a file is signed, with a sentence for whoever has to mend it.

C2PA 2.x, 14.5.1 (certificate profile): X.509 v3, not self-signed, digitalSignature, an extended key usage for
documents or e-mail and none of the forbidden ones, a key of an allowed kind; the chain goes from leaf to root.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from release.c2pa.errors import CertificateUnusable

DOCUMENT_SIGNING: Final = ObjectIdentifier("1.3.6.1.5.5.7.3.36")
C2PA_SIGNING: Final = ObjectIdentifier("1.3.6.1.4.1.62558.2.1")
ALLOWED_USES: Final = frozenset({ExtendedKeyUsageOID.EMAIL_PROTECTION, DOCUMENT_SIGNING, C2PA_SIGNING})
FORBIDDEN_USES: Final = {
    ExtendedKeyUsageOID.SERVER_AUTH: "serverAuth",
    ExtendedKeyUsageOID.CODE_SIGNING: "codeSigning",
    ExtendedKeyUsageOID.TIME_STAMPING: "timeStamping",
    ExtendedKeyUsageOID.OCSP_SIGNING: "OCSPSigning",
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE: "anyExtendedKeyUsage",
}
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey
_CURVES: Final = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}


@dataclass(frozen=True)
class Chain:
    """A checked chain. `algorithm` is C2PA's name of how the leaf's key signs."""

    pem: str
    leaf: x509.Certificate
    algorithm: str

    @property
    def subject(self) -> str:
        return self.leaf.subject.rfc4514_string()

    @property
    def issuer(self) -> str:
        return self.leaf.issuer.rfc4514_string()

    @property
    def expires_at(self) -> datetime:
        return self.leaf.not_valid_after_utc


def check_chain(pem: str, *, now: datetime | None = None) -> Chain:
    """The chain in a PEM text, leaf first. Raises CertificateUnusable with what is wrong and what to do."""
    moment = now or datetime.now(UTC)
    try:
        found = x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        raise CertificateUnusable("It holds no certificates in PEM form.") from None
    leaf = found[0]
    if _is_authority(leaf):
        raise CertificateUnusable(
            "Its first certificate is an authority's. Put the signing certificate first, then each issuer."
        )
    if leaf.issuer == leaf.subject:
        raise CertificateUnusable(
            "The signing certificate is self-signed, which C2PA refuses. Use one that an authority issued."
        )
    if len(found) < 2:
        raise CertificateUnusable(
            "Its issuer is missing: readers could not follow the chain. Put the issuer's certificate behind it."
        )
    for child, parent in itertools.pairwise(found):
        try:
            child.verify_directly_issued_by(parent)
        except (ValueError, TypeError, InvalidSignature):
            raise CertificateUnusable(
                f"The chain is out of order: {_name(child)} was not issued by {_name(parent)}, which follows it. "
                "Put the signing certificate first, then its issuer, then the issuer's issuer."
            ) from None
    for one in found:
        if one.not_valid_after_utc < moment:
            raise CertificateUnusable(
                f"{_name(one)} ran out on {one.not_valid_after_utc:%Y-%m-%d}. Put a renewed certificate in its place.",
                code="certificate_expired",
            )
        if one.not_valid_before_utc > moment:
            raise CertificateUnusable(
                f"{_name(one)} is not valid before {one.not_valid_before_utc:%Y-%m-%d %H:%M} UTC. Check the clock."
            )
    _check_uses(leaf)
    return Chain(pem, leaf, _algorithm(leaf.public_key()))


def _check_uses(leaf: x509.Certificate) -> None:
    try:
        usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        usage = None
    if usage is None or not usage.digital_signature:
        raise CertificateUnusable("It lacks the key usage digitalSignature. Order one for signing documents.")
    try:
        uses = set(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        raise CertificateUnusable(
            "It has no extended key usage, which C2PA refuses. Order one with emailProtection or documentSigning."
        ) from None
    if wrong := sorted(FORBIDDEN_USES[use] for use in uses & FORBIDDEN_USES.keys()):
        raise CertificateUnusable(
            f"It has the extended key usage {', '.join(wrong)}, which C2PA refuses. A web server's certificate "
            "cannot sign sound: order one with emailProtection or documentSigning."
        )
    if not uses & ALLOWED_USES:
        raise CertificateUnusable(
            "It has no extended key usage that C2PA accepts. Order one with emailProtection or documentSigning."
        )


def _algorithm(key: object) -> str:
    match key:
        case ec.EllipticCurvePublicKey() if key.curve.name in _CURVES:
            return _CURVES[key.curve.name]
        case rsa.RSAPublicKey() if key.key_size >= 2048:
            return "ps256"
        case ed25519.Ed25519PublicKey():
            return "ed25519"
    raise CertificateUnusable(
        "Its key is of a kind that C2PA refuses: use P-256, P-384, P-521, RSA from 2048 bits, Ed25519."
    )


def check_key(chain: Chain, key_pem: str) -> None:
    """Returns where the private key is the leaf's. Raises CertificateUnusable."""
    try:
        key = serialization.load_pem_private_key(key_pem.encode(), password=None)
    except TypeError:
        raise CertificateUnusable(
            "The key is locked with a password. Store it without one, readable by its owner alone."
        ) from None
    except ValueError:
        raise CertificateUnusable("The key cannot be read: it is not a private key in PEM form.") from None
    if key.public_key() != chain.leaf.public_key():
        raise CertificateUnusable(
            f"The key does not belong to the certificate of {_name(chain.leaf)}. Use the pair that belongs together."
        )


def verify_raw(chain: Chain, signature: bytes, data: bytes) -> bool:
    """Whether these bytes are the leaf's signature as COSE has it (ECDSA as r and s, side by side)."""
    key = chain.leaf.public_key()
    try:
        match key:
            case ec.EllipticCurvePublicKey():
                half = (key.curve.key_size + 7) // 8
                if len(signature) != 2 * half:
                    return False
                key.verify(p1363_to_der(signature), data, ec.ECDSA(_HASHES[chain.algorithm]))
            case rsa.RSAPublicKey():
                digest = hashes.SHA256()
                key.verify(signature, data, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
            case ed25519.Ed25519PublicKey():
                key.verify(signature, data)
            case _:
                return False
    except InvalidSignature:
        return False
    return True


_HASHES: Final[Mapping[str, hashes.HashAlgorithm]] = {
    "es256": hashes.SHA256(),
    "es384": hashes.SHA384(),
    "es512": hashes.SHA512(),
}


def p1363_to_der(signature: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    half = len(signature) // 2
    return encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))


def der_to_p1363(chain: Chain, signature: bytes) -> bytes:
    """ECDSA in DER, as OpenSSL and most HSM tools print it, as r and s side by side. Raises ValueError."""
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    key = chain.leaf.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    half = (key.curve.key_size + 7) // 8
    r, s = decode_dss_signature(signature)
    return r.to_bytes(half) + s.to_bytes(half)


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return bool(certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except x509.ExtensionNotFound:
        return False


def _name(certificate: x509.Certificate) -> str:
    common = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(common[0].value) if common else certificate.subject.rfc4514_string()
