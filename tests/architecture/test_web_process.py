"""The web process stays small and knows no engine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIMIT_MB = 300
HEAVY = ("torch", "audiocraft", "librosa", "numba", "transformers", "generation.engine")

PROGRAM = """
import gc, json, sys
import label.asgi
frozen = gc.get_freeze_count()
from django.urls import get_resolver

def walk(patterns):
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            yield from walk(pattern.url_patterns)
        else:
            yield pattern.callback

views = list(walk(get_resolver().url_patterns))
from django.test import Client
answer = Client().get("/login/")
with open("/proc/self/status") as status:
    rss_kb = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
heavy = [name for name in sys.argv[1:] if name in sys.modules]
found = {"views": len(views), "heavy": heavy, "rss_mb": rss_kb / 1024}
print(json.dumps({**found, "login": answer.status_code, "frozen": frozen}))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.django_db(transaction=True)
def test_the_web_process_is_small_and_loads_no_engine() -> None:
    from django.db import connection

    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    env["DATABASE_URL"] = env["DATABASE_URL"].replace("@/deadwax?", f"@/{connection.settings_dict['NAME']}?")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *HEAVY],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["views"] > 20
    assert seen["heavy"] == []
    assert seen["login"] == 200
    print(f"web process: {seen}")
    assert seen["rss_mb"] < LIMIT_MB
    assert seen["frozen"] > 50_000, "a full collection over what never dies stalls some reader for 0.1 s"
