"""The roster's services: status, duplicates, merging, people, teams, documents, pictures."""

from __future__ import annotations

import datetime as dt
import io
import json

import pytest
from django.test import Client
from PIL import Image

from artists import access, roster_file, services
from artists.errors import AlreadyThere, ArtistsUserFault
from artists.identifiers import BadIdentifier
from artists.models import Artist
from provenance.errors import UserFault
from provenance.models import Entry
from tests.cast import Cast

ISNI = "0000000121032683"


def newest(kind: str) -> Entry:
    return Entry.objects.filter(kind=kind).order_by("-id")[0]


def picture(mode: str = "RGB", size: tuple[int, int] = (640, 480), **options: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, "teal").save(out, format="JPEG" if mode == "RGB" else "PNG", **options)
    return out.getvalue()


def client(user: object) -> Client:
    made = Client()
    made.force_login(user, backend="django.contrib.auth.backends.ModelBackend")  # type: ignore[arg-type]
    return made


def test_a_status_goes_on_with_its_day_and_a_sealed_reason(cast: Cast) -> None:
    artist = services.create_artist(
        name="Prospect (fictional)", status="prospect", since=dt.date(2026, 1, 5), actor=cast.anr
    )
    services.change_status(
        artist, status="signed", since=dt.date(2026, 2, 1), reason="That voice.", actor=cast.owner
    )
    artist = services.change_status(artist, status="alumni", reason="They moved on.", actor=cast.owner)
    assert artist.status == "alumni"
    assert [(one.before, one.after, one.reason) for one in artist.status_changes.all()] == [
        ("signed", "alumni", "They moved on."), ("prospect", "signed", "That voice."),
    ]  # fmt: skip
    assert b"That voice" not in b"".join(
        bytes(row.body) for row in Entry.objects.filter(stream=artist.stream)
    )


@pytest.mark.parametrize(
    ("status", "since", "message"),
    [
        ("prospect", None, "can become: alumni"),
        ("alumni", dt.date(2019, 1, 1), "Choose that day or a later one"),
        ("alumni", dt.date(2999, 1, 1), "lies ahead"),
    ],
)
def test_a_status_that_cannot_be_is_refused(
    cast: Cast, status: str, since: dt.date | None, message: str
) -> None:
    with pytest.raises(ArtistsUserFault, match=message):
        services.change_status(cast.artist, status=status, since=since, actor=cast.owner)


def test_an_isni_belongs_to_one_artist_and_a_wrong_digit_names_the_right_one(cast: Cast) -> None:
    services.create_artist(name="First (fictional)", isni=ISNI, actor=cast.owner)
    with pytest.raises(AlreadyThere, match="First"):
        services.create_artist(name="Second (fictional)", isni=ISNI, actor=cast.owner)
    with pytest.raises(BadIdentifier, match=ISNI):
        services.change_artist(cast.artist, isni="0000000121032682", actor=cast.owner)


def test_an_alias_needs_somebody_behind_it_and_no_chain(cast: Cast) -> None:
    with pytest.raises(ArtistsUserFault, match="whose alias"):
        services.create_artist(name="Mask (fictional)", kind="alias", actor=cast.owner)
    mask = services.create_artist(
        name="Mask (fictional)", kind="alias", alias_of=cast.artist, actor=cast.owner
    )
    with pytest.raises(ArtistsUserFault, match="alias itself"):
        services.create_artist(name="Mask 2 (fictional)", kind="alias", alias_of=mask, actor=cast.owner)
    with pytest.raises(ArtistsUserFault, match="aliases of its own"):
        services.change_artist(cast.artist, kind="alias", alias_of=cast.other_artist, actor=cast.owner)


