"""Agreements: terms by version, both signatures, options, who sees what, and shares that flow into credits."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from artists import access_anr
from artists import services as people
from artists.errors import ArtistsUserFault, NotNow
from artists.models import Agreement, AgreementOption
from artists.services import agreements
from artists.services.agreement_shares import agreed_shares
from artists.share_roles import SHARE_ROLES
from release.credits import CREDIT_ROLES
from tests.cast import Cast, make_cast

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4\n% a fictional agreement\n%%EOF\n"
SECRET = "EUR 1,234 on signing"


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def person(cast: Cast) -> Any:
    return people.create_person(
        credit_name="Mara Lindqvist (fictional)", artist=cast.artist, actor=cast.owner
    )


def today(days: int = 0) -> dt.date:
    return timezone.now().date() + dt.timedelta(days=days)


def drafted(cast: Cast, **values: Any) -> Agreement:
    given: dict[str, Any] = {"title": "EP", "document": io.BytesIO(PDF), **values}
    return agreements.draft_agreement(cast.artist, **given, actor=cast.anr)


def signed(cast: Cast, **values: Any) -> Agreement:
    row = drafted(cast, **values)
    agreements.move_agreement(row, status="offered", actor=cast.anr)
    agreements.sign_agreement(row, side="artist", name="Mara", actor=cast.mara)
    return agreements.sign_agreement(row, side="label", name="Odile", actor=cast.owner)


def share(person: Any, role: str = "composer", bp: int = 5000) -> dict[str, Any]:
    return {"person": str(person.pk), "role": role, "share_bp": bp}


def logged_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


# -- terms and signatures --------------------------------------------------------------------------------------------
def test_both_sign_and_then_nothing_of_the_terms_changes(cast: Cast) -> None:
    row = drafted(cast, advance=SECRET, territories=["de", "FR"])
    assert row.territories == ["DE", "FR"]
    assert SECRET not in bytes(row.terms_entry.body).decode()
    with pytest.raises(NotNow):
        agreements.sign_agreement(row, side="artist", name="Mara", actor=cast.mara)
    agreements.move_agreement(row, status="offered", actor=cast.anr)
    with pytest.raises(NotNow, match="Both"):
        agreements.move_agreement(row, status="signed", actor=cast.anr)
    agreements.sign_agreement(row, side="artist", name="Mara", actor=cast.mara)
    with pytest.raises(NotNow, match="already"):
        agreements.sign_agreement(row, side="artist", name="Mara", actor=cast.mara)
    with pytest.raises(NotNow, match="not changed"):
        agreements.draft_agreement(cast.artist, title="Other", agreement=row, actor=cast.anr)
    row = agreements.sign_agreement(row, side="label", name="Odile", actor=cast.owner)
    assert row.status == Agreement.Status.SIGNED
    assert row.label_signature.actor_id == str(cast.owner.pk)
    assert agreements.signed_by_key(row) == frozenset()


def test_the_label_does_not_sign_by_an_account_alone(cast: Cast) -> None:
    row = drafted(cast, document=None)
    agreements.move_agreement(row, status="offered", actor=cast.anr)
    with pytest.raises(NotNow, match="key"):
        agreements.sign_agreement(row, side="label", name="Odile", actor=cast.owner)
    with pytest.raises(NotNow, match="scanned"):
        agreements.sign_agreement(row, side="artist", name="Mara", how="paper", actor=cast.anr)


def test_an_offer_taken_back_loses_its_signature_and_old_terms_are_not_signed(cast: Cast) -> None:
    row = drafted(cast)
    agreements.move_agreement(row, status="offered", actor=cast.anr)
    agreements.sign_agreement(row, side="artist", name="Mara", actor=cast.mara)
    row = agreements.move_agreement(row, status="draft", actor=cast.anr)
    assert row.signed_by_artist is None
    row = agreements.draft_agreement(cast.artist, title="EP, better", agreement=row, actor=cast.anr)
    agreements.move_agreement(row, status="offered", actor=cast.anr)
    with pytest.raises(NotNow, match="Read version 2"):
        agreements.sign_agreement(row, side="artist", name="Mara", terms_version=1, actor=cast.mara)


def test_nobody_leaves_without_a_reason_and_the_end_is_the_end(cast: Cast) -> None:
    row = signed(cast)
    with pytest.raises(ArtistsUserFault, match="why"):
        agreements.move_agreement(row, status="terminated", actor=cast.rights)
    row = agreements.move_agreement(
        row, status="terminated", reason="Statements came late.", actor=cast.rights
    )
    assert "Statements" not in bytes(row.entry.body).decode()
    for status in Agreement.Status.values:
        with pytest.raises(NotNow):
            agreements.move_agreement(row, status=status, reason="again", actor=cast.rights)


def test_strange_terms_are_refused(cast: Cast, person: Any) -> None:
    other = people.create_person(credit_name="Sten (fictional)", artist=cast.other_artist, actor=cast.owner)
    bad: list[dict[str, Any]] = [
        {"title": " "},
        {"kind": "slavery"},
        {"starts": today(2), "ends": today(1)},
        {"territories": ["Germany"]},
        {"document": io.BytesIO(b"MZ program")},
        {"options": [(today(9), "")]},
        {"options": [(today(9), "a second album")] * 13},
        {"shares": [share(person, bp=6000), share(person, "lyricist", 6000)]},
        {"shares": [share(person), share(person)]},
        {"shares": [share(person, bp=0)]},
        {"shares": [share(person, bp=10_001)]},
        {"shares": [share(person, "MainArtist")]},
        {"shares": [share(other)]},
    ]
    for values in bad:
        with pytest.raises(ArtistsUserFault):
            drafted(cast, **values)
    assert not Agreement.objects.exists()


# -- options ---------------------------------------------------------------------------------------------------------
def test_an_option_is_taken_in_its_time_only(cast: Cast) -> None:
    row = signed(cast, options=[(today(20), "a second album"), (today(-1), "a film"), (today(5), "a remix")])
    late, remix, album = agreements.options_of(row)
    assert (late.lapsed, album.lapsed) == (True, False)
    with pytest.raises(NotNow, match="could be taken until"):
        agreements.answer_option(late, outcome="taken", actor=cast.anr)
    agreements.answer_option(late, outcome="let_go", reason="Nobody shot it.", actor=cast.anr)
    agreements.answer_option(album, outcome="taken", actor=cast.rights)
    with pytest.raises(NotNow, match="answered"):
        agreements.answer_option(album, outcome="let_go", actor=cast.rights)
    with pytest.raises(ArtistsUserFault):
        agreements.answer_option(remix, outcome="maybe", actor=cast.rights)


def test_a_new_version_brings_its_own_options(cast: Cast) -> None:
    row = drafted(cast, options=[(today(20), "a second album")])
    old = agreements.options_of(row)[0]
    row = agreements.draft_agreement(cast.artist, title="EP", agreement=row, actor=cast.anr)
    assert agreements.options_of(row) == []
    with pytest.raises(NotNow):
        agreements.answer_option(old, outcome="taken", actor=cast.anr)
    assert AgreementOption.objects.count() == 1


def test_what_is_due_stands_on_today(cast: Cast) -> None:
    from label.views.today import anr_waiting

    signed(cast, ends=today(10), options=[(today(20), "an album"), (today(90), "a film")])
    offer = drafted(cast, answer_due=today(-1))
    agreements.move_agreement(offer, status="offered", actor=cast.anr)

    def titles(user: Any) -> set[tuple[str, bool]]:
        return {(one.title, one.late) for one in anr_waiting(user)}

    name = cast.artist.name
    end = (f"The agreement with {name} ends", False)
    assert titles(cast.rights) == {
        (f"{name}'s answer to an agreement", True),
        (f"Option on {name}", False),
        end,
    }
    assert titles(cast.release) == {end}
    assert titles(cast.mara) == {("Your answer to an agreement", True), end}
    assert titles(cast.stranger) == titles(cast.collaborator) == set()


# -- shares that flow on ---------------------------------------------------------------------------------------------
def test_the_roles_are_those_of_credits() -> None:
    assert {key: (role.title, role.scope) for key, role in SHARE_ROLES.items()} == {
        key: (role.title, role.scope) for key, role in CREDIT_ROLES.items()
    }


def test_shares_flow_from_what_is_signed_and_in_force_by_their_scope(cast: Cast, person: Any) -> None:
    publishing = signed(cast, kind="publishing", shares=[share(person)])
    recording = signed(cast, shares=[share(person, "producer", 2500)], ends=today(5))
    signed(cast, kind="management", shares=[share(person, "lyricist", 100)])
    drafted(cast, shares=[share(person, "arranger", 100)])

    def flowing(**when: Any) -> list[tuple[Agreement, str, int]]:
        return [(one.agreement, one.role, one.share_bp) for one in agreed_shares(cast.artist, **when)]

    assert flowing() == [(publishing, "composer", 5000), (recording, "producer", 2500)]
    assert flowing(on=today(6)) == [(publishing, "composer", 5000)]
    agreements.move_agreement(publishing, status="terminated", reason="Sold.", actor=cast.rights)
    assert flowing(on=today(6)) == []
    assert agreed_shares(cast.other_artist) == ()


# -- who sees what ---------------------------------------------------------------------------------------------------
def test_pages_by_role(cast: Cast) -> None:
    """Columns: a draft, an offer, the document of the offer, a new one, the artist's fragment."""
    draft = drafted(cast, title="Draft title", advance=SECRET)
    offer = drafted(cast, title="Offer title", advance=SECRET)
    agreements.move_agreement(offer, status="offered", actor=cast.anr)
    addresses = [
        reverse("artists:agreement", args=[draft.pk]),
        reverse("artists:agreement", args=[offer.pk]),
        reverse("artists:agreement-document", args=[offer.pk]),
        reverse("artists:agreement-new", args=[cast.artist.pk]),
        reverse("artists:agreements-summary", args=[cast.artist.pk]),
    ]
    wanted = {
        "owner": (200, 200, 200, 200, 200),
        "anr": (200, 200, 200, 200, 200),
        "rights": (200, 200, 200, 200, 200),
        "release": (200, 200, 403, 403, 200),
        "mara": (404, 200, 200, 404, 200),
        "collaborator": (404, 404, 404, 404, 404),
        "stranger": (404, 404, 404, 404, 404),
    }
    money = {}
    for name, codes in wanted.items():
        client = logged_in(getattr(cast, name))
        answers = [client.get(address) for address in addresses]
        assert tuple(answer.status_code for answer in answers) == codes, name
        money[name] = SECRET in answers[1].content.decode()
        assert ("Draft title" in answers[4].content.decode()) == (codes[0] == 200), name
    assert money == dict.fromkeys(wanted, False) | dict.fromkeys(("owner", "anr", "rights", "mara"), True)
    anonymous = Client().get(addresses[1])
    assert (anonymous.status_code, "login" in anonymous["Location"]) == (302, True)


