"""The studio over the API: the whole way, and what strangers, readers and bad values get."""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from generation import services
from generation.models import Project
from provenance.models import Entry
from tests.cast import Cast
from tests.generation.conftest import tone_wav
from tests.support import run_jobs

Api = Callable[..., APIClient]


def test_the_whole_way_from_a_project_to_a_master(mara: APIClient, cast: Cast) -> None:
    services.refresh_offers()
    made = mara.post("/api/projects/", {"title": "Over the wire", "artist": str(cast.artist.pk)})
    assert made.status_code == 201, made.content
    project = f"/api/projects/{made.data['id']}"
    brief = mara.post(f"{project}/briefs/", {"genre": "ambient", "tempo_bpm": 90, "energy": [0.2, 0.8]})
    assert brief.status_code == 201, brief.content
    assert brief.data["prompt"].startswith("ambient, 90 bpm")

    engines = mara.get("/api/engines/").data["results"]
    assert "sketch" in [engine["name"] for engine in engines if engine["available"]]
    run = mara.post(
        f"{project}/runs/",
        {"brief": brief.data["id"], "engine": "sketch", "duration_s": 5, "variations": 2, "base_seed": 3},
    )
    assert run.status_code == 201, run.content
    assert (run.data["seeds"], run.data["job"]["state"]) == ([3, 4], "queued")
    assert run.data["prompt"] == brief.data["prompt"]
    run_jobs()
    assert mara.get(f"/api/runs/{run.data['id']}/").data["job"]["state"] == "done"
    takes = mara.get(f"/api/runs/{run.data['id']}/takes/").data["results"]
    assert [take["seed"] for take in takes] == [3, 4]

    sound = mara.get(takes[0]["audio"], HTTP_ACCEPT="audio/wav", HTTP_RANGE="bytes=0-3")
    assert sound.status_code == 206
    assert b"".join(sound.streaming_content) == b"RIFF"
    assert mara.get(takes[0]["stems"][0]["audio"]).status_code == 200
    assert mara.get(f"/api/takes/{takes[0]['id']}/midi/").status_code == 200
    heard = mara.post(f"/api/takes/{takes[0]['id']}/heard/", {"spans": [[0, 2500]]})
    assert heard.status_code == 204
    kept = mara.post(f"/api/takes/{takes[0]['id']}/keep/", {"reason": "it breathes"})
    assert (kept.data["state"], kept.data["reason"]) == ("shortlisted", "it breathes")
    assert mara.post(f"/api/takes/{takes[1]['id']}/let-go/", {}).data["state"] == "rejected"
    assert mara.post(f"/api/takes/{takes[1]['id']}/reset/").data["state"] == "new"

    upload = mara.post(
        f"{project}/uploads/new/",
        {
            "file": io.BytesIO(tone_wav(seconds=2)),
            "role": "lead_vocal",
            "declared": "own_performance",
            "name": "Voice",
        },
        format="multipart",
    )
    # A file-like object without a name is refused, with what to do.
    assert upload.status_code == 400
    file = io.BytesIO(tone_wav(seconds=2))
    file.name = "voice.wav"
    upload = mara.post(
        f"{project}/uploads/new/",
        {"file": file, "role": "lead_vocal", "declared": "own_performance", "name": "Voice"},
        format="multipart",
    )
    assert upload.status_code == 201, upload.content
    assert upload.data["elements"] == ["lyrics", "melody", "performance:lead_vocal", "production"]
    assert len(mara.get(f"{project}/uploads/").data["results"]) == 1
    assert mara.get(upload.data["audio"]).status_code == 200
    assert {item["kind"] for item in mara.get(f"{project}/material/").data["results"]} >= {"stem", "upload"}

    arrangement = mara.post(f"{project}/arrangements/", {"title": "First", "takes": [takes[0]["id"]]})
    assert arrangement.status_code == 201, arrangement.content
    address, document = f"/api/arrangements/{arrangement.data['id']}", arrangement.data["head"]["document"]
    document["tracks"][0]["gain_millibel"] = -200
    saved = mara.post(f"{address}/versions/", {"document": document, "base_version": 1, "name": "softer"})
    assert (saved.status_code, saved.data["number"], saved.data["parent"]) == (200, 2, 1)
    document["tracks"][0]["gain_millibel"] = -400
    late = mara.post(f"{address}/versions/", {"document": document, "base_version": 1})
    assert late.status_code == 409
    assert late.data["error"]["code"] == "conflict"
    assert late.data["latest"]["number"] == 2
    branch = mara.post(f"{address}/versions/", {"document": document, "base_version": 1, "as_branch": True})
    assert branch.data["number"] == 3
    lines = mara.get(f"{address}/versions/").data["results"]
    assert [line["number"] for line in lines] == [3, 2, 1]
    assert "document" not in lines[0]
    assert mara.post(f"/api/versions/{branch.data['id']}/name/", {"name": "quiet"}).data["name"] == "quiet"

    render = mara.post(f"/api/versions/{saved.data['id']}/renders/")
    assert (render.status_code, render.data["sound"]) == (201, None)
    assert mara.get(render.data["audio"]).status_code == 404
    early = mara.post(f"/api/renders/{render.data['id']}/masters/", {})
    assert early.status_code == 400
    run_jobs()
    assert mara.get(render.data["audio"]).status_code == 200
    master = mara.post(f"/api/renders/{render.data['id']}/masters/", {"target_lufs": -16})
    assert master.status_code == 201, master.content
    run_jobs()
    done = mara.get(f"/api/masters/{master.data['id']}/").data
    assert abs(done["report"]["after_lufs_milli"] + 16_000) <= 100
    assert mara.get(done["wav"]).status_code == mara.get(done["flac"]).status_code == 200
    assert [row["id"] for row in mara.get(f"{project}/masters/").data["results"]] == [done["id"]]
    assert mara.get("/api/jobs/").data["count"] >= 4


