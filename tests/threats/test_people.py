"""People's keys in the wrong hands, signatures sent twice, and jobs whose broker is gone."""

from __future__ import annotations

import json

import pytest
from django.db import transaction

from artists import services
from artists.models import PersonKey, SigningRequest
from artists.services import key_audit
from provenance import blobcheck, full_audit, ledger, sequencer
from provenance.jobs import broker, dispatcher, enqueue
from provenance.ledger import Actor
from provenance.models import Entry, EntrySignature, Job
from tests.artists.conftest import cast  # noqa: F401 - a fixture
from tests.artists.test_signing import enrol_passkey, here, project, proof_of, refused  # noqa: F401 - fixtures
from tests.chaos import handlers  # noqa: F401 - registers a kind of job
from tests.provenance.ledger.attacks import guards_off, sql
from tests.provenance.signing.helpers import Authenticator
from tests.support import run_jobs
from tests.threats.table import threat

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed(cast, project):  # noqa: F811
    """Mara's passkey, and what it signed."""
    passkey = Authenticator()
    key = enrol_passkey(cast, passkey)
    asked = services.signing_request(cast.mara, project.stream, "session")
    made = services.sign(
        cast.mara, nonce=asked.nonce, fingerprint=key.fingerprint, proof=proof_of(passkey, asked)
    )
    return passkey, key, asked, made


def people_step() -> tuple[list[str], str]:
    sequencer.drain()
    report = full_audit.run(plan=blobcheck.Plan())
    title = "People's keys and signatures are what their entries say"
    step = next(step for step in report.steps if step.title == title)
    assert [other.title for other in report.steps if other.broken] in ([], [title])
    return step.faults, step.result


def test_honest_signatures_pass(signed):
    faults, result = people_step()
    assert faults == []
    assert result.endswith("1 signatures over 4 entries")


@threat("A person's key is stolen")
def test_a_key_that_was_revoked_signs_nothing_more_and_what_it_signed_stays(cast, project, signed):  # noqa: F811
    passkey, key, _, _ = signed
    services.revoke_key(key, reason="the phone was stolen", actor=cast.mara)
    from generation import services as studio

    studio.add_member(project, user=cast.collaborator, can_edit=False, actor=cast.mara)
    asked = services.signing_request(cast.mara, project.stream, "session")
    assert "revoked" in refused("key_not_in_use", cast.mara, asked, key, proof_of(passkey, asked))
    faults, result = people_step()
    assert faults == []
    assert "1 of them revoked, 1 signatures" in result


@threat("A person's key is stolen")
def test_a_row_that_says_a_revoked_key_is_in_use_is_found(cast, signed):  # noqa: F811
    """As the owner of the database: the key works again, and signs."""
    _, key, _, _ = signed
    services.revoke_key(key, reason="the phone was stolen", actor=cast.mara)
    sql("SET CONSTRAINTS ALL IMMEDIATE")  # or the table could not be altered within this test's transaction
    with guards_off("artists_personkey"):
        sql("UPDATE artists_personkey SET state = 'confirmed' WHERE fingerprint = %s", key.fingerprint)
    assert people_step()[0] == [
        f"the row of key {key.fingerprint[:16]}... says confirmed, its entries say revoked"
    ]


@threat("A person's key is stolen")
def test_a_key_that_the_label_slips_in_stands_in_the_log_to_be_seen(cast, project):  # noqa: F811
    slipped = Authenticator()
    with guards_off("artists_personkey"), transaction.atomic():
        entry = ledger.record(_enrolled(cast.mara, slipped), actor=cast.owner)
        PersonKey.objects.create(
            user=cast.mara, method="webauthn", algorithm=slipped.public.algorithm, label="",
            fingerprint=slipped.public.fingerprint, public_key=slipped.public.base64, state="confirmed",
            code_sha256="0" * 64, code_expires_at=entry.at, entry=entry,
        )  # fmt: skip
    faults, _ = people_step()
    assert any(f"of {cast.mara.pk} was enrolled by {cast.owner.pk}" in fault for fault in faults)
    assert any("says confirmed, its entries say enrolled" in fault for fault in faults)


