"""What a person, or somebody in her name, could try with signatures; and how a stranger sees it."""

from __future__ import annotations

import hashlib
import secrets

import pytest

from provenance import bundle, verifier
from tests.provenance.ledger.outside.reading import check, refused, step
from tests.provenance.ledger.signed_story import WORDS, Signer, head, stamp
from tests.provenance.signing.helpers import Authenticator

pytestmark = pytest.mark.django_db


def test_a_signature_after_the_key_was_revoked(story, tmp_path):
    entry = story.mara.work(1)
    story.mara.revoke()
    story.mara.sign([entry])
    assert "made with a key that had been revoked" in refused(story, tmp_path)


def test_what_was_signed_before_the_revocation_stays_signed(story, tmp_path):
    story.mara.revoke()
    report = check(tmp_path, story.bundle())
    assert report.exit_status == 0
    assert "2 keys, 2 confirmed, 1 revoked" in step(report, "People's keys")
    assert "10 of 11" in step(report, "People's signatures")


def test_a_key_that_nobody_confirmed_signs_nothing(story, tmp_path):
    eve = Signer()
    eve.enrol(confirm=False)
    eve.sign([eve.work(1)])
    assert "a key that was not confirmed yet" in refused(story, tmp_path)


def test_a_key_confirmed_only_afterwards_signs_nothing(story, tmp_path):
    eve = Signer()
    eve.enrol(confirm=False)
    eve.sign([eve.work(1)])
    eve.confirm()
    assert "a key that was not confirmed yet" in refused(story, tmp_path)


def test_a_confirmation_without_enrolment(story, tmp_path):
    eve = Signer()
    eve.confirm()
    eve.sign([eve.work(1)])
    assert "is about a key that was not enrolled before" in refused(story, tmp_path)


def test_a_key_enrolled_for_somebody_else_s_fingerprint(story, tmp_path):
    eve = Signer()
    eve.enrol(fingerprint=secrets.token_hex(32))
    eve.sign([eve.work(1)])
    assert refused(story, tmp_path).startswith("broken at step 16")


@pytest.mark.parametrize("who", ["mara", "ilse"])
def test_another_device_s_signature(story, tmp_path, who):
    signer = getattr(story, who)
    entry = signer.work(1)
    payload = signer.payload([entry])
    thief = Signer(method=signer.method, algorithm=signer.algorithm, user=signer.user)
    signer.sign([entry], proof=thief.proof(payload.data), nonce=payload.nonce)
    assert "does not hold: " in refused(story, tmp_path)


@pytest.mark.parametrize("who", ["mara", "ilse"])
def test_an_ed25519_passkey_and_a_p256_passkey_both_hold(story, tmp_path, who):
    eve = Signer(algorithm="ed25519", device=Authenticator("ed25519"))
    eve.enrol()
    eve.sign([eve.work(1)])
    assert check(tmp_path, story.bundle()).exit_status == 0


def test_a_nonce_for_the_second_time(story, tmp_path):
    nonce = secrets.token_hex(32)
    for number in range(2):
        story.mara.sign([story.mara.work(number)], nonce=nonce)
    assert "uses a nonce for the second time" in refused(story, tmp_path)


def test_entries_of_somebody_else(story, tmp_path):
    story.mara.sign([story.ilse.work(1)])
    assert "which its signer cannot sign" in refused(story, tmp_path)


def test_entries_that_come_only_afterwards_or_never(story, tmp_path):
    story.mara.sign([], leaves=(secrets.token_hex(32),))
    assert "that does not exist" in refused(story, tmp_path)


def test_a_signature_for_another_log_or_stream(story, tmp_path):
    entry = story.mara.work(1)
    story.mara.sign([entry], log="deadwax.invalid/another")
    assert "was given for another log or stream" in refused(story, tmp_path)


def test_a_signature_in_the_name_of_somebody_else(story, tmp_path):
    entry = story.mara.work(1)
    story.mara.sign([entry], person=story.ilse.user)
    assert "in the name of somebody else" in refused(story, tmp_path)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"origin": "https://label.example.evil.example"}, "another site"),
        ({"rp_id": "evil.example"}, "another site"),
        ({"flags": 0x01}, "did not verify that the person was there"),
        ({"type": "webauthn.create"}, "not asked for a signature"),
        ({"crossOrigin": True}, "not asked for a signature"),
    ],
)
def test_a_passkey_that_was_asked_for_something_else(story, tmp_path, options, expected):
    entry = story.mara.work(1)
    payload = story.mara.payload([entry])
    story.mara.sign([entry], proof=story.mara.proof(payload.data, **options), nonce=payload.nonce)
    assert expected in refused(story, tmp_path)


@pytest.mark.parametrize("who", ["mara", "ilse"])
def test_a_signature_of_other_entries(story, tmp_path, who):
    signer = getattr(story, who)
    one, two = signer.work(1), signer.work(2)
    signer.sign([two], proof=signer.proof(signer.payload([one]).data))
    assert "does not hold: " in refused(story, tmp_path)


def test_an_ssh_signature_made_for_a_commit(story, tmp_path):
    entry = story.ilse.work(1)
    payload = story.ilse.payload([entry])
    story.ilse.sign([entry], proof=story.ilse.proof(payload.data, namespace="git"), nonce=payload.nonce)
    assert "for another purpose" in refused(story, tmp_path)


def test_other_words_than_those_that_were_signed(story, tmp_path):
    story.mara.sign([story.mara.work(1)], words_sha256=hashlib.sha256(b"Everything is mine.").hexdigest())
    assert "is not over the words that are shown" in refused(story, tmp_path)
    assert check(tmp_path, story.bundle(disclose=bundle.nothing)).exit_status == 0, WORDS


def test_a_timestamp_that_was_made_after_the_signature(story, tmp_path):
    entry = story.mara.work(1)
    later = "de" * 32
    story.mara.sign([entry], timestamp=later)
    token = stamp(story.office, head())
    data = story.bundle()
    digest = hashlib.sha256(bytes(token.token)).hexdigest()
    assert check(tmp_path, data).exit_status == 0, "an unknown token bounds nothing"
    other = story.mara.work(2)
    story.mara.sign([other], timestamp=digest)
    assert check(tmp_path, story.bundle(), roots=story.roots).exit_status == 0


def test_an_entry_that_claims_to_be_younger_than_the_token_over_it(story, tmp_path, monkeypatch):
    """The database takes no entry of tomorrow, so the tolerance is moved: every token now seems a day too old."""
    monkeypatch.setattr(verifier, "CLOCK_S", -86_400)
    report = check(tmp_path, story.plain, roots=story.roots)
    assert report.verdict.startswith("broken at step 14 because entry")
    assert "but office saw the log with it at" in report.verdict
