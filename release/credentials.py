"""The installation's own content credentials: which certificate signs, whom it believes, and until when it lasts.

Three ways to sign, in this order:

1. `DEADWAX_C2PA_SIGNER`: a program that gets bytes and prints their signature (an HSM), with `DEADWAX_C2PA_CERT`
2. `DEADWAX_C2PA_CERT` and `DEADWAX_C2PA_KEY`: a chain (leaf first) and its private key, PEM
3. neither: the trial authority in the keys folder, which nobody else trusts

Every chain that signed is kept in `keys/c2pa-used/`, so that files stay recognised as ours when it changes.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from django.conf import settings
from django.core import checks

from provenance import credential, trusted_roots
from provenance.outside import places
from provenance.outside.config import ConfigError
from release import c2pa
from release.c2pa import ManifestReport, Signer, State, TimeAuthority, TrialAuthority

WARN_DAYS: Final = 30
USED: Final = "c2pa-used"


@dataclass(frozen=True, kw_only=True)
class CertificateStatus:
    """What signs, for people. `source`: trial, file or program. `problem`: why nothing can be signed, else empty."""

    source: str
    subject: str = ""
    issuer: str = ""
    algorithm: str = ""
    expires_at: dt.datetime | None = None
    problem: str = ""
    expired: bool = False
    timestamps: tuple[str, ...] = ()
    """Names of the authorities that stamp signatures."""

    @property
    def days_left(self) -> int | None:
        return (self.expires_at - dt.datetime.now(dt.UTC)).days if self.expires_at else None

    @property
    def ends_soon(self) -> bool:
        return self.days_left is not None and self.days_left < WARN_DAYS

    @property
    def warning(self) -> str:
        """A sentence for whoever looks after the installation; empty while all is well."""
        if self.problem:
            return f"No file can be signed: {self.problem}"
        if self.ends_soon and self.expires_at is not None:
            days = self.days_left or 0
            left = "today" if days == 0 else f"in {days} day{'s' * (days != 1)}"
            return f"The certificate that signs audio ends {left} ({self.expires_at:%Y-%m-%d}). {_RENEW[self.source]}"
        return ""


_RENEW: Final = {
    "trial": "Run `manage.py c2pa_certificate --renew`.",
    "file": "Order its renewal and put it in the place that DEADWAX_C2PA_CERT names.",
    "program": "Order its renewal and put it in the place that DEADWAX_C2PA_CERT names.",
}


def keys_dir() -> Path:
    return Path(settings.DEADWAX_DATA) / "keys"


def source() -> str:
    """trial, file or program, as the settings say."""
    if settings.DEADWAX_C2PA_SIGNER:
        return "program"
    return "file" if settings.DEADWAX_C2PA_CERT or settings.DEADWAX_C2PA_KEY else "trial"


def signer() -> Signer:
    """What signs the next file; makes the trial authority on first use.

    Raises CertificateUnusable, KeysDamaged; ConfigError where the outside places cannot be read.
    """
    more: dict[str, Any] = {
        "timestamps": tuple(
            TimeAuthority(place.name, place.url) for place in places.configured().authorities
        ),
        "timestamp_roots_pem": trusted_roots.timestamp_roots(),
    }
    if source() == "trial":
        return Signer.from_trial(TrialAuthority.load_or_create(keys_dir()), **more)
    found = _from_settings(**more)
    _keep(found)
    return found


def _from_settings(**more: Any) -> Signer:
    chain = _text(settings.DEADWAX_C2PA_CERT, "DEADWAX_C2PA_CERT", "the certificate chain")
    try:
        if source() == "program":
            found = Signer.from_program(chain, settings.DEADWAX_C2PA_SIGNER, **more, anchors_pem=_last(chain))
        else:
            key = _text(settings.DEADWAX_C2PA_KEY, "DEADWAX_C2PA_KEY", "the private key")
            found = Signer.from_files(chain, key, **more, anchors_pem=_last(chain))
    except c2pa.CertificateUnusable as error:
        raise c2pa.CertificateUnusable(
            f"{settings.DEADWAX_C2PA_CERT}: {error.message}", code=error.code
        ) from error
    return found


def _text(path: Path | None, setting: str, what: str) -> str:
    if path is None:
        raise c2pa.CertificateUnusable(f"{setting} is not set; it names the file with {what}.")
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise c2pa.CertificateUnusable(f"{setting} names {path}, which cannot be read: {error}.") from error


def _last(chain_pem: str) -> str:
    """The end of a chain as an anchor; empty where it cannot be read, which the chain's own check then says."""
    begin = chain_pem.rfind("-----BEGIN CERTIFICATE-----")
    return chain_pem[begin:] if begin >= 0 else ""


