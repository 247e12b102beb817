"""`manage.py person_erase ADDRESS`: show what an erasure would do; with --yes, do it.

An address without an account is that of a sender of submissions: all that came from it goes.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from artists.access import ERASERS
from artists.models import Person, Submission, User
from artists.services import clearing
from provenance.errors import UserFault
from release.erasing import BEYOND
from release.services import erasure


class Command(BaseCommand):
    help = "Erase the private content of a person. Without --yes it only shows what goes and what stays."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", help="the e-mail address of the account, or that a sender gave")
        parser.add_argument("--by", metavar="ADDRESS", help="who erases: an owner or one of the rights team")
        parser.add_argument(
            "--contributor",
            action="append",
            default=[],
            metavar="ID",
            help="a contributor who is the same person",
        )
        parser.add_argument("--yes", action="store_true", help="do it; nothing brings it back")

    def handle(self, *args: Any, **options: Any) -> None:
        address = options["address"].strip()
        if not User.objects.filter(email__iexact=address).exists() and (sent := clearing.sent_from(address)):
            self._outsider(sent, options)
            return
        account = self._account(address)
        try:
            people = list(Person.objects.filter(pk__in=options["contributor"]))
        except (ValueError, ValidationError) as error:
            raise CommandError("--contributor takes the id of a contributor.") from error
        shown = erasure.preview_erasure(account, people=people)
        if shown.refusal:
            raise CommandError(shown.refusal)
        if not options["yes"]:
            for title, lines in (("Goes:", shown.goes), ("Stays:", shown.stays)):
                self.stdout.write(title)
                for line in lines:
                    self.stdout.write(
                        f"  {line.count:6}  {line.what}" + (f": {line.why}" if line.why else "")
                    )
            for sentence in BEYOND:
                self.stdout.write(sentence)
            self.stdout.write("Nothing was changed. Add --yes and --by to erase.")
            return
        actor = self._eraser(options)
        try:
            done = erasure.erase_person(account, people=people, actor=actor)
        except UserFault as fault:
            raise CommandError(fault.message) from fault
        self.stdout.write(
            f"{done.values} private values of {done.entries} entries are erased, and their copies."
        )

    def _outsider(self, sent: list[Submission], options: dict[str, Any]) -> None:
        self.stdout.write("No account has this address; these submissions came from it:")
        for one in sent:
            shown = clearing.preview_clear(one)
            values = sum(count for _, count in shown.values)
            self.stdout.write(f"  submission {one.number}: {values} private values, {shown.goes} files")
            for line in shown.stays:
                self.stdout.write(f"    stays: {line}")
        if not options["yes"]:
            self.stdout.write("Nothing was changed. Add --yes and --by to erase.")
            return
        actor = self._eraser(options)
        for one in sent:
            clearing.erase_submission(one, actor=actor)
        self.stdout.write(f"{len(sent)} submissions are erased; a worker removes their sound.")

    def _eraser(self, options: dict[str, Any]) -> User:
        actor = self._account(options["by"] or "")
        if not actor.has_role(*ERASERS):
            raise CommandError("Name with --by an owner or one of the rights team.")
        return actor

    def _account(self, address: str) -> User:
        account = User.objects.filter(email__iexact=address.strip()).first()
        if account is None:
            raise CommandError(f"There is no account with the address {address!r}.")
        return account
