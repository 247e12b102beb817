"""The fixture for tests that need the whole product."""

from __future__ import annotations

import urllib.request

import pytest

from provenance.models import Entry, Job, Leaf
from tests.fixtures_stack import LiveStack
from tests.support import wait_until


@pytest.mark.django_db(transaction=True)
def test_the_stack_serves_pages_runs_jobs_and_sequences_entries(live_stack: LiveStack) -> None:
    with urllib.request.urlopen(f"{live_stack.url}/login/", timeout=10) as answer:
        assert b"Log in" in answer.read()
    done = Job.objects.filter(kind="generation.offers", state="done")
    wait_until(done.exists, timeout_s=60, what="the job that each worker asks for at its start")
    wait_until(
        lambda: Entry.objects.count() == Leaf.objects.count() > 0, timeout_s=10, what="all entries in the log"
    )