def _keep(found: Signer) -> None:
    """Writes down the chain, once."""
    folder = keys_dir() / USED
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = folder / f"{found.chain.leaf.serial_number:x}.pem"
    if not target.exists():
        # whole or not at all: the check page reads these while a worker writes
        with tempfile.NamedTemporaryFile(
            "w", dir=folder, prefix=".", delete=False, encoding="ascii"
        ) as fresh:
            fresh.write(found.chain.pem)
        Path(fresh.name).replace(target)


def certificate() -> CertificateStatus:
    """How the certificate stands; makes nothing and starts no program. For health, Today and the command."""
    kind = source()
    try:
        names = tuple(place.name for place in places.configured().authorities)
    except ConfigError:
        names = ()
    try:
        if kind != "trial":
            chain = _from_settings().chain
        elif (keys_dir() / "c2pa-chain.pem").is_file():
            chain = Signer.from_trial(TrialAuthority.load_or_create(keys_dir())).chain
        else:
            return CertificateStatus(source=kind, timestamps=names)
    except (c2pa.CertificateUnusable, c2pa.KeysDamaged) as error:
        return CertificateStatus(
            source=kind, problem=error.message, timestamps=names, expired=error.code == "certificate_expired"
        )
    return CertificateStatus(
        source=kind,
        subject=chain.subject,
        issuer=chain.issuer,
        algorithm=chain.algorithm,
        expires_at=chain.expires_at,
        timestamps=names,
    )


# -- whom this installation believes -----------------------------------------------------------------------------------


def read(path: Path, *, sidecar: bytes | None = None) -> tuple[ManifestReport, bool]:
    """The report of a file and whether this label signed it (which says nothing about what became of it since).

    With a bought certificate the root is other people's, too: then the leaf's serial number decides, which the
    authority gave to nobody else.
    """
    stamps, own = trusted_roots.timestamp_roots(), trusted_roots.own_roots()
    report = c2pa.read_manifest(path, anchors_pem=own, timestamp_roots_pem=stamps, sidecar=sidecar)
    if report.signer_trusted:
        return report, True
    if report.state is State.ABSENT:
        return report, False
    for roots, serials in ((_used()), (credential.roots_in(settings.DEADWAX_C2PA_TRUST), frozenset[str]())):
        if not roots:
            continue
        again = c2pa.read_manifest(path, anchors_pem=roots, timestamp_roots_pem=stamps, sidecar=sidecar)
        if again.signer_trusted and (not serials or again.serial in serials):
            return again, bool(serials)
    return report, False


def _used() -> tuple[str, frozenset[str]]:
    """Ends of the chains that signed here, and the serial numbers of their leaves."""
    chains = [path.read_text(encoding="ascii") for path in sorted((keys_dir() / USED).glob("*.pem"))]
    serials = (
        str(x509.load_pem_x509_certificates(chain.encode())[0].serial_number) for chain in chains if chain
    )
    return "".join(map(_last, chains)), frozenset(serials)


# -- system check ------------------------------------------------------------------------------------------------------


def check_certificate(**kwargs: Any) -> list[checks.CheckMessage]:
    """System check: what is configured can sign, and does not end soon."""
    status = certificate()
    if status.expired:  # a house whose certificate ran out still has to start
        return [checks.Warning(status.warning, id="release.W001")]
    if status.problem:
        return [
            checks.Error(
                status.problem,
                hint="DEADWAX_C2PA_CERT, DEADWAX_C2PA_KEY and DEADWAX_C2PA_SIGNER say what signs audio.",
                id="release.E001",
            )
        ]
    found: list[checks.CheckMessage] = []
    if status.ends_soon:
        found.append(checks.Warning(status.warning, id="release.W001"))
    if settings.DEADWAX_C2PA_SIGNER and settings.DEADWAX_C2PA_KEY:
        found.append(
            checks.Warning(
                "DEADWAX_C2PA_SIGNER and DEADWAX_C2PA_KEY are both set; the program signs.",
                hint="Take the key's file off this machine.",
                id="release.W002",
            )
        )
    folder = settings.DEADWAX_C2PA_TRUST
    if folder and not folder.is_dir():
        found.append(
            checks.Error(f"DEADWAX_C2PA_TRUST names {folder}, which is no folder.", id="release.E002")
        )
    elif folder:
        found += _bad_roots(folder)
    return found


def _bad_roots(folder: Path) -> Iterator[checks.CheckMessage]:
    for path in sorted([*folder.glob("*.pem"), *folder.glob("*.crt"), *folder.glob("timestamps/*.pem")]):
        try:
            x509.load_pem_x509_certificates(path.read_bytes())
        except (OSError, ValueError) as error:
            yield checks.Error(f"{path} holds no certificates in PEM form: {error}.", id="release.E003")
