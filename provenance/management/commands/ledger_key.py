"""`manage.py ledger_key`: the log's public keys, and handing over to a new one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from provenance import keys, notes, rotation
from provenance.errors import ProvenanceError
from provenance.ledger import Actor


class Command(BaseCommand):
    help = "Show the log's public keys, rotate the key in force, or revoke one that leaked."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("show", help="every key of this log and the sizes that it signs for")
        rotate = actions.add_parser("rotate", help="hand over to a new key; both sign the statement")
        revoke = actions.add_parser(
            "revoke", help="a key leaked: rotate it and say from which size it counts no more"
        )
        for parts in (rotate, revoke):
            parts.add_argument("--reason", required=True, help="stands in the log, for everybody to read")
            parts.add_argument(
                "--new-key",
                metavar="FILE",
                type=Path,
                help="where DEADWAX_LOG_KEY_FILE mounts the key: the new one",
            )
        revoke.add_argument("--key", help="the key as `show` prints it; default: the one in force")
        revoke.add_argument(
            "--from-size", type=int, help="the last size to trust; default: that at which its service ended"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['action']}")(options)
        except ProvenanceError as error:
            raise CommandError(error.message) from error
        except notes.NoteError as error:
            raise CommandError(f"The key cannot be used: {error}") from error

    def _show(self, options: dict[str, Any]) -> None:
        chain = keys.key_chain()
        ends = [rotation.after for rotation in chain.rotations]
        for number, key in enumerate(chain.keys):
            begin = f"above {ends[number - 1]}" if number else "from the beginning"
            end = f"up to {ends[number]} entries" if number < len(ends) else "in force"
            revoked = (chain.revoked or {}).get(key)
            gone = f"; revoked above {revoked} entries" if revoked is not None else ""
            self.stdout.write(f"{key}  {begin}, {end}{gone}")

    def _rotate(self, options: dict[str, Any]) -> None:
        done = rotation.rotate(
            reason=options["reason"], actor=Actor.system("operator"), new_key_file=options["new_key"]
        )
        self.stdout.write(f"{done.new} signs above {done.after} entries. Publish it beside the old one.")
        self._mounted()

    def _revoke(self, options: dict[str, Any]) -> None:
        leaked, size = rotation.revoke(
            reason=options["reason"],
            actor=Actor.system("operator"),
            key=notes.VerifierKey.parse(options["key"].strip()) if options["key"] else None,
            from_size=options["from_size"],
            new_key_file=options["new_key"],
        )
        self.stdout.write(f"{leaked} is revoked: what it signed above {size} entries does not count.")
        self._mounted()

    def _mounted(self) -> None:
        if keys.mounted():
            self.stdout.write(
                "Now point DEADWAX_LOG_KEY_FILE at the new key's file and restart every process."
            )
