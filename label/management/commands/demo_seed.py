"""`manage.py demo_seed`: the fictional demo label, with a first inbox and a song whose takes are made right away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction

from generation.models import Project
from generation.offering import refresh_offers
from label.demo import song
from label.demo.cast import ACCOUNTS, PASSWORD, address, seed_cast
from label.demo.inbox import seed_inbox
from label.demo.methods import seed_methods
from label.demo.roster import seed_roster


class Command(BaseCommand):
    help = "Make the fictional demo label. Does nothing where it is made already."

    def handle(self, *args: Any, **options: Any) -> None:
        cast = seed_cast()
        others = seed_methods(cast)
        _write_accounts(settings.DEADWAX_DATA / "run")
        if Project.objects.filter(artist=cast.artist).exists():
            return
        refresh_offers()
        with transaction.atomic():
            seed_roster(cast, others)
            seed_inbox(cast)
            song.start(cast, variations=4)


def _write_accounts(folder: Path) -> None:
    """For `up`, which prints them at every start of the demo."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{address(name):28} {role.label}" for name, _, role in ACCOUNTS]
    (folder / "demo-accounts.txt").write_text("\n".join([*lines, f"password of all: {PASSWORD}"]) + "\n")
