"""Which certificate signs: what is refused and with which words, what the check, the command and health say."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from django.core.management import call_command
from django.core.management.base import CommandError

from release import c2pa, credentials
from tests.release.certificates import SERVER, issue, pem


@pytest.fixture(scope="module")
def root() -> Any:
    return issue("Pressing root", ca=True)


@pytest.fixture
def configured(tmp_path: Path, settings: Any, root: Any) -> Any:
    """Puts a certificate and its key in force: `configured(leaf)`, with another chain or key where given."""
    settings.DEADWAX_DATA = tmp_path
    settings.DEADWAX_OUTSIDE = None

    def put(leaf: Any, *, chain: str = "", key: str = "") -> None:
        (tmp_path / "chain.pem").write_text(chain or leaf.pem + root.pem)
        (tmp_path / "key.pem").write_text(key or leaf.key_pem)
        settings.DEADWAX_C2PA_CERT = tmp_path / "chain.pem"
        settings.DEADWAX_C2PA_KEY = tmp_path / "key.pem"

    return put


def problems() -> list[tuple[str, str]]:
    return [(str(item.id), str(item.msg)) for item in credentials.check_certificate()]


WRONG: dict[str, tuple[Any, str]] = {
    "a web server's": (lambda root: issue("x", root, uses=(SERVER,)), "serverAuth, which C2PA refuses"),
    "both uses": (
        lambda root: issue("x", root, uses=(ExtendedKeyUsageOID.EMAIL_PROTECTION, SERVER)),
        "serverAuth, which C2PA refuses",
    ),
    "any use": (
        lambda root: issue("x", root, uses=(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,)),
        "anyExtendedKeyUsage",
    ),
    "no use": (lambda root: issue("x", root, uses=()), "no extended key usage, which C2PA refuses"),
    "another use": (
        lambda root: issue("x", root, uses=(ExtendedKeyUsageOID.CLIENT_AUTH,)),
        "no extended key usage that C2PA accepts",
    ),
    "not for signing": (lambda root: issue("x", root, sign=False), "digitalSignature"),
    "self-signed": (lambda root: issue("x"), "self-signed"),
    "not yet": (lambda root: issue("x", root, start_s=3600), "not valid before"),
    "a small curve": (
        lambda root: issue("x", root, key=ec.generate_private_key(ec.SECP256K1())),
        "Its key is of a kind that C2PA refuses",
    ),
}


@pytest.mark.parametrize("name", list(WRONG))
def test_a_certificate_that_cannot_sign_is_refused_at_start_with_what_to_do(
    configured: Any, root: Any, name: str
) -> None:
    make, said = WRONG[name]
    configured(make(root))
    [(number, sentence)] = problems()
    assert number == "release.E001"
    assert said in sentence
    with pytest.raises(c2pa.CertificateUnusable):
        credentials.signer()


def test_chain_and_key_are_held_against_each_other(configured: Any, root: Any, settings: Any) -> None:
    leaf, between = issue("Desk", root), issue("Between", root, ca=True)
    below = issue("Desk below", between)
    for chain, key, said in (
        (root.pem + leaf.pem, "", "first certificate is an authority's"),
        (leaf.pem, "", "Its issuer is missing"),
        (
            below.pem + root.pem + between.pem,
            below.key_pem,
            "The chain is out of order: Desk below was not issued by",
        ),
        (leaf.pem + issue("Pressing root", ca=True).pem, "", "out of order"),
        ("hello", "", "no certificates in PEM form"),
        ("", issue("Other desk", root).key_pem, "does not belong to the certificate of Desk"),
        ("", "hello", "not a private key in PEM form"),
        ("", _locked(leaf.key), "locked with a password"),
    ):
        configured(leaf, chain=chain, key=key)
        [(number, sentence)] = problems()
        assert (number, said in sentence) == ("release.E001", True), sentence
    configured(below, chain=below.pem + between.pem + root.pem)
    assert problems() == []
    (settings.DEADWAX_C2PA_KEY).unlink()
    assert "cannot be read" in problems()[0][1]
    settings.DEADWAX_C2PA_KEY = None
    assert "DEADWAX_C2PA_KEY is not set" in problems()[0][1]


def _locked(key: Any) -> str:
    from cryptography.hazmat.primitives import serialization

    made: bytes = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"etched"),
    )
    return made.decode()


def test_the_end_of_a_certificate_is_told_ahead_and_does_not_keep_the_house_from_starting(
    configured: Any, root: Any
) -> None:
    configured(issue("Desk", root, end_s=20 * 86400 + 3600))
    status = credentials.certificate()
    assert (status.days_left, status.ends_soon) == (20, True)
    assert "ends in 20 days" in status.warning
    assert [number for number, _ in problems()] == ["release.W001"]
    configured(issue("Desk", root, end_s=31 * 86400 + 3600))
    assert (problems(), credentials.certificate().warning) == ([], "")
    configured(issue("Desk", root, end_s=-60))
    [(number, sentence)] = problems()
    assert number == "release.W001"
    assert "ran out" in sentence
    with pytest.raises(c2pa.CertificateUnusable, match="ran out"):
        credentials.signer()


def test_the_command_shows_tries_out_and_renews(
    configured: Any, root: Any, tmp_path: Path, settings: Any
) -> None:
    settings.DEADWAX_C2PA_CERT = settings.DEADWAX_C2PA_KEY = None
    out = StringIO()
    call_command("c2pa_certificate", stdout=out)
    assert "none yet" in out.getvalue()
    assert not (tmp_path / "keys").exists()
    call_command("c2pa_certificate", "--renew", stdout=StringIO())
    first = (tmp_path / "keys" / "c2pa-root.pem").read_text()
    call_command("c2pa_certificate", "--renew", stdout=out)
    assert "The old root is kept as c2pa-root-" in out.getvalue()
    assert first in (c2pa.trust_anchors(tmp_path / "keys") or "")
    assert (tmp_path / "keys" / "c2pa-root.pem").read_text() != first
    c2pa.TrialAuthority.load_or_create(tmp_path / "keys").check()

    configured(issue("Desk", root))
    out = StringIO()
    call_command("c2pa_certificate", "--try-out", "--json", stdout=out)
    told = json.loads(out.getvalue())
    assert (told["source"], told["algorithm"], told["warning"]) == ("file", "es256", "")
    with pytest.raises(CommandError, match="renew it where it was issued"):
        call_command("c2pa_certificate", "--renew", stdout=StringIO())
    settings.DEADWAX_C2PA_SIGNER = "/no/such/program"
    with pytest.raises(CommandError, match="cannot be started"):
        call_command("c2pa_certificate", "--try-out", stdout=StringIO())


def test_with_a_bought_certificate_only_the_labels_own_leaf_is_the_label(
    configured: Any, root: Any, tmp_path: Path
) -> None:
    import numpy as np
    import soundfile

    from release.labels import ElementOrigins

    source = tmp_path / "in.wav"
    soundfile.write(source, np.zeros((4410, 2)), 44_100)
    song = [ElementOrigins(element="melody", origins=frozenset({"human"}))]
    manifest = c2pa.Manifest(
        title="Runout",
        media_type="audio/wav",
        actions=c2pa.actions_for(song, when="2026-11-20T11:00:00Z"),
    )
    leaf, neighbour = issue("Desk", root), issue("Another customer", root)
    configured(leaf)
    c2pa.sign(source, tmp_path / "ours.wav", manifest, credentials.signer())
    theirs = c2pa.Signer.from_files(neighbour.pem + root.pem, neighbour.key_pem)
    c2pa.sign(source, tmp_path / "theirs.wav", manifest, theirs)
    assert [credentials.read(tmp_path / name)[1] for name in ("ours.wav", "theirs.wav")] == [True, False]
    configured(issue("Renewed desk", root))
    credentials.signer()
    report, ours = credentials.read(tmp_path / "ours.wav")
    assert (report.state, ours) == (c2pa.State.TRUSTED, True), "what an older certificate signed stays ours"


def test_the_trust_folder_says_whose_credentials_count(tmp_path: Path, settings: Any, root: Any) -> None:
    settings.DEADWAX_DATA, settings.DEADWAX_C2PA_TRUST = tmp_path / "data", tmp_path / "trust"
    assert [number for number, _ in problems()] == ["release.E002"]
    (tmp_path / "trust" / "timestamps").mkdir(parents=True)
    (tmp_path / "trust" / "pressing.pem").write_text(root.pem)
    (tmp_path / "trust" / "timestamps" / "office.pem").write_text(pem(issue("Office", ca=True).certificate))
    assert problems() == []
    from provenance import trusted_roots

    trust = trusted_roots.believed()
    assert root.pem.strip() in trust.signers
    assert trust.timestamps.count("BEGIN CERTIFICATE") == 1
    (tmp_path / "trust" / "broken.pem").write_text("hello")
    assert [number for number, _ in problems()] == ["release.E003"]
