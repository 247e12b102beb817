"""What the ledger costs, measured: `record()` beside a plain insert, and the way from an insert to a signed checkpoint.

Runs in a database of its own beside the installation's, on the same server and disk, and drops it. Ratios are paired:
both sides take turns in the same processes, so that a busy machine slows both.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, models, transaction


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the benchmark: what, how much, and whether the goal is met (None where there is none)."""

    name: str
    value: float
    unit: str
    goal: str = ""
    met: bool | None = None
    note: str = ""


def measures(*, quick: bool = False) -> list[Measure]:
    """All figures of the ledger. `quick` takes about ten seconds, else a minute."""
    with scratch_database():
        rounds, round_s = (6, 0.25) if quick else (40, 0.25)
        return [
            *record_cost(writers=1, rounds=rounds, round_s=round_s),
            *record_cost(writers=8, rounds=rounds, round_s=round_s),
            *insert_to_checkpoint(seconds=3 if quick else 20),
            *drain(entries=5_000 if quick else 50_000),
        ]


# -- a database of its own ---------------------------------------------------------------------------------------------


@contextlib.contextmanager
def scratch_database() -> Iterator[None]:
    """A fresh, migrated database on the same server; the default connection points at it meanwhile."""
    real = connection.settings_dict["NAME"]
    connection.settings_dict["TEST"] = {**connection.settings_dict["TEST"], "NAME": "deadwax_benchmark"}
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(real, verbosity=0)


def _url() -> str:
    """The default connection as DATABASE_URL, for child processes."""
    settings = connection.settings_dict
    quote = urllib.parse.quote
    user = quote(settings["USER"] or "", safe="")
    password = f":{quote(settings['PASSWORD'], safe='')}" if settings["PASSWORD"] else ""
    query = {key: value for key, value in (("host", settings["HOST"]), ("port", settings["PORT"])) if value}
    return f"postgresql://{user}{password}@/{quote(settings['NAME'])}?{urllib.parse.urlencode(query)}"


# -- record() beside a plain insert ------------------------------------------------------------------------------------


def record_cost(*, writers: int, rounds: int, round_s: float) -> list[Measure]:
    """How many times longer `record()` with one sealed field takes than a plain insert of a row of the same size."""
    prepare_plain_table()
    rates: dict[str, list[float]] = {"plain": [], "record": []}
    with _writers(writers) as ask:
        for name in rates:
            ask(name, 0.3)  # warm up
        for number in range(rounds):
            for name in sorted(rates, reverse=bool(number % 2)):
                rates[name].append(ask(name, round_s) / round_s)
    ratios = [plain / recorded for plain, recorded in zip(rates["plain"], rates["record"], strict=True)]
    low, ratio, high = statistics.quantiles(ratios, n=4)
    who = f"{writers} writer{'s' * (writers > 1)}"
    return [
        Measure(
            f"record() against a plain insert, {who}",
            ratio,
            "x",
            "<= 1.3",
            ratio <= 1.3,
            f"{statistics.median(rates['record']):.0f} and {statistics.median(rates['plain']):.0f} per second;"
            f" half of the rounds between {low:.2f} and {high:.2f}",
        )
    ]


@contextlib.contextmanager
def _writers(count: int) -> Iterator[Callable[[str, float], int]]:
    """Child processes that insert on command; `ask(what, seconds)` is how many rows all of them committed."""
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "provenance.benchmarks"],
            env={**os.environ, "DATABASE_URL": _url(), "DJANGO_SETTINGS_MODULE": "label.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(count)
    ]

    def line(child: subprocess.Popen[str]) -> str:
        assert child.stdout is not None
        answer = child.stdout.readline()
        if not answer:
            raise RuntimeError("a writer of the benchmark died")
        return answer

    def ask(what: str, seconds: float) -> int:
        for child in children:
            assert child.stdin is not None
            child.stdin.write(f"{what} {seconds}\n")
            child.stdin.flush()
        return sum(int(line(child)) for child in children)

    try:
        for child in children:
            line(child)
        yield ask
    finally:
        for child in children:
            child.kill()
            child.wait()


