"""The benchmark runs anywhere and says what is missing; the package itself needs torch and nothing else."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import needs

if importlib.util.find_spec("torch"):
    from generation.engine.fast import benchmark

pytestmark = needs("engines")

ROOT = Path(__file__).resolve().parents[4]
ALONE = """
import runpy, sys
import torch
for name in ("audiocraft", "diffusers", "django", "numpy", "scipy", "transformers"):
    assert name == "numpy" or name not in sys.modules
    sys.modules[name] = None
from generation.engine.fast.decoder import Decoder, Take
from generation.engine.fast.shape import TINY
from generation.engine.fast.weights import random_weights
(codes,) = Decoder(random_weights(TINY)).generate([Take(seed=1, frames=3)])
assert codes.shape == (4, 3)
sys.argv = ["benchmark", "--plan"]
runpy.run_module("generation.engine.fast.benchmark", run_name="__main__", alter_sys=True)
"""


def ran(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert benchmark.main(["--tiny", "--device", "cpu", "--seconds", "0.1", *arguments]) == 0
    return capsys.readouterr().out


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def hide(monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
    for module in modules:
        monkeypatch.setitem(sys.modules, module, None)


def test_it_prints_a_table_with_both_ratios_and_the_ceiling(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    figures, profile = tmp_path / "figures.json", tmp_path / "profile.txt"
    out = ran(capsys, "--json", str(figures), "--profile", str(profile))
    lines = out.splitlines()
    assert cells(lines[0]) == [
        "model", "takes", "products", "steps/s", "audio s per s", "ms per step p50", "p99", "peak GiB", "ceiling ms",
        "share of ceiling", "x audiocraft", "x transformers",
    ]  # fmt: skip
    rows = [cells(line) for line in lines[2:4]]
    assert [(row[0], row[1]) for row in rows] == [("tiny small", "1"), ("tiny small", "3")]
    assert all(float(row[-1]) > 0 and float(row[-2]) > 0 for row in rows)
    assert "copying" in out
    assert "of sound after" in out
    found = json.loads(figures.read_text())
    assert {row["takes"] for row in found["rows"]} == {1, 3}
    assert all(row["ceiling_ms"] > 0 and row["p50_ms"] <= row["p99_ms"] for row in found["rows"])
    assert "aten::" in profile.read_text()


def test_melody_and_stereo_are_held_against_loops_of_their_own_kind(
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = ran(capsys, "--models", "melody", "stereo-small")
    rows = [cells(line) for line in out.splitlines()[2:6]]
    assert [row[0] for row in rows] == ["tiny melody"] * 2 + ["tiny stereo-small"] * 2
    assert all(float(row[-1]) > 0 and float(row[-2]) > 0 for row in rows), out
    assert out.count("of sound after") == 2


def test_without_audiocraft_it_says_so_and_measures_the_rest(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hide(monkeypatch, "audiocraft", "audiocraft.models", "audiocraft.models.lm")
    out = ran(capsys)
    assert "audiocraft is not installed here" in out
    row = cells(out.splitlines()[2])
    assert row[-2] == "-"
    assert float(row[-1]) > 0, "transformers is there"


def test_ace_step_is_held_against_diffusers_pipeline_in_the_same_run(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = ran(capsys, "--acestep").splitlines()
    assert lines[0] == "| part | variations | ms | against |"
    rows = [cells(line) for line in lines[2:10]]
    assert [row[0].partition(",")[0] for row in rows] == [
        *["takes of 1 s"] * 3, *["a denoising step"] * 3, *["decoding the sound"] * 2,
    ]  # fmt: skip
    assert [row[1] for row in rows] == [*"222", *"222", *"11"]
    assert all(float(row[2]) > 0 for row in rows)
    assert "diffusers, one after another" in rows[0][0]
    assert "ours" in rows[2][0]
    assert float(rows[2][3].removesuffix("x")) > 0
    assert "diffusers 0.42.1" in "".join(lines[10:])


def test_without_diffusers_ace_step_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hide(monkeypatch, "diffusers")
    assert "not installed here" in ran(capsys, "--acestep")


def test_takes_and_the_plan_need_torch_alone() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ALONE], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = [cells(line) for line in done.stdout.splitlines()[2:8]]
    assert [row[:2] for row in rows] == [
        [model, takes] for model in ("small", "medium", "large") for takes in ("1", "30")
    ]
    assert "nothing here is measured" in done.stdout
