"""The benchmark runs anywhere and says what is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import needs

pytestmark = needs("engines")

ROOT = Path(__file__).resolve().parents[4]

PROGRAM = """
import contextlib, io, json, runpy, sys
folder, found = sys.argv[1], {}
runs = [("audiocraft", []), ("diffusers", ["--acestep"]),
        ("", ["--json", folder + "/figures.json", "--profile", folder + "/profile.txt"]), ("", ["--acestep"])]
for hidden, arguments in runs:  # first those without: what was imported cannot be hidden
    if hidden:
        sys.modules[hidden] = None
    sys.argv = ["benchmark", "--tiny", "--seconds", "0.1", *arguments]
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            runpy.run_module("generation.engine.fast.benchmark", run_name="__main__", alter_sys=True)
        except SystemExit as end:
            assert not end.code, end.code
    sys.modules.pop(hidden, None)
    found[" ".join([hidden, *arguments[:1]])] = out.getvalue()
print(json.dumps(found))
"""


@dataclass(frozen=True)
class Ran:
    """What each way of running it printed, by what was hidden and asked for; files lie in the folder."""

    out: dict[str, str]
    folder: Path


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """All of it in one process: loading the libraries takes longer than running."""
    folder = tmp_path_factory.mktemp("benchmark")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder)],
        cwd=ROOT, capture_output=True, text=True, timeout=600, env=os.environ | {"OMP_NUM_THREADS": "1"}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return Ran(out=json.loads(done.stdout.splitlines()[-1]), folder=folder)


def test_it_prints_a_table_with_both_ratios_and_the_ceiling(ran: Ran) -> None:
    out = ran.out[" --json"]
    lines = out.splitlines()
    assert lines[0].startswith("| model | takes |")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:4]]
    assert [(row[0], row[1]) for row in rows] == [("tiny", "1"), ("tiny", "3")]
    assert all(float(row[-1]) > 0 and float(row[-2]) > 0 for row in rows)
    assert "copying" in out
    assert "of sound after" in out
    found = json.loads((ran.folder / "figures.json").read_text())
    assert {row["takes"] for row in found["rows"]} == {1, 3}
    assert all(row["ceiling_ms"] > 0 and row["p50_ms"] <= row["p99_ms"] for row in found["rows"])
    assert "aten::" in (ran.folder / "profile.txt").read_text()


def test_without_audiocraft_it_says_so_and_measures_the_rest(ran: Ran) -> None:
    out = ran.out["audiocraft"]
    assert "audiocraft is not installed here" in out
    assert "| - |" in out.splitlines()[2]
    assert float(out.splitlines()[2].strip("| ").split("|")[-1]) > 0, "transformers is there"


def test_ace_step_has_a_table_of_its_own(ran: Ran) -> None:
    lines = ran.out[" --acestep"].splitlines()
    assert lines[0] == "| part | variations | ms | against |"
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:7]]
    assert [row[1] for row in rows] == ["2", "2", "2", "1", "1"]
    assert all(float(row[2]) > 0 for row in rows)
    assert "diffusers 0.42.1" in lines[-1]


def test_without_diffusers_ace_step_says_so(ran: Ran) -> None:
    assert "not installed here" in ran.out["diffusers --acestep"]
