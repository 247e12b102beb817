from __future__ import annotations

from django.apps import AppConfig
from django.core import checks


class ReleaseConfig(AppConfig):
    name = "release"

    def ready(self) -> None:
        from release.credentials import check_certificate

        checks.register(check_certificate)
