"""The roster's pages and the way in: who sees what, and what strangers are told."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.test import Client, override_settings
from django.urls import reverse

from artists.models import Artist, User
from tests.cast import PASSWORD, Cast


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_without_an_account_every_page_leads_to_the_login(cast: Cast) -> None:
    for name in ("label:today", "artists:roster", "generation:projects", "release:releases", "label:ledger"):
        response = Client().get(reverse(name))
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("artists:login"))


def test_the_public_pages_need_no_account(cast: Cast) -> None:
    for path in (reverse("artists:login"), reverse("label:check"), reverse("label:health")):
        assert Client().get(path).status_code == 200


def test_login_with_the_right_password_and_not_with_a_wrong_one(cast: Cast) -> None:
    client = Client()
    wrong = client.post(reverse("artists:login"), {"username": "mara@label.invalid", "password": "no"})
    assert wrong.status_code == 422
    assert b"do not belong together" in wrong.content
    right = client.post(
        reverse("artists:login"),
        {"username": "Mara@label.invalid", "password": PASSWORD, "next": "https://evil.invalid/"},
    )
    assert right.status_code == 302
    assert right["Location"] == reverse("label:today")


@override_settings(AXES_FAILURE_LIMIT=3)
def test_guessing_is_locked_out(cast: Cast) -> None:
    client = Client()
    for _ in range(3):
        answer = client.post(
            reverse("artists:login"), {"username": "mara@label.invalid", "password": "guess"}
        )
    assert answer.status_code == 429
    assert (
        client.post(
            reverse("artists:login"), {"username": "mara@label.invalid", "password": PASSWORD}
        ).status_code
        == 429
    )


def test_a_stranger_gets_404_and_a_reader_403(cast: Cast) -> None:
    own, other = (reverse("artists:artist", args=[a.pk]) for a in (cast.artist, cast.other_artist))
    assert logged_in(cast.mara).get(own).status_code == 200
    assert logged_in(cast.mara).get(other).status_code == 404
    edit = reverse("artists:artist-edit", args=[cast.artist.pk])
    assert logged_in(cast.stranger).get(edit).status_code == 404
    for reader in (cast.mara, cast.release, cast.rights):
        assert logged_in(reader).get(edit).status_code == 403
    for writer in (cast.owner, cast.anr):
        assert logged_in(writer).get(edit).status_code == 200


def test_only_the_owner_sees_accounts(cast: Cast) -> None:
    for user in (cast.anr, cast.release, cast.rights, cast.mara, cast.stranger):
        assert logged_in(user).get(reverse("artists:people")).status_code == 403
    page = logged_in(cast.owner).get(reverse("artists:people"))
    assert page.status_code == 200
    assert b"mara@label.invalid" in page.content


def test_an_invitation_is_made_shown_once_and_accepted(cast: Cast) -> None:
    owner = logged_in(cast.owner)
    page = owner.post(
        reverse("artists:people"), {"email": "guest@label.invalid", "role": "anr", "artist": ""}
    )
    link = page.context["link"]
    assert link
    assert link not in owner.get(reverse("artists:people")).content.decode()
    guest = Client()
    path = link.replace("http://testserver", "")
    assert b"guest@label.invalid" in guest.get(path).content
    done = guest.post(path, {"full_name": "Guest (fictional)", "password": "a-Fictional-Passphrase-8"})
    assert done.status_code == 302
    assert User.objects.get(email="guest@label.invalid").role == "anr"
    assert Client().get(path).status_code == 410


def test_a_refused_form_says_why_and_writes_nothing(cast: Cast) -> None:
    before = Artist.objects.count()
    page = logged_in(cast.anr).post(
        reverse("artists:artist-new"),
        {"name": "Bad (fictional)", "kind": "person", "status": "signed", "isni": "0000000121032682"},
    )
    assert page.status_code == 422
    assert b"0000000121032683" in page.content
    assert Artist.objects.count() == before


def test_names_in_any_script_are_kept(cast: Cast) -> None:
    for name in ("夜鷹 (架空)", "ציפור לילה", "Ночной козодой", "<script>alert(1)</script>"):
        page = logged_in(cast.anr).post(
            reverse("artists:artist-new"), {"name": name, "kind": "person", "status": "signed"}
        )
        assert page.status_code == 302
    body = logged_in(cast.anr).get(reverse("artists:roster")).content.decode()
    assert "夜鷹" in body
    assert "<script>alert" not in body


def test_an_address_with_a_nul_is_refused_before_the_database(cast: Cast) -> None:
    assert logged_in(cast.owner).get("/projects/?artist=%00").status_code == 400


def test_a_token_is_shown_once_works_and_can_be_revoked(cast: Cast) -> None:
    mine = logged_in(cast.mara)
    token = mine.post(reverse("artists:account"), {"action": "token"}).context["token"]
    headers = {"Authorization": f"Token {token}"}
    assert Client().get("/api/me/", headers=headers).json()["email"] == "mara@label.invalid"
    digest = cast.mara.auth_token_set.get().digest
    mine.post(reverse("artists:account"), {"action": "revoke", "digest": digest})
    assert Client().get("/api/me/", headers=headers).status_code == 401


def test_changing_the_password_needs_the_old_one(cast: Cast) -> None:
    mine = logged_in(cast.mara)
    url = reverse("artists:account")
    assert (
        mine.post(url, {"action": "password", "old": "no", "new": "a-New-Passphrase-11"}).status_code == 422
    )
    assert (
        mine.post(url, {"action": "password", "old": PASSWORD, "new": "a-New-Passphrase-11"}).status_code
        == 302
    )
    assert User.objects.get(pk=cast.mara.pk).check_password("a-New-Passphrase-11")


@pytest.mark.parametrize("page", ["roster", "account"])
def test_pages_of_everybody_open_for_every_role(cast: Cast, page: str) -> None:
    for user in (*cast.staff, cast.mara, cast.collaborator, cast.stranger):
        assert logged_in(user).get(reverse(f"artists:{page}")).status_code == 200


def test_the_api_knows_the_same_walls(cast: Cast) -> None:
    def api(user: User) -> Client:
        return logged_in(user)

    assert Client().get("/api/artists/").status_code == 401
    names = [row["name"] for row in api(cast.mara).get("/api/artists/").json()["results"]]
    assert names == [cast.artist.name]
    assert api(cast.mara).get(f"/api/artists/{cast.other_artist.pk}/").status_code == 404
    assert api(cast.mara).post("/api/artists/", {"name": "N"}, "application/json").status_code == 403
    made = api(cast.anr).post("/api/artists/", {"name": "Api Choir (fictional)"}, "application/json")
    assert made.status_code == 201
    bad = api(cast.anr).post("/api/artists/", {"name": "a\u0000b"}, "application/json")
    assert (bad.status_code, bad.json()["error"]["code"]) == (400, "parse_error")
    assert api(cast.anr).post("/api/artists/", {"name": None}, "application/json").status_code == 400


def test_the_first_owner_can_be_made_on_the_command_line(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEADWAX_PASSWORD", "a-Fictional-Passphrase-6")
    call_command("user_create", "owner", "first@label.invalid", "--name", "First (fictional)")
    assert User.objects.get(email="first@label.invalid").role == "owner"
    with pytest.raises(CommandError, match="account"):
        call_command("user_create", "owner", "first@label.invalid", "--name", "First (fictional)")
    assert User.objects.filter(email="first@label.invalid").count() == 1