def test_nobody_gets_in_without_a_token(api: Api, project: Project) -> None:
    assert api(None).get("/api/projects/").status_code == 401
    assert api(None).get(f"/api/projects/{project.pk}/").status_code == 401


@pytest.fixture
def addresses(project: Project, make_take: Any, cast: Cast) -> dict[str, tuple[str, ...]]:
    """Everything of one project: what may be read, and what is changed by a POST."""
    take = services.shortlist_take(make_take(), reason="", actor=cast.mara)
    services.save_brief(project, values=services.BriefValues(genre="folk"), actor=cast.mara)
    upload = services.import_upload(
        project, file=io.BytesIO(tone_wav()), filename="a.wav", name="a", role="lead", declared="own_performance",
        actor=cast.mara,
    )  # fmt: skip
    arrangement = services.create_arrangement(project, title="A", takes=[take], actor=cast.mara)
    version = services.head_of(arrangement)
    render = services.request_render(version, actor=cast.mara)
    base, run = f"projects/{project.pk}/", take.run
    reads = [
        base,
        *(f"{base}{name}/" for name in ("members", "briefs", "runs", "uploads", "arrangements", "masters")),
    ]
    reads += [f"{base}material/", f"runs/{run.pk}/", f"runs/{run.pk}/takes/", f"takes/{take.pk}/"]
    reads += [f"takes/{take.pk}/audio/", f"takes/{take.pk}/midi/", f"stems/{take.stems.first().pk}/audio/"]
    reads += [f"uploads/{upload.pk}/", f"uploads/{upload.pk}/audio/", f"arrangements/{arrangement.pk}/"]
    reads += [
        f"arrangements/{arrangement.pk}/versions/",
        f"versions/{version.pk}/",
        f"versions/{version.pk}/renders/",
    ]
    reads += [f"renders/{render.pk}/", f"renders/{render.pk}/masters/", f"jobs/{run.job_id}/"]
    writes = [
        f"{base}{name}/"
        for name in ("members", "members/end", "briefs", "runs", "uploads/new", "arrangements")
    ]
    writes += [f"takes/{take.pk}/{name}/" for name in ("keep", "let-go", "reset")]
    writes += [f"arrangements/{arrangement.pk}/versions/", f"versions/{version.pk}/name/"]
    writes += [f"versions/{version.pk}/renders/", f"renders/{render.pk}/masters/"]
    writes += [f"jobs/{run.job_id}/cancel/", f"jobs/{run.job_id}/retry/"]
    return {"reads": tuple(reads), "writes": tuple(writes)}


