"""Django's `migrate`, as the owner of the tables; afterwards the application's role gets its rights."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate

from provenance import grants
from provenance.databases import app_role, as_owner


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        with as_owner():
            super().handle(*args, **options)
            if role := app_role():
                grants.apply(role)