def _write_on_command() -> None:
    """A writer: reads "record 1.0" or "plain 1.0", inserts for that long, answers with how many rows were committed."""
    actions = {"record": record_one, "plain": plain_one()}
    print("ready", flush=True)  # noqa: T201 - the answer to the parent
    for line in sys.stdin:
        what, seconds = line.split()
        action, until, count = actions[what], time.perf_counter() + float(seconds), 0
        while time.perf_counter() < until:
            action()
            count += 1
        print(count, flush=True)  # noqa: T201


_SENTENCE = "a slow song about rain on a tin roof, brushes, upright bass, no vocals before the second minute"


def record_one() -> None:
    from provenance import ledger
    from provenance.events import AssetRef, Event, sealed

    global _Noted
    if _Noted is None:

        @dataclasses.dataclass(frozen=True, kw_only=True)
        class Noted(Event):
            kind = "benchmark.noted"
            sentence = "noted {number}"
            shred = "Dropped with the benchmark's database."

            number: int
            name: str
            reason: str = sealed()

        _Noted = Noted
    stream = f"project:{os.getpid():036d}"
    with transaction.atomic():
        ledger.record(
            _Noted(
                stream=stream,
                subjects=(f"take:{7:036d}",),
                outputs=(AssetRef(role="mix", sha256="ab" * 32),),
                number=7,
                name="Fictional Name",
                reason=_SENTENCE,
            ),
            actor=_ACTOR or ledger.Actor.worker("benchmark"),
        )


_Noted: Any = None
_ACTOR: Any = None


def _plain_model() -> type[models.Model]:
    """The row of an entry and its sealed value without what makes it evidence; in a registry of its own."""
    from django.apps.registry import Apps
    from django.contrib.postgres.fields import ArrayField
    from django.contrib.postgres.indexes import GinIndex

    class PlainRow(models.Model):
        kind = models.CharField(max_length=64)
        basis = models.CharField(max_length=16)
        at = models.DateTimeField()
        stream = models.CharField(max_length=64)
        actor_type = models.CharField(max_length=8)
        actor_id = models.CharField(max_length=64)
        refs = ArrayField(models.CharField(max_length=80))
        body = models.BinaryField()
        leaf_hash = models.BinaryField(unique=True)
        recorded_at = models.DateTimeField(null=True)
        xid = models.BigIntegerField(null=True)
        name = models.CharField(max_length=64)
        salt = models.BinaryField()
        content = models.BinaryField()

        class Meta:
            apps = Apps()
            app_label = "benchmark"
            indexes = [
                GinIndex(fields=["refs"], name="plain_refs"),
                models.Index(fields=["stream", "id"], name="plain_stream"),
                models.Index(fields=["kind", "id"], name="plain_kind"),
                models.Index(fields=["actor_id", "id"], name="plain_actor"),
            ]

    return PlainRow


def prepare_plain_table() -> None:
    model = _plain_model()
    with connection.schema_editor() as editor:
        if model._meta.db_table not in connection.introspection.table_names():
            editor.create_model(model)


def plain_one() -> Callable[[], None]:
    """An ordinary insert through the ORM: same columns, same indexes, same number of bytes."""
    import datetime as dt

    model = _plain_model()
    stream = f"project:{os.getpid():036d}"
    body, content, salt = b"x" * 640, b"y" * (len(_SENTENCE) + 2), b"z" * 32
    refs = [stream, f"take:{7:036d}", "asset:" + "ab" * 32]

    def insert() -> None:
        now = dt.datetime.now(dt.UTC)
        with transaction.atomic():
            model._default_manager.create(
                kind="benchmark.noted",
                basis="observed",
                at=now,
                stream=stream,
                actor_type="worker",
                actor_id="benchmark",
                refs=refs,
                body=body,
                leaf_hash=os.urandom(32),
                recorded_at=now,
                xid=1,
                name="reason",
                salt=salt,
                content=content,
            )

    return insert