def test_a_merge_moves_what_hangs_on_it_and_can_be_taken_back(cast: Cast) -> None:
    from generation import services as studio

    twin = services.create_artist(name="NIGHTJAR  Assembly", isni=ISNI, tags=["tape"], actor=cast.owner)
    services.add_artist_member(twin, user=cast.mara, actor=cast.owner)  # she acts for the other one already
    person = services.create_person(
        credit_name="Twin (fictional)", legal_name="Tvilling", artist=twin, actor=cast.owner
    )
    project = studio.create_project(title="Twin song", artist=twin, actor=cast.owner)
    assert services.likenesses("Nightjar assembly")[0].sure
    kept = services.merge_artists(twin, into=cast.artist, reason="Typed twice.", actor=cast.owner)
    project.refresh_from_db(), person.refresh_from_db(), twin.refresh_from_db()
    assert (project.artist_id, person.artist_id, twin.merged_into_id) == (kept.pk,) * 3
    assert (kept.isni, kept.tags) == (ISNI, ["tape"])
    assert services.legal_names([person])[person.pk] == "Tvilling"
    assert twin.memberships.count() == 1  # hers stays, it is there already
    assert twin not in access.visible_artists(cast.owner)
    assert twin in access.known_artists(cast.mara)
    answer = client(cast.owner).get(f"/roster/{twin.pk}/")
    assert answer.status_code == 302
    assert answer["Location"].endswith(f"/roster/{kept.pk}/")
    with pytest.raises(ArtistsUserFault, match="was merged"):
        services.change_artist(twin, name="Other", actor=cast.owner)
    services.separate_artists(twin, reason="Two after all.", actor=cast.owner)
    project.refresh_from_db(), twin.refresh_from_db(), kept.refresh_from_db()
    assert (project.artist_id, twin.merged_into_id, kept.isni) == (twin.pk, None, "")
    assert [newest(kind).stream for kind in ("artist.merged", "artist.separated")] == [kept.stream] * 2
    assert all(twin.stream in newest(kind).refs for kind in ("artist.merged", "artist.separated"))


def test_artists_with_two_isnis_are_two(cast: Cast) -> None:
    one = services.create_artist(name="Twice (fictional)", isni=ISNI, actor=cast.owner)
    two = services.create_artist(name="Twice (fictional)", isni="000000012281955X", actor=cast.owner)
    with pytest.raises(ArtistsUserFault, match="different ISNIs"):
        services.merge_artists(one, into=two, actor=cast.owner)
    with pytest.raises(ArtistsUserFault, match="itself"):
        services.merge_artists(one, into=one, actor=cast.owner)


def test_a_person_stands_behind_several_artists(cast: Cast) -> None:
    person = services.create_person(credit_name="Both (fictional)", artist=cast.artist, actor=cast.owner)
    services.link_person(cast.other_artist, person=person, actor=cast.owner)
    services.link_person(cast.other_artist, person=person, actor=cast.owner)
    assert person in services.people_behind(cast.other_artist)
    assert person in access.visible_people(cast.stranger)
    services.unlink_person(cast.artist, person=person, actor=cast.owner)
    assert person not in services.people_behind(cast.artist)
    assert person not in access.visible_people(cast.mara)


def test_an_outsiders_name_is_sealed_and_a_manager_is_so_once(cast: Cast) -> None:
    services.add_team_member(
        cast.artist, role="lawyer", name="Lex Outside", contact="lex@law.invalid", actor=cast.anr
    )
    services.add_team_member(cast.artist, role="manager", user=cast.anr, actor=cast.owner)
    with pytest.raises(AlreadyThere):
        services.add_team_member(cast.artist, role="manager", user=cast.anr, actor=cast.owner)
    team = services.colleagues(cast.artist.team.filter(active=True))
    assert {(one.name, one.contact) for one in team} == {
        ("Lex Outside", "lex@law.invalid"),
        (cast.anr.full_name, ""),
    }
    assert b"Lex" not in b"".join(bytes(row.body) for row in Entry.objects.filter(kind="team.member_added"))


def test_a_document_is_for_staff_and_the_artists_own_people(cast: Cast) -> None:
    row = services.add_document(
        cast.artist, file=io.BytesIO(b"%PDF-1.7 terms"), filename="C:\\x\\My contract.pdf", kind="contract",
        note="Two options.", actor=cast.owner,
    )  # fmt: skip
    for user, status in (
        (cast.owner, 200),
        (cast.release, 200),
        (cast.mara, 200),
        (cast.stranger, 404),
        (cast.collaborator, 404),
    ):
        answer = client(user).get(f"/documents/{row.pk}/file/")
        assert answer.status_code == status
        if status == 200:
            assert b"".join(answer) == b"%PDF-1.7 terms"
            assert answer["Content-Disposition"] == 'attachment; filename="My contract.pdf"'
    assert client(cast.stranger).get(f"/api/artists/{cast.artist.pk}/documents/").status_code == 404
    services.remove_document(row, actor=cast.owner)
    assert client(cast.owner).get(f"/documents/{row.pk}/file/").status_code == 404


