"""A token that a public authority gave to others, over `hello`: known answers for every reader of tokens we have.

timestamp.sigstage.dev (sigstore), as published with the tests of rfc3161-client (test/fixtures/sigstage); one of the
two has its signature altered there.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from provenance import verifier
from provenance.outside import config, der, timestamps
from provenance.outside.errors import PlaceRefused
from tests.support import needs

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "timestamps"
CHAIN = GOLDEN / "chain.pem"
AUTHORITY = config.Authority("sigstage", "https://timestamp.sigstage.dev/", CHAIN, 600)


def token(name: str) -> bytes:
    found = der.token_of((GOLDEN / name).read_bytes())
    assert found is not None
    return found


def offline(name: str, message: bytes) -> bool:
    roots = verifier.certificates(CHAIN.read_bytes())
    return verifier.token_holds(verifier.read_token(token(name), "it"), message, roots)


def test_it_holds_for_the_publisher_and_for_the_verifier():
    held = timestamps.verify(token("hello.tsr"), b"hello", AUTHORITY.roots())
    assert offline("hello.tsr", b"hello")
    assert verifier.read_token(held.der, "it").at == verifier.utc(held.gen_time)


@pytest.mark.parametrize(("name", "message"), [("hello.tsr", b"hello "), ("hello-altered.tsr", b"hello")])
def test_another_message_and_an_altered_signature_do_not(name, message):
    with pytest.raises(PlaceRefused):
        timestamps.verify(token(name), message, AUTHORITY.roots())
    assert not offline(name, message)


@needs("openssl")
def test_openssl_reads_what_we_read():
    shown = subprocess.run(
        ["openssl", "ts", "-reply", "-in", str(GOLDEN / "hello.tsr"), "-text"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    at = verifier.read_token(token("hello.tsr"), "it").at
    assert f"{at[11:19]}" in shown
    assert f" {at[:4]} GMT" in shown