def test_a_stranger_finds_nothing_of_it(api: Api, addresses: Any, cast: Cast) -> None:
    client, before = api(cast.stranger), Entry.objects.count()
    assert client.get("/api/projects/").data["count"] == 0
    assert client.get("/api/jobs/").data["count"] == 0
    for path in addresses["reads"]:
        assert client.get(f"/api/{path}").status_code == 404, path
    for path in addresses["writes"]:
        format_ = "multipart" if "uploads" in path else "json"
        assert client.post(f"/api/{path}", {}, format=format_).status_code == 404, path
    assert Entry.objects.count() == before


def test_a_reader_reads_all_of_it_and_changes_nothing(api: Api, addresses: Any, cast: Cast) -> None:
    client, before = api(cast.rights), Entry.objects.count()
    for path in addresses["reads"]:
        assert client.get(f"/api/{path}").status_code == 200, path
    for path in addresses["writes"]:
        format_ = "multipart" if "uploads" in path else "json"
        assert client.post(f"/api/{path}", {}, format=format_).status_code == 403, path
    assert Entry.objects.count() == before


def test_a_reader_may_say_that_they_listened(api: Api, make_take: Any, cast: Cast) -> None:
    take = make_take()
    said = api(cast.anr).post(f"/api/takes/{take.pk}/heard/", {"spans": [[0, 1000]]})
    assert said.status_code == 204
    assert services.heard_percent(take, cast.anr) == 50


BAD_RUN = {"engine": "sketch", "duration_s": 5, "variations": 31, "prompt": "x"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("briefs/", {"tempo_bpm": 0}),
        ("briefs/", {"tempo_bpm": "fast"}),
        ("briefs/", {"genre": None}),
        ("briefs/", {"genre": "a\0b"}),
        ("briefs/", {"energy": [0.5, None]}),
        ("briefs/", {"instruments": "bass"}),
        ("runs/", BAD_RUN),
        ("runs/", BAD_RUN | {"variations": None}),
        ("runs/", BAD_RUN | {"variations": 10**30}),
        ("runs/", BAD_RUN | {"variations": 1, "parameters": {"a\0": "b"}}),
        ("runs/", BAD_RUN | {"variations": 1, "parameters": None}),
        ("runs/", BAD_RUN | {"variations": 1, "parameters": {"density": {"deep": [1]}}}),
        ("runs/", BAD_RUN | {"variations": 1, "duration_s": 1e308}),
        ("runs/", BAD_RUN | {"variations": 1, "brief": "no-uuid"}),
        ("runs/", BAD_RUN | {"variations": 1, "base_seed": -1}),
        ("arrangements/", {"title": None}),
        ("arrangements/", {"title": "x", "takes": None}),
        ("members/", {"user": str(uuid.uuid4()), "can_edit": True}),
    ],
)
def test_a_bad_value_is_a_400_that_says_what_to_do(
    mara: APIClient, project: Project, offers: None, path: str, body: dict[str, Any]
) -> None:
    before = Entry.objects.count()
    answer = mara.post(f"/api/projects/{project.pk}/{path}", body)
    assert answer.status_code == 400, answer.content
    assert answer.data["error"]["message"]
    assert Entry.objects.count() == before


def test_thirty_one_variations_are_refused_in_the_same_words_as_on_the_page(
    mara: APIClient, project: Project, offers: None
) -> None:
    answer = mara.post(f"/api/projects/{project.pk}/runs/", BAD_RUN)
    assert answer.data["error"]["message"] == "31 variations: ask for 30 at most."
    assert answer.data["error"]["field"] == "variations"


