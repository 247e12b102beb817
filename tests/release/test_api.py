"""Releases over the API: the whole way, what strangers and readers get, and bad values that say what to do."""

from __future__ import annotations

import io
import uuid
import zipfile
from typing import Any

import pytest
from rest_framework.test import APIClient

from provenance.models import Entry
from release import services
from release.models import Package, Release
from tests.support import run_jobs

pytestmark = pytest.mark.django_db

EVERYBODY = ("owner", "anr", "release", "rights", "mara", "collaborator", "stranger")


def api(user: Any) -> APIClient:
    client = APIClient()
    if user is not None:
        client.force_authenticate(user)
    return client


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def sign(house, user, stream, purpose):
    """Over the API, with an ssh key in software."""
    asked = api(user).post("/api/signing-requests/", {"stream": stream, "purpose": purpose})
    assert asked.status_code == 201, asked.content
    fingerprint, signature = house.signers.signature(user, asked.data["payload"].encode())
    signed = api(user).post(
        "/api/signatures/",
        {"nonce": asked.data["nonce"], "fingerprint": fingerprint, "proof": {"signature": signature}},
    )
    assert signed.status_code == 201, signed.content


def test_the_whole_way_from_a_master_to_a_package(house):
    coordinator, rights, artist = api(house.cast.release), api(house.cast.rights), api(house.cast.mara)
    master = house.master(parts=("voice", "choir"))

    evidence = artist.get(f"/api/evidence/{master.pk}/")
    assert evidence.status_code == 200
    found = {item["element"]: item["origin"] for item in evidence.data["elements"]}
    assert (found["lyrics"], found["performance:pads"]) == ("human", "trained_model")
    assert evidence.data["ai_involvement"] == "Partly"
    assert evidence.data["declaration"] is None
    declared = artist.post(
        "/api/declarations/",
        {
            "master": str(master.pk),
            "claims": {"performance:pads": "human"},
            "statements": {"lyrics": "Mine."},
            "approve": True,
        },
    )
    assert declared.status_code == 201, declared.content
    assert "Mine" not in declared.content.decode()
    evidence = rights.get(f"/api/evidence/{master.pk}/").data
    assert [item["element"] for item in evidence["contradictions"]] == ["performance:pads"]
    settled = rights.post(
        "/api/resolutions/",
        {
            "declaration": declared.data["id"],
            "element": "performance:pads",
            "origin": "mixed",
            "reason": "Both played.",
        },
    )
    assert settled.status_code == 201, settled.content
    assert rights.get(f"/api/evidence/{master.pk}/").data["contradictions"] == []

    imprint = coordinator.get("/api/imprints/").data["results"][0]
    made = coordinator.post(
        "/api/recordings/",
        {"master": str(master.pk), "imprint": imprint["id"], "title": "Slow Harbour", "language": "en"},
    )
    assert (made.status_code, made.data["isrc"]) == (201, "QZDWX2600001")
    recording = f"/api/recordings/{made.data['id']}"
    rows = [
        {"person": str(house.writer.pk), "role": "composer", "share_bp": 5000},
        {"person": str(house.writer.pk), "role": "lyricist", "share_bp": 4900},
        {"person": str(house.writer.pk), "role": "performer:lead_vocal"},
    ]
    refused = coordinator.put(f"{recording}/credits/", {"credits": rows})
    assert code(refused) == (400, "shares")
    assert "total 99 %" in refused.json()["error"]["message"]
    rows[1]["share_bp"] = 5000
    assert coordinator.put(f"{recording}/credits/", {"credits": rows}).status_code == 200
    assert len(coordinator.get(f"{recording}/credits/").data["results"]) == 3
    assert coordinator.patch(f"{recording}/", {"explicit": True}).data["explicit"] is True

    planned = coordinator.post(
        "/api/releases/",
        {
            "imprint": imprint["id"],
            "artist": str(house.cast.artist.pk),
            "title": "Slow Harbour",
            "kind": "Single",
        },
    )
    assert planned.status_code == 201, planned.content
    release = f"/api/releases/{planned.data['id']}"
    gates = coordinator.get(f"{release}/gates/").data
    assert gates["open"] is False
    assert {gate["code"] for gate in gates["gates"]} >= {"no_tracks", "no_artwork", "missing_metadata"}
    assert code(coordinator.post(f"{release}/packages/")) == (400, "gates_closed")
    changed = coordinator.patch(f"{release}/", {"genre": "Ambient", "release_date": "2027-01-15"})
    assert (changed.status_code, changed.data["release_date"]) == (200, "2027-01-15")
    track = coordinator.post(f"{release}/tracks/", {"recording": made.data["id"]})
    assert (track.status_code, track.data["number"]) == (201, 1)
    cover = io.BytesIO(house.cover)
    cover.name = "cover.jpg"
    drawn = coordinator.post(f"{release}/artwork/", {"file": cover, "origin": "human"}, format="multipart")
    assert (drawn.status_code, drawn.data["width_px"]) == (201, 3000)
    assert coordinator.post(f"{release}/approve/").status_code == 403
    closed = coordinator.get(f"{release}/gates/").data
    assert [gate["code"] for gate in closed["gates"] if gate["level"] == "block"] == ["declaration_unsigned"]
    assert code(rights.post(f"{release}/approve/")) == (400, "gates_closed")
    sign(house, house.cast.mara, master.project.stream, "declaration")
    assert rights.post(f"{release}/approve/").status_code == 201
    closed = coordinator.get(f"{release}/gates/").data
    assert [gate["code"] for gate in closed["gates"] if gate["level"] == "block"] == ["approval_unsigned"]
    assert code(coordinator.post(f"{release}/packages/")) == (400, "gates_closed")
    sign(house, house.cast.rights, f"release:{planned.data['id']}", "approval")
    assert coordinator.get(f"{release}/gates/").data["open"] is True
    assert coordinator.get(f"{release}/").data["approval"]["role"] == "rights"

    asked = coordinator.post(f"{release}/packages/")
    assert (asked.status_code, asked.data["job"]["state"], asked.data["parts"]) == (201, "queued", [])
    run_jobs()
    package = artist.get(f"/api/packages/{asked.data['id']}/").data
    assert package["job"]["state"] == "done", package["job"]
    assert package["checks"]["tracks"][0]["contains_ai"] == "Partly"
    whole = b"".join(artist.get(package["url"]).streaming_content)
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert set(archive.namelist()) == {part["path"] for part in package["parts"]}
    ern = next(part for part in package["parts"] if part["role"] == "ern")
    assert b"".join(artist.get(ern["url"]).streaming_content).startswith(b"<?xml")
    assert (
        artist.get(package["url"], HTTP_RANGE="bytes=0-3", HTTP_ACCEPT="application/zip").status_code == 206
    )
    assert artist.get(f"{release}/packages/").data["count"] == 1


