"""The embedded PostgreSQL shared by `up` and single commands: who starts it, who stops it.

Every user of the data folder holds a shared lock on `run/users.lock`. A command that finds a live server uses
it; the last
one out stops it, unless `up` runs (it holds `run/up.lock` and stops the server itself). A killed command
leaves the server
running without harm: the next command finds it and stops it in the end.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from label.supervisor import folders
from label.supervisor.postgres import APP_ROLE, Postgres, PostgresError
from label.supervisor.valkey import Valkey


class AlreadyRunning(Exception):
    """Another `up` owns the data folder."""


@contextlib.contextmanager
def embedded() -> Iterator[None]:
    """DATABASE_URL (and the broker's, if `up` runs) point to the embedded servers for the duration.

    Commands work as the application's role; migrations go by DATABASE_OWNER_URL. Before the first migration only the
    owner has rights.
    """
    data = folders.data_dir()
    try:
        folders.make(data)
        postgres = Postgres(data / "postgres")
        users = _open(data, "users.lock")
        with _starting(data):
            fcntl.flock(users, fcntl.LOCK_SH)
            if postgres.running_pid() is None:
                postgres.start(die_with_parent=False)
            else:
                postgres.wait_ready()
    except (folders.FolderError, PostgresError) as error:
        sys.exit(f"deadwax: {error}")
    os.environ["DATABASE_OWNER_URL"] = postgres.url
    os.environ["DEADWAX_DATABASE_APP_ROLE"] = APP_ROLE
    os.environ["DATABASE_URL"] = postgres.app_url if postgres.is_separated() else postgres.url
    if not os.environ.get("DEADWAX_BROKER_URL"):
        broker = Valkey(data)
        # Without a broker, jobs wait in the database for the next `up`.
        os.environ["DEADWAX_BROKER_URL"] = broker.url if broker.answers() else ""
    try:
        yield
    finally:
        with _starting(data):
            if not up_is_running(data) and _alone(users):
                postgres.stop()
        users.close()


@contextlib.contextmanager
def owned(data: Path) -> Iterator[None]:
    """Hold the data folder for `up`. Raises AlreadyRunning when another `up` does."""
    up = _open(data, "up.lock")
    try:
        fcntl.flock(up, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise AlreadyRunning(
            f"Deadwax is already running on the data folder {data}. Stop it first, or set DEADWAX_DATA to another."
        ) from error
    try:
        yield
    finally:
        up.close()


def up_is_running(data: Path) -> bool:
    """Whether an `up` holds the data folder."""
    with _open(data, "up.lock") as up:
        try:
            fcntl.flock(up, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def users_are_active(data: Path) -> bool:
    """Whether a command uses the embedded database just now."""
    with _open(data, "users.lock") as users:
        return not _alone(users)


def _alone(users: IO[bytes]) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def _starting(data: Path) -> Iterator[None]:
    """One process at a time decides about starting and stopping."""
    with _open(data, "start.lock") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _open(data: Path, name: str) -> IO[bytes]:
    return (folders.make(data / "run") / name).open("ab")
