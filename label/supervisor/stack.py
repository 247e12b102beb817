"""What `up` runs, and in which order: database, broker, migrations, web, dispatch, workers."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from label.supervisor import folders, session
from label.supervisor.postgres import Postgres
from label.supervisor.service import Service, Supervisor
from label.supervisor.valkey import Valkey, find_binary

ROOT = Path(__file__).resolve().parents[2]


class UpError(Exception):
    """`up` cannot go on; the message says what to do."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """The command line of `up`."""

    host: str = "127.0.0.1"
    port: int = 8000
    demo: bool | None = None
    """Seed the demo label: None means yes on the first start of an embedded database."""
    cpu_workers: int = 2


def up(options: Options, supervisor: Supervisor) -> None:
    """Run everything until asked to stop. Raises UpError, PostgresError, FolderError, AlreadyRunning."""
    started = time.monotonic()
    data = folders.make(folders.data_dir())
    refuse_taken_port(options.host, options.port)
    with session.owned(data):
        try:
            env = _environment(options, data)
            env |= _database(data, supervisor)
            env |= _broker(data, supervisor)
            _prepare(options, env, supervisor)
            env["DATABASE_OWNER_URL"] = ""  # what serves people has no way to the owner's rights
            if not supervisor.stopping:
                for service in services(options, env):
                    supervisor.add(service)
                _announce(options, env, supervisor, started)
                supervisor.run()
        finally:
            supervisor.say("up", "stopping")
            supervisor.stop()
            supervisor.say("up", "stopped")


def refuse_taken_port(host: str, port: int) -> None:
    """Raises UpError when nobody could listen there."""
    if not 0 < port < 65536:
        raise UpError(
            f"There is no port {port}. Choose another port, from 1024 to 65535: manage.py up --port 8000"
        )
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(found[0], found[1]) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(found[4])
    except (OSError, OverflowError) as error:
        raise UpError(
            f"Cannot listen on {host}:{port} ({getattr(error, 'strerror', None) or error}). "
            f"Choose another port, for example: manage.py up --port {8001 if port == 8000 else 8000}"
        ) from error


GPU_CLAIMS = 4
"""So many requests are with the GPU's models at a time: they share every step (DEADWAX_GPU_CLAIMS)."""


