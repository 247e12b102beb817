"""`manage.py ledger_audit`: everything that ledger_verify derives, and the bytes, keys and files beside the log."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from provenance import blobcheck, full_audit
from provenance.blobs import BadDigest, BadStorageUrl, check_digest, store_from_url
from provenance.management.commands import ledger_verify

_SAVE_EVERY = 50


class Command(ledger_verify.Command):
    help = "Check log, receipts, keys and every stored byte; exit status 1 on a fault."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--sample", type=int, default=100, metavar="PERCENT", help="read so many of the assets, at random"
        )
        parser.add_argument(
            "--resume",
            type=Path,
            metavar="FILE",
            help="note there how far the reading came, and go on from it",
        )
        parser.add_argument("--second", metavar="URL", help="another store of the same files: check it, too")
        parser.add_argument(
            "--restore-from", metavar="URL", help="as --second, and copy from it what is lost or damaged here"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON document instead of lines")

    def handle(self, *args: Any, **options: Any) -> None:
        note: Path | None = options["resume"]
        plan, finished = self._plan(options, note)
        report = full_audit.run(plan=plan, done=(lambda step: None) if options["json"] else self._print)
        finished()
        if options["json"]:
            self.stdout.write(json.dumps(ledger_verify._document(report), indent=2))
        else:
            for notice in report.notices:
                self.stdout.write(f"Note: {notice}")
            self.stdout.write(report.verdict)
        if not report.ok:
            sys.exit(1)

    def _plan(self, options: dict[str, Any], note: Path | None) -> tuple[blobcheck.Plan, Any]:
        if not 1 <= options["sample"] <= 100:
            raise CommandError("--sample takes a number from 1 to 100.")
        url = options["restore_from"] or options["second"]
        try:
            second = store_from_url(url) if url else None
            after = check_digest(note.read_text().strip()) if note and note.exists() else ""
        except BadStorageUrl as error:
            raise CommandError(error.message) from error
        except (BadDigest, OSError) as error:
            raise CommandError(f"{note} does not say how far a reading came ({error}). Remove it.") from error
        count = 0

        def at(sha256: str) -> None:
            nonlocal count
            count += 1
            if note and count % _SAVE_EVERY == 0:
                note.write_text(sha256)

        def finished() -> None:
            if note:
                note.unlink(missing_ok=True)

        return blobcheck.Plan(
            percent=options["sample"],
            after=after,
            second=second,
            restore=bool(options["restore_from"]),
            at=at,
        ), finished
