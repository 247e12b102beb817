"""What `celery -A label.celery worker` loads: Django, the app, every app's handlers."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "label.settings")
os.environ.setdefault(
    "CELERY_SKIP_CHECKS", "1"
)  # the checks would import every page of the site into the worker

import django

django.setup()

from celery.signals import worker_process_init, worker_ready, worker_shutting_down

from provenance.jobs import broker, claims, worker

app = broker.app()
worker.load_handlers()
for _name in filter(None, os.environ.get("DEADWAX_WORKER_MODULES", "").split(",")):
    importlib.import_module(_name)  # handlers of an installation's own


def _enqueue_at_start(**_: object) -> None:
    worker.enqueue_at_start()


worker_ready.connect(_enqueue_at_start, weak=False)

# The parent hears the signal to stop; its children, which run the jobs, read this flag at each progress report.
_stopping = multiprocessing.Value("b", 0, lock=False)


def _note_stop(**_: object) -> None:
    _stopping.value = 1


worker_shutting_down.connect(_note_stop, weak=False)
claims.worker_stops = lambda: bool(_stopping.value)


def _may_be_ended(**_: object) -> None:
    """In a child: its pool starts another in its place, and a model process dies with it."""
    claims.end_process = lambda: os.kill(os.getpid(), signal.SIGKILL)


worker_process_init.connect(_may_be_ended, weak=False)
