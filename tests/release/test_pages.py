"""The pages of releases: who may see and change what, what a refusal says, and the whole way by forms."""

from __future__ import annotations

import io
import re
import uuid
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from release import services
from release.models import Declaration, Imprint, Package, Recording, Release, Resolution
from tests.support import run_jobs

pytestmark = pytest.mark.django_db


def as_(user: Any) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def scene(house):
    """A packaged release, one with closed gates, and a master without a recording."""
    release = house.ready(parts=("voice", "choir"))
    house.approve(release)
    package = services.request_package(release, actor=house.cast.release)
    run_jobs()
    other = house.master(parts=("voice",))
    declaration = house.declare(other, lyrics="trained_model")
    return {
        "release": Release.objects.get(),
        "recording": Recording.objects.get(),
        "package": Package.objects.get(pk=package.pk),
        "track": release.tracks.get(),
        "master": other,
        "declaration": declaration,
    }


EVERYBODY = ("owner", "anr", "release", "rights", "mara", "collaborator", "stranger")
STAFF_AND_ARTIST = {
    "owner": 200,
    "anr": 200,
    "release": 200,
    "rights": 200,
    "mara": 200,
    "collaborator": 404,
    "stranger": 404,
}
WRITERS = {
    "owner": 200,
    "anr": 403,
    "release": 200,
    "rights": 200,
    "mara": 403,
    "collaborator": 404,
    "stranger": 404,
}
ANYBODYS_LIST = dict.fromkeys(EVERYBODY, 200)
WRITERS_ONLY = WRITERS | {"collaborator": 403, "stranger": 403}

#: Page, the thing in its address, and what each member of the cast gets.
READING = [
    ("releases", None, ANYBODYS_LIST),
    ("release-new", None, WRITERS_ONLY),
    ("imprints", None, WRITERS_ONLY),
    ("release", "release", STAFF_AND_ARTIST),
    ("release-edit", "release", WRITERS),
    ("artwork", "release", WRITERS),
    ("cover", "release", STAFF_AND_ARTIST),
    ("recording", "recording", STAFF_AND_ARTIST),
    ("contributions", "recording", WRITERS),
    ("recording-new", "master", WRITERS),
    ("declaration", "master", STAFF_AND_ARTIST),
    ("package", "package", STAFF_AND_ARTIST),
    ("package-status", "package", STAFF_AND_ARTIST),
]


def test_who_may_read_each_page(house, scene):
    for name, thing, expected in READING:
        url = reverse(f"release:{name}", args=[scene[thing].pk] if thing else [])
        got = {who: as_(getattr(house.cast, who)).get(url).status_code for who in EVERYBODY}
        assert got == expected, name
        answer = as_(None).get(url)
        assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (302, "/login/"), name


CHANGING = [
    ("track-add", "release", {"owner", "release", "rights"}),
    ("approve", "release", {"owner", "rights"}),
    ("withdraw", "release", {"owner", "release", "rights"}),
    ("package-new", "release", {"owner", "release", "rights"}),
    ("track-remove", "track", {"owner", "release", "rights"}),
    ("track-move", "track", {"owner", "release", "rights"}),
    ("package-cancel", "package", {"owner", "release", "rights"}),
    ("package-retry", "package", {"owner", "release", "rights"}),
    ("declaration", "master", {"mara"}),
    ("resolve", "declaration", {"owner", "rights"}),
]


def test_who_may_change_each_thing(house, scene):
    for name, thing, allowed in CHANGING:
        url = reverse(f"release:{name}", args=[scene[thing].pk])
        got = {}
        for who in EVERYBODY:
            with transaction.atomic():
                got[who] = as_(getattr(house.cast, who)).post(url).status_code
                transaction.set_rollback(True)
        outsiders = {"collaborator": 404, "stranger": 404}
        refused = {who: outsiders.get(who, 403) for who in EVERYBODY if who not in allowed}
        assert {who: got[who] for who in refused} == refused, name
        assert {got[who] for who in allowed} <= {302, 422}, name
        assert as_(None).post(url).status_code == 302


