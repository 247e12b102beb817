"""Ask the engines of this machine what they offer, and keep it for the pages."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from generation.offering import refresh_offers


class Command(BaseCommand):
    help = "Ask the engines of this machine what they offer. Workers do this when they start."

    def handle(self, *args: Any, **options: Any) -> None:
        available = refresh_offers()
        self.stdout.write(f"Offered: {', '.join(available) or 'none'}.")
