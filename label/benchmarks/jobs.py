"""Jobs through the whole system, as `up` runs it: asked for over HTTP, made by workers, seen on pages meanwhile."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from knox.models import AuthToken

from artists import services as people
from artists.models import Role
from generation import services as studio
from generation.models import Project, PromptRun
from label.benchmarks.pages import GOAL_S, reader_for
from label.benchmarks.server import Reader, Server, serving
from label.benchmarks.table import Beside, Figure, Goal, p95
from label.demo.cast import PASSWORD, Cast, seed_cast
from label.supervisor.stack import Options, services
from label.supervisor.valkey import Valkey, find_binary
from provenance.jobs import broker, worker
from provenance.services import Job

FULL, QUICK, WARM = 100, 8, 6
WITHIN_S = 60.0
PATIENCE_S = 300.0
#: What people look at while the machines work.
LOOKED_AT = (
    "/",
    "/projects/",
    "/queue/",
    "/queue/rows/",
    "/api/jobs/",
    "/api/jobs/queue/",
    "/ledger/",
    "/releases/",
)


def jobs(*, quick: bool, base: Path) -> Iterator[Figure]:
    """Throughput, the fair share, the workers' memory, and the pages while both workers are busy."""
    count = QUICK if quick else FULL
    os.environ["DEADWAX_WORKER_MODULES"] = "label.benchmarks.tiny"
    from label.benchmarks import tiny  # in the place of sketch, here too

    cast = seed_cast()
    studio.seed_catalogue()
    studio.save_offers([dataclasses.asdict(tiny.engine().capabilities())])
    mine = studio.create_project(title="Busy", artist=cast.artist, actor=cast.users["artist"])
    other = _second_artist(cast)
    alone_s = _alone(cast, mine, 2 if quick else 10)
    with workers(base) as pids, serving(base / "web.log") as server:
        token = AuthToken.objects.create(cast.users["artist"])[1]
        _ask(server, token, mine, WARM)
        ended()
        before_mb = _resident_mb(pids())
        begun = time.monotonic()
        asked = _ask(server, token, mine, count)
        late = studio.request_run(
            other,
            brief=None,
            engine="sketch",
            duration_s=1.0,
            variations=1,
            prompt="a wave",
            actor=cast.users["owner"],
        )
        asked_s = time.monotonic() - begun
        ended()
        spent_s = time.monotonic() - begun
        after_mb = _resident_mb(pids())
        done = Job.objects.filter(pk__in=asked, state=Job.State.DONE).count()
        yield Figure(
            name=f"{count} jobs asked for over HTTP, made, measured, stored and recorded",
            value=spent_s,
            unit="s",
            goal=Goal("<=", WITHIN_S if not quick else PATIENCE_S),
            beside=Beside("the same in one process without a queue", alone_s * count),
            note=f"{done} done, {count / spent_s:.2f} a second, asking took {asked_s:.1f} s, two workers",
        )
        yield _fairness(late, asked)
        yield Figure(
            name="resident memory of the workers after them",
            value=after_mb,
            unit="MB",
            goal=Goal("<=", before_mb * 1.1),
            beside=Beside("before them", before_mb),
            note=f"all processes of the workers; before after {WARM} jobs to warm up",
        )
        yield from _pages(server, token, mine, rounds=3 if quick else 12)


def _fairness(late: PromptRun, asked: list[str]) -> Figure:
    """How long the one job of another artist waits that was asked for after all the others."""
    job = Job.objects.get(pk=late.job_id)
    assert job.started_at is not None
    waits = [
        (row.started_at - row.created_at).total_seconds()
        for row in Job.objects.filter(pk__in=asked)
        if row.started_at is not None
    ]
    return Figure(
        name="another artist's one job, asked for after them, waits",
        value=(job.started_at - job.created_at).total_seconds(),
        unit="s",
        beside=Beside("the longest wait of the others", max(waits)),
    )


def _pages(server: Server, token: str, project: Project, *, rounds: int) -> Iterator[Figure]:
    """The same pages while nothing runs, and while both workers have more than enough to do."""
    readers = {name: reader_for(server, name) for name in ("owner", "artist")}
    _rounds(readers, 2)
    idle = _rounds(readers, rounds)
    busy: list[float] = []
    seen = 0
    _ask(server, token, project, 12)
    for _ in range(rounds):
        if Job.objects.filter(state=Job.State.QUEUED).count() < 6:
            _ask(server, token, project, 8)
        seen += Job.objects.filter(state=Job.State.RUNNING).count() >= 2
        busy += _rounds(readers, 1)
    Job.objects.filter(state=Job.State.QUEUED).update(paused=True)
    yield Figure(
        name=f"pages while both workers are busy, p95 of {len(busy)}",
        value=p95(busy),
        unit="s",
        goal=Goal("<=", GOAL_S),
        beside=Beside("the same pages while nothing runs", p95(idle)),
        note=f"median {statistics.median(busy):.3f}, idle {statistics.median(idle):.3f} s; "
        f"two jobs at work in {seen} of {rounds} looks",
    )


