"""The places that this installation names, read anew when the file changes; mistakes as Django system checks."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks

from provenance.outside.config import ConfigError, Outside, load

log = logging.getLogger(__name__)
FILE_NAME = "outside.toml"
_CONSOLE = "django.core.mail.backends.console.EmailBackend"

_lock = threading.Lock()
_last: tuple[object, Outside] | None = None
_told: list[str] = []


def path() -> Path | None:
    """The file in force: `DEADWAX_OUTSIDE`, else the one in the data folder if it is there."""
    if settings.DEADWAX_OUTSIDE:
        return Path(settings.DEADWAX_OUTSIDE)
    usual = Path(settings.DEADWAX_DATA) / FILE_NAME
    return usual if usual.exists() else None


def configured() -> Outside:
    """The outside places; none where there is no file. Raises ConfigError while the file has a mistake."""
    global _last, _told
    file = path()
    if file is None:
        return Outside()
    with _lock:
        try:
            info = file.stat()
            mark = (file, info.st_mtime_ns, info.st_size)
            if _last is None or _last[0] != mark:
                _last, _told = (mark, load(file)), []
            return _last[1]
        except OSError as error:
            raise ConfigError([f"{file} cannot be read: {error.strerror}."]) from error
        except ConfigError as error:
            if error.problems != _told:
                log.error("outside places: %s: %s", file, error)
                _told = error.problems
            raise


def check_outside(**kwargs: Any) -> list[checks.CheckMessage]:
    """System check: every mistake in the file, and mail that would only be printed.

    Warnings, not errors: an authority's missing file must not keep the house from starting.
    """
    try:
        outside = configured()
    except ConfigError as error:
        file = path()
        return [
            checks.Warning(sentence, hint=f"Correct {file} (DEADWAX_OUTSIDE).", id="provenance.W001")
            for sentence in error.problems
        ]
    if settings.EMAIL_BACKEND == _CONSOLE and any(copy.kind == "mail" for copy in outside.copies):
        return [
            checks.Warning(
                "Checkpoints are to be mailed, but mail is only printed here.",
                hint="Set DEADWAX_EMAIL_BACKEND and its server.",
                id="provenance.W002",
            )
        ]
    return []
