"""Asking over the API: every mode, sweeps, again, replays, presets; strangers and readers."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rest_framework.test import APIClient

from generation import services
from generation.engine import registry
from generation.models import PromptRun
from tests.cast import Cast
from tests.generation import mode_engine
from tests.support import run_jobs

Api = Callable[..., APIClient]
ASKED = {"engine": "modes", "variations": 1}


@pytest.fixture
def engines(catalogue: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(registry.MODULES, "modes", "tests.generation.modes_engine")
    services.save_offers([dataclasses.asdict(mode_engine.ENGINES["modes"].capabilities())])
    yield
    registry._load.cache_clear()


def test_a_take_is_extended_made_again_and_made_more_of(mara: APIClient, project: Any, engines: None) -> None:
    home = f"/api/projects/{project.pk}"
    first = mara.post(f"{home}/runs/", {**ASKED, "prompt": "warm", "duration_s": 2.5})
    assert first.status_code == 201, first.content
    run_jobs()
    take = mara.get(f"/api/runs/{first.data['id']}/takes/").data["results"][0]["id"]
    assert [thing["ref"] for thing in mara.get(f"{home}/givens/").data["results"]] == [f"take:{take}"]

    longer = mara.post(
        f"{home}/runs/",
        {**ASKED, "mode": "section_replacement", "inputs": [{"role": "source", "ref": f"take:{take}"}],
         "section_ms": [500, 1000], "lyrics": "la", "language": "en", "parameters": {"guidance": 2}, "again_of": take},
    )  # fmt: skip
    assert longer.status_code == 201, longer.content
    assert longer.data["inputs"][0] | {"sha256": ""} == {
        "role": "source", "ref": f"take:{take}", "title": "take 1 of run 1", "kind": "audio", "part": "full_mix",
        "sha256": "", "from_ms": None, "to_ms": None,
    }  # fmt: skip
    assert (longer.data["section_ms"], longer.data["lyrics"]) == ([500, 1000], "la")
    assert (longer.data["duration_ms"], str(longer.data["again_of"])) == (2500, take)

    replay = mara.post(f"/api/takes/{take}/replays/")
    assert (replay.status_code, replay.data["verdict"]) == (201, "")
    run_jobs()
    assert mara.get(f"/api/takes/{take}/replays/").data["results"][0]["verdict"] == "bit_equal"
    more = mara.post(f"/api/takes/{take}/again/", {"variations": 2})
    assert (more.status_code, more.data["variations"]) == (201, 2)
    assert [one["prompt"] for one in mara.get(f"{home}/suggestions/").data["results"]] == ["warm"]

    sweep = mara.post(
        f"{home}/sweeps/",
        {**ASKED, "prompt": "warm", "duration_s": 1, "parameter": "guidance", "values": [1, 2.5]},
    )
    assert sweep.status_code == 201, sweep.content
    assert len(mara.get(f"/api/sweeps/{sweep.data['id']}/").data["runs"]) == 2

    preset = mara.post(
        f"{home}/presets/",
        {
            "name": "Soft",
            "engine": "modes",
            "mode": "text_to_music",
            "parameters": {"guidance": 1},
            "for_project": True,
        },
    )
    assert preset.status_code == 201, preset.content
    assert mara.get(f"{home}/presets/").data["results"][0]["name"] == "Soft"
    assert mara.delete(f"/api/presets/{preset.data['id']}/").status_code == 204


@pytest.mark.parametrize(
    ("values", "field", "message"),
    [
        ({"mode": "yodelling"}, "mode", "not a valid choice"),
        ({"mode": "continuation", "duration_s": 1}, "source", "needs"),
        (
            {"mode": "lyrics_to_song", "prompt": "x", "duration_s": 1, "lyrics": "x" * 100_000},
            "lyrics",
            "20000",
        ),
        ({"prompt": "x", "duration_s": 1, "inputs": [{"role": "source"}]}, "inputs", "required"),
        ({"prompt": "x", "duration_s": 1, "inputs": "all"}, "inputs", "list"),
        ({"prompt": "x", "duration_s": 1, "section_ms": [1]}, "section_ms", "at least 2"),
        ({"prompt": "x"}, "duration_s", "0.5 to 60"),
    ],
)
def test_bad_values_are_refused_with_a_sentence(
    mara: APIClient, project: Any, engines: None, values: dict[str, Any], field: str, message: str
) -> None:
    answer = mara.post(f"/api/projects/{project.pk}/runs/", {**ASKED, **values}, format="json")
    assert answer.status_code in (400, 422), answer.content
    assert message in answer.content.decode()
    assert not PromptRun.objects.exists()


def test_strangers_find_nothing_and_readers_change_nothing(
    api: Api, project: Any, make_take: Callable[..., Any], cast: Cast
) -> None:
    take = make_take()
    home = f"/api/projects/{project.pk}"
    reads = (f"{home}/givens/", f"{home}/suggestions/", f"{home}/presets/", f"/api/takes/{take.pk}/replays/")
    writes = (f"{home}/sweeps/", f"/api/takes/{take.pk}/again/", f"/api/takes/{take.pk}/replays/")
    stranger, reader = api(cast.stranger), api(cast.anr)
    for address in reads:
        assert stranger.get(address).status_code == 404, address
        assert reader.get(address).status_code == 200, address
    for address in writes:
        assert stranger.post(address, {}).status_code == 404, address
        assert reader.post(address, {}).status_code == 403, address
    own = services.save_preset(name="Mine", engine="sketch", mode="text_to_music", actor=cast.mara)
    for who in (stranger, reader, api(cast.owner)):
        assert who.get(f"/api/presets/{own.pk}/").status_code == 404
        assert who.delete(f"/api/presets/{own.pk}/").status_code == 404
    assert api(cast.mara).get(f"/api/presets/{uuid.uuid4()}/").status_code == 404
    theirs = reader.post(f"{home}/presets/", {"name": "x", "engine": "sketch", "mode": "text_to_music"})
    assert theirs.status_code == 201, "a reader may keep settings of their own"
    shared = reader.post(
        f"{home}/presets/", {"name": "x", "engine": "sketch", "mode": "text_to_music", "for_project": True}
    )
    assert shared.status_code == 403
