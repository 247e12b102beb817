"""People and their keys, by clicks: enrol a passkey, hear the code, sign what stands on the page."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from tests.browser.guests import Guest


def bring_authenticator(guest: Guest, *, verified: bool = True) -> Any:
    """A device that holds passkeys and says yes by itself (Chromium's virtual authenticator); its session."""
    device = guest.page.context.new_cdp_session(guest.page)
    device.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": verified, "automaticPresenceSimulation": True,
    }  # fmt: skip
    device.authenticator = device.send("WebAuthn.addVirtualAuthenticator", {"options": options})[
        "authenticatorId"
    ]
    return device


def enrol_passkey(guest: Guest, owner: Guest, *, name: str) -> Any:
    """Made on the keys page, confirmed by a code that an owner of the label reads out. Returns the device."""
    device = bring_authenticator(guest)
    page = guest.page
    page.goto("/account/keys/")
    page.get_by_label("What you call it").fill("Phone of the walk")
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.get_by_role("heading", name="Phone of the walk")).to_be_visible()
    expect(page.locator("main")).to_contain_text("waits for its code")
    owner.page.goto("/account/keys/")
    owner.page.get_by_role("button", name=f"Code for {name}").click()
    code = owner.page.locator("#code").inner_text()
    with guest.refused(422):
        page.get_by_label("The code").fill("WRONG-WRONG")
        page.get_by_role("button", name="Confirm the key").click()
        expect(page.get_by_role("alert").first).to_contain_text("4 tries are left")
    page.get_by_label("The code").fill(code.lower())
    page.get_by_role("button", name="Confirm the key").click()
    expect(page.locator("main")).to_contain_text("in use")
    return device


def sign_here(guest: Guest, *says: str) -> None:
    """On the page that shows what is signed."""
    page = guest.page
    expect(page.get_by_role("heading", level=1)).to_have_text("What you sign")
    for words in says:
        expect(page.locator("#words")).to_contain_text(words)
    page.get_by_role("button", name="Sign with your passkey").click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("What you sign")


def sign_declaration(guest: Guest, declaration_path: str) -> None:
    guest.page.goto(declaration_path)
    guest.page.get_by_role("link", name="Sign it").click()
    sign_here(guest, "your declaration", "declared, as statement 2")
    expect(guest.page.locator("main")).to_contain_text("with their own key")
    assert guest.path == declaration_path


def sign_session(guest: Guest, project: str) -> None:
    """Everything else that she did in the song, from its page."""
    page = guest.page
    page.get_by_role("link", name=project).first.click()
    page.get_by_role("link", name="Sign this session").click()
    sign_here(guest, "of your own", f"created the project {project}")
    expect(page.locator("main")).not_to_contain_text("Sign this session")


def sign_approval(guest: Guest, release_path: str) -> None:
    page = guest.page
    page.goto(release_path)
    page.get_by_role("link", name="Sign your approval").click()
    sign_here(guest, "your approval", "approved")
    expect(page.locator("main")).to_contain_text("as it stands, signed")
    expect(page.locator("ul.gates > li[data-state=blocked]")).to_have_count(0)
