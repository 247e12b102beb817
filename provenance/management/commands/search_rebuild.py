"""`manage.py search_rebuild`: make the index of words anew, for instance after a restore."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from provenance import search


class Command(BaseCommand):
    help = "Throw the index of words away and read every entry of the log again."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{search.rebuild():,} entries can be found by their words.")
