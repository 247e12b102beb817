"""`manage.py database_roles --app NAME`: give the application's role its rights, no more and no less."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error

from provenance import grants
from provenance.databases import app_role, as_owner
from provenance.errors import SystemFault


class Command(BaseCommand):
    help = "Give the application's database role exactly the rights that follow from the tables. Repeat it at will."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--app", metavar="NAME", help="the role; default: the user of DATABASE_URL")
        parser.add_argument("--print", action="store_true", help="print the SQL, change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        app = options["app"] or app_role()
        if not app:
            raise CommandError(
                "Name the application's role (--app), or set DATABASE_OWNER_URL beside DATABASE_URL."
            )
        with as_owner():
            try:
                if options["print"]:
                    self.stdout.write("\n".join(f"{line};" for line in grants.statements(app)))
                    return
                count = grants.apply(app)
            except SystemFault as fault:
                raise CommandError(fault.message) from fault
            except Error as error:
                raise CommandError(
                    f"The database refused: {str(error).strip()}. Run this as the owner of database and tables:"
                    " set DATABASE_OWNER_URL."
                ) from error
        self.stdout.write(f"{count} statements; {app} has the rights it needs.")