# -- from insert to signed checkpoint ----------------------------------------------------------------------------------


def insert_to_checkpoint(*, seconds: float, rate_per_s: int = 200, every_s: float = 0.1) -> list[Measure]:
    """From a committed entry to the checkpoint that covers it, with the sequencer looking as often as dispatch does."""
    from provenance import sequencer
    from provenance.models import Entry

    sequencer.drain()
    floor = Entry.objects.order_by("-id").values_list("id", flat=True).first() or 0
    stop = threading.Event()
    faults: list[BaseException] = []
    covered: list[tuple[float, int]] = []

    def sequence() -> None:
        try:
            while not stop.is_set():
                started = time.time()
                if sequencer.run_once():
                    covered.append((time.time(), _log_size()))
                stop.wait(max(0.0, every_s - (time.time() - started)))
        except BaseException as error:
            faults.append(error)
        finally:
            connections[DEFAULT_DB_ALIAS].close()

    sequencing = threading.Thread(target=sequence)
    committed: list[float] = []
    sequencing.start()
    begun = time.time()
    while (elapsed := time.time() - begun) < seconds:
        due = int(elapsed * rate_per_s) - len(committed)
        for _ in range(due):
            record_one()
            committed.append(time.time())
        time.sleep(0.5 / rate_per_s)
    time.sleep(4 * every_s)
    stop.set()
    sequencing.join()
    if faults:
        raise faults[0]
    waits = _waits(committed, covered, first=Entry.objects.filter(id__lte=floor).count())
    p50, p99 = (statistics.quantiles(waits, n=100)[place] for place in (49, 98))
    name = f"insert to signed checkpoint at {len(committed) / seconds:.0f} entries/s"
    return [
        Measure(f"{name}, p50", p50, "s"),
        Measure(
            f"{name}, p99",
            p99,
            "s",
            "<= 0.25",
            p99 <= 0.25,
            f"{len(waits)} entries, worst {max(waits):.3f} s",
        ),
    ]


def _log_size() -> int:
    from provenance.queries import latest_checkpoint

    head = latest_checkpoint()
    return head.size if head else 0


def _waits(committed: list[float], covered: list[tuple[float, int]], *, first: int) -> list[float]:
    """For each commit the time until a checkpoint covered it; one writer, so entries are numbered as committed."""
    waits, place = [], 0
    for number, moment in enumerate(committed, start=1):
        while place < len(covered) and covered[place][1] < first + number:
            place += 1
        if place == len(covered):
            raise RuntimeError(f"{len(committed) - number + 1} entries were not covered in time")
        waits.append(max(0.0, covered[place][0] - moment))
    return waits


def drain(*, entries: int) -> list[Measure]:
    """How fast a backlog is worked off. The backlog is copied in by SQL, through the same triggers."""
    from provenance import sequencer

    sequencer.drain()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO provenance_entry (kind, basis, "at", stream, actor_type, actor_id, refs, body, leaf_hash)
            SELECT body->>'kind', body->>'basis', (body->>'at')::timestamptz, body->>'stream', 'worker', 'benchmark',
                   ARRAY[body->>'stream'], convert_to(body::text, 'UTF8'),
                   sha256('\\x00'::bytea || convert_to(body::text, 'UTF8'))
            FROM (SELECT jsonb_build_object('kind', 'benchmark.filled', 'basis', 'observed', 'n', n,
                         'at', date_trunc('milliseconds', now()), 'stream', 'project:' || mod(n, 50),
                         'actor', jsonb_build_object('type', 'worker', 'id', 'benchmark')) AS body
                  FROM generate_series(1, %s) n) filled
            """,
            [entries],
        )
    started = time.perf_counter()
    done = sequencer.drain()
    spent_s = time.perf_counter() - started
    if done != entries:
        raise RuntimeError(f"expected {entries} entries to be numbered, got {done}")
    rate = entries / spent_s
    return [Measure("backlog worked off", rate, "entries/s", ">= 20000", rate >= 20_000)]


if __name__ == "__main__":
    import django

    django.setup()
    _write_on_command()
