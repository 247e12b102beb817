"""Keys are enrolled with proof, confirmed on a second channel, revoked; each step is an entry."""

from __future__ import annotations

import datetime as dt
import json
import re

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from artists import services
from artists.errors import KeyRefused
from artists.models import PersonKey, SigningRequest
from artists.webauthn_site import site
from provenance.models import Entry
from provenance.signing import ENROLMENT_DOMAIN, challenge, sign_ssh
from tests.label.conftest import as_
from tests.provenance.signing.helpers import ALGORITHMS, ORIGIN, RP_ID, Authenticator

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def here(settings):
    settings.DEADWAX_BASE_URL = ORIGIN


@pytest.fixture
def private():
    return Ed25519PrivateKey.generate()


def enrol(user, private, *, label="Studio laptop"):
    asked = services.begin_enrolment(user)
    return services.enrol_ssh_key(
        user, nonce=asked.nonce, signature=sign_ssh(bytes(asked.payload), private), label=label
    )


def kinds(user):
    return list(
        Entry.objects.filter(stream=f"person:{user.pk}").order_by("id").values_list("kind", flat=True)
    )


def mailed_code():
    return re.search(r"^ {4}([0-9A-Z]{5}-[0-9A-Z]{5})$", mail.outbox[-1].body, re.MULTILINE)[1]