def test_parts_of_a_package_are_for_those_who_may_see_it(house, scene):
    package = scene["package"]
    for path in ("package.zip", package.parts[0]["path"], "evidence.zip"):
        url = reverse("release:package-file", args=[package.pk, path])
        answer = as_(house.cast.mara).get(url)
        assert answer.status_code == 200
        assert "attachment" in answer.headers["Content-Disposition"]
        assert as_(house.cast.mara).get(url, headers={"Range": "bytes=0-9"}).status_code == 206
        assert as_(house.cast.stranger).get(url).status_code == 404
    for path in ("../secrets", "nothing.txt", "ern/"):
        assert as_(house.cast.owner).get(f"/packages/{package.pk}/files/{path}").status_code == 404


def test_what_does_not_exist_is_404_for_the_owner_too(house):
    for name in ("release", "recording", "package", "declaration", "cover"):
        assert as_(house.cast.owner).get(reverse(f"release:{name}", args=[uuid.uuid4()])).status_code == 404


# -- the way by forms --------------------------------------------------------------------------------------------------


def sign_by_page(house, user, stream, purpose, *, lands_on):
    """With an ssh key: the file that the page gives, and its signature in the page's form."""
    client, there = as_(user), f"{reverse('artists:sign', args=[purpose, stream])}?next={lands_on}"
    house.signers.fingerprint(user)
    page = client.get(there).content.decode()
    nonce = re.search(r'name="nonce" value="([0-9a-f]{64})"', page)[1]
    payload = client.get(reverse("artists:signing-payload", args=[nonce])).content
    _, signature = house.signers.signature(user, payload)
    answer = client.post(there, {"nonce": nonce, "signature": signature})
    assert (answer.status_code, answer.headers["Location"]) == (302, lands_on)


