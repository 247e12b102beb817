"""A person signs their own entries, once, with a key in use; everything else is refused and records nothing."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from artists import services
from artists.errors import ArtistsUserFault, NothingToSign
from artists.models import PersonKey, PersonSignature, SigningRequest
from label.demo.signers import Signers
from provenance import bundle, sequencer, verifier
from provenance.models import Checkpoint, Entry, EntrySignature, TimestampToken
from provenance.signatures import signature_of, unsigned_count
from provenance.signing import ENROLMENT_DOMAIN, PersonPayload, challenge, sign_ssh
from provenance.signing.assertion import Assertion
from tests.label.conftest import as_
from tests.provenance.signing.helpers import ALGORITHMS, ORIGIN, Authenticator
from tests.support import needs

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def here(settings):
    settings.DEADWAX_BASE_URL = ORIGIN


@pytest.fixture
def project(cast):
    """A song with three entries of Mara's, one of them with private words."""
    from generation import services as studio
    from generation.prompting import BriefValues

    made = studio.create_project(title="Slow Harbour", artist=cast.artist, actor=cast.mara)
    for key in ("D minor", "E minor"):
        values = BriefValues(
            purpose="Opening", mood="a tide", genre="ambient", tempo_bpm=92.0, key=key, metre="4/4",
            instruments=("keys",), structure=("A",), energy=(0.2,), avoid=(), prompt="a secret tide",
        )  # fmt: skip
        studio.save_brief(made, values=values, actor=cast.mara)
    studio.add_member(made, user=cast.collaborator, can_edit=True, actor=cast.mara)
    return made


@pytest.fixture
def signers(cast):
    return Signers(cast.owner, cast.rights)


def enrol_passkey(cast, passkey, user=None, *, confirm=True):
    user = user or cast.mara
    asked = services.begin_enrolment(user)
    key = services.enrol_passkey(
        user, nonce=asked.nonce, label="Phone",
        credential=passkey.register(challenge(bytes(asked.payload), domain=ENROLMENT_DOMAIN)),
    )  # fmt: skip
    if confirm:
        code = services.issue_code(key, channel="in person", actor=cast.owner)
        key = services.confirm_key(key, code=code, actor=user)
    return key


def proof_of(passkey, asked, **how):
    return passkey.sign(services.webauthn_challenge(asked), **how).to_json()


def refused(code, user, asked, key, proof):
    before = Entry.objects.count()
    with pytest.raises(ArtistsUserFault) as told:
        services.sign(user, nonce=asked.nonce, fingerprint=key.fingerprint, proof=proof)
    assert told.value.code == code, told.value.message
    assert Entry.objects.count() == before
    return told.value.message


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_one_signature_covers_all_of_a_persons_unsigned_entries(cast, project, algorithm):
    passkey = Authenticator(algorithm)
    key = enrol_passkey(cast, passkey)
    own = list(Entry.objects.filter(stream=project.stream, actor_id=str(cast.mara.pk)).order_by("id"))
    asked = services.signing_request(cast.mara, project.stream, "session")
    made = services.sign(
        cast.mara, nonce=asked.nonce, fingerprint=key.fingerprint, proof=proof_of(passkey, asked)
    )
    body = json.loads(bytes(made.entry.body))
    public = body["public"]
    payload = PersonPayload.parse(bytes(asked.payload))
    assert public["payload"] == json.loads(bytes(asked.payload))
    assert payload.leaves == tuple(bytes(entry.leaf_hash).hex() for entry in own)
    assert payload.words_sha256 == hashlib.sha256(asked.words.encode()).hexdigest()
    assert (public["fingerprint"], public["method"], public["algorithm"]) == (
        key.fingerprint, "webauthn", algorithm,
    )  # fmt: skip
    assert set(public["proof"]) == {"authenticator_data", "client_data", "signature", "rp_id", "origin"}
    assert (body["stream"], f"key:{key.fingerprint}" in body["subjects"]) == (project.stream, True)
    assert {row.entry_id for row in EntrySignature.objects.filter(signature=made.entry)} == {
        e.id for e in own
    }
    assert signature_of(own[0]) == made.entry
    assert made.entries_signed == len(own) == 4
    with pytest.raises(NothingToSign):
        services.signing_request(cast.mara, project.stream, "session")


