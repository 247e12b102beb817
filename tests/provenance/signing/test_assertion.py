"""A passkey's signature is checked by a few lines of our own; the `webauthn` library answers the same."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from webauthn import verify_authentication_response

from provenance.signing import Assertion, PublicKey, SigningError, challenge, check_assertion
from provenance.signing.assertion import base64url, unbase64url
from tests.provenance.signing.helpers import ALGORITHMS, ORIGIN, RP_ID, Authenticator

ASKED = challenge(b'{"what":"is signed"}')


def check(assertion, key, **other):
    return check_assertion(
        assertion, **({"challenge": ASKED, "origin": ORIGIN, "rp_id": RP_ID, "key": key} | other)
    )


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_signature_holds_and_tells_its_counter(algorithm):
    mine = Authenticator(algorithm, counter=41)
    assert check(mine.sign(ASKED), mine.public) == 42
    synced = Authenticator(algorithm, counter=None)
    assert check(synced.sign(ASKED), synced.public) == 0


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_library_of_the_field_agrees(algorithm):
    mine = Authenticator(algorithm)
    made = mine.sign(ASKED)
    raw = mine.register(ASKED)
    from webauthn import verify_registration_response

    enrolled = verify_registration_response(
        credential=raw, expected_challenge=ASKED, expected_rp_id=RP_ID, expected_origin=ORIGIN
    )
    answer = verify_authentication_response(
        credential={
            "id": raw["id"], "rawId": raw["rawId"], "type": "public-key",
            "response": {
                "authenticatorData": base64url(made.authenticator_data),
                "clientDataJSON": base64url(made.client_data), "signature": base64url(made.signature),
            },
        },
        expected_challenge=ASKED, expected_rp_id=RP_ID, expected_origin=ORIGIN,
        credential_public_key=enrolled.credential_public_key, credential_current_sign_count=0,
    )  # fmt: skip
    assert answer.new_sign_count == check(made, mine.public)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"origin": "https://label.example.evil.example"}, "made on"),
        ({"origin": "http://label.example"}, "made on"),
        ({"rp_id": "evil.example"}, "another site"),
        ({"flags": 0x04}, "was there"),
        ({"flags": 0x01}, "was there"),
        ({"type": "webauthn.create"}, "webauthn.get"),
        ({"crossOrigin": True}, "another site"),
    ],
)
def test_what_was_made_for_something_else_is_refused(algorithm, how, told):
    mine = Authenticator(algorithm)
    with pytest.raises(SigningError, match=told):
        check(mine.sign(ASKED, **how), mine.public)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_another_payload_and_another_key_are_refused(algorithm):
    mine, other = Authenticator(algorithm), Authenticator(algorithm)
    made = mine.sign(ASKED)
    with pytest.raises(SigningError, match="another payload"):
        check(made, mine.public, challenge=challenge(b"{}"))
    with pytest.raises(SigningError, match="does not fit"):
        check(made, other.public)


@pytest.mark.parametrize("part", ["authenticator_data", "client_data", "signature"])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_one_flipped_bit_anywhere_is_refused(algorithm, part):
    mine = Authenticator(algorithm)
    made = mine.sign(ASKED)
    data = getattr(made, part)
    for at in range(0, len(data), 7):
        flipped = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        with pytest.raises(SigningError):
            check(dataclasses.replace(made, **{part: flipped}), mine.public)


@given(st.binary(max_size=60), st.binary(max_size=60), st.binary(max_size=80))
def test_no_bytes_break_the_check(header, client, signature):
    key = PublicKey("ed25519", bytes(32))
    with pytest.raises(SigningError):
        check(Assertion(header, client, signature), key)


@pytest.mark.parametrize("text", ["a", "AA==", "A+A/", "AB", None, 7, "A" * 9000, "ü"])
def test_base64url_has_one_form(text):
    with pytest.raises(SigningError):
        unbase64url(text)


@pytest.mark.parametrize(
    ("algorithm", "raw"),
    [
        ("ed25519", b"x" * 31),
        ("es256", b"\x04" + b"\x01" * 64),
        ("rsa", b"x"),
        ("es256", b"\x02" + b"x" * 32),
    ],
)
def test_bytes_that_are_no_key_are_refused(algorithm, raw):
    with pytest.raises(SigningError):
        PublicKey(algorithm, raw)