def _enrolled(user, passkey):
    from artists.events import PersonKeyEnrolled

    public = passkey.public
    return PersonKeyEnrolled(
        stream=f"person:{user.pk}", user=str(user.pk), method="webauthn", algorithm=public.algorithm,
        public_key=public.base64, fingerprint=public.fingerprint, credential_id="x", rp_id="label.example",
        code_sha256="0" * 64, label="Phone",
    )  # fmt: skip


@threat("A signature is sent twice")
def test_an_assertion_works_once(cast, signed):  # noqa: F811
    passkey, key, asked, _ = signed
    proof = proof_of(passkey, asked)
    assert "works once" in refused("replayed", cast.mara, asked, key, proof)
    SigningRequest.objects.update(used_at=None)
    assert "works once" in refused("replayed", cast.mara, asked, key, proof)


@threat("A signature is sent twice")
def test_a_copied_signature_is_found_by_its_nonce_and_by_its_entries(cast, signed):  # noqa: F811
    """As whoever writes to the database: the same signature again, as a new entry."""
    from artists.events import SessionSigned

    body = json.loads(bytes(signed[3].entry.body))
    public = {
        name: body["public"][name]
        for name in ("payload", "fingerprint", "method", "algorithm", "proof", "count")
    }
    with transaction.atomic():
        ledger.record(SessionSigned(stream=body["stream"], words="again", **public), actor=cast.mara)
    faults, _ = people_step()
    assert any("repeats a nonce" in fault for fault in faults)
    assert any("over other words" in fault for fault in faults)
    assert any("covers 4 entries, 0 say so" in fault for fault in faults)


@threat("A signature is sent twice")
def test_a_signature_over_other_entries_does_not_verify(cast, signed, project):  # noqa: F811
    from artists.events import SessionSigned

    body = json.loads(bytes(signed[3].entry.body))
    others = Entry.objects.filter(actor_id=str(cast.owner.pk)).order_by("id")[:1]
    payload = {
        **body["public"]["payload"],
        "nonce": "f" * 64,
        "leaves": [bytes(e.leaf_hash).hex() for e in others],
    }
    public = {name: body["public"][name] for name in ("fingerprint", "method", "algorithm", "proof", "count")}
    with transaction.atomic():
        ledger.record(
            SessionSigned(stream=body["stream"], words="", payload=payload, **public), actor=cast.mara
        )
    faults, _ = people_step()
    assert any("does not verify: another payload was signed" in fault for fault in faults)
    assert any("covers 1 entries, 0 of them are the signer's own" in fault for fault in faults)


def test_an_erased_name_and_erased_words_are_no_faults(cast, signed):  # noqa: F811
    ledger.shred(signed[3].entry, actor=cast.mara)
    assert people_step()[0] == []
    assert EntrySignature.objects.count() == 4
    assert key_audit.check(fault=lambda said: pytest.fail(said)).signatures == 1


@threat("The broker and its messages are lost")
def test_a_job_whose_broker_is_gone_is_done_all_the_same(settings):
    settings.DEADWAX_BROKER_URL = "redis://127.0.0.1:1/0"  # nobody listens there
    broker.app.cache_clear()
    try:
        with transaction.atomic():
            job = enqueue(
                "provenance.sweep",
                {},
                actor=Actor.system("tests"),
                subject="",
                stream="label",
                title="fictional",
            )
        assert dispatcher.publish_due() == 0
        job.refresh_from_db()
        assert (job.state, job.published_at) == (Job.State.QUEUED, None), "it waits in the database"
    finally:
        settings.DEADWAX_BROKER_URL = ""
        broker.app.cache_clear()
    run_jobs()
    job.refresh_from_db()
    assert job.state == Job.State.DONE