def test_the_words_say_everything_and_no_secret(cast, project):
    asked = services.signing_request(cast.mara, project.stream, "session")
    assert asked.words.startswith(
        "Mara Lindqvist (fictional), you sign 4 entries of your own in “Slow Harbour”."
    )
    for said in (
        "created the project Slow Harbour",
        "saved brief 1: ambient D minor",
        "let a collaborator in",
    ):
        assert said in asked.words
    assert "a secret tide" not in asked.words
    assert services.signing_request(cast.mara, project.stream, "session").nonce == asked.nonce, "asked once"


def test_the_newest_timestamp_token_goes_into_the_payload(cast, project):
    checkpoint = Checkpoint.objects.create(size=10**9, root=b"r", note=b"n", at=timezone.now())
    TimestampToken.objects.create(
        checkpoint=checkpoint, authority="old", token=b"1", gen_time=timezone.now() - dt.timedelta(1)
    )
    TimestampToken.objects.create(checkpoint=checkpoint, authority="new", token=b"2", gen_time=timezone.now())
    asked = services.signing_request(cast.mara, project.stream, "session")
    assert PersonPayload.parse(bytes(asked.payload)).timestamp == hashlib.sha256(b"2").hexdigest()


def test_a_signature_is_used_once(cast, project):
    passkey = Authenticator()
    key = enrol_passkey(cast, passkey)
    asked = services.signing_request(cast.mara, project.stream, "session")
    proof = proof_of(passkey, asked)
    services.sign(cast.mara, nonce=asked.nonce, fingerprint=key.fingerprint, proof=proof)
    assert "works once" in refused("replayed", cast.mara, asked, key, proof)
    SigningRequest.objects.update(used_at=None)  # somebody who owns the database opens the request again
    assert "works once" in refused("replayed", cast.mara, asked, key, proof)
    signature = PersonSignature.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        PersonSignature.objects.create(
            key=key, purpose="session", stream="x", nonce=asked.nonce, payload_sha256="", entries_signed=1,
            entry=signature.entry,
        )  # fmt: skip


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize(
    "how",
    [
        {"origin": "https://evil.example"},
        {"rp_id": "evil.example"},
        {"flags": 0x01},
        {"type": "webauthn.create"},
        {"crossOrigin": True},
    ],
)
def test_a_signature_for_another_place_is_refused(cast, project, algorithm, how):
    passkey = Authenticator(algorithm)
    key = enrol_passkey(cast, passkey)
    asked = services.signing_request(cast.mara, project.stream, "session")
    refused("signature_refused", cast.mara, asked, key, proof_of(passkey, asked, **how))


def test_a_signature_of_another_payload_or_key_is_refused(cast, project, signers):
    passkey, other = Authenticator(), Authenticator()
    key = enrol_passkey(cast, passkey)
    session = services.signing_request(cast.mara, project.stream, "session")
    foreign = passkey.sign(challenge(b"{}")).to_json()
    assert "another payload" in refused("signature_refused", cast.mara, session, key, foreign)
    assert "does not fit" in refused("signature_refused", cast.mara, session, key, proof_of(other, session))
    fingerprint, text = signers.signature(cast.mara, b"{}")
    mine = PersonKey.objects.get(fingerprint=fingerprint)
    assert "does not fit" in refused("signature_refused", cast.mara, session, mine, {"signature": text})
    _, text = signers.signature(cast.rights, bytes(session.payload))
    assert "another key" in refused("signature_refused", cast.mara, session, mine, {"signature": text})
    for nonsense in (
        {},
        {"signature": "AA"},
        {"signature": "ü", "client_data": 5, "authenticator_data": None},
    ):
        refused("signature_refused", cast.mara, session, key, nonsense)


def test_a_counter_that_does_not_grow_is_refused(cast, project):
    from generation import services as studio

    passkey = Authenticator()
    key = enrol_passkey(cast, passkey)
    for round_ in range(2):
        asked = services.signing_request(cast.mara, project.stream, "session")
        made = services.sign(
            cast.mara, nonce=asked.nonce, fingerprint=key.fingerprint, proof=proof_of(passkey, asked)
        )
        key.refresh_from_db()
        assert (key.sign_count, key.entry) == (passkey.counter, made.entry)
        studio.add_member(project, user=cast.anr, can_edit=bool(round_), actor=cast.mara)
    asked = services.signing_request(cast.mara, project.stream, "session")
    passkey.counter -= 1  # a copy that was made before the last use
    assert "counter went back" in refused("counter_reused", cast.mara, asked, key, proof_of(passkey, asked))
    passkey.counter = None  # 0 from one that has counted before
    refused("counter_reused", cast.mara, asked, key, proof_of(passkey, asked))


