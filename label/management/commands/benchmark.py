"""`manage.py benchmark`: figures for the goals of speed and memory, measured on this machine."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from label.benchmarks import (
    bare,
    checking,
    hearing,
    jobs,
    memory,
    pages,
    people,
    place,
    record,
    runs,
    sound,
    upload,
)
from label.benchmarks.table import Figure, render
from label.supervisor.folders import FolderError
from label.supervisor.postgres import PostgresError

Measured = Callable[[bool, Path], Iterator[Figure]]
#: Name -> what it measures and whether it needs a database. In this order: heavy ones last, memory after pages.
FIGURES: dict[str, tuple[Measured, bool]] = {
    "peaks": (lambda quick, base: sound.drawing(quick=quick), False),
    "playing": (lambda quick, base: sound.playing(quick=quick), False),
    "render": (lambda quick, base: sound.rendering(quick=quick), False),
    "sketch": (lambda quick, base: sound.sketch(quick=quick), False),
    "hearing": (lambda quick, base: hearing.hearing(quick=quick), False),
    "ledger": (lambda quick, base: record.ledger(quick=quick), True),
    "run": (lambda quick, base: runs.run(quick=quick), True),
    "jobs": (lambda quick, base: jobs.jobs(quick=quick, base=base), True),
    "pages": (lambda quick, base: pages.pages(quick=quick, log=base / "web.log"), True),
    "people": (lambda quick, base: people.people(quick=quick, log=base / "web.log"), True),
    "upload": (lambda quick, base: upload.upload(quick=quick, base=base), True),
    "method": (lambda quick, base: checking.method(quick=quick), True),
    "memory": (lambda quick, base: memory.memory(quick=quick, log=base / "web.log"), True),
    "bare": (lambda quick, base: bare.bare(base), False),
}
#: Only when named: it installs everything anew.
LEFT_OUT = frozenset({"bare"})


class Command(BaseCommand):
    help = (
        "Measure what the product promises, in a throw-away installation, and print it as a table. Names: "
        f"{', '.join(FIGURES)}; {', '.join(LEFT_OUT)} only when it is named."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--only", action="append", choices=list(FIGURES), help="measure this alone; may be repeated"
        )
        parser.add_argument(
            "--quick", action="store_true", help="small amounts: shows that it works, not more"
        )
        parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
        parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = [name for name in FIGURES if name in (options["only"] or FIGURES.keys() - LEFT_OUT)]
        inside: Path | None = options["inside"]
        if inside is not None:
            self._measure(wanted, options, inside)
            return
        try:
            with place.scratch_folder() as base, contextlib.ExitStack() as stack:
                url = ""
                if any(FIGURES[name][1] for name in wanted):
                    url = stack.enter_context(place.database(base))
                status = self._in_a_process_of_its_own(wanted, options, base, url)
        except (FolderError, PostgresError) as error:
            raise CommandError(str(error)) from error
        if status:
            raise CommandError("The benchmark did not come to its end; the reason stands above.")

    def _in_a_process_of_its_own(
        self, wanted: list[str], options: dict[str, Any], base: Path, url: str
    ) -> int:
        """Settings are read once per process: the measuring one never sees the real installation."""
        names = [part for name in wanted for part in ("--only", name)]
        flags = [f"--{name}" for name in ("quick", "json") if options[name]]
        command = [sys.executable, "-m", "django", "benchmark", *names, *flags, "--inside", str(base)]
        done = subprocess.run(  # noqa: S603 - our own command
            command,
            cwd=place.ROOT,
            env=place.environment(base, url),
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        self.stdout.write(done.stdout, ending="")
        return done.returncode

    def _measure(self, wanted: list[str], options: dict[str, Any], base: Path) -> None:
        if any(FIGURES[name][1] for name in wanted):
            call_command("migrate", interactive=False, verbosity=0)
        figures: list[Figure] = []
        for name in wanted:
            begun = time.monotonic()
            figures += FIGURES[name][0](options["quick"], base)
            print(f"{name} measured in {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
        if options["json"]:
            self.stdout.write(json.dumps([figure.as_json() for figure in figures]))
            return
        load = os.getloadavg()[0]
        self.stdout.write(
            f"{os.cpu_count()} processors, load {load:.1f} (above the count: others work here, too)\n"
        )
        self.stdout.write(render(figures))
        self.stdout.write(_verdict(figures))


def _verdict(figures: list[Figure]) -> str:
    missed = [figure.name.strip() for figure in figures if figure.met is False]
    asked = sum(figure.met is not None for figure in figures)
    if missed:
        return f"\n{len(missed)} of {asked} goals missed: {'; '.join(missed)}"
    return f"\nall {asked} goals met"
