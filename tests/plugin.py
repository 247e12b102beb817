"""Early pytest plugin (`-p tests.plugin`): a throw-away PostgreSQL and data folder before Django reads its settings.

In conftest this would be too late: pytest-django loads the settings before it, and tests would use the
developer's database.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MARK = "DEADWAX_TEST_DATABASE_URL"
"""Names the throw-away server; the guard in conftest compares the database in use with it."""

_running: object | None = None


def pytest_addoption(parser: pytest.Parser) -> None:
    """The earliest hook there is: settings are not loaded yet."""
    if "DJANGO_SETTINGS_MODULE" in os.environ and "django.conf" in sys.modules:
        from django.conf import settings

        if settings.configured:
            raise pytest.UsageError("Django was configured before tests.plugin; start with -p tests.plugin")
    if MARK not in os.environ:
        start()
    elif name := os.environ.get("PYTEST_XDIST_WORKER"):
        # It inherits its parent's server, where it has a database of its own. Files are its own too: sweeping
        # removes what is in no row of the database at hand, so a shared folder would lose the neighbour's.
        own = Path(os.environ["DEADWAX_DATA"]) / name
        own.mkdir(exist_ok=True)
        os.environ["DEADWAX_DATA"] = str(own)


def start() -> None:
    """Start the server and point the whole environment at throw-away things."""
    from label.supervisor.identity import unprivileged
    from label.supervisor.postgres import Postgres

    global _running
    base = _folder()
    identity = unprivileged(base / "postgres")
    base.chmod(0o755 if identity else 0o700)
    postgres = Postgres(base / "postgres", throwaway=True, max_connections=200)
    postgres.start()
    _running = postgres

    def end() -> None:
        with contextlib.suppress(Exception):
            postgres.stop(timeout_s=3)
        shutil.rmtree(base, ignore_errors=True)

    atexit.register(end)
    for name in [name for name in os.environ if name.startswith("DEADWAX_") and name not in _KEPT]:
        del os.environ[name]
    os.environ |= {
        MARK: postgres.url,
        "DATABASE_URL": postgres.url,
        "DEADWAX_DATA": str(base / "data"),
        "DEADWAX_BROKER_URL": "",  # jobs stay in the database until a test runs them (tests.support.run_jobs)
        "DEADWAX_SECRET_KEY": "for tests only, thirty-two characters and more",
        "DEADWAX_ALLOWED_HOSTS": "127.0.0.1,localhost,testserver",
        "DJANGO_SETTINGS_MODULE": "label.settings",
        "DJANGO_ALLOW_ASYNC_UNSAFE": "1",  # Playwright's sync interface runs a loop in this thread
        "NO_PROXY": "127.0.0.1,localhost",
        "HYPOTHESIS_STORAGE_DIRECTORY": str(base / "hypothesis"),
    }
    (base / "data").mkdir()


_KEPT = frozenset(
    {
        "DEADWAX_REQUIRE_ALL",
        "DEADWAX_MODELS_DIR",
        "DEADWAX_ENGINES",
        "DEADWAX_VENV",
        "DEADWAX_LOG_LEVEL",
        "DEADWAX_TEST_LAG",
    }
)


def _folder() -> Path:
    """A folder in memory where there is room, else on disk."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 1 << 30
    return Path(tempfile.mkdtemp(prefix="dw-test-", dir=memory if roomy else None))
