"""What `celery -A label.celery worker` loads: Django, the app, every app's handlers."""

from __future__ import annotations

import importlib
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "label.settings")
os.environ.setdefault(
    "CELERY_SKIP_CHECKS", "1"
)  # the checks would import every page of the site into the worker

import django

django.setup()

from celery.signals import worker_ready

from provenance.jobs import broker, worker

app = broker.app()
worker.load_handlers()
for _name in filter(None, os.environ.get("DEADWAX_WORKER_MODULES", "").split(",")):
    importlib.import_module(_name)  # handlers of an installation's own


def _enqueue_at_start(**_: object) -> None:
    worker.enqueue_at_start()


worker_ready.connect(_enqueue_at_start, weak=False)