def test_acts_by_role(cast: Cast) -> None:
    row = signed(cast, options=[(today(5), "a remix")])
    (option,) = agreements.options_of(row)
    for user in (cast.release, cast.mara):
        with pytest.raises(PermissionDenied):
            access_anr.agreement_for(user, row.pk, write=True)
        with pytest.raises(PermissionDenied):
            access_anr.agreement_option_for(user, option.pk, write=True)
        with pytest.raises(PermissionDenied):
            access_anr.agreement_to_sign(user, row.pk, side="label")
    with pytest.raises(PermissionDenied):
        access_anr.agreement_to_sign(cast.release, row.pk, side="artist")
    for user in (cast.collaborator, cast.stranger):
        for fetch in (access_anr.agreement_for, access_anr.agreement_option_for):
            with pytest.raises(Http404):
                fetch(user, row.pk if fetch is access_anr.agreement_for else option.pk)


def test_the_ledger_tells_terms_to_those_who_may_read_the_money(cast: Cast) -> None:
    from label.streams import readable

    row = drafted(cast)
    told = {user: row.stream in readable(user) for user in (cast.anr, cast.rights, cast.release, cast.mara)}
    assert list(told.values()) == [True, True, False, False]
    agreements.move_agreement(row, status="offered", actor=cast.anr)
    assert row.stream in readable(cast.mara)
    assert row.stream not in readable(cast.stranger)


