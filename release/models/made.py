"""“How this was made”: a page about a master for everybody who has its address."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from generation.models import Master, MethodCheck
from provenance.models import Recorded


class HowMade(Recorded):
    """One publication of one check. `slug` is chosen, or long and by chance, so that only who has the link finds it."""

    master = models.ForeignKey(Master, on_delete=models.PROTECT, related_name="published")
    check_shown = models.ForeignKey(MethodCheck, on_delete=models.PROTECT, related_name="+")
    slug = models.SlugField(max_length=64, unique=True)
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return self.slug
