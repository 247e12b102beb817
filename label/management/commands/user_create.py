"""`manage.py user_create ROLE EMAIL --name NAME`: the first owner of an empty installation."""

from __future__ import annotations

import getpass
import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from artists.models import Role
from artists.services import create_user
from provenance.errors import UserFault


class Command(BaseCommand):
    help = "Make an account. The password is asked for, or taken from DEADWAX_PASSWORD."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("role", choices=Role.values)
        parser.add_argument("email")
        parser.add_argument("--name", required=True, help="the person's name")

    def handle(self, *args: Any, **options: Any) -> None:
        password = os.environ.get("DEADWAX_PASSWORD") or getpass.getpass("Password: ")
        try:
            user = create_user(
                email=options["email"], full_name=options["name"], password=password, role=options["role"]
            )
        except UserFault as fault:
            raise CommandError(fault.message) from fault
        self.stdout.write(f"{user.email} may log in as {user.standing.get_role_display()}.")
