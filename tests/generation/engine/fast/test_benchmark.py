"""The benchmark runs anywhere and says what is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.support import needs

pytestmark = needs("engines")

ROOT = Path(__file__).resolve().parents[4]


def run(*arguments: str, hide: str = "") -> str:
    """Its output, in a process where the package `hide` cannot be imported."""
    start = f"import runpy, sys; sys.modules[{hide!r}] = None; " if hide else "import runpy, sys; "
    code = start + "runpy.run_module('generation.engine.fast.benchmark', run_name='__main__', alter_sys=True)"
    done = subprocess.run(
        [sys.executable, "-c", code, "--tiny", "--seconds", "0.1", *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=300, env=os.environ | {"OMP_NUM_THREADS": "1"}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_prints_a_table_with_both_ratios_and_the_ceiling(tmp_path: Path) -> None:
    out = run("--json", str(tmp_path / "figures.json"), "--profile", str(tmp_path / "profile.txt"))
    lines = out.splitlines()
    assert lines[0].startswith("| model | takes |")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:4]]
    assert [(row[0], row[1]) for row in rows] == [("tiny", "1"), ("tiny", "3")]
    assert all(float(row[-1]) > 0 and float(row[-2]) > 0 for row in rows)
    assert "copying" in out
    assert "of sound after" in out
    found = json.loads((tmp_path / "figures.json").read_text())
    assert {row["takes"] for row in found["rows"]} == {1, 3}
    assert all(row["ceiling_ms"] > 0 and row["p50_ms"] <= row["p99_ms"] for row in found["rows"])
    assert "aten::" in (tmp_path / "profile.txt").read_text()


def test_without_audiocraft_it_says_so_and_measures_the_rest() -> None:
    out = run(hide="audiocraft")
    assert "audiocraft is not installed here" in out
    assert "| - |" in out.splitlines()[2]
    assert float(out.splitlines()[2].strip("| ").split("|")[-1]) > 0, "transformers is there"


def test_ace_step_has_a_table_of_its_own() -> None:
    lines = run("--acestep").splitlines()
    assert lines[0] == "| part | variations | ms | against |"
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:7]]
    assert [row[1] for row in rows] == ["2", "2", "2", "1", "1"]
    assert all(float(row[2]) > 0 for row in rows)
    assert "diffusers 0.42.1" in lines[-1]


def test_without_diffusers_ace_step_says_so() -> None:
    assert "not installed here" in run("--acestep", hide="diffusers")