def test_from_a_master_to_a_package_by_the_pages_alone(house):
    coordinator, rights, artist = as_(house.cast.release), as_(house.cast.rights), as_(house.cast.mara)
    master = house.master(parts=("voice", "sketch", "choir"))

    # The artist sees the evidence and approves a declaration.
    there = reverse("release:declaration", args=[master.pk])
    page = artist.get(there).content.decode()
    assert "Brought in voice 0, stating: own performance" in page
    assert "trained model" in page
    assert (
        artist.post(there, {"claim-lyrics": "human", "words-lyrics": "All mine.", "approve": "1"}).status_code
        == 302
    )
    assert Declaration.objects.get().approved
    page = artist.get(there).content.decode()
    assert "All mine." in page
    assert "Your declaration is not signed yet" in page
    sign_by_page(house, house.cast.mara, master.project.stream, "declaration", lands_on=there)
    assert "Signed by Mara Lindqvist (fictional)" in artist.get(there).content.decode()

    # The coordinator makes it a recording and credits the people.
    answer = coordinator.post(
        reverse("release:recording-new", args=[master.pk]),
        {"title": "Slow Harbour", "imprint": house.imprint.pk, "language": "en"},
    )
    recording = Recording.objects.get()
    assert answer.headers["Location"] == reverse("release:contributions", args=[recording.pk])
    credit = {"person": [house.writer.pk] * 3, "role": ["composer", "lyricist", "performer:lead_vocal"]}
    there = reverse("release:contributions", args=[recording.pk])
    refused = coordinator.post(there, credit | {"share": ["50", "49", ""]})
    assert refused.status_code == 422
    assert "total 99 %" in refused.content.decode()
    assert 'value="49"' in refused.content.decode(), "nothing that was written is lost"
    assert coordinator.post(there, credit | {"share": ["50", "50,00", ""]}).status_code == 302

    # A release: data, track, cover.
    answer = coordinator.post(
        reverse("release:release-new"),
        {
            "title": "Slow Harbour",
            "kind": "Single",
            "artist": house.cast.artist.pk,
            "imprint": house.imprint.pk,
        },
    )
    release = Release.objects.get()
    assert answer.headers["Location"] == reverse("release:release", args=[release.pk])
    page = coordinator.get(answer.headers["Location"]).content.decode()
    for missing in ("The genre is missing.", "The release has no tracks.", "The cover is missing."):
        assert missing in page
    edit = {
        "title": "Slow Harbour", "kind": "Single", "genre": "Ambient", "language": "en", "release_date": "2027-01-15",
        "territories": "Worldwide", "p_line_year": "2026", "p_line_owner": "X", "c_line_year": "2026",
        "c_line_owner": "X", "gtin": release.gtin, "deny_ai_training": "on",
    }  # fmt: skip
    there = reverse("release:release-edit", args=[release.pk])
    refused = coordinator.post(there, edit | {"gtin": "4012345000017"})
    assert (refused.status_code, "it is 4012345000016" in refused.content.decode()) == (422, True)
    assert coordinator.post(there, edit).status_code == 302
    coordinator.post(reverse("release:track-add", args=[release.pk]), {"recording": recording.pk})
    there = reverse("release:artwork", args=[release.pk])
    bad = coordinator.post(
        there,
        {"file": _file(b"words", "cover.jpg"), "origin": "human"},
        headers={"Accept": "application/json"},
    )
    assert (bad.status_code, bad.json()["error"]["code"]) == (400, "not_jpeg_or_png")
    good = coordinator.post(
        there,
        {"file": _file(house.cover, "cover.jpg"), "origin": "human"},
        headers={"Accept": "application/json"},
    )
    assert (good.status_code, good.json()["redirect"]) == (201, reverse("release:release", args=[release.pk]))

    # Rights approves what stands there; then it is packaged.
    there = reverse("release:release", args=[release.pk])
    assert "waits for an approval" in rights.get(there).content.decode()
    rights.post(reverse("release:approve", args=[release.pk]))
    page = rights.get(there).content.decode()
    assert "waits for a signature" in page
    assert reverse("artists:sign", args=["approval", release.stream]) in page
    assert coordinator.post(reverse("release:package-new", args=[release.pk])).status_code == 302
    assert not Package.objects.exists()
    sign_by_page(house, house.cast.rights, release.stream, "approval", lands_on=there)
    answer = coordinator.post(reverse("release:package-new", args=[release.pk]))
    package = Package.objects.get()
    assert answer.headers["Location"] == reverse("release:package", args=[package.pk])
    assert "is being built" in coordinator.get(answer.headers["Location"]).content.decode()
    waiting = coordinator.get(
        reverse("release:package-status", args=[package.pk]), headers={"HX-Request": "true"}
    )
    assert "HX-Refresh" not in waiting.headers
    run_jobs()
    done = coordinator.get(
        reverse("release:package-status", args=[package.pk]), headers={"HX-Request": "true"}
    )
    assert done.headers["HX-Refresh"] == "true"
    page = coordinator.get(answer.headers["Location"]).content.decode()
    assert "is ready" in page
    assert "KOMCA" in page
    assert "is packaged" in coordinator.get(there).content.decode()


def _file(data: bytes, name: str) -> io.BytesIO:
    file = io.BytesIO(data)
    file.name = name
    return file


def test_rights_settles_a_contradiction_on_the_declaration_page(house):
    master = house.master(parts=("voice", "choir"))
    declaration = house.declare(master, **{"performance:pads": "human"})
    rights = as_(house.cast.rights)
    there = reverse("release:declaration", args=[master.pk])
    assert "declared human, but the ledger says trained model" in rights.get(there).content.decode()
    url = reverse("release:resolve", args=[declaration.pk])
    rights.post(url, {"element": "performance:pads", "origin": "mixed", "reason": ""})
    assert not Resolution.objects.exists()
    rights.post(url, {"element": "performance:pads", "origin": "mixed", "reason": "She played along."})
    assert Resolution.objects.get().origin == "mixed"
    assert "settled by rights" in rights.get(there).content.decode()


