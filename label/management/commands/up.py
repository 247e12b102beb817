"""`manage.py up`: the whole of Deadwax on this machine."""

from __future__ import annotations

import signal
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from label.supervisor.folders import FolderError
from label.supervisor.postgres import PostgresError
from label.supervisor.service import Supervisor
from label.supervisor.session import AlreadyRunning
from label.supervisor.stack import Options, UpError, up


class Command(BaseCommand):
    help = "Start PostgreSQL, broker, web, dispatch and workers; Ctrl-C stops everything in order."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
        parser.add_argument("--port", type=int, default=8000, help="port to listen on (default 8000)")
        parser.add_argument(
            "--cpu-workers", type=int, default=2, help="jobs that run at the same time (default 2)"
        )
        demo = parser.add_mutually_exclusive_group()
        demo.add_argument(
            "--demo", action="store_true", default=None, dest="demo", help="seed the fictional label"
        )
        demo.add_argument("--no-demo", action="store_false", dest="demo", help="start with an empty label")
        parser.add_argument(
            "--engines", action="store_true", help="install the engines extra first (torch; large)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        supervisor = Supervisor(output=sys.stdout)
        signal.signal(signal.SIGINT, supervisor.request_stop)
        signal.signal(signal.SIGTERM, supervisor.request_stop)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # under nohup it outlives its terminal
            signal.signal(signal.SIGHUP, supervisor.request_stop)
        try:
            up(
                Options(
                    host=options["host"],
                    port=options["port"],
                    demo=options["demo"],
                    cpu_workers=max(1, options["cpu_workers"]),
                ),
                supervisor,
            )
        except (UpError, PostgresError, FolderError, AlreadyRunning) as error:
            raise CommandError(str(error)) from error
