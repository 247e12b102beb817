"""The form of every mode: it has what the engine understands, keeps what was typed, and asks for what it says."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from generation import asking, services
from generation.models import Preset, PromptRun, Sweep, Tool
from generation.modes import MODES
from tests.cast import Cast
from tests.label.conftest import as_

pytestmark = pytest.mark.django_db


def _knob(name: str, kind: str = "float", **more: Any) -> dict[str, Any]:
    values = {
        "name": name,
        "title": name.capitalize(),
        "kind": kind,
        "default": 0.5,
        "help": f"What {name} does.",
    }
    return values | {"minimum": 0.0, "maximum": 1.0, "choices": []} | more


@pytest.fixture
def offers(catalogue: None) -> None:
    """Engines that between them serve every mode; one of them is not installed."""
    base = {
        "version": "1", "min_duration_s": 1.0, "max_duration_s": 60.0, "max_variations": 8, "needs_gpu": False,
        "available": True, "unavailable_reason": "",
    }  # fmt: skip
    spec = {"brief": True, "chance": True, "parameters": None, "inputs": {}, "targets": [], "languages": []}
    own = {
        "parts": {"targets": ["bass", "drums"]},
        "stem_separation": {"chance": False, "parameters": []},
        "audio_to_notes": {"chance": False, "parameters": []},
        "accompaniment": {"inputs": {"notes": ["notes"]}},
    }
    services.save_offers(
        [
            base | {
                "name": "sketch", "title": "Sketch", "tool": "sketch", "models": [],
                "modes": [spec | {"name": key} | own.get(key, {}) for key in MODES if key != "lyrics_to_song"],
                "parameters": [_knob("density"), _knob("swing", default=None), _knob("lead", "bool", default=True)],
            },
            base | {
                "name": "songs", "title": "Songs (fictional)", "tool": "ace-step", "available": False,
                "unavailable_reason": "Its weights are not here.", "needs_gpu": True, "parameters": [],
                "modes": [spec | {"name": "lyrics_to_song", "languages": ["en", "is"], "negative_prompt": True}],
                "models": [{
                    "name": "big", "title": "Songs, big", "tool": "ace-step", "licence": "MIT",
                    "size_bytes": 7_000_000_000, "source": "fictional/songs-big", "present": False,
                    "reason": "Download it into the folder of models.", "sha256": "", "trusted": False,
                }],
            },
        ]
    )  # fmt: skip


@pytest.fixture
def page(project: Any, offers: None, cast: Cast) -> Callable[..., str]:
    """The form as Mara sees it, or what her POST brings."""
    client = as_(cast.mara)
    address = reverse("generation:run-new", args=[project.pk])

    def open_(post: dict[str, Any] | None = None, *, status: int = 200, **query: str) -> Any:
        answer = client.post(address, post) if post is not None else client.get(address, query)
        assert answer.status_code == status, answer.content.decode()[-3000:]
        return answer if status in (301, 302, 303) else answer.content.decode()

    return open_


def test_every_mode_has_its_question_and_only_its_fields(page: Callable[..., str]) -> None:
    """Names of fields by mode, as the engine said of itself."""
    for key, mode in MODES.items():
        html = page(mode=key)
        assert mode.sentence.replace("'", "&#x27;") in html
        if key == "lyrics_to_song":
            assert '<form method="post" class="form" id="run-form"' not in html
            continue
        names = set(re.findall(r'<(?:input|select|textarea)[^>]* name="([^"]+)"', html))
        assert ("prompt" in names) == (mode.prompt != "none"), key
        assert ("chords" in names) == mode.chords, key
        assert ("duration_s" in names) == (mode.length != "source"), key
        assert ("from_ms" in names) == any("audio" in given.kinds for given in mode.given), key
        assert ("variations" in names) == (key not in ("stem_separation", "audio_to_notes")), key
        assert ("p_density" in names) == (key not in ("stem_separation", "audio_to_notes")), key
        assert ("targets" in names) == (key == "parts"), key
        assert {given.role for given in mode.given} <= names, key
        assert ("<dw-hum" in html) == ("melody" in names), key


def test_every_mode_stands_in_one_group() -> None:
    listed = [key for _, keys in asking.GROUPS for key in keys]
    assert sorted(listed) == sorted(MODES)
    assert all(use.mode in MODES for use in asking.uses(("audio", "notes")))


def test_what_is_not_installed_is_shown_with_what_it_would_take(page: Callable[..., str], cast: Cast) -> None:
    assert "not accepted here yet" not in page(mode="lyrics_to_song")
    tool = Tool.objects.get(key="ace-step")
    services.withdraw_licence(tool, reason="to be read anew", actor=cast.owner)
    html = page(mode="lyrics_to_song")
    for words in (
        "Songs, big",
        "Download it into the folder",
    ):
        assert words in html
    assert "not accepted here yet" in html
    assert "needs a GPU" in html
    assert "may be sold" in html


def test_a_change_of_mode_or_engine_asks_for_nothing_and_keeps_what_was_typed(
    page: Callable[..., str],
) -> None:
    html = page(
        {
            "change": "mode",
            "mode": "chord_progression",
            "prompt": "for Ingrid",
            "p_density": "0.9",
            "chords": "Dm",
        }
    )
    assert "for Ingrid" in html
    assert 'value="0.9"' in html
    assert 'value="Dm"' in html
    assert PromptRun.objects.count() == 0


def test_a_link_chooses_the_take_and_its_stretch(
    page: Callable[..., str], make_take: Callable[..., Any]
) -> None:
    take = make_take()
    html = page(**{"mode": "section_replacement", "source": f"take:{take.pk}", "from": "500", "to": "1250"})
    assert re.search(rf'<option value="take:{take.pk}\|audio" selected>', html)
    assert 'value="0:00.5"' in html
    assert 'value="0:01.250"' in html
    assert reverse("generation:take-peaks", args=[take.pk]) in html


def test_a_section_is_asked_for_and_the_board_says_of_what(
    page: Callable[..., Any], make_take: Callable[..., Any], cast: Cast
) -> None:
    take = make_take()
    asked = {
        "mode": "section_replacement", "engine": "sketch", "source": f"take:{take.pk}|audio", "from_ms": "0:00.5",
        "to_ms": "1,25", "prompt": "a break", "variations": "2", "p_density": "0.75", "p_lead": "on", "base_seed": "5",
    }  # fmt: skip
    answer = page(asked, status=302)
    run = PromptRun.objects.exclude(pk=take.run_id).get()
    assert answer["Location"] == f"/runs/{run.pk}/"
    assert run.section_ms == (500, 1250)
    assert run.inputs.get().ref == f"take:{take.pk}"
    assert run.parameters == {"density": 0.75, "lead": True}
    board = as_(cast.mara).get(f"/runs/{run.pk}/").content.decode()
    assert "Replace a section: a break" in board
    assert f"/runs/{take.run_id}/#take-{take.pk}" in board
    assert "0:00.5 to 0:01.250" in board


def test_a_stretch_of_what_is_given_is_no_section(
    page: Callable[..., Any], make_take: Callable[..., Any]
) -> None:
    take = make_take(seconds=4.0)
    page(
        {
            "mode": "audio_to_notes",
            "engine": "sketch",
            "source": f"take:{take.pk}|audio",
            "from_ms": "1",
            "to_ms": "3",
        },
        status=302,
    )
    run = PromptRun.objects.exclude(pk=take.run_id).get()
    given = run.inputs.get()
    assert (given.from_ms, given.to_ms) == (1000, 3000)
    assert run.section_ms is None


def test_what_is_wrong_stands_beside_its_field(
    page: Callable[..., str], make_take: Callable[..., Any]
) -> None:
    take = make_take(seconds=4.0)
    source = f"take:{take.pk}|audio"
    asked = {"mode": "section_replacement", "engine": "sketch", "source": source, "variations": "1"}
    html = page(asked | {"from_ms": "soon", "to_ms": "0:02"}, status=422)
    assert "Write a moment as 1:02.5" in html
    html = page(asked | {"from_ms": "2", "to_ms": "1"}, status=422)
    assert "The end must come after the beginning." in html
    html = page(asked | {"from_ms": "1", "to_ms": "9"}, status=422)
    assert re.search(r'id="id_(from|to)_ms-error">[^<]*4\.0 s', html), re.findall(r'-error">[^<]*', html)
    html = page(
        {"mode": "melody_guided", "engine": "sketch", "variations": "1", "duration_s": "8"}, status=422
    )
    assert "Choose melody." in html


def test_a_take_with_notes_can_be_given_as_either(
    page: Callable[..., Any], make_take: Callable[..., Any]
) -> None:
    take = make_take()
    html = page(mode="melody_guided")
    assert f'value="take:{take.pk}|audio"' in html
    assert f'value="take:{take.pk}|notes"' in html
    assert f'value="take:{take.pk}|audio"' not in page(mode="variation")


def test_settings_are_kept_used_and_forgotten(page: Callable[..., str], cast: Cast) -> None:
    html = page(
        {
            "change": "keep",
            "preset_name": "busy",
            "mode": "chord_progression",
            "p_density": "0.95",
            "prompt": "x",
        }
    )
    assert "Kept as “busy”." in html
    preset = Preset.objects.get()
    assert preset.parameters["density"] == 0.95
    html = page(
        {
            "change": "use",
            "preset": str(preset.pk),
            "mode": "chord_progression",
            "prompt": "mine",
            "p_density": "0.1",
        }
    )
    assert 'value="0.95"' in html
    assert "mine" in html
    html = page({"change": f"forget:{preset.pk}", "mode": "chord_progression"})
    assert "is gone" in html
    assert not Preset.objects.exists()
    assert "Write the name" in page({"change": "keep", "preset_name": "", "mode": "chord_progression"})


def test_own_words_come_back_by_a_press_and_never_by_an_address(
    page: Callable[..., str], ask: Callable[..., Any]
) -> None:
    run = ask(prompt="the tide of Visby")
    html = page()
    assert "the tide of Visby" in html
    assert not re.search(r'href="[^"]*Visby', html)
    html = page({"change": f"suggest:{run.pk}", "mode": "text_to_music", "prompt": ""})
    assert re.search(r"<textarea[^>]*>\s*the tide of Visby", html)


def test_values_of_one_control_are_compared(
    page: Callable[..., Any], make_take: Callable[..., Any], cast: Cast, project: Any
) -> None:
    asked = {
        "mode": "text_to_music", "engine": "sketch", "prompt": "slow pads", "duration_s": "8", "variations": "1",
        "sweep_parameter": "density", "sweep_values": "0.1, 0.9", "p_density": "0.5",
    }  # fmt: skip
    answer = page(asked, status=302)
    sweep = Sweep.objects.get()
    first, second = sweep.runs.order_by("number")
    assert answer["Location"] == f"/projects/{project.pk}/compare/?run={first.number}&run={second.number}"
    make_take(run=second)
    html = as_(cast.mara).get(answer["Location"]).content.decode()
    assert "Density, 2 ways" in html
    assert "Takes appear here" in html
    assert html.count("<article") == 1
    assert "Name both" in page(asked | {"sweep_values": ""}, status=422)
    assert "Density" in page(asked | {"sweep_values": "0.1, 7"}, status=422)
    assert Sweep.objects.count() == 1


def test_again_like_this_one_fills_the_form_with_what_was_asked(
    page: Callable[..., Any], make_take: Callable[..., Any], ask: Callable[..., Any]
) -> None:
    take = make_take(run=ask(prompt="warm pads", parameters={"density": 0.25}, duration_s=12))
    html = page(again=str(take.pk))
    assert "As take 1 of prompt run" in html
    assert "warm pads" in html
    assert 'value="0.25"' in html
    page({"again": str(take.pk), "mode": "text_to_music", "engine": "sketch", "prompt": "warm pads", "duration_s": "12",
          "variations": "1", "p_density": "0.25"}, status=302)  # fmt: skip
    assert PromptRun.objects.order_by("-number").first().again_of == take  # type: ignore[union-attr]


def test_strangers_and_readers_ask_for_nothing(
    project: Any, offers: None, cast: Cast, make_take: Callable[..., Any]
) -> None:
    take = make_take()
    form = reverse("generation:run-new", args=[project.pk])
    compare = reverse("generation:compare", args=[project.pk])
    for person, status in ((cast.stranger, 404), (cast.anr, 403), (None, 302)):
        assert as_(person).get(form).status_code == status
        assert as_(person).post(form, {"mode": "text_to_music"}).status_code == status
    assert as_(cast.stranger).get(compare).status_code == 404
    assert as_(cast.anr).get(compare).status_code == 200
    own = services.create_project(title="Far", artist=cast.other_artist, actor=cast.stranger)
    client: Client = as_(cast.stranger)
    foreign = reverse("generation:run-new", args=[own.pk])
    assert client.get(foreign, {"again": str(take.pk)}).status_code == 404
    answer = client.post(
        foreign, {"mode": "stem_separation", "engine": "sketch", "source": f"take:{take.pk}|audio"}
    )
    assert answer.status_code == 422
    assert PromptRun.objects.filter(project=own).count() == 0


def test_a_take_is_asked_for_once_more_and_says_how_it_stands(
    make_take: Callable[..., Any], cast: Cast
) -> None:
    take = make_take()
    address = reverse("generation:take-replay", args=[take.pk])
    mara = as_(cast.mara)
    assert "Nobody has tried" in mara.get(address).content.decode()
    assert as_(cast.anr).post(address).status_code == 403
    html = mara.post(address, headers={"HX-Request": "true"}).content.decode()
    assert "Waiting for a worker." in html
    assert "hx-get" in html
    assert "Make it again" not in html
    assert take.replays.count() == 1
    assert mara.post(address).status_code == 302
    assert take.replays.count() == 1