# -- the pages at work -----------------------------------------------------------------------------------------------
def test_terms_are_written_on_the_page_and_kept_when_refused(cast: Cast, person: Any) -> None:
    client = logged_in(cast.rights)
    address = reverse("artists:agreement-new", args=[cast.artist.pk])
    data = {
        "title": "Slow Harbour EP", "kind": "publishing", "starts": "2026-12-01", "ends": "2029-11-30",
        "territories": "de, fr", "advance": SECRET, "money": "20 % of net", "conditions": "None.",
        "option-by": ["2027-06-01", ""], "option-words": ["a second EP", ""],
        "share-person": [str(person.pk), ""], "share-role": ["composer", "composer"], "share-share": ["33,333", ""],
    }  # fmt: skip
    refused = client.post(address, data)
    assert refused.status_code == 422
    assert "two decimals" in refused.content.decode()
    assert SECRET in refused.content.decode()
    made = client.post(address, {**data, "share-share": ["33,34", ""]}, follow=True)
    page = made.content.decode()
    for words in ("Slow Harbour EP", "Publishing", "33.34", "a second EP", "20 % of net", "DE, FR"):
        assert words in page, words
    row = Agreement.objects.get()
    assert row.shares == [{**share(person, bp=3334), "scope": "work"}]
    edit = client.get(reverse("artists:agreement-edit", args=[row.pk])).content.decode()
    assert 'value="33.34"' in edit
    assert 'value="2027-06-01"' in edit


