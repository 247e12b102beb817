"""What the ledger costs, measured: `record()` beside a plain insert, and the way from an insert to a signed checkpoint.

Runs in a database of its own beside the installation's, on the same server and disk, and drops it. Ratios are paired:
both sides take turns in the same processes, so that a busy machine slows both.
"""

from __future__ import annotations

import bisect
import contextlib
import dataclasses
import json
import os
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

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
    beside: tuple[str, float] | None = None
    """Something real of the same run, in the same unit."""


def measures(*, quick: bool = False) -> list[Measure]:
    """All figures of the ledger. `quick` takes half a minute, else ten minutes: a million entries are written."""
    with scratch_database():
        from provenance.benchmark_log import on_a_long_log

        rounds, round_s = (12, 0.12) if quick else (100, 0.12)
        found = [
            *record_cost(writers=1, rounds=rounds, round_s=round_s),
            *record_cost(writers=8, rounds=rounds, round_s=round_s),
            *insert_to_checkpoint(seconds=3 if quick else 20),
            *drain(entries=5_000 if quick else 50_000),
        ]
    # Another database: the log is all of one kind, and long.
    with scratch_database():
        return [*found, *on_a_long_log(10_000 if quick else 1_000_000, record_one())]


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
    # Many short rounds, each with both sides: what else runs here comes and goes more slowly than they take turns.
    rates: dict[str, list[float]] = {"plain": [], "record": []}
    with _writers(writers) as ask:
        for name in rates:
            ask(name, 0.3)  # warm up
        for number in range(rounds):
            for name in sorted(rates, reverse=bool(number % 2)):
                rates[name].append(sum(ask(name, round_s)) / round_s)
    ratios = [plain / recorded for plain, recorded in zip(rates["plain"], rates["record"], strict=True)]
    low, ratio, high = statistics.quantiles(ratios, n=4)
    who = f"{writers} writer{'s' * (writers > 1)}"
    return [
        Measure(
            f"record() against a plain insert, {who}",
            ratio,
            "x",
            "<= 1.1",
            ratio <= 1.1,
            f"{statistics.median(rates['record']):.0f} and {statistics.median(rates['plain']):.0f} per second;"
            f" half of the rounds between {low:.2f} and {high:.2f}",
        )
    ]


@contextlib.contextmanager
def _writers(count: int) -> Iterator[Callable[[str, float], list[Any]]]:
    """Child processes that insert on command; `ask(what, number)` gives what each of them answered."""
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

    def line(child: subprocess.Popen[str]) -> Any:
        assert child.stdout is not None
        answer = child.stdout.readline()
        if not answer:
            raise RuntimeError("a writer of the benchmark died")
        return json.loads(answer)

    def ask(what: str, number: float) -> list[Any]:
        for child in children:
            assert child.stdin is not None
            child.stdin.write(f"{what} {number}\n")
            child.stdin.flush()
        return [line(child) for child in children]

    try:
        for child in children:
            line(child)
        yield ask
    finally:
        for child in children:
            child.kill()
            child.wait()


def _write_on_command() -> None:
    """A writer: reads a command and a number, does it, answers with a line of JSON."""
    plain = plain_one()
    actions: dict[str, Callable[[float], Any]] = {
        "record": lambda seconds: _as_fast_as_possible(record_one, seconds),
        "plain": lambda seconds: _as_fast_as_possible(plain, seconds),
        "paced": _paced,
    }
    print("0", flush=True)  # noqa: T201 - the answer to the parent
    for line in sys.stdin:
        what, number = line.split()
        print(json.dumps(actions[what](float(number))), flush=True)  # noqa: T201


def _as_fast_as_possible(action: Callable[[], Any], seconds: float) -> int:
    """How many rows were committed."""
    until, count = time.perf_counter() + seconds, 0
    while time.perf_counter() < until:
        action()
        count += 1
    return count


def _paced(rate_per_s: float) -> list[tuple[int, float]]:
    """Entries at that rate for `PACED_S` seconds: id and the time at which each was committed."""
    done: list[tuple[int, float]] = []
    begun = time.time()
    while (elapsed := time.time() - begun) < PACED_S:
        if len(done) >= elapsed * rate_per_s:
            time.sleep(0.2 / rate_per_s)
            continue
        key = record_one().pk
        done.append((key, time.time()))
    return done


