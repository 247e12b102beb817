"""Tiny models are made by one of xdist's workers; each of them gets a copy of its own, which its tests may spoil."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def made_once(factory: pytest.TempPathFactory, name: str, program: str, *arguments: str) -> Path:
    """The folder that `python -m PROGRAM FOLDER ARGUMENTS` fills, for this process alone."""
    own = factory.mktemp(name) / name
    if "PYTEST_XDIST_WORKER" not in os.environ:
        _make(own, program, *arguments)
        return own
    shared = factory.getbasetemp().parent / f"{name}-for-all"
    with shared.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not shared.exists():
            began = shared.with_suffix(".began")
            shutil.rmtree(began, ignore_errors=True)
            _make(began, program, *arguments)
            began.rename(shared)
    shutil.copytree(shared, own, symlinks=True)
    return own


def _make(folder: Path, program: str, *arguments: str) -> None:
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", program, str(folder), *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=600, check=False, env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
