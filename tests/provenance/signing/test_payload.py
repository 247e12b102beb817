"""The payload has one form, and only that is read."""

from __future__ import annotations

import datetime as dt
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.signing import DOMAIN, ENROLMENT_DOMAIN, PersonPayload, SigningError, challenge, enrolment

PAYLOAD = PersonPayload(
    log="label.example/log", person="11111111-1111-4111-8111-111111111111", purpose="session",
    stream="project:22222222-2222-4222-8222-222222222222", leaves=("ab" * 32, "01" * 32), words_sha256="cd" * 32,
    nonce="ef" * 32, timestamp="", at="2026-11-21T12:00:00.000000Z",
)  # fmt: skip
#: The very bytes: a verifier of somebody else reads the same.
BYTES = (
    b'{"at":"2026-11-21T12:00:00.000000Z","domain":"deadwax/person-signature/v1","leaves":["' + b"ab" * 32
    + b'","' + b"01" * 32 + b'"],"log":"label.example/log","nonce":"' + b"ef" * 32
    + b'","person":"11111111-1111-4111-8111-111111111111","purpose":"session",'
    b'"stream":"project:22222222-2222-4222-8222-222222222222","timestamp":"","words_sha256":"' + b"cd" * 32 + b'"}'
)  # fmt: skip


def test_the_bytes_are_canonical_json_and_are_read_back():
    assert PAYLOAD.data == BYTES
    assert PersonPayload.parse(BYTES) == PAYLOAD


def test_the_challenge_is_the_digest_of_domain_and_bytes():
    assert challenge(BYTES) == hashlib.sha256(b"deadwax/person-signature/v1\x00" + BYTES).digest()
    assert challenge(BYTES) != challenge(BYTES, domain=ENROLMENT_DOMAIN)


def test_an_enrolment_can_never_pass_as_a_signature_of_entries():
    asked = enrolment(log="l", person="p", nonce="n", at=dt.datetime(2026, 11, 21, tzinfo=dt.UTC))
    assert json.loads(asked)["domain"] == ENROLMENT_DOMAIN != DOMAIN
    with pytest.raises(SigningError):
        PersonPayload.parse(asked)


@pytest.mark.parametrize(
    "changed",
    [
        {"leaves": []},
        {"leaves": ["ab" * 32, "ab" * 32]},
        {"leaves": ["AB" * 32]},
        {"leaves": "ab" * 32},
        {"nonce": "ef"},
        {"purpose": "anything"},
        {"timestamp": "soon"},
        {"domain": "deadwax/person-signature/v2"},
        {"extra": "1"},
        {"person": 5},
        {"log": "\ud800"},
    ],
)
def test_anything_else_is_refused(changed):
    data = json.dumps(json.loads(BYTES) | changed, sort_keys=True, separators=(",", ":")).encode()
    with pytest.raises(SigningError):
        PersonPayload.parse(data)


def test_the_same_fields_in_another_form_are_refused():
    for other in (
        json.dumps(json.loads(BYTES)).encode(),
        BYTES + b"\n",
        BYTES.replace(b"project", b"\\u0070roject"),
    ):
        with pytest.raises(SigningError):
            PersonPayload.parse(other)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(data):
    with pytest.raises(SigningError):
        PersonPayload.parse(data)
