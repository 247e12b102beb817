from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings


class LabelConfig(AppConfig):
    name = "label"

    def ready(self) -> None:
        # WhiteNoise warns about a missing folder on every request cycle; collected files come there later, if at all.
        settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
