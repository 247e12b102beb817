"""`manage.py dispatch`: the process that makes sure no job and no entry is left waiting."""

from __future__ import annotations

import signal
from typing import Any

from django.core.management.base import BaseCommand

from provenance.jobs.dispatcher import Dispatcher


class Command(BaseCommand):
    help = "Send hints for waiting jobs, recover jobs of dead workers, sequence entries; one of many leads."

    requires_system_checks = []  # it serves no page and must come back fast

    def handle(self, *args: Any, **options: Any) -> None:
        dispatcher = Dispatcher()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: dispatcher.stop())
        dispatcher.run()
