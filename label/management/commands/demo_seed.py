"""`manage.py demo_seed`: the fictional demo label, with a song whose takes the workers make right away."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from generation.models import Project
from generation.tasks import refresh_offers
from label.demo import song
from label.demo.cast import seed_cast


class Command(BaseCommand):
    help = "Make the fictional demo label. Does nothing where it is made already."

    def handle(self, *args: Any, **options: Any) -> None:
        cast = seed_cast()
        if Project.objects.filter(artist=cast.artist).exists():
            return
        refresh_offers()
        with transaction.atomic():
            song.start(cast, variations=4)