@pytest.mark.parametrize(
    "junk", ["NaN", "Infinity", "1e400", "-5", "0", "", "12345678901234567890", "½", "0x10"]
)
def test_junk_for_a_share_is_refused_in_words(cast: Cast, person: Any, junk: str) -> None:
    data = {
        "title": "EP", "kind": "recording", "territories": "World",
        "share-person": [str(person.pk)], "share-role": ["composer"], "share-share": [junk],
    }  # fmt: skip
    answer = logged_in(cast.anr).post(reverse("artists:agreement-new", args=[cast.artist.pk]), data)
    assert answer.status_code == 422
    assert not Agreement.objects.exists()


# -- over the API ----------------------------------------------------------------------------------------------------
def test_the_api_says_and_does_what_the_pages_do(cast: Cast, person: Any) -> None:
    anr, mara, release = (logged_in(user) for user in (cast.anr, cast.mara, cast.release))
    terms = {
        "title": "EP", "advance": SECRET, "shares": [share(person)],
        "options": [{"by": "2031-01-31", "words": "a second EP"}],
    }  # fmt: skip
    made = anr.post(
        "/api/agreements/", {**terms, "artist": str(cast.artist.pk)}, content_type="application/json"
    )
    assert made.status_code == 201, made.content
    address = f"/api/agreements/{made.json()['id']}/"
    assert made.json()["options"][0]["words"] == "a second EP"
    assert mara.get(address).status_code == 404
    assert SECRET not in release.get(address).content.decode()
    assert release.put(f"{address}terms/", terms, content_type="application/json").status_code == 403
    moved = anr.post(f"{address}move/", {"status": "offered"}, content_type="application/json")
    assert moved.json()["status"] == "offered"
    assert SECRET in mara.get(address).content.decode()
    name = {"name": "Mara", "terms_version": 1}
    assert (
        mara.post(f"{address}sign/", {**name, "side": "label"}, content_type="application/json").status_code
        == 403
    )
    signed_now = mara.post(f"{address}sign/", {**name, "side": "artist"}, content_type="application/json")
    assert signed_now.json()["signed_by_artist"]
    assert logged_in(cast.stranger).get("/api/agreements/").json()["results"] == []
    assert Client().get(address).status_code == 401
