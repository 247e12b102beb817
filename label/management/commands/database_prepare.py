"""`manage.py database_prepare`: bring the database to this version; with --demo, seed the fictional label once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from label.demo.cast import ACCOUNTS, PASSWORD, address
from label.supervisor.postgres import MINIMUM_MAJOR
from provenance import grants
from provenance.databases import app_role, as_owner


class Command(BaseCommand):
    help = "Migrate; with --demo, seed the fictional demo label into an installation without users."

    requires_system_checks = []  # no page is served here, and a start should not wait for them

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        with as_owner():
            self._refuse_unfit_server()
            executor = MigrationExecutor(connection)
            if executor.migration_plan(executor.loader.graph.leaf_nodes()):
                self._say("migrating the database")
                call_command("migrate", interactive=False, verbosity=0)
            elif app_role():
                grants.apply(app_role())
        if options["demo"]:
            self._seed(settings.DEADWAX_DATA / "run")

    def _refuse_unfit_server(self) -> None:
        try:
            version = connection.cursor().connection.info.server_version
        except OperationalError as error:
            raise CommandError(
                f"The database does not answer: {str(error).strip()}. Check DATABASE_URL, or unset it to use the "
                "embedded PostgreSQL."
            ) from error
        if version < MINIMUM_MAJOR * 10000:
            raise CommandError(
                f"The server is PostgreSQL {version // 10000}; Deadwax needs {MINIMUM_MAJOR} or newer. "
                "Upgrade it, or unset DATABASE_URL to use the embedded one."
            )

    def _seed(self, run: Path) -> None:
        """Seed an empty installation, or one whose seeding was cut off; leave any other alone."""
        run.mkdir(parents=True, exist_ok=True)
        begun, complete = run / "demo-seed.begun", run / "demo-seed.complete"
        if complete.exists() or (get_user_model().objects.exists() and not begun.exists()):
            return
        self._say("seeding the fictional demo label (first start only)")
        begun.touch()
        call_command("demo_seed")
        (run / "demo-accounts.txt").write_text(_accounts())
        complete.touch()
        begun.unlink()

    def _say(self, text: str) -> None:
        print(f"       up | {text}", file=sys.stderr, flush=True)


def _accounts() -> str:
    """The demo log-ins as `up` prints them at each start."""
    lines = [f"demo log-ins (fictional; all with the password: {PASSWORD})"]
    lines += [f"  {address(name):<28} {role.label}" for name, _, role in ACCOUNTS]
    return "\n".join(lines) + "\n"