def _rounds(readers: dict[str, Reader], number: int) -> list[float]:
    return [
        reader.page(path).spent_s for _ in range(number) for reader in readers.values() for path in LOOKED_AT
    ]


def _second_artist(cast: Cast) -> Project:
    owner = cast.users["owner"]
    person = people.create_user(
        email="second@deadwax.example", full_name="Second (fictional)", password=PASSWORD, role=Role.ARTIST
    )
    artist = people.create_artist(name="Second Act (fictional)", kind="group", actor=owner)
    people.add_artist_member(artist, user=person, actor=owner)
    return studio.create_project(title="One", artist=artist, actor=owner)


def _alone(cast: Cast, project: Project, number: int) -> float:
    """Seconds a job, one after the other in this process: the work itself, without a way to it."""
    for many in (1, number):
        for _ in range(many):
            studio.request_run(
                project, brief=None, engine="sketch", duration_s=1.0, variations=1, prompt="a wave",
                actor=cast.users["artist"],
            )  # fmt: skip
        begun = time.monotonic()
        worker.run_waiting()
    return (time.monotonic() - begun) / number


def _ask(server: Server, token: str, project: Project, number: int) -> list[str]:
    """Ask for runs as a program does. Gives the ids of their jobs."""
    made = []
    for place in range(number):
        request = urllib.request.Request(
            f"http://127.0.0.1:{server.port}/api/projects/{project.pk}/runs/",
            data=json.dumps(
                {"engine": "sketch", "duration_s": 1, "variations": 1, "prompt": f"wave {place}"}
            ).encode(),
            headers={"Authorization": f"Token {token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310
            made.append(json.load(answer)["job"]["id"])
    return made


def ended(*, within_s: float = PATIENCE_S) -> None:
    """Wait until nothing runs or waits."""
    until = time.monotonic() + within_s
    while Job.objects.filter(state__in=(Job.State.QUEUED, Job.State.RUNNING)).exists():
        if time.monotonic() > until:
            raise TimeoutError("the jobs did not end; see the workers' log")
        time.sleep(0.1)


class _Pids:
    """All processes of the workers, as they are when asked."""

    def __init__(self, parents: list[int]) -> None:
        self._parents = parents

    def __call__(self) -> list[int]:
        found = list(self._parents)
        for pid in found:
            children = Path(f"/proc/{pid}/task/{pid}/children")
            found += [int(child) for child in children.read_text().split()] if children.exists() else []
        return found


@contextlib.contextmanager
def workers(base: Path) -> Iterator[_Pids]:
    """Broker, dispatch and workers by the commands of `up`; the environment of this process names the broker."""
    binary = find_binary()
    if binary is None:
        raise RuntimeError("no Valkey for this system: the benchmark of jobs needs it")
    valkey = Valkey(base / "data")
    os.environ["DEADWAX_BROKER_URL"] = settings.DEADWAX_BROKER_URL = valkey.url
    broker.app.cache_clear()
    env = {"DJANGO_SETTINGS_MODULE": "label.settings"}
    wanted = [service for service in services(Options(), env) if service.name != "web"]
    processes: list[subprocess.Popen[bytes]] = []
    with (base / "workers.log").open("wb") as log:

        def start(command: tuple[str, ...] | list[str], extra: dict[str, str]) -> subprocess.Popen[bytes]:
            process = subprocess.Popen(  # noqa: S603 - our own commands
                command, env={**os.environ, **extra}, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
            processes.append(process)
            return process

        try:
            start(valkey.command(binary), {})
            valkey.wait_ready()
            started = {service.name: start(service.command, dict(service.env)).pid for service in wanted}
            at_work = [pid for name, pid in started.items() if name.endswith("-work")]
            _wait_for_workers(len(at_work))
            yield _Pids(at_work)
        finally:
            for process in reversed(processes):
                process.terminate()
            for process in reversed(processes):
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=8)
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            os.environ["DEADWAX_BROKER_URL"] = settings.DEADWAX_BROKER_URL = ""
            broker.app.cache_clear()


def _wait_for_workers(number: int) -> None:
    """Each worker enqueues at its start; when those jobs have ended, it is up."""
    until = time.monotonic() + PATIENCE_S
    while not Job.objects.filter(kind="generation.offers", state=Job.State.DONE).exists():
        if time.monotonic() > until:
            raise TimeoutError(f"{number} workers did not start")
        time.sleep(0.1)
    ended()


def _resident_mb(pids: list[int]) -> float:
    """Proportional set sizes: what children share with their parents is counted once."""
    if sys.platform != "linux":
        return 0.0
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            found = re.search(
                r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE
            )
            total += int(found.group(1)) if found else 0
    return total / 1024
