"""The hints' way: one Celery app, one task, one id in each message. Celery is imported only by who sends or
receives."""

from __future__ import annotations

import functools
import logging
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings

if TYPE_CHECKING:
    from celery import Celery

log = logging.getLogger(__name__)
TASK = "provenance.run_job"
_PAUSE_S = 2.0
_silent_until = 0.0


@functools.cache
def app() -> Celery:
    """The Celery app, of worker and sender alike."""
    from celery import Celery

    url = settings.DEADWAX_BROKER_URL
    celery = Celery("deadwax", set_as_current=True)
    celery.conf.update(
        broker_url=_kombu_url(url),
        broker_transport_options=_transport_options(url),
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_pool_limit=4,
        result_backend=None,
        task_ignore_result=True,
        task_acks_late=False,  # ack early: the lease decides about lost work, not the broker
        task_default_queue="cpu",
        task_create_missing_queues=True,
        task_serializer="json",
        accept_content=["json"],
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        worker_proc_alive_timeout=120,  # the default of 4 s kills a child that loads slowly
        worker_enable_remote_control=True,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        timezone="UTC",
    )
    return celery


def send(job_id: uuid.UUID, queue: str) -> bool:
    """Put one hint into the broker; False if that cannot be done now. Never raises, waits at most about a second."""
    global _silent_until
    if not settings.DEADWAX_BROKER_URL or time.monotonic() < _silent_until:
        return False
    try:
        app().send_task(TASK, args=(str(job_id),), queue=queue, retry=False, ignore_result=True)
    except Exception as error:
        _silent_until = time.monotonic() + _PAUSE_S  # spare the next users the wait
        log.warning("broker not reachable (%s); dispatch will send the hint later", error)
        return False
    return True


def waiting(queue: str) -> int | None:
    """How many hints wait in a queue; None if the broker does not answer."""
    if not settings.DEADWAX_BROKER_URL:
        return None
    try:
        with app().connection_for_write() as connection, connection.channel() as channel:
            return int(channel.queue_declare(queue=queue, durable=True, auto_delete=False).message_count)
    except Exception as error:
        log.warning("broker not reachable (%s)", error)
        return None


def _kombu_url(url: str) -> str:
    return "filesystem://" if url.startswith("filesystem:") else url or "memory://"


def _transport_options(url: str) -> dict[str, Any]:
    if url.startswith("filesystem:"):
        folder = Path(urlsplit(url).path)
        for name in ("messages", "control"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        messages = str(folder / "messages")
        return {
            "data_folder_in": messages,
            "data_folder_out": messages,
            "control_folder": str(folder / "control"),
        }
    if url.startswith("redis"):
        # In turn: a worker of several queues must not leave one waiting for ever.
        return {
            "visibility_timeout": 3600,
            "socket_connect_timeout": 1.0,
            "queue_order_strategy": "round_robin",
        }
    return {"max_retries": 1, "interval_start": 0, "interval_max": 0.2}
