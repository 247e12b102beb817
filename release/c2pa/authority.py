"""The trial certificate authority: a root and a signing certificate of this installation's own.

Files signed by it read "valid" everywhere and "trusted" only where its root is a given anchor: it is not on the
public C2PA trust list, and no page may say otherwise. A label that needs that list names its own certificate
(DEADWAX_C2PA_CERT).
"""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from release.c2pa.errors import KeysDamaged

ROOT_FILE: Final = "c2pa-root.pem"
CHAIN_FILE: Final = "c2pa-chain.pem"
KEY_FILE: Final = "c2pa-key.pem"
LOCK_FILE: Final = "c2pa.lock"
LEAF_DAYS: Final = 7300
"""As long as the root: without a time stamp a signature is only good while its certificate is."""
ROOT_DAYS: Final = 7300
RENEW_DAYS: Final = 90


@dataclass(frozen=True)
class TrialAuthority:
    """Signing key (ES256), its chain (leaf first) and the root that anchors it, all PEM."""

    key_pem: str = field(repr=False)
    chain_pem: str
    root_pem: str

    @classmethod
    def load_or_create(cls, keys_dir: Path, *, organization: str = "Deadwax installation") -> TrialAuthority:
        """The authority kept in `keys_dir`, made on first use; the key file is readable by its owner only.

        Raises KeysDamaged where files are missing or do not belong together: a new key is never made over an old one.
        """
        keys_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        paths = [keys_dir / name for name in (KEY_FILE, CHAIN_FILE, ROOT_FILE)]
        # several workers may come here first at the same time; one makes the keys, the others wait and find them
        with (keys_dir / LOCK_FILE).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            there = [path.is_file() for path in paths]
            if not any(there):
                made = cls.create(organization=organization)
                for path, text in zip(paths, (made.key_pem, made.chain_pem, made.root_pem), strict=True):
                    _write_private(path, text)
                return made
        if not all(there):
            missing = ", ".join(path.name for path, found in zip(paths, there, strict=True) if not found)
            raise KeysDamaged(
                f"The signing keys in the keys folder are incomplete: {missing} is missing. Restore it."
            )
        authority = cls(*(path.read_text(encoding="ascii") for path in paths))
        authority.check()
        return authority

    @classmethod
    def renew(cls, keys_dir: Path, *, organization: str = "Deadwax installation") -> str:
        """A new root and leaf in the place of the old; returns the file name that the old root is kept under, if any.

        The root's key was thrown away, so a new leaf needs a new root; the old one stays an anchor. The key is written
        last: a crash in between leaves the old key and KeysDamaged, never a key that signs under no root.
        """
        keys_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        made, kept = cls.create(organization=organization), ""
        with (keys_dir / LOCK_FILE).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if (keys_dir / ROOT_FILE).is_file():
                old = (keys_dir / ROOT_FILE).read_text(encoding="ascii")
                serial = x509.load_pem_x509_certificate(old.encode()).serial_number
                kept = f"c2pa-root-{serial:x}.pem"
                if not (keys_dir / kept).exists():
                    _write_private(keys_dir / kept, old)
            for name, text in (
                (ROOT_FILE, made.root_pem),
                (CHAIN_FILE, made.chain_pem),
                (KEY_FILE, made.key_pem),
            ):
                fresh = keys_dir / f"{name}.new"
                fresh.unlink(missing_ok=True)
                _write_private(fresh, text)
                fresh.replace(keys_dir / name)
        return kept

    @classmethod
    def create(cls, *, organization: str, now: datetime | None = None) -> TrialAuthority:
        """A new root and leaf. The root's key is thrown away: it signs this one leaf and never another."""
        start = (now or datetime.now(UTC)) - timedelta(minutes=5)
        root_key = ec.generate_private_key(ec.SECP256R1())
        root_name = _name(organization, "Deadwax trial root")
        root = (
            _builder(root_name, root_name, root_key.public_key(), start, ROOT_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(sign_certificates=True), critical=True)
            .sign(root_key, hashes.SHA256())
        )
        leaf_key = ec.generate_private_key(ec.SECP256R1())
        leaf = (
            _builder(
                _name(organization, "Deadwax signer"), root_name, leaf_key.public_key(), start, LEAF_DAYS
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(sign_certificates=False), critical=True)
            # C2PA refuses a leaf without an extended key usage, and one with serverAuth
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False
            )
            .sign(root_key, hashes.SHA256())
        )
        key_pem = leaf_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return cls(key_pem.decode(), _pem(leaf) + _pem(root), _pem(root))

    def check(self) -> None:
        """Raises KeysDamaged where the key does not fit the leaf, or the leaf is not from the root, or has run out."""
        try:
            leaf = x509.load_pem_x509_certificates(self.chain_pem.encode())[0]
            root = x509.load_pem_x509_certificate(self.root_pem.encode())
            key = serialization.load_pem_private_key(self.key_pem.encode(), password=None)
            leaf.verify_directly_issued_by(root)
        except Exception as error:
            raise KeysDamaged(
                f"The signing keys cannot be read: {error}. Restore them from the backup."
            ) from error
        if key.public_key() != leaf.public_key():
            raise KeysDamaged(
                "The signing key does not belong to its certificate. Restore both from the backup."
            )
        if leaf.not_valid_after_utc < datetime.now(UTC):
            raise KeysDamaged(
                "The signing certificate has run out. Run `manage.py c2pa_certificate --renew`: the old root is kept, "
                "so that old files stay trusted.",
                code="certificate_expired",
            )

    @property
    def expires_at(self) -> datetime:
        """When the signing certificate runs out."""
        return x509.load_pem_x509_certificates(self.chain_pem.encode())[0].not_valid_after_utc

    @property
    def expires_soon(self) -> bool:
        return self.expires_at - datetime.now(UTC) < timedelta(days=RENEW_DAYS)


def trust_anchors(keys_dir: Path) -> str | None:
    """The roots that this installation trusts: its own, and older ones kept as c2pa-root-<name>.pem. None for none.

    Only reads: asking whether a file is known never makes keys.
    """
    roots = [path.read_text(encoding="ascii") for path in sorted(keys_dir.glob("c2pa-root*.pem"))]
    return "".join(roots) or None


def _name(organization: str, common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization[:64] or "Deadwax installation"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, start: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _write_private(path: Path, text: str) -> None:
    """Creates the file with mode 0600, on disk before it returns. Never replaces one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