@pytest.fixture
def scene(house):
    release = house.ready(parts=("voice",))
    house.approve(release)
    package = services.request_package(release, actor=house.cast.release)
    declaration = house.declare(house.master(parts=("voice",)), lyrics="trained_model")
    return {
        "release": release, "recording": release.tracks.get().recording, "track": release.tracks.get(),
        "package": Package.objects.get(pk=package.pk), "declaration": declaration, "master": declaration.master,
    }  # fmt: skip


SEEN = {
    "owner": 200,
    "anr": 200,
    "release": 200,
    "rights": 200,
    "mara": 200,
    "collaborator": 404,
    "stranger": 404,
}


def test_who_may_read_what(house, scene):
    for thing, path in (
        ("release", "/api/releases/{}/"), ("release", "/api/releases/{}/gates/"),
        ("release", "/api/releases/{}/packages/"),
        ("recording", "/api/recordings/{}/"), ("recording", "/api/recordings/{}/credits/"),
        ("package", "/api/packages/{}/"), ("declaration", "/api/declarations/{}/"), ("master", "/api/evidence/{}/"),
    ):  # fmt: skip
        url = path.format(scene[thing].pk)
        assert {who: api(getattr(house.cast, who)).get(url).status_code for who in EVERYBODY} == SEEN, path
        assert api(None).get(url).status_code == 401, path


def test_lists_hold_only_what_one_may_see(house, scene):
    for path, sizes in (
        ("/api/releases/", {"owner": 1, "anr": 1, "mara": 1, "collaborator": 0, "stranger": 0}),
        ("/api/recordings/", {"owner": 1, "anr": 1, "mara": 1, "collaborator": 0, "stranger": 0}),
        ("/api/imprints/", {"owner": 1, "anr": 1, "mara": 0, "collaborator": 0, "stranger": 0}),
    ):
        got = {who: api(getattr(house.cast, who)).get(path).data["count"] for who in sizes}
        assert got == sizes, path
        assert api(None).get(path).status_code == 401


WRITERS = {"owner", "release", "rights"}


def test_who_may_change_what(house, scene):
    ids = {name: str(thing.pk) for name, thing in scene.items()}
    attempts: tuple[tuple[str, str, dict[str, Any], set[str]], ...] = (
        ("patch", f"/api/releases/{ids['release']}/", {"genre": "Drone"}, WRITERS),
        ("post", f"/api/releases/{ids['release']}/tracks/", {"recording": ids["recording"]}, WRITERS),
        ("post", f"/api/releases/{ids['release']}/approve/", {}, {"owner", "rights"}),
        ("post", f"/api/releases/{ids['release']}/packages/", {}, WRITERS),
        ("post", f"/api/releases/{ids['release']}/withdraw/", {}, WRITERS),
        ("patch", f"/api/tracks/{ids['track']}/", {"number": 1}, WRITERS),
        ("delete", f"/api/tracks/{ids['track']}/", {}, WRITERS),
        ("patch", f"/api/recordings/{ids['recording']}/", {"explicit": True}, WRITERS),
        ("put", f"/api/recordings/{ids['recording']}/credits/", {"credits": []}, WRITERS),
        ("post", f"/api/packages/{ids['package']}/cancel/", {}, WRITERS),
        (
            "post", "/api/recordings/",
            {"master": ids["master"], "imprint": str(house.imprint.pk), "title": "X"}, WRITERS,
        ),
        ("post", "/api/declarations/", {"master": ids["master"]}, {"mara"}),
        (
            "post", "/api/resolutions/",
            {"declaration": ids["declaration"], "element": "lyrics", "origin": "human", "reason": "x"},
            {"owner", "rights"},
        ),
    )  # fmt: skip
    from django.db import transaction

    for method, path, data, allowed in attempts:
        got = {}
        for who in EVERYBODY:
            with transaction.atomic():
                got[who] = getattr(api(getattr(house.cast, who)), method)(path, data).status_code
                transaction.set_rollback(True)
        for who, status in got.items():
            if who in allowed:
                assert status in (200, 201, 204, 400), (method, path, who, status)
            else:
                assert status == (404 if who in ("collaborator", "stranger") else 403), (
                    method,
                    path,
                    who,
                    status,
                )
        assert getattr(api(None), method)(path, data).status_code == 401


