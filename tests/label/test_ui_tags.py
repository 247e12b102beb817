"""The template tags of the page shell."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from django import forms
from django.template import Context, Template
from django.test import RequestFactory

from label.templatetags import ui


def shown(source: str, **context: object) -> str:
    return Template("{% load ui %}" + source).render(Context(context))


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(ui, "BUILD_DIR", tmp_path)
    return tmp_path


def write_manifest(build: Path, name: str) -> None:
    (build / "manifest.json").write_text(
        json.dumps({"src/main.ts": {"file": f"assets/{name}.js", "css": [f"assets/{name}.css"]}})
    )


def test_the_entry_s_script_and_sheet_come_from_the_manifest(build: Path) -> None:
    write_manifest(build, "main-a1")
    html = shown("{% vite 'src/main.ts' %}")
    assert '<link rel="stylesheet" href="/static/build/assets/main-a1.css">' in html
    assert '<script type="module" src="/static/build/assets/main-a1.js"></script>' in html


def test_a_rebuild_is_seen_without_a_restart(build: Path) -> None:
    write_manifest(build, "main-a1")
    shown("{% vite 'src/main.ts' %}")
    write_manifest(build, "main-b2")
    os.utime(build / "manifest.json", ns=(1, 1))
    assert "main-b2.js" in shown("{% vite 'src/main.ts' %}")


def test_a_front_end_that_was_not_built_says_what_to_do(build: Path) -> None:
    with pytest.raises(ui.FrontEndNotBuilt, match=r"manage\.py up"):
        shown("{% vite 'src/main.ts' %}")


def test_an_entry_that_is_not_in_the_build_says_what_to_do(build: Path) -> None:
    write_manifest(build, "main-a1")
    with pytest.raises(ui.FrontEndNotBuilt, match=r"src/other\.ts"):
        shown("{% vite 'src/other.ts' %}")


@pytest.mark.parametrize(
    ("cookie", "attribute"),
    [("dark", ' data-theme="dark"'), ("light", ' data-theme="light"'), ('"><script>', ""), ("", "")],
)
def test_only_the_two_themes_reach_the_page(cookie: str, attribute: str) -> None:
    request = RequestFactory().get("/")
    request.COOKIES["theme"] = cookie
    assert shown("{% theme %}", request=request) == attribute


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ 128000|clock }}", "2:08"),
        ("{{ 3728000|clock }}", "1:02:08"),
        ("{{ nothing|clock }}", "–"),
        ("{{ -13.44|signed }}", "−13.4"),
        ("{{ nothing|signed }}", "–"),
        ("{{ measures.missing|signed }}{{ measures.missing|clock }}{{ measures.missing|millibel }}", "–––"),
        ("{{ -600|millibel }}", "−6.0 dB"),
        ("{{ 70|left }}", "1:10 left"),
        ("{{ 2|percent_of:3 }}", "67 %"),
        ("{{ 2|percent_of:0 }}", ""),
    ],
)
def test_numbers_read_as_people_write_them(source: str, text: str) -> None:
    assert shown(source, nothing=None) == text


def test_an_origin_nobody_knows_is_shown_as_unknown() -> None:
    assert 'data-origin="unknown"' in shown("{% origin 'made up' %}")
    assert "trained model" in shown("{% origin 'trained_model' %}")


def test_the_legend_names_all_six_origins() -> None:
    html = shown("{% origin_legend %}")
    for words in ui.ORIGINS.values():
        assert f"</i>{words}</li>" in html


def test_a_digest_is_short_to_read_and_whole_to_copy() -> None:
    value = "9f2c7a" + "0" * 55 + "e41"
    assert shown("{% digest value %}", value=value) == f'<dw-digest value="{value}">9f2c7a…e41</dw-digest>'


class Sample(forms.Form):
    title = forms.CharField(help_text="As on the sleeve.")
    tempo = forms.FloatField(min_value=20, required=False)


def test_a_field_is_wired_to_its_hint_and_its_error() -> None:
    html = shown("{% field form.title %}{% field form.tempo unit='bpm' %}", form=Sample({"tempo": "3"}))
    assert 'aria-describedby="id_title-hint id_title-error"' in html
    assert 'aria-invalid="true"' in html
    assert '<p class="error" id="id_title-error">' in html
    assert '<span class="opt">optional</span>' in html
    assert "<span>bpm</span>" in html


def test_the_error_summary_links_to_each_field() -> None:
    html = shown("{% error_summary form %}", form=Sample({"tempo": "3"}))
    assert "2 things need your attention" in html
    assert '<a href="#id_title">Title</a>' in html
    assert shown("{% error_summary form %}", form=Sample({"title": "Tide"})).strip() == ""


def test_an_empty_field_says_what_to_do() -> None:
    class Form(forms.Form):
        name = forms.CharField()
        kind = forms.ChoiceField(choices=[("a", "A")])
        day = forms.DateField()
        file = forms.FileField()

    said = {name: errors[0] for name, errors in Form({}).errors.items()}
    assert said == {
        "name": "Fill this in.",
        "kind": "Choose one.",
        "day": "Choose a day.",
        "file": "Choose a file.",
    }
