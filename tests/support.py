"""What tests share: `needs()`, running queued jobs, waiting."""

from __future__ import annotations

import functools
import importlib.util
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

T = TypeVar("T")


def _chromium() -> bool:
    return chromium_path() is not None


def chromium_path() -> str | None:
    """The browser that Playwright drives, by executable path."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((path for name in names if (path := shutil.which(name))), None)


def _engines() -> bool:
    return all(importlib.util.find_spec(name) is not None for name in ("torch", "audiocraft"))


def _ddex() -> bool:
    folder = os.environ.get("DDEX_SCHEMA_DIR")
    return bool(folder) and Path(folder).is_dir()


def _gpu() -> bool:
    if shutil.which("nvidia-smi") is None:
        return False
    return subprocess.run(["nvidia-smi", "-L"], capture_output=True, check=False).returncode == 0


NEEDS: dict[str, tuple[Callable[[], bool], str]] = {
    "chromium": (_chromium, "needs Chromium: apt install chromium"),
    "ffmpeg": (lambda: shutil.which("ffmpeg") is not None, "needs ffmpeg: apt install ffmpeg"),
    "openssl": (lambda: shutil.which("openssl") is not None, "needs openssl: apt install openssl"),
    "fpcalc": (lambda: shutil.which("fpcalc") is not None, "needs fpcalc: apt install libchromaprint-tools"),
    "ssh-keygen": (
        lambda: shutil.which("ssh-keygen") is not None,
        "needs OpenSSH: apt install openssh-client",
    ),
    "engines": (_engines, "needs the engines extra: DEADWAX_ENGINES=1 python3 manage.py test"),
    "triton": (
        lambda: importlib.util.find_spec("triton") is not None,
        "needs Triton: Linux on x86-64 has it",
    ),
    "ddex": (_ddex, "needs the DDEX schemas: set DDEX_SCHEMA_DIR to the folder with ern432/ (see README)"),
    "gpu": (_gpu, "needs an NVIDIA GPU"),
}
_available = functools.cache(lambda name: NEEDS[name][0]())


def needs(*names: str) -> pytest.MarkDecorator:
    """Skip with what to install where a part is missing; under DEADWAX_REQUIRE_ALL=1 fail instead (but for a GPU)."""
    for name in names:
        if name not in NEEDS:
            raise ValueError(f"needs({name!r}): known are {', '.join(NEEDS)}")
    return pytest.mark.needs(*names)


def enforce(item: pytest.Item) -> None:
    """Apply the `needs` marks of one test; conftest calls this before the test's fixtures are made."""
    for mark in item.iter_markers("needs"):
        for name in mark.args:
            if _available(name):
                continue
            sentence = NEEDS[name][1]
            if os.environ.get("DEADWAX_REQUIRE_ALL") == "1" and name != "gpu":
                pytest.fail(f"DEADWAX_REQUIRE_ALL=1 but this test {sentence}", pytrace=False)
            pytest.skip(sentence)


def wait_until(
    condition: Callable[[], T], *, timeout_s: float = 20, every_s: float = 0.05, what: str = "the condition"
) -> T:
    """The first true value of `condition`. Fails the test after `timeout_s`."""
    until = time.monotonic() + timeout_s
    while True:
        if value := condition():
            return value
        if time.monotonic() > until:
            pytest.fail(f"{what} did not come true within {timeout_s:g} s (last: {value!r})")
        time.sleep(every_s)


def run_jobs(*, limit: int = 100) -> int:
    """Run the queued jobs in this process, by the worker's own code. Returns how many runs there were."""
    from provenance.jobs import worker

    return worker.run_waiting(limit=limit)


#: What the fixtures' engines use: a person has to accept each before it is used first.
WEIGHTS = ("musicgen", "audiogen", "ace-step", "stable-audio-open", "htdemucs", "basic-pitch")


def accept_licences(by: Any, *keys: str) -> None:
    """The rights team accepts the licences of these tools' weights."""
    from generation import services
    from generation.models import Tool

    for tool in Tool.objects.filter(key__in=keys or WEIGHTS):
        services.accept_licence(tool, version=services.terms_in_force(tool.key).version, actor=by)
