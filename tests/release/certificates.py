"""Certificates of every kind, right and wrong, for tests of signing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

EMAIL = ExtendedKeyUsageOID.EMAIL_PROTECTION
SERVER = ExtendedKeyUsageOID.SERVER_AUTH


def pem(item: Any) -> str:
    if isinstance(item, x509.Certificate):
        return item.public_bytes(serialization.Encoding.PEM).decode()
    made: bytes = item.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.decode()


@dataclass(frozen=True)
class Pair:
    certificate: x509.Certificate
    key: Any

    @property
    def pem(self) -> str:
        return pem(self.certificate)

    @property
    def key_pem(self) -> str:
        return pem(self.key)


def issue(
    name: str,
    issuer: Pair | None = None,
    *,
    ca: bool = False,
    uses: tuple[Any, ...] = (EMAIL,),
    sign: bool = True,
    start_s: float = -3600,
    end_s: float = 365 * 86400,
    key: Any = None,
) -> Pair:
    """A certificate from now plus `start_s` to now plus `end_s`; without an issuer it signs itself."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Pressing Authority (fictional)"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(seconds=start_s))
        .not_valid_after(now + timedelta(seconds=end_s))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(sign and not ca, not sign and not ca, False, False, False, ca, ca, False, False),
            critical=True,
        )
    )
    if uses and not ca:
        builder = builder.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
    if issuer:
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False
        )
    signing = issuer.key if issuer else key
    return Pair(builder.sign(signing, hashes.SHA256()), key)
