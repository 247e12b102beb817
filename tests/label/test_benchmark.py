"""The benchmark's table says what was measured; it runs apart from the installation; its copies are a true ledger."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from artists import services as people
from artists.models import Artist
from generation.models import Project, PromptRun, Take
from label.benchmarks import checking, copies, sound, table
from label.benchmarks.song import Size, make_song
from label.benchmarks.table import Beside, Figure, Goal
from label.demo.cast import seed_cast
from label.looking import look
from provenance import audit, queries, search, sequencer
from provenance.services import Entry
from release.models import Recording, Release

ROOT = Path(__file__).resolve().parents[2]
SMALL = Size(takes=1, take_s=3.0, entries=0, songs=3, listens=1)


def test_a_ratio_is_the_value_over_what_was_measured_beside_it() -> None:
    figure = Figure(name="drawing", value=3.0, unit="s", goal=Goal("<=", 4.0), beside=Beside("reading", 1.5))
    assert (figure.ratio, figure.met) == (2.0, True)
    assert Figure(name="drawing", value=5.0, unit="s", goal=Goal("<=", 4.0)).met is False
    assert Figure(name="drawing", value=5.0, unit="s").met is None
    assert Figure(name="drawing", value=5.0, unit="s", beside=Beside("nothing", 0.0)).ratio is None


@pytest.mark.parametrize(
    ("text", "value", "met"), [("<= 1.3", 1.3, True), ("<= 1.3", 1.31, False), (">= 60", 59, False)]
)
def test_a_goal_is_read_from_its_text_and_written_back(text: str, value: float, met: bool) -> None:
    goal = Goal.parse(text)
    assert goal is not None
    assert (str(goal), goal.kept_by(value)) == (text, met)


def test_a_goal_that_is_none_is_refused() -> None:
    assert Goal.parse("") is None
    with pytest.raises(ValueError, match="begins with"):
        Goal.parse("about 3")


def test_the_95th_percentile_lies_between_what_was_measured() -> None:
    assert table.p95([0.5]) == 0.5
    assert table.p95([float(number) for number in range(101)]) == 95.0


def test_the_table_has_a_line_a_figure_and_says_plainly_what_is_missed() -> None:
    lines = table.render(
        [
            Figure("peaks", 0.25, "s", Goal("<=", 1.5), Beside("reading", 0.125), "median of 3"),
            Figure("pages", 2.0, "s", Goal("<=", 0.15)),
        ]
    ).splitlines()
    assert lines[0].split() == list(table.HEAD)
    assert lines[2].split()[:8] == ["peaks", "0.25", "s", "<=", "1.5", "yes", "2x", "reading"]
    assert lines[3].split() == ["pages", "2", "s", "<=", "0.15", "NO"]


def test_sound_is_measured_beside_reading_and_writing_the_same_sound() -> None:
    figures = [*sound.sketch(quick=True), *sound.rendering(quick=True), *sound.drawing(quick=True)]
    for figure in figures:
        assert figure.beside is not None
        assert figure.beside.value > 0
        assert figure.ratio == figure.value / figure.beside.value
        assert figure.met is not None
    assert [figure.unit for figure in figures] == ["s", "x realtime", "s"]


def test_the_command_measures_in_a_folder_of_its_own_and_leaves_nothing(tmp_path: Path) -> None:
    env = {**os.environ, "DEADWAX_DATA": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "django",
            "benchmark",
            "--quick",
            "--json",
            "--only",
            "memory",
            "--only",
            "peaks",
            "--only",
            "people",
        ],
        cwd=ROOT,
        env={**env, "DATABASE_URL": "postgresql://nobody@/nowhere?host=/nonexistent"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert rows[0]["name"].startswith("peaks")
    weight = next(row for row in rows if row["name"].startswith("web process"))
    assert weight["ratio"] == weight["value"] / weight["beside"]["value"]
    assert weight["value"] > 50, "granian and Django weigh something"
    heavy = next(row for row in rows if row["name"].startswith("heavy"))
    assert heavy["value"] == 0
    lists = [row for row in rows if row["name"].startswith("  ")]
    assert len(lists) > 80, "every page and list about people"
    assert all(row["value"] > 0 and row["ratio"] for row in lists)
    assert {row["goal"] for row in lists} == {"<= 0.15", "<= 0.2"}
    left = {path.name for path in tmp_path.iterdir()}
    assert left <= {"static", "keys"}, "nothing is measured in the installation's own database and store"


@pytest.mark.django_db(transaction=True)
def test_copies_of_a_song_are_whole_and_their_ledger_verifies() -> None:
    cast = seed_cast()
    since = Entry.objects.order_by("-pk").values_list("pk", flat=True)[0]
    song = make_song(cast, SMALL)
    written = Entry.objects.filter(pk__gt=since).exclude(kind__in=copies.LEFT_OUT)
    count = written.count()
    before = Entry.objects.count()

    copies.copy_song(since=since, copies=2, artists=[(cast.artist, cast.users["artist"])])

    assert Entry.objects.count() == before + 2 * count
    assert (Project.objects.count(), PromptRun.objects.count(), Take.objects.count()) == (3, 3, 3)
    assert len(set(Recording.objects.values_list("isrc", flat=True))) == Release.objects.count() == 3
    copied = Project.objects.exclude(pk=song.project.pk).first()
    assert copied is not None
    about = Entry.objects.filter(stream=copied.stream)
    assert about.count() == Entry.objects.filter(stream=song.project.stream).count()
    assert copied.runs.get().prompt == song.run.prompt, "the vault came along"
    assert not any(str(song.project.pk) in bytes(entry.body).decode() for entry in about)
    sequencer.drain()
    assert queries.unsequenced_count() == 0
    report = audit.run()
    assert report.ok, report.verdict


@pytest.mark.django_db(transaction=True)
def test_copies_in_words_of_their_own_are_sealed_anew_and_found_by_them() -> None:
    cast = seed_cast()
    since = Entry.objects.order_by("-pk").values_list("pk", flat=True)[0]
    artist = people.create_artist(name="Qzact (fictional)", actor=cast.users["owner"])
    people.create_person(credit_name="Qzact", legal_name="Qzlegal", artist=artist, actor=cast.users["owner"])

    words = {1: {"Qzact": "Ñandú", "Qzlegal": "夜 Lantern"}, 2: {"Qzact": "Kite", "Qzlegal": "Foundry"}}
    copies.copy_all(copies.read(since), [1, 2], words=lambda number: words[number])

    made = Artist.objects.get(name="Ñandú (fictional)")
    person = made.people.get()
    assert person.credit_name == "Ñandú"
    assert people.legal_names([person]) == {person.pk: "夜 Lantern"}
    sequencer.drain()
    search.drain()
    found = [one.title for group in look(cast.users["owner"], "lantern") for one in group.found]
    assert found == ["Ñandú (fictional)"]
    report = audit.run()
    assert report.ok, report.verdict


@pytest.mark.django_db(transaction=True)
def test_a_method_check_is_measured_to_its_end() -> None:
    (figure,) = checking.method(quick=True)
    assert figure.met is not None
    assert "material:scaffold confirmed" in figure.note
