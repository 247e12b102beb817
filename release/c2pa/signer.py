"""Who signs: a key from a file, or a program that reaches a key elsewhere (an HSM, a signing service)."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import c2pa

from release.c2pa.authority import TrialAuthority
from release.c2pa.certificates import Chain, check_chain, check_key, der_to_p1363, verify_raw
from release.c2pa.errors import CertificateUnusable, KeysDamaged

PROGRAM_PATIENCE_S: Final = 30.0
_TRIED: Final = b"deadwax: is the signing program there, and is the key the certificate's?"


@dataclass(frozen=True)
class TimeAuthority:
    """An RFC 3161 authority that stamps signatures."""

    name: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Signer:
    """A checked certificate with its key. Exactly one of `key_pem` and `program` is given.

    `program` is a command line; it gets the bytes to sign on standard input and prints the signature, raw: ECDSA as
    r and s side by side or in DER, RSA-PSS with SHA-256, Ed25519. `timestamps` are asked in turn until one answers;
    with none the signature carries no time stamp.
    """

    chain: Chain
    key_pem: str = field(default="", repr=False)
    program: str = ""
    timestamps: tuple[TimeAuthority, ...] = ()
    timestamp_roots_pem: str = field(default="", repr=False)
    anchors_pem: str = field(default="", repr=False)
    """Roots under which its files read as trusted here."""

    @classmethod
    def from_files(cls, chain_pem: str, key_pem: str, **more: Any) -> Signer:
        """Raises CertificateUnusable."""
        chain = check_chain(chain_pem)
        check_key(chain, key_pem)
        return cls(chain=chain, key_pem=key_pem, **more)

    @classmethod
    def from_program(cls, chain_pem: str, program: str, **more: Any) -> Signer:
        """Raises CertificateUnusable; does not start the program (see `try_out`)."""
        return cls(chain=check_chain(chain_pem), program=program, **more)

    @classmethod
    def from_trial(cls, authority: TrialAuthority, **more: Any) -> Signer:
        """The installation's own authority. Raises KeysDamaged."""
        try:
            chain = check_chain(authority.chain_pem)
            check_key(chain, authority.key_pem)
        except CertificateUnusable as error:
            raise KeysDamaged(
                f"The trial certificate cannot be used. {error.message}", code=error.code
            ) from error
        more.setdefault("anchors_pem", authority.root_pem)
        return cls(chain=chain, key_pem=authority.key_pem, **more)

    def try_out(self) -> None:
        """Signs a sentence and checks the result. Raises CertificateUnusable; a key from a file was checked already."""
        if self.program:
            run_program(self.program, self.chain, _TRIED)

    @contextmanager
    def open(self, timestamp_url: str | None) -> Iterator[tuple[c2pa.Signer, list[CertificateUnusable]]]:
        """The library's signer, and a list where a program's failure is put: the library keeps only that it failed."""
        failed: list[CertificateUnusable] = []
        if self.program:

            def sign(data: bytes) -> bytes:
                try:
                    return run_program(self.program, self.chain, data)
                except CertificateUnusable as error:
                    failed.append(error)
                    raise

            made = c2pa.Signer.from_callback(
                sign, c2pa.C2paSigningAlg[self.chain.algorithm.upper()], self.chain.pem, timestamp_url
            )
        else:
            info = c2pa.C2paSignerInfo(
                alg=self.chain.algorithm.encode(),
                sign_cert=self.chain.pem.encode(),
                private_key=self.key_pem.encode(),
                ta_url=timestamp_url.encode() if timestamp_url else None,
            )
            made = c2pa.Signer.from_info(info)
        with made:
            yield made, failed


def run_program(program: str, chain: Chain, data: bytes) -> bytes:
    """The program's signature over `data`, checked against the certificate. Raises CertificateUnusable."""
    try:
        done = subprocess.run(  # noqa: S603 - the operator's own setting, never a request's
            shlex.split(program), input=data, capture_output=True, timeout=PROGRAM_PATIENCE_S, check=False
        )
    except (OSError, ValueError) as error:
        raise CertificateUnusable(f"The signing program cannot be started: {error}.") from error
    except subprocess.TimeoutExpired:
        raise CertificateUnusable(
            f"The signing program gave no answer within {PROGRAM_PATIENCE_S:.0f} s. Look after the device behind it."
        ) from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise CertificateUnusable(
            f"The signing program ended with status {done.returncode}: {(said or ['it said nothing'])[-1][:200]}"
        )
    for signature in _forms(chain, done.stdout):
        if verify_raw(chain, signature, data):
            return signature
    raise CertificateUnusable(
        f"What the signing program printed ({len(done.stdout)} bytes) is no {chain.algorithm} signature of the "
        "certificate's key. It must print the raw signature of the bytes it is given."
    )


def _forms(chain: Chain, printed: bytes) -> Iterator[bytes]:
    yield printed
    if chain.algorithm.startswith("es"):
        try:
            yield der_to_p1363(chain, printed)
        except (ValueError, OverflowError):
            return