def services(options: Options, env: dict[str, str]) -> list[Service]:
    """Web, dispatch and workers; PostgreSQL and the broker run already."""
    python = sys.executable
    gpu = has_gpu()
    threads = str(max(1, (os.cpu_count() or 2) // max(1, options.cpu_workers)))
    worker_env = {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", threads), **env}
    found = [
        Service(
            name="web",
            command=(
                python, "-m", "granian", "--interface", "asginl", "--host", options.host, "--port", str(options.port),
                "--no-ws", "--workers", "1", "--workers-kill-timeout", "3", "--log-level", "warning",
                "label.asgi:application",
            ),
            env=env, cwd=ROOT, colour=36,
        ),
        Service(name="dispatch", command=(python, "-m", "django", "dispatch"), env=env, cwd=ROOT, colour=35),
        # Without a GPU the CPU worker serves the GPU queue, too: slow is better than never.
        worker_service("cpu", "quick,cpu" if gpu else "quick,cpu,gpu", options.cpu_workers, worker_env),
        # What somebody sits and waits for (a waveform, a render) never stands behind long work.
        worker_service("quick", "quick", 1, worker_env),
    ]  # fmt: skip
    if gpu:
        claims = int(os.environ.get("DEADWAX_GPU_CLAIMS") or GPU_CLAIMS)
        found.append(worker_service("gpu", "gpu", claims, worker_env, pool="threads"))
    return found


def worker_service(
    name: str, queues: str, concurrency: int, env: dict[str, str], *, pool: str = "prefork"
) -> Service:
    """A Celery worker on these queues. `prefork`: a process a job. `threads`: all jobs in one, for those whose work is
    done by a model process that they share.
    """
    command = (
        sys.executable, "-W", "ignore::UserWarning", "-m", "celery", "--quiet", "-A", "label.celery", "worker",
        "--pool", pool, "--concurrency", str(concurrency), "--queues", queues, "--hostname", f"{name}@%h",
        "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "warning",
    )  # fmt: skip
    return Service(name=f"{name}-work", command=command, env=env, cwd=ROOT, colour=33)


def has_gpu() -> bool:
    """Whether the driver lists a GPU."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return False
    try:
        return b"GPU" in subprocess.run([tool, "-L"], capture_output=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return False


def _environment(options: Options, data: Path) -> dict[str, str]:
    shown = "127.0.0.1" if options.host in {"0.0.0.0", "::"} else options.host  # noqa: S104 - compared, not bound
    folders.make(data / "static")
    return {
        "DEADWAX_DATA": str(data),
        "DEADWAX_BASE_URL": os.environ.get("DEADWAX_BASE_URL") or f"http://{shown}:{options.port}",
        "DJANGO_SETTINGS_MODULE": "label.settings",
        "PYTHONUNBUFFERED": "1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
    }


def _database(data: Path, supervisor: Supervisor) -> dict[str, str]:
    given = os.environ.get("DATABASE_URL")
    if given:
        return {"DATABASE_URL": given}
    postgres = Postgres(data / "postgres")
    if postgres.running_pid() is not None:
        if session.users_are_active(data):
            raise UpError(
                f"Another command uses the database in {data} just now; start again when it has ended."
            )
        postgres.stop()  # left over from a killed command
    postgres.prepare()
    supervisor.add(
        Service(
            name="postgres",
            spawn=lambda: postgres.spawn(log=subprocess.PIPE),
            stop_signal=signal.SIGINT,
            stop_timeout_s=20,
            colour=34,
        )
    )
    until = time.monotonic() + 60
    while not postgres.is_ready():
        supervisor.watch(0.05)
        if supervisor.stopping:
            return {}
        if time.monotonic() > until:
            raise UpError("PostgreSQL did not start within a minute; its messages stand above.")
    return {"DATABASE_URL": postgres.app_url, "DATABASE_OWNER_URL": postgres.url}


def _broker(data: Path, supervisor: Supervisor) -> dict[str, str]:
    given = os.environ.get("DEADWAX_BROKER_URL")
    if given:
        return {"DEADWAX_BROKER_URL": given}
    binary = find_binary()
    if binary is None:
        supervisor.say(
            "up", "no Valkey for this system; hints travel through files instead (slower, just as safe)"
        )
        return {"DEADWAX_BROKER_URL": f"filesystem://{folders.make(data / 'broker')}"}
    valkey = Valkey(data)
    supervisor.add(
        Service(
            name="valkey",
            command=tuple(valkey.command(binary)),
            unprinted=("overcommit",),  # about saving to disk, which this broker never does
            colour=32,
        )
    )
    until = time.monotonic() + 20
    while not valkey.answers():
        supervisor.watch(0.02)
        if supervisor.stopping:
            return {}
        if time.monotonic() > until:
            raise UpError("Valkey did not start within 20 s; its messages stand above.")
    return {"DEADWAX_BROKER_URL": valkey.url}


def _prepare(options: Options, env: dict[str, str], supervisor: Supervisor) -> None:
    """Migrate and seed in a process of its own, which ends before the services start."""
    if supervisor.stopping:
        return
    demo = options.demo if options.demo is not None else not os.environ.get("DATABASE_URL")
    command = [sys.executable, "-m", "django", "database_prepare", *(["--demo"] if demo else [])]
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **env}, stdin=subprocess.DEVNULL, start_new_session=True
    )
    while process.poll() is None:
        supervisor.watch(0.05)
        if supervisor.stopping:
            process.terminate()
            process.wait(timeout=20)
            return
    if process.returncode:
        raise UpError("The database could not be prepared; the reason stands above.")


def _announce(options: Options, env: dict[str, str], supervisor: Supervisor, started: float) -> None:
    """Wait for the web process, then print the address and the demo log-ins."""
    address = env["DEADWAX_BASE_URL"]
    shown = "127.0.0.1" if options.host in {"0.0.0.0", "::"} else options.host  # noqa: S104 - compared, not bound
    until = time.monotonic() + 90
    while not supervisor.stopping and not _answers(f"http://{shown}:{options.port}/health/"):
        supervisor.watch(0.1)
        if time.monotonic() > until:
            supervisor.say("up", "the web process does not answer yet; see its messages", colour=31)
            return
    if supervisor.stopping:
        return
    supervisor.say("up", f"ready after {time.monotonic() - started:.1f} s")
    supervisor.say("up", f"Deadwax is at {address}   (Ctrl-C stops it)", colour=1)
    if options.host not in {"127.0.0.1", "::1", "localhost"} and not os.environ.get("DEADWAX_ALLOWED_HOSTS"):
        supervisor.say(
            "up", "other machines also need DEADWAX_ALLOWED_HOSTS and DEADWAX_BASE_URL with this one's name"
        )
    accounts = Path(env["DEADWAX_DATA"]) / "run" / "demo-accounts.txt"
    if accounts.exists():
        for line in accounts.read_text().splitlines():
            supervisor.say("up", line)


def _answers(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2):
            return True
    except urllib.error.HTTPError as answer:
        return answer.code < 500
    except (OSError, ValueError):
        return False