def test_an_ssh_key_is_enrolled_and_confirmed_by_mail(cast, private, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        key = enrol(cast.mara, private)
    assert (key.state, key.method, key.algorithm) == ("enrolled", "ssh", "ed25519")
    assert mail.outbox[-1].to == [cast.mara.email]
    assert key.fingerprint in mail.outbox[-1].body
    body = json.loads(bytes(key.entry.body))
    assert body["kind"] == "person_key.enrolled"
    assert body["public"]["public_key"] == key.public_key
    assert "Studio laptop" not in json.dumps(body), "what she calls it is sealed"
    assert body["subjects"] == [f"person:{cast.mara.pk}", f"key:{key.fingerprint}"]
    key = services.confirm_key(key, code=mailed_code().lower().replace("-", " "), actor=cast.mara)
    assert key.state == "confirmed"
    assert json.loads(bytes(key.entry.body))["public"] == {"channel": "mail", "fingerprint": key.fingerprint}
    assert kinds(cast.mara) == ["person_key.enrolled", "person_key.confirmed"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_passkey_is_enrolled(cast, algorithm):
    asked = services.begin_enrolment(cast.mara)
    options = services.passkey_options(cast.mara, asked)
    wanted = challenge(bytes(asked.payload), domain=ENROLMENT_DOMAIN)
    passkey = Authenticator(algorithm)
    credential = passkey.register(wanted)
    assert options["rp"]["id"] == RP_ID
    assert {item["alg"] for item in options["pubKeyCredParams"]} == {-7, -8}
    assert options["authenticatorSelection"]["userVerification"] == "required"
    key = services.enrol_passkey(cast.mara, nonce=asked.nonce, credential=credential, label="Phone")
    assert (key.algorithm, key.public_key, key.sign_count) == (algorithm, passkey.public.base64, 1)
    assert key.credential_id == credential["id"]
    assert json.loads(bytes(key.entry.body))["public"]["rp_id"] == RP_ID
    with pytest.raises(KeyRefused, match="works once"):
        services.enrol_passkey(cast.mara, nonce=asked.nonce, credential=credential, label="Again")


@pytest.mark.parametrize(
    "how", [{"origin": "https://evil.example"}, {"rp_id": "evil.example"}, {"challenge": b"x" * 32}]
)
def test_a_passkey_for_another_place_or_request_is_refused(cast, how):
    asked = services.begin_enrolment(cast.mara)
    wanted = how.pop("challenge", challenge(bytes(asked.payload), domain=ENROLMENT_DOMAIN))
    credential = Authenticator().register(wanted, **how)
    with pytest.raises(KeyRefused, match="not taken"):
        services.enrol_passkey(cast.mara, nonce=asked.nonce, credential=credential, label="")
    assert not PersonKey.objects.exists()


@pytest.mark.parametrize(
    "credential",
    [
        {},
        {"id": 5},
        {
            "id": "AA",
            "rawId": "AA",
            "type": "public-key",
            "response": {"clientDataJSON": "e30", "attestationObject": "oA"},
        },
    ],
)
def test_what_is_no_credential_is_refused(cast, credential):
    asked = services.begin_enrolment(cast.mara)
    with pytest.raises(KeyRefused):
        services.enrol_passkey(cast.mara, nonce=asked.nonce, credential=credential, label="")


def test_a_signature_over_something_else_enrols_nothing(cast, private):
    asked = services.begin_enrolment(cast.mara)
    for text in (
        sign_ssh(b"{}", private),
        sign_ssh(bytes(asked.payload), private, namespace="git"),
        "nonsense",
    ):
        with pytest.raises(KeyRefused, match="not enrolled"):
            services.enrol_ssh_key(cast.mara, nonce=asked.nonce, signature=text, label="")


def test_a_request_of_somebody_else_or_too_old_enrols_nothing(cast, private):
    asked = services.begin_enrolment(cast.mara)
    signature = sign_ssh(bytes(asked.payload), private)
    with pytest.raises(KeyRefused, match="no such request"):
        services.enrol_ssh_key(cast.stranger, nonce=asked.nonce, signature=signature, label="")
    SigningRequest.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    with pytest.raises(KeyRefused, match="too old"):
        services.enrol_ssh_key(cast.mara, nonce=asked.nonce, signature=signature, label="")


def test_a_key_is_of_one_person_once_and_for_all(cast, private):
    key = enrol(cast.mara, private)
    with pytest.raises(KeyRefused, match="enrolled already"):
        enrol(cast.stranger, private)
    services.revoke_key(key, reason="", actor=cast.mara)
    with pytest.raises(KeyRefused, match="cannot come back"):
        enrol(cast.mara, private)


def test_an_owner_reads_a_code_out_in_person(cast, private):
    key = enrol(cast.mara, private)
    code = services.issue_code(key, channel="in person", actor=cast.owner)
    with pytest.raises(KeyRefused, match="confirmed by its owner"):
        services.confirm_key(key, code=code, actor=cast.owner)
    key = services.confirm_key(key, code=code, actor=cast.mara)
    assert json.loads(bytes(key.entry.body))["public"]["channel"] == "in person"
    assert code.replace("-", "") not in "".join(bytes(e.body).decode() for e in Entry.objects.all())


@pytest.mark.parametrize("who", ["mara", "anr", "rights", "stranger"])
def test_nobody_but_an_owner_reads_codes_out(cast, private, who):
    key = enrol(cast.mara, private)
    with pytest.raises(KeyRefused, match="An owner of the label"):
        services.issue_code(key, channel="in person", actor=getattr(cast, who))


def test_an_owner_reads_no_code_to_themselves(cast, private):
    key = enrol(cast.owner, private)
    with pytest.raises(KeyRefused, match="nobody to themselves"):
        services.issue_code(key, channel="in person", actor=cast.owner)
    with pytest.raises(KeyRefused, match="who asks for it"):
        services.issue_code(key, channel="mail", actor=cast.rights)


def test_wrong_codes_are_counted_recorded_and_few(cast, private):
    key = enrol(cast.mara, private)
    code = services.issue_code(key, channel="in person", actor=cast.owner)
    for left in (4, 3, 2, 1, 0):
        with pytest.raises(KeyRefused, match=f"{left} tr" if left else "Ask for a new one"):
            services.confirm_key(key, code="00000-00000", actor=cast.mara)
    with pytest.raises(KeyRefused, match="Too many"):
        services.confirm_key(key, code=code, actor=cast.mara)
    assert kinds(cast.mara).count("person_key.code_refused") == 5
    fresh = services.issue_code(key, channel="in person", actor=cast.owner)
    with pytest.raises(KeyRefused, match="not the code"):
        services.confirm_key(key, code=code, actor=cast.mara)
    assert services.confirm_key(key, code=fresh, actor=cast.mara).state == "confirmed"


def test_an_old_code_is_refused(cast, private):
    key = enrol(cast.mara, private)
    code = services.issue_code(key, channel="in person", actor=cast.owner)
    later = timezone.now() + dt.timedelta(hours=25)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("artists.services.keys.timezone.now", lambda: later)
        with pytest.raises(KeyRefused, match="too old"):
            services.confirm_key(key, code=code, actor=cast.mara)


def test_a_key_is_revoked_by_its_owner_or_by_the_label_with_a_reason(cast, private):
    key = enrol(cast.mara, private)
    for nobody in (cast.stranger, cast.rights):
        with pytest.raises(KeyRefused, match="revoked by its owner"):
            services.revoke_key(key, reason="x", actor=nobody)
    with pytest.raises(KeyRefused, match="Say why"):
        services.revoke_key(key, reason=" ", actor=cast.owner)
    key = services.revoke_key(key, reason="She lost the laptop.", actor=cast.owner)
    body = bytes(key.entry.body).decode()
    assert (key.state, "laptop" in body) == ("revoked", False)
    for late in (
        lambda: services.confirm_key(key, code="x", actor=cast.mara),
        lambda: services.issue_code(key, channel="mail", actor=cast.mara),
    ):
        with pytest.raises(KeyRefused, match="already"):
            late()


def test_the_mail_that_fails_does_not_undo_the_enrolment(
    cast, private, settings, django_capture_on_commit_callbacks
):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    with django_capture_on_commit_callbacks() as callbacks:
        key = enrol(cast.mara, private)
    assert len(callbacks) == 1
    assert PersonKey.objects.filter(pk=key.pk).exists()


@pytest.mark.parametrize(
    ("url", "rp_id", "origin", "works"),
    [
        ("https://label.example", "label.example", "https://label.example", True),
        ("https://Label.example:8443", "label.example", "https://label.example:8443", True),
        ("http://127.0.0.1:8000", "localhost", "http://localhost:8000", True),
        ("http://[::1]:8000", "localhost", "http://localhost:8000", True),
        ("http://localhost:8000", "localhost", "http://localhost:8000", True),
        ("http://label.example", "label.example", "http://label.example", False),
        ("https://192.0.2.7", "192.0.2.7", "https://192.0.2.7", False),
    ],
)
def test_passkeys_live_at_the_base_url(settings, url, rp_id, origin, works):
    settings.DEADWAX_BASE_URL = url
    found = site()
    assert (found.rp_id, found.origin, not found.why_not) == (rp_id, origin, works)


def test_pages_and_actions_of_a_key_are_its_owners(cast, private):
    key = enrol(cast.mara, private)
    for name in ("key-confirm", "key-code", "key-revoke"):
        there = reverse(f"artists:{name}", args=[key.pk])
        for other in (cast.stranger, cast.collaborator, cast.rights):
            assert as_(other).post(there).status_code == 404, name
    assert as_(cast.owner).post(reverse("artists:key-confirm", args=[key.pk])).status_code == 404
    read_out = as_(cast.owner).post(reverse("artists:key-code", args=[key.pk]))
    code = re.search(r'id="code">([^<]+)<', read_out.content.decode())[1]
    client = as_(cast.mara)
    refused = client.post(reverse("artists:key-confirm", args=[key.pk]), {"code": "no"})
    assert (refused.status_code, "not the code" in refused.content.decode()) == (422, True)
    assert client.post(reverse("artists:key-confirm", args=[key.pk]), {"code": code}).status_code == 302
    page = client.get(reverse("artists:keys")).content.decode()
    assert "in use" in page
    assert "could enrol one in your name" in page, "what this cannot stop is said"
    assert cast.mara.full_name in as_(cast.owner).get(reverse("artists:keys")).content.decode()
    assert "Studio laptop" not in as_(cast.rights).get(reverse("artists:keys")).content.decode()


def test_the_ssh_page_keeps_its_file_while_the_form_is_corrected(cast, private):
    client, there = as_(cast.mara), reverse("artists:ssh-key")
    page = client.get(there).content.decode()
    nonce = re.search(r'name="nonce" value="([0-9a-f]{64})"', page)[1]
    refused = client.post(there, {"nonce": nonce, "label": "Laptop", "signature": "nonsense"})
    assert refused.status_code == 422
    assert nonce in refused.content.decode()
    payload = client.get(reverse("artists:signing-payload", args=[nonce]))
    assert payload.headers["Content-Disposition"] == f'attachment; filename="deadwax-{nonce[:8]}.json"'
    assert as_(cast.stranger).get(reverse("artists:signing-payload", args=[nonce])).status_code == 404
    done = client.post(
        there, {"nonce": nonce, "label": "Laptop", "signature": sign_ssh(payload.content, private)}
    )
    assert done.headers["Location"] == reverse("artists:keys")
    assert PersonKey.objects.get().label == "Laptop"


def test_keys_over_the_api(cast, private):
    from tests.release.test_api import api

    mara, owner, stranger = api(cast.mara), api(cast.owner), api(cast.stranger)
    begun = mara.post("/api/keys/begin/").data
    made = mara.post(
        "/api/keys/",
        {"nonce": begun["nonce"], "label": "CLI", "signature": sign_ssh(begun["payload"].encode(), private)},
    )
    assert (made.status_code, made.data["state"]) == (201, "enrolled")
    there = f"/api/keys/{made.data['id']}"
    assert [stranger.post(f"{there}/{name}/").status_code for name in ("confirm", "code", "revoke")] == [
        404
    ] * 3
    assert stranger.get("/api/keys/").data["count"] == 0
    code = owner.post(f"{there}/code/").data["code"]
    assert mara.post(f"{there}/code/").data["code"] == "", "her own goes by mail"
    assert mara.post(f"{there}/confirm/", {"code": code}).status_code == 400, "the mailed one counts now"
    code = owner.post(f"{there}/code/").data["code"]
    assert mara.post(f"{there}/confirm/", {"code": code}).data["state"] == "confirmed"
    assert mara.get("/api/keys/").data["results"][0]["fingerprint"] == made.data["fingerprint"]
    assert mara.post(f"{there}/revoke/").data["state"] == "revoked"
