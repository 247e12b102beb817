"""The import contracts hold, and each of them catches a violation when there is one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("label", "release", "generation", "artists", "provenance")


def lint(root: Path, contract: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [
        str(Path(sys.executable).parent / "lint-imports"),
        "--no-cache",
        "--config",
        str(root / "pyproject.toml"),
    ]
    if contract:
        command += ["--contract", contract]
    env = {**os.environ, "PYTHONPATH": str(root)}
    return subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of all Python sources, to plant violations in."""
    root = tmp_path_factory.mktemp("house")
    skip = shutil.ignore_patterns(
        "node_modules", "frontend", "static", "templates", "__pycache__", "*.sf2", "*.sf3"
    )
    for package in PACKAGES:
        shutil.copytree(ROOT / package, root / package, ignore=skip)
    shutil.copy(ROOT / "pyproject.toml", root)
    return root


def test_all_contracts_are_kept() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("contract", "module", "line"),
    [
        ("packages", "provenance/canonical.py", "import artists.models"),
        ("packages", "generation/errors.py", "from release import models"),
        ("apps", "generation/events/takes.py", "from generation import models"),
        ("apps", "artists/models/user.py", "def late():\n    from artists import services"),
        ("ledger", "artists/views/people.py", "from provenance import ledger"),
        ("ledger", "label/apps.py", "from provenance.models import Entry"),
        ("pure", "generation/symbolic/notes.py", "import django.db"),
        ("pure", "provenance/merkle.py", "def late():\n    import celery"),
        ("web", "artists/views/people.py", "def late():\n    import torch"),
        ("web", "label/apps.py", "def late():\n    import librosa"),
        ("web", "label/apps.py", "from generation.engine import base"),
    ],
)
def test_a_planted_violation_is_caught(house: Path, contract: str, module: str, line: str) -> None:
    path = house / module
    original = path.read_text()
    path.write_text(f"{original}\n{line}\n")
    try:
        done = lint(house, contract)
    finally:
        path.write_text(original)
    assert done.returncode == 1, done.stdout
    assert "BROKEN" in done.stdout
