"""A throw-away installation: a database server and a data folder of its own, on the disk that the real one uses."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from label.supervisor import folders
from label.supervisor.postgres import Postgres

ROOT = Path(__file__).resolve().parents[2]
_KEPT = frozenset({"DEADWAX_VENV", "DEADWAX_ENGINES", "DEADWAX_MODELS_DIR"})


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """An empty folder inside the data folder, so that it lies on the same disk; gone afterwards."""
    base = Path(tempfile.mkdtemp(prefix="benchmark-", dir=folders.make(folders.data_dir())))
    base.chmod(0o755)  # the database's account passes through
    try:
        yield base
    finally:
        shutil.rmtree(base, ignore_errors=True)


@contextlib.contextmanager
def database(base: Path) -> Iterator[str]:
    """An embedded PostgreSQL with the settings of `up` (it syncs every commit to disk); gives its DATABASE_URL."""
    postgres = Postgres(base / "postgres")
    postgres.start()
    try:
        yield postgres.url
    finally:
        postgres.stop()


def environment(base: Path, database_url: str) -> dict[str, str]:
    """For processes that shall know nothing of the real installation."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("DEADWAX_") or name in _KEPT
    }
    return {
        **kept,
        "DATABASE_URL": database_url,
        "DEADWAX_DATA": str(folders.make(base / "data")),
        "DEADWAX_BROKER_URL": "",  # jobs are done here, or not at all
        "DEADWAX_LOG_LEVEL": "WARNING",
        "DEADWAX_EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend",
        "DJANGO_SETTINGS_MODULE": "label.settings",
    }