_SENTENCE = "a slow song about rain on a tin roof, brushes, upright bass, no vocals before the second minute"


def record_one() -> Any:
    """One entry with one sealed field, in a transaction of its own; returns it."""
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
        return ledger.record(
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
                models.Index(fields=["stream", "kind", "id"], name="plain_stream_kind"),
                models.Index(fields=["stream", "actor_id", "id"], name="plain_stream_actor"),
                models.Index(fields=["actor_id", "kind", "id"], name="plain_actor_kind"),
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


#: How long a paced writer writes before it answers.
PACED_S: Final = 1.0


def insert_to_checkpoint(
    *, seconds: float, rate_per_s: int = 1000, writers: int = 4, every_s: float = 0.1
) -> list[Measure]:
    """From a committed entry to the checkpoint that covers it, with the sequencer looking as often as dispatch does."""
    from provenance import sequencer
    from provenance.models import Leaf

    prepare_plain_table()
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

    sequencer.drain()
    committed: list[tuple[int, float]] = []
    with _writers(writers) as ask:
        ask("record", 0.2)  # warm up
        sequencer.drain()
        sequencing = threading.Thread(target=sequence)
        sequencing.start()
        begun = time.time()
        while time.time() - begun < seconds:
            for done in ask("paced", rate_per_s / writers):
                committed += [tuple(pair) for pair in done]
        spent_s = time.time() - begun
        time.sleep(5 * every_s)
        stop.set()
        sequencing.join()
    if faults:
        raise faults[0]
    places = dict(
        Leaf.objects.filter(entry_id__gte=min(key for key, _ in committed)).values_list("entry_id", "index")
    )
    waits = _waits([(places.get(key), moment) for key, moment in committed], covered)
    p50, p99 = (statistics.quantiles(waits, n=100)[place] for place in (49, 98))
    name = "insert to signed checkpoint"
    return [
        Measure(f"{name}, p50", p50, "s", note=f"{len(waits) / spent_s:.0f} entries/s, {writers} writers"),
        Measure(
            f"{name}, p99",
            p99,
            "s",
            "<= 0.25",
            p99 <= 0.25,
            f"{len(waits) / spent_s:.0f} entries/s, {len(waits)} entries, worst {max(waits):.3f} s",
        ),
    ]


def _log_size() -> int:
    from provenance.queries import latest_checkpoint

    head = latest_checkpoint()
    return head.size if head else 0


def _waits(committed: list[tuple[int | None, float]], covered: list[tuple[float, int]]) -> list[float]:
    """For each entry (index of its leaf, time of its commit) how long until a checkpoint covered it."""
    sizes = [size for _, size in covered]
    waits = []
    for index, moment in committed:
        place = len(covered) if index is None else bisect.bisect_right(sizes, index)
        if place == len(covered):
            raise RuntimeError("an entry was not covered in time")
        waits.append(max(0.0, covered[place][0] - moment))
    return waits


def drain(*, entries: int) -> list[Measure]:
    """How fast a backlog is worked off, beside reading those entries. They come in through all triggers."""
    from provenance import sequencer
    from provenance.benchmark_log import fill
    from provenance.models import Entry

    like = record_one()
    sequencer.drain()
    fill(entries, like)
    started = time.perf_counter()
    seen = sum(
        1 for _ in Entry.objects.filter(pk__gt=like.pk).values_list("stream", "leaf_hash").iterator(10_000)
    )
    reading = seen / (time.perf_counter() - started)
    started = time.perf_counter()
    done = sequencer.drain()
    spent_s = time.perf_counter() - started
    if done != entries:
        raise RuntimeError(f"expected {entries} entries to be numbered, got {done}")
    rate = entries / spent_s
    return [
        Measure(
            "backlog worked off",
            rate,
            "entries/s",
            ">= 50000",
            rate >= 50_000,
            beside=("reading them", reading),
        )
    ]


if __name__ == "__main__":
    import django

    django.setup()
    _write_on_command()
