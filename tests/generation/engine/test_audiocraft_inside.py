"""What happens in the model process, by audiocraft's own loaders on tiny weights: modes, memory, requests together.

Each check is a function of that name in `inside.py`; all run in one process.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.generation.engine.made_once import ROOT
from tests.support import needs

pytestmark = needs("engines")

_PROGRAM = ast.parse(Path(__file__).with_name("inside.py").read_text())
CHECKS = [one.name for one in _PROGRAM.body if isinstance(one, ast.FunctionDef)
          and any(isinstance(mark, ast.Name) and mark.id == "check" for mark in one.decorator_list)]  # fmt: skip


@pytest.fixture(scope="module")
def found(made_models: Path) -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.generation.engine.inside", str(made_models)],
        cwd=ROOT, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    read: dict[str, str] = json.loads(done.stdout)
    return read


@pytest.mark.parametrize("name", CHECKS)
def test_inside(found: dict[str, str], name: str) -> None:
    assert found[name] == "ok", found[name]


def test_all_of_them_ran(found: dict[str, str]) -> None:
    assert list(found) == CHECKS
    assert len(CHECKS) > 10