@pytest.mark.parametrize(
    "data", ["[]", "null", "3", '"text"', '{"title": "\\u0000"}', "{", '{"title": NaN}', "[" * 10_000]
)
def test_what_is_no_json_object_is_refused(mara: APIClient, cast: Cast, data: str) -> None:
    answer = mara.post("/api/projects/", data, content_type="application/json")
    assert answer.status_code == 400, answer.content


@pytest.mark.parametrize("document", [{}, {"v": 1}, {"v": 1, "tracks": None}, None, [], {"a": "\0"}])
def test_a_document_that_is_none_is_refused(
    mara: APIClient, project: Project, cast: Cast, document: Any
) -> None:
    arrangement = services.create_arrangement(project, title="A", actor=cast.mara)
    answer = mara.post(
        f"/api/arrangements/{arrangement.pk}/versions/", {"document": document, "base_version": 1}
    )
    assert answer.status_code == 400, answer.content
    assert arrangement.versions.count() == 1


@pytest.mark.parametrize(
    "path",
    [
        "/api/projects/?limit=1&offset=99999999999999999999", "/api/jobs/?limit=-1", "/api/tools/?offset=x",
        "/api/tools/no-such-tool/", "/api/projects/------------------------------------/",
    ],
)  # fmt: skip
def test_odd_addresses_are_no_fault_of_ours(mara: APIClient, path: str) -> None:
    assert mara.get(path).status_code < 500


def test_a_broken_upload_over_the_api_says_what_is_wrong(mara: APIClient, project: Project) -> None:
    file = io.BytesIO(b"no sound at all, just words\n" * 9)
    file.name = "words.wav"
    answer = mara.post(
        f"/api/projects/{project.pk}/uploads/new/",
        {"file": file, "role": "lead", "declared": "own_performance"},
        format="multipart",
    )
    assert answer.status_code == 400
    assert answer.data["error"]["code"] == "not_audio"


def test_the_rights_team_keeps_the_catalogue_and_others_read_it(
    api: Api, catalogue: None, cast: Cast
) -> None:
    reading = {
        "licence": "Today", "commercial": "no", "store_release": "no", "source": "Letter", "certainty": "confirmed",
        "source_date": "2026-11-21", "blocked_by": ["Somebody"],
    }  # fmt: skip
    assert api(cast.mara).post("/api/tools/musicgen/terms/", reading).status_code == 403
    keeper = api(cast.rights)
    assert keeper.post("/api/tools/musicgen/terms/", reading | {"commercial": "perhaps"}).status_code == 400
    assert keeper.post("/api/tools/musicgen/terms/", reading).data["version"] == 2
    tool = api(cast.mara).get("/api/tools/musicgen/").data
    assert [terms["version"] for terms in tool["terms"]] == [2, 1]
    new = {
        "key": "fabelton-organ",
        "provider": "Fabelton (fictional)",
        "name": "Organ (fictional)",
        "is_fictional": True,
    }
    assert keeper.post("/api/tools/", new).status_code == 201
    assert keeper.post("/api/tools/", new).status_code == 400
    assert keeper.post("/api/tools/unheard-of/terms/", reading).status_code == 404


def test_a_run_is_cancelled_and_started_again(mara: APIClient, ask: Any) -> None:
    job = f"/api/jobs/{ask().job_id}"
    assert mara.post(f"{job}/cancel/").data["state"] == "cancelled"
    assert mara.post(f"{job}/cancel/").status_code == 400
    assert mara.post(f"{job}/retry/").data["state"] == "queued"


def test_a_style_warning_is_told_and_can_be_acknowledged(
    mara: APIClient, project: Project, offers: None
) -> None:
    body = {"engine": "sketch", "duration_s": 5, "variations": 1, "prompt": "in the style of Taylor Swift"}
    told = mara.post(f"/api/projects/{project.pk}/runs/", body)
    assert (told.status_code, told.data["error"]["code"]) == (400, "style_warning")
    asked = mara.post(f"/api/projects/{project.pk}/runs/", body | {"acknowledge_warnings": True})
    assert asked.status_code == 201