def test_imprints_and_releases_are_made_by_writers_only(house):
    plan = {"imprint": str(house.imprint.pk), "artist": str(house.cast.artist.pk), "title": "X", "kind": "EP"}
    for who in ("anr", "mara", "collaborator", "stranger"):
        assert api(getattr(house.cast, who)).post("/api/releases/", plan).status_code == 403
        assert api(getattr(house.cast, who)).post("/api/imprints/", {"name": "X"}).status_code == 403
    assert not Release.objects.exists()


@pytest.mark.parametrize(
    ("values", "status", "field_or_code"),
    [
        ({"title": None}, 400, "title"),
        ({"title": ""}, 400, "title"),
        ({"release_date": "the fifteenth"}, 400, "release_date"),
        ({"territories": "Worldwide"}, 400, "territories"),
        ({"territories": ["Atlantis"]}, 400, "bad_value"),
        ({"p_line_year": 10**30}, 400, "parse_error"),
        ({"p_line_year": 123456}, 400, "p_line_year"),
        ({"gtin": "4012345000017"}, 400, "gtin_check_digit"),
        ({"kind": "Mixtape"}, 400, "kind"),
        ({"genre": "a\x00b"}, 400, "parse_error"),
    ],
)
def test_bad_values_are_refused_with_their_name_and_nothing_changes(house, values, status, field_or_code):
    release = house.release(cover=None)
    before = Entry.objects.count()
    answer = api(house.cast.release).patch(f"/api/releases/{release.pk}/", values)
    error = answer.json()["error"]
    assert answer.status_code == status
    assert field_or_code == error["code"] or field_or_code in error.get("fields", {}), error
    assert Entry.objects.count() == before


@pytest.mark.parametrize(
    ("data", "says"),
    [(b"", "empty"), (b"words", "not_jpeg_or_png"), (b"\xff\xd8\xff\xe0" + b"\0" * 50, "damaged")],
)
def test_a_cover_that_is_none_is_refused_with_its_reason(house, data, says):
    release = house.release(cover=None)
    file = io.BytesIO(data)
    file.name = "cover.jpg"
    answer = api(house.cast.release).post(
        f"/api/releases/{release.pk}/artwork/", {"file": file, "origin": "human"}, format="multipart"
    )
    assert code(answer) == (400, says)


def test_what_does_not_exist_is_not_found_and_broken_ids_too(house):
    client = api(house.cast.owner)
    for path in ("releases", "recordings", "packages", "declarations", "evidence"):
        assert client.get(f"/api/{path}/{uuid.uuid4()}/").status_code == 404
        assert client.get(f"/api/{path}/not-an-id/").status_code == 404
    plan = {"imprint": str(uuid.uuid4()), "artist": str(house.cast.artist.pk), "title": "X", "kind": "EP"}
    assert client.post("/api/releases/", plan).status_code == 404


def test_a_package_names_its_parts_and_nothing_else(house, scene):
    run_jobs()
    client = api(house.cast.owner)
    package = client.get(f"/api/packages/{scene['package'].pk}/").data
    assert package["job"]["state"] == "done"
    for path in ("../keys/c2pa-key.pem", "nothing", "ern"):
        assert code(client.get(f"/api/packages/{package['id']}/files/", {"path": path})) == (404, "not_found")


def test_a_release_is_withdrawn_once(house):
    release = house.release(cover=None)
    client = api(house.cast.release)
    assert client.post(f"/api/releases/{release.pk}/withdraw/").data["state"] == "withdrawn"
    assert client.post(f"/api/releases/{release.pk}/withdraw/").status_code == 400


def test_the_openapi_document_describes_the_releases_without_a_warning(capsys):
    from drf_spectacular.drainage import GENERATOR_STATS
    from drf_spectacular.generators import SchemaGenerator

    GENERATOR_STATS.reset()
    document = SchemaGenerator().get_schema(request=None, public=True)
    said = [*GENERATOR_STATS._warn_cache, *GENERATOR_STATS._error_cache]
    assert [line for line in said if "/release/" in line] == []
    assert "/api/releases/{id}/packages/" in document["paths"]