def test_synced_passkeys_keep_no_counter(cast, project):
    passkey = Authenticator(counter=None)
    key = enrol_passkey(cast, passkey)
    asked = services.signing_request(cast.mara, project.stream, "session")
    services.sign(cast.mara, nonce=asked.nonce, fingerprint=key.fingerprint, proof=proof_of(passkey, asked))
    key.refresh_from_db()
    assert (key.sign_count, key.entry.kind) == (0, "person_key.confirmed")


def test_keys_that_are_not_in_use_sign_nothing(cast, project):
    passkey = Authenticator()
    key = enrol_passkey(cast, passkey, confirm=False)
    asked = services.signing_request(cast.mara, project.stream, "session")
    assert "not confirmed" in refused("key_not_in_use", cast.mara, asked, key, proof_of(passkey, asked))
    code = services.issue_code(key, channel="in person", actor=cast.owner)
    services.revoke_key(services.confirm_key(key, code=code, actor=cast.mara), reason="", actor=cast.mara)
    assert "revoked" in refused("key_not_in_use", cast.mara, asked, key, proof_of(passkey, asked))


def test_nobody_signs_with_anothers_key_or_request(cast, project):
    passkey, foreign = Authenticator(), Authenticator()
    key, other = enrol_passkey(cast, passkey), enrol_passkey(cast, foreign, cast.rights)
    asked = services.signing_request(cast.mara, project.stream, "session")
    refused("unknown_key", cast.mara, asked, other, proof_of(foreign, asked))
    refused("no_request", cast.rights, asked, other, proof_of(foreign, asked))
    refused("no_request", cast.rights, asked, key, proof_of(passkey, asked))


def test_other_peoples_entries_are_never_in_it(cast, project):
    from generation import services as studio

    studio.save_brief(
        project,
        values=studio.brief_values(project.briefs.order_by("-number").first()),
        actor=cast.collaborator,
    )
    asked = services.signing_request(cast.mara, project.stream, "session")
    leaves = PersonPayload.parse(bytes(asked.payload)).leaves
    theirs = Entry.objects.filter(stream=project.stream, actor_id=str(cast.collaborator.pk))
    assert not {bytes(entry.leaf_hash).hex() for entry in theirs} & set(leaves)
    # Somebody who owns the database puts one in: the signature is right, and still refused.
    passkey = Authenticator()
    key = enrol_passkey(cast, passkey)
    forged = json.loads(bytes(asked.payload)) | {"leaves": [bytes(theirs.get().leaf_hash).hex()]}
    asked.payload = json.dumps(forged, sort_keys=True, separators=(",", ":")).encode()
    asked.save()
    refused("not_yours", cast.mara, asked, key, proof_of(passkey, asked))


def test_an_expired_request_signs_nothing(cast, project):
    passkey = Authenticator()
    key = enrol_passkey(cast, passkey)
    asked = services.signing_request(cast.mara, project.stream, "session")
    SigningRequest.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    refused("expired", cast.mara, asked, key, proof_of(passkey, asked))


def test_what_was_signed_meanwhile_is_not_signed_again(cast, project, signers):
    passkey = Authenticator()
    key = enrol_passkey(cast, passkey)
    asked = services.signing_request(cast.mara, project.stream, "session")
    other = SigningRequest.objects.create(
        nonce="ab" * 32, user=cast.mara, purpose="session", stream=project.stream,
        payload=bytes(asked.payload).replace(asked.nonce.encode(), b"ab" * 32), expires_at=asked.expires_at,
    )  # fmt: skip
    signers.sign(cast.mara, project.stream)
    refused("signed_already", cast.mara, other, key, proof_of(passkey, other))


def test_signatures_and_keys_want_no_signature_themselves(cast, project, signers):
    signers.sign(cast.mara, project.stream)
    assert unsigned_count(str(cast.mara.pk), project.stream) == 0
    for stream in (project.stream, f"person:{cast.mara.pk}"):
        with pytest.raises(NothingToSign):
            services.signing_request(cast.mara, stream, "session")