def test_a_refused_declaration_keeps_what_was_written(house):
    master = house.master(parts=("voice",))
    answer = as_(house.cast.mara).post(
        reverse("release:declaration", args=[master.pk]),
        {"claim-lyrics": "divine", "words-melody": "Hummed at night."},
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "divine is not an origin that can be stated" in page
    assert "Hummed at night." in page
    assert not Declaration.objects.exists()


def test_a_draft_is_kept_and_not_approved(house):
    master = house.master(parts=("voice",))
    as_(house.cast.mara).post(
        reverse("release:declaration", args=[master.pk]), {"claim-melody": "human", "approve": "0"}
    )
    assert not Declaration.objects.get().approved


@pytest.mark.parametrize(
    ("share", "says"),
    [("a third", "write the share as a number"), ("33.333", "two decimals"), ("inf", "two decimals")],
)
def test_a_share_that_is_no_share_is_refused(house, share, says):
    recording = house.recording(house.master(parts=("voice",)))
    answer = as_(house.cast.release).post(
        reverse("release:contributions", args=[recording.pk]),
        {"person": [house.writer.pk], "role": ["composer"], "share": [share]},
    )
    assert (answer.status_code, says in answer.content.decode()) == (422, True)


def test_a_person_whom_nobody_knows_is_refused(house):
    recording = house.recording(house.master(parts=("voice",)))
    answer = as_(house.cast.release).post(
        reverse("release:contributions", args=[recording.pk]),
        {"person": [uuid.uuid4()], "role": ["composer"], "share": ["100"]},
    )
    assert "choose one of the people" in answer.content.decode()


def test_an_imprint_is_set_up_on_its_page(house):
    values = {
        "name": "Deep Cut (fictional)", "p_line_owner": "X", "c_line_owner": "X", "isrc_prefix": "DE-ABC",
        "gtin_prefix": "5901234", "catalogue_prefix": "DCT", "dpid": "PADPIDA2007050901X",
    }  # fmt: skip
    client = as_(house.cast.owner)
    refused = client.post(reverse("release:imprints"), values)
    assert (refused.status_code, "wrong check digit" in refused.content.decode()) == (422, True)
    assert (
        client.post(reverse("release:imprints"), values | {"dpid": "PADPIDA2007050901U"}).status_code == 302
    )
    assert Imprint.objects.count() == 2


def test_tracks_move_and_leave_on_the_release_page(house):
    recordings = [house.recording(house.master(parts=("voice",)), title=f"Song {n}") for n in range(2)]
    release = house.release(*recordings, cover=None)
    client = as_(house.cast.release)
    first = release.tracks.get(number=1)
    client.post(reverse("release:track-move", args=[first.pk]), {"to": "down"})
    assert [t.recording.title for t in release.tracks.filter(active=True).order_by("number")] == [
        "Song 1",
        "Song 0",
    ]
    client.post(reverse("release:track-remove", args=[first.pk]))
    assert [t.recording.title for t in release.tracks.filter(active=True)] == ["Song 1"]


def test_a_build_that_failed_says_why_and_can_be_tried_again(house):
    release = house.ready(parts=("voice",))
    house.approve(release)
    package = services.request_package(release, actor=house.cast.release)
    services.change_release(release, actor=house.cast.release, genre="Drone")
    run_jobs()
    client = as_(house.cast.release)
    page = client.get(reverse("release:package", args=[package.pk])).content.decode()
    assert "could not be built" in page
    assert "Nobody approved the release as it stands now" in page
    house.approve(Release.objects.get())
    client.post(reverse("release:package-retry", args=[package.pk]))
    run_jobs()
    assert Package.objects.get().asset is not None


def test_names_are_shown_as_text_never_as_markup(house):
    release = house.release(cover=None, title="<script>alert(1)</script> & Söhne")
    page = as_(house.cast.owner).get(reverse("release:release", args=[release.pk])).content.decode()
    assert "<script>alert(1)</script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Söhne" in page


def test_a_list_of_releases_costs_the_same_for_three_and_for_thirty(house, django_assert_max_num_queries):
    for n in range(30):
        house.release(cover=None, title=f"Release {n}")
    client = as_(house.cast.owner)
    client.get(reverse("release:releases"))
    with django_assert_max_num_queries(15):
        answer = client.get(reverse("release:releases"))
    assert answer.content.decode().count("no cover yet") == 30


def test_the_small_cover_is_small(house):
    release = house.release()
    client = as_(house.cast.owner)
    small = client.get(reverse("release:cover", args=[release.pk]) + "?size=small")
    assert small.headers["Content-Type"] == "image/jpeg"
    assert (
        len(small.content)
        < 100_000
        < len(b"".join(client.get(reverse("release:cover", args=[release.pk])).streaming_content))
    )
