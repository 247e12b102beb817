"""`manage.py ledger_export`: an evidence bundle, or the newest checkpoint to be kept outside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from provenance import bundle, queries, sequencer
from provenance.errors import ProvenanceError
from provenance.models import Entry


class Command(BaseCommand):
    help = "Write an evidence bundle of an asset's lineage, a stream or a subject; or print the newest checkpoint."

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--asset", metavar="SHA256", help="everything that led to this asset")
        what.add_argument("--stream", help="all entries of a stream, such as project:<uuid>")
        what.add_argument("--subject", help="all entries that concern a subject, such as take:<uuid>")
        what.add_argument(
            "--checkpoint", action="store_true", help="print the newest checkpoint: keep it elsewhere"
        )
        parser.add_argument("--out", metavar="FILE", help="the bundle to write")
        parser.add_argument(
            "--disclose", action="store_true", help="DISCLOSES private text: prompts, reasons, names"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["checkpoint"]:
                sequencer.drain()
                head = queries.latest_checkpoint()
                if head is None:
                    raise CommandError("The ledger has no entries yet.")
                self.stdout.write(bytes(head.note).decode(), ending="")
                return
            if not options["out"]:
                raise CommandError("Say with --out where the bundle goes.")
            self._write(options)
        except ProvenanceError as error:
            raise CommandError(error.message) from error

    def _write(self, options: dict[str, Any]) -> None:
        entries: list[Entry]
        if options["asset"]:
            entries = queries.entries_for_asset(options["asset"])
        elif options["stream"]:
            entries = list(queries.entries_for(streams=[options["stream"]]))
        else:
            entries = list(queries.entries_for(refs=[options["subject"]]))
        if not entries:
            raise CommandError("No entry matches.")
        path = Path(options["out"])
        part = path.with_name(f"{path.name}.part")
        try:
            with part.open("wb") as out:
                report = bundle.build(
                    entries=entries, disclose=lambda entry, name: options["disclose"], out=out
                )
            part.replace(path)
        except OSError as error:
            raise CommandError(f"The bundle cannot be written: {error}") from error
        finally:
            part.unlink(missing_ok=True)
        self.stdout.write(
            f"{path}: {report.entries} entries of {report.origin}, {report.disclosed} private values disclosed,"
            f" {report.withheld} withheld or erased"
        )