def test_the_links_stay(cast, project, signers):
    from django.db import DatabaseError

    signers.sign(cast.mara, project.stream)
    for change in (
        lambda: EntrySignature.objects.all().delete(),
        lambda: EntrySignature.objects.update(signature=project.entry),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_pages_show_one_thing_to_its_person_and_nothing_to_others(cast, project, signers):
    there = reverse("artists:sign", args=["session", project.stream])
    page = as_(cast.mara).get(there).content.decode()
    assert "You need a key first" in page
    signers.fingerprint(cast.mara)
    page = as_(cast.mara).get(there).content.decode()
    assert "saved brief 1: ambient D minor" in page
    assert "ssh-keygen -Y sign" in page
    asked = services.signing_request(cast.mara, project.stream, "session")
    for other in (cast.stranger, cast.rights, cast.collaborator):
        answer = as_(other).get(there)
        assert (answer.status_code, "saved brief" in answer.content.decode()) == (200, False)
        assert as_(other).get(reverse("artists:signing-payload", args=[asked.nonce])).status_code == 404
        sent = as_(other).post(there, {"nonce": asked.nonce, "signature": "x"})
        assert "Nothing to sign" in sent.content.decode()
    refused_page = as_(cast.mara).post(there, {"nonce": asked.nonce, "signature": "nonsense"})
    assert (refused_page.status_code, "Not signed" in refused_page.content.decode()) == (422, True)
    assert as_(cast.mara).get(reverse("artists:sign", args=["whim", project.stream])).status_code == 404
    assert "Slow Harbour" in as_(cast.mara).get(reverse("artists:signing")).content.decode()
    assert (
        "4 unsigned entries of yours"
        in as_(cast.mara).get(reverse("generation:project", args=[project.pk])).content.decode()
    )
    assert "Sign your sessions" in as_(cast.mara).get(reverse("label:today")).content.decode()


def test_a_passkey_signs_through_the_page_as_json(cast, project):
    passkey = Authenticator()
    key = enrol_passkey(cast, passkey)
    there = reverse("artists:sign", args=["session", project.stream])
    asked = services.signing_request(cast.mara, project.stream, "session")
    body = {"nonce": asked.nonce, "fingerprint": key.fingerprint, "proof": proof_of(passkey, asked)}
    for wrong in (
        b"[]",
        b"{",
        json.dumps(body | {"proof": 5}).encode(),
        json.dumps(body | {"nonce": "0"}).encode(),
    ):
        assert as_(cast.mara).post(there, wrong, content_type="application/json").status_code == 400
    done = as_(cast.mara).post(f"{there}?next=https://evil.example/", body, content_type="application/json")
    assert (done.status_code, done.json()["redirect"]) == (
        201, reverse("generation:project", args=[project.pk]),
    )  # fmt: skip


@needs("ssh-keygen")
def test_the_command_signs_with_a_real_ssh_key(cast, project, tmp_path):
    from artists.management.commands.ledger_sign import ssh_signature

    path = tmp_path / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ecdsa", "-b", "256", "-N", "", "-f", str(path)], check=True)
    asked = services.begin_enrolment(cast.mara)
    key = services.enrol_ssh_key(
        cast.mara, nonce=asked.nonce, signature=ssh_signature(bytes(asked.payload), path), label="Terminal"
    )
    options = {"user": cast.mara.email, "stream": project.stream, "key": path}
    with pytest.raises(CommandError, match="not confirmed"):
        call_command("ledger_sign", **options, stdout=io.StringIO())
    code = services.issue_code(key, channel="in person", actor=cast.owner)
    services.confirm_key(key, code=code, actor=cast.mara)
    out = io.StringIO()
    call_command("ledger_sign", **options, show=True, stdout=out)
    assert "you sign 4 entries of your own" in out.getvalue()
    assert not PersonSignature.objects.exists()
    call_command("ledger_sign", **options, stdout=out)
    assert "Signed: 4 entries" in out.getvalue()
    assert json.loads(bytes(PersonSignature.objects.get().entry.body))["public"]["algorithm"] == "es256"
    with pytest.raises(CommandError, match="Nothing of yours"):
        call_command("ledger_sign", **options, stdout=out)
    with pytest.raises(CommandError, match="no active account"):
        call_command("ledger_sign", **options | {"user": "nobody@label.invalid"}, stdout=out)


@pytest.mark.django_db(transaction=True)
def test_of_two_signatures_at_the_same_moment_one_counts(cast, project):
    """Two devices of one person, each with a request about the same entries."""
    import threading

    from django.db import connection

    passkeys = [Authenticator(), Authenticator()]
    keys = [enrol_passkey(cast, passkey) for passkey in passkeys]
    asked = services.signing_request(cast.mara, project.stream, "session")
    other = SigningRequest.objects.create(
        nonce="ab" * 32, user=cast.mara, purpose="session", stream=project.stream,
        payload=bytes(asked.payload).replace(asked.nonce.encode(), b"ab" * 32), expires_at=asked.expires_at,
    )  # fmt: skip
    told = []

    def sign(request, key, passkey):
        try:
            services.sign(
                cast.mara, nonce=request.nonce, fingerprint=key.fingerprint, proof=proof_of(passkey, request)
            )
            told.append("signed")
        except ArtistsUserFault as fault:
            told.append(fault.code)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=sign, args=row) for row in zip((asked, other), keys, passkeys, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["signed", "signed_already"]
    assert EntrySignature.objects.count() == 4


# -- what a stranger's verifier would refuse is refused here, before it stands in the log for good ---------------------


@pytest.mark.parametrize(
    "client_data",
    [
        lambda said: said[:-1] + b',"more":1.5}',
        lambda said: said[:-1] + b',"more":NaN}',
        lambda said: said[:-1] + b',"more":' + b"9" * 40 + b"}",
        lambda said: said[:-1] + b',"type":"webauthn.get"}',
        lambda said: said.decode().encode("utf-16"),
        lambda said: b"\xef\xbb\xbf" + said,
    ],
)
def test_nobody_poisons_the_evidence_with_client_data_that_verifiers_refuse(cast, project, client_data):
    """A program of one's own may hold the passkey, and sign any text: the log would carry it for ever."""
    passkey = Authenticator()
    key = enrol_passkey(cast, passkey)
    asked = services.signing_request(cast.mara, project.stream, "session")
    honest = passkey.sign(services.webauthn_challenge(asked))
    changed = client_data(honest.client_data)
    message = honest.authenticator_data + hashlib.sha256(changed).digest()
    signature = passkey.private.sign(message, ECDSA(SHA256()))
    proof = Assertion(honest.authenticator_data, changed, signature).to_json()
    assert "JSON as browsers write it" in refused("signature_refused", cast.mara, asked, key, proof)


def test_an_ssh_signature_is_kept_in_its_one_form(cast, project, tmp_path):
    """However its lines came: the verifier reads only what ssh-keygen writes."""
    private = Ed25519PrivateKey.generate()
    begun = services.begin_enrolment(cast.mara)
    key = services.enrol_ssh_key(
        cast.mara, nonce=begun.nonce, signature=sign_ssh(bytes(begun.payload), private), label="Laptop"
    )
    code = services.issue_code(key, channel="in person", actor=cast.owner)
    services.confirm_key(key, code=code, actor=cast.mara)
    asked = services.signing_request(cast.mara, project.stream, "session")
    text = sign_ssh(bytes(asked.payload), private)
    sent = "\r\n".join(f"  {line} \t" for line in text.splitlines())
    made = services.sign(cast.mara, nonce=asked.nonce, fingerprint=key.fingerprint, proof={"signature": sent})
    assert json.loads(bytes(made.entry.body))["public"]["proof"] == {"signature": text}
    sequencer.drain()
    out = io.BytesIO()
    bundle.build(entries=bundle.of_stream(project.stream).entries, disclose=bundle.nothing, out=out)
    (tmp_path / "it.zip").write_bytes(out.getvalue())
    assert verifier.verify(str(tmp_path / "it.zip")).exit_status == 0


@pytest.mark.parametrize("odd", ["\x00", "\ud800", "a" * 64 + "\x00", "\x00" * 64])
def test_texts_that_no_database_keeps_are_refused(cast, project, odd):
    there = reverse("artists:sign", args=["session", project.stream])
    asked = services.signing_request(cast.mara, project.stream, "session")
    client = as_(cast.mara)
    for body in (
        {"nonce": odd, "fingerprint": "x", "proof": {}},
        {"nonce": asked.nonce, "fingerprint": odd, "proof": {}},
        {"nonce": asked.nonce, "fingerprint": "x", "proof": {"signature": odd}},
    ):
        assert client.post(there, body, content_type="application/json").status_code == 400
    if "\ud800" not in odd:
        page = client.post(there, {"nonce": odd, "signature": sign_ssh(b"x", Ed25519PrivateKey.generate())})
        assert page.status_code == 422
    enrol = reverse("artists:passkey-enrol")
    sent = {"nonce": odd, "label": odd, "credential": {"id": odd}}
    assert client.post(enrol, sent, content_type="application/json").status_code == 400