def test_a_picture_is_shown_without_what_the_camera_wrote(cast: Cast) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "SECRET-CAMERA", 6
    data = picture(exif=exif)
    assert b"SECRET-CAMERA" in data
    services.set_picture(cast.artist, data=data, actor=cast.owner)
    answer = client(cast.mara).get(f"/roster/{cast.artist.pk}/picture.jpg?px=1200")
    assert b"SECRET-CAMERA" not in answer.content
    assert Image.open(io.BytesIO(answer.content)).size == (480, 640)  # upright, not enlarged
    assert client(cast.stranger).get(f"/roster/{cast.artist.pk}/picture.jpg").status_code == 404


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"GIF89a....", "JPEG or PNG"),
        (picture()[:300], "damaged"),
        (picture(size=(200, 200)), "400 on each side"),
        (picture(size=(2000, 450)), "too long"),
    ],
)
def test_a_bad_picture_says_what_to_do(cast: Cast, data: bytes, message: str) -> None:
    with pytest.raises(UserFault, match=message):
        services.set_picture(cast.artist, data=data, actor=cast.owner)


def test_bulk_says_what_happens_and_each_gets_an_entry(cast: Cast) -> None:
    from artists.services import bulk

    rows = [
        services.create_artist(name=f"Bulk {n} (fictional)", status="prospect", actor=cast.owner)
        for n in range(3)
    ]
    services.change_status(rows[0], status="signed", actor=cast.owner)
    everybody = list(Artist.objects.filter(pk__in=[row.pk for row in rows]))
    wish = bulk.Wish("status", status="signed", reason="The year's class.")
    before = Entry.objects.count()
    assert sum(one.will for one in bulk.plan(everybody, wish)) == 2
    assert Entry.objects.count() == before
    bulk.apply(everybody, wish, actor=cast.owner)
    assert Entry.objects.count() == before + 2
    browser = client(cast.anr)
    chosen = {"artist": [str(row.pk) for row in rows], "action": "tag", "tag": "new"}
    assert "gets the tag new" in browser.post("/roster/bulk/", chosen).content.decode()
    assert not Artist.objects.filter(tags__contains=["new"])
    browser.post("/roster/bulk/", {**chosen, "sure": "yes"})
    assert Artist.objects.filter(tags__contains=["new"]).count() == 3
    assert client(cast.release).post("/roster/bulk/", chosen).status_code == 403


def test_the_same_name_asks_first(cast: Cast) -> None:
    browser = client(cast.owner)
    values = {"name": "nightjar ASSEMBLY, fictional", "kind": "group", "status": "prospect"}
    answer = browser.post("/roster/new/", values)
    assert answer.status_code == 422
    assert "the same name" in answer.content.decode()
    assert browser.post("/roster/new/", {**values, "another": "on"}).status_code == 302
    api = browser.post("/api/artists/", values, content_type="application/json")
    assert (api.status_code, api.json()["error"]["code"]) == (409, "conflict")


def test_a_filter_is_kept_for_its_owner(cast: Cast) -> None:
    browser = client(cast.anr)
    browser.post("/roster/filters/", {"page": "roster", "name": "Mine", "query": "manager=me"})
    row = access.saved_filters(cast.anr).get()
    assert "?manager=me" in browser.get("/roster/").content.decode()
    assert client(cast.owner).post(f"/roster/filters/{row.pk}/forget/").status_code == 404
    browser.post(f"/roster/filters/{row.pk}/forget/")
    assert not access.saved_filters(cast.anr)


def test_words_about_an_artist_are_said_by_an_entry_wherever_they_come_from(cast: Cast) -> None:
    """They stand in the column of what was `method` once, so nothing is lost; the method is a thing of its own."""
    from django.db import connection

    from artists.services.methods import method_in_force

    artist = services.create_artist(name="Ode Kern", about="  Sings.\r\nLoudly. ", actor=cast.owner)
    assert artist.about == "Sings.\nLoudly."
    assert method_in_force(artist) is None
    kinds = list(Entry.objects.filter(stream=artist.stream).order_by("pk").values_list("kind", flat=True))
    assert kinds == ["artist.created", "artist.changed"]
    body = json.loads(bytes(artist.entry.body))
    assert body["public"]["changes"]["about"] == ["", "Sings.\nLoudly."]
    with connection.cursor() as cursor:
        cursor.execute("SELECT method FROM artists_artist WHERE id = %s", [artist.pk])
        assert cursor.fetchone() == ("Sings.\nLoudly.",)
    text = roster_file.write(services.export_rows([artist]))
    assert [row.about for row in roster_file.read_text(text).rows] == ["Sings.\nLoudly."]
    with pytest.raises(ArtistsUserFault):
        services.change_artist(artist, about="x" * 2001, actor=cast.owner)


def test_an_artist_is_put_on_the_roster_over_the_api_with_words_about_it(cast: Cast) -> None:
    made = client(cast.anr).post(
        "/api/artists/", {"name": "Kern & Ode", "about": "Two people."}, content_type="application/json"
    )
    assert (made.status_code, made.json()["about"]) == (201, "Two people.")
    assert "method" not in made.json()
