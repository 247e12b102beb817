"""Passkeys in a real Chromium, by the pages alone; what is recorded is checked without the code that recorded it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser import signing_steps as signing
from tests.browser.conftest import Label
from tests.support import needs

pytestmark = [needs("chromium"), pytest.mark.django_db(transaction=True)]


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_a_passkey_is_made_confirmed_and_signs_a_session(label: Label, arrive: Callable[..., Any]) -> None:
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.hashes import SHA256

    from artists.models import PersonKey
    from generation import services as studio
    from provenance.models import Entry

    project = studio.create_project(title="Slow Harbour", artist=label.cast.artist, actor=label.cast.mara)
    mara, owner = arrive("mara"), arrive("owner")
    page = mara.page

    # 1. Without a key the page says what to do; with one it signs.
    page.goto(f"/projects/{project.pk}/")
    page.get_by_role("link", name="Sign this session").click()
    expect(page.locator("main")).to_contain_text("You need a key first")
    device = signing.enrol_passkey(mara, owner, name="Mara Lindqvist (fictional)")
    key = PersonKey.objects.get()
    assert (key.state, key.algorithm, key.method) == ("confirmed", "es256", "webauthn")
    page.goto(f"/projects/{project.pk}/")
    page.get_by_role("link", name="Sign this session").click()
    words = page.locator("#words").inner_text()
    assert "created the project Slow Harbour" in words
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320

    # 2. A device that does not recognise the person signs nothing; the page says what to do.
    recognised = {"authenticatorId": device.authenticator, "isUserVerified": False}
    device.send("WebAuthn.setUserVerified", recognised)
    page.get_by_role("button", name="Sign with your passkey").click()
    expect(page.locator("[data-say]")).to_have_text("It was cancelled or took too long. Try again.")
    assert not Entry.objects.filter(kind="session.signed").exists()
    device.send("WebAuthn.setUserVerified", recognised | {"isUserVerified": True})
    signing.sign_here(mara)
    assert mara.path == f"/projects/{project.pk}/"
    expect(page.locator("main")).not_to_contain_text("unsigned")

    # 3. What is recorded holds by the standard's own steps, from the entries alone.
    signed = json.loads(bytes(Entry.objects.get(kind="session.signed").body))["public"]
    enrolled = json.loads(bytes(Entry.objects.get(kind="person_key.enrolled").body))["public"]
    proof = {name: signed["proof"][name] for name in ("authenticator_data", "client_data", "signature")}
    payload = json.dumps(
        signed["payload"], sort_keys=True, separators=(",", ":"), ensure_ascii=False
    ).encode()
    client = json.loads(_bytes(proof["client_data"]))
    asked = hashlib.sha256(b"deadwax/person-signature/v1\x00" + payload).digest()
    assert _bytes(client["challenge"]) == asked
    assert client["origin"] == label.url == signed["proof"]["origin"]
    data = _bytes(proof["authenticator_data"])
    assert data[:32] == hashlib.sha256(b"localhost").digest()
    point = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), base64.b64decode(enrolled["public_key"]))
    message = data + hashlib.sha256(_bytes(proof["client_data"])).digest()
    point.verify(_bytes(proof["signature"]), message, ECDSA(SHA256()))

    assert mara.problems == []
    assert owner.problems == []
