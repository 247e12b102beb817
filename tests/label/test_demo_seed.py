"""The first start: a label with people, pictures, terms and a first inbox; a second start adds nothing."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from artists.models import Agreement, Artist, Consent, Submission
from generation.models import PromptRun
from provenance.models import Entry
from tests.support import run_jobs

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_demo_label_is_made_once_and_its_first_inbox_can_be_listened_to() -> None:
    call_command("demo_seed")
    run_jobs()
    assert all(artist.picture_id for artist in Artist.objects.all())
    assert (Agreement.objects.get().status, Consent.objects.get().state) == ("offered", "proposed")
    assert Submission.objects.count() == 5
    heard = Submission.objects.get(stage="heard")
    assert heard.notes.get().from_ms == 9_000
    for submission in Submission.objects.prefetch_related("files"):
        for file in submission.files.all():
            assert file.state == "ready", (submission.number, file.state)
    assert PromptRun.objects.get().takes.count() == 4
    entries = Entry.objects.count()
    call_command("demo_seed")
    assert (Entry.objects.count(), Submission.objects.count()) == (entries, 5)
