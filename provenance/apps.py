"""The provenance app: the record of what happened, the assets, the jobs."""

from __future__ import annotations

from django.apps import AppConfig
from django.core import checks
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class ProvenanceConfig(AppConfig):
    name = "provenance"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import provenance.bundle.events
        import provenance.jobs.events
        import provenance.key_events
        import provenance.ledger
        import provenance.removal  # noqa: F401 - these define events
        from provenance.jobs.checks import check_night
        from provenance.outside.places import check_outside
        from provenance.protection import protect_recorded_tables

        # Any entry can then be put into words, whichever app's page shows it.
        autodiscover_modules("events")
        # Every migrate of any app puts the triggers back, so a new recorded model cannot be forgotten.
        post_migrate.connect(protect_recorded_tables, dispatch_uid="provenance.protection")
        checks.register(check_outside)
        checks.register(check_night)
