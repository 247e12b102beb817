"""`manage.py ledger_verify`: derive the whole ledger again from its raw entries.

With `--bundle FILE` manage.py runs the offline verifier instead, without Django and without a database.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from provenance import audit, notes, receipts
from provenance.errors import ProvenanceError


class Command(BaseCommand):
    help = "Derive the ledger again from its raw entries and compare; exit status 1 on a break."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--checkpoint", metavar="FILE", help="a checkpoint of this log that was kept outside"
        )
        parser.add_argument(
            "--key", help="the log's public key as published; default: that of this installation"
        )
        parser.add_argument(
            "--receipts",
            metavar="FILE",
            help="receipts of this log that somebody kept: their file, or a single one",
        )
        parser.add_argument("--assets", action="store_true", help="also read the bytes of every asset")
        parser.add_argument("--json", action="store_true", help="print one JSON document instead of lines")
        parser.add_argument("--bundle", metavar="FILE", help="check a bundle instead (handled by manage.py)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["bundle"]:
            from provenance import verifier

            arguments = [options["bundle"]]
            for name in ("checkpoint", "key"):
                arguments += [f"--{name}", options[name]] if options[name] else []
            sys.exit(verifier.main([*arguments, *(["--json"] if options["json"] else [])]))
        try:
            kept = Path(options["checkpoint"]).read_bytes() if options["checkpoint"] else None
            key = notes.VerifierKey.parse(options["key"].strip()) if options["key"] else None
        except OSError as error:
            raise CommandError(f"The checkpoint cannot be read: {error}") from error
        except notes.NoteError as error:
            raise CommandError(f"The key cannot be used: {error}") from error
        report = audit.run(
            kept=kept,
            key=key,
            assets=options["assets"],
            receipts=self._receipts(options["receipts"]),
            done=(lambda step: None) if options["json"] else self._print,
        )
        if options["json"]:
            self.stdout.write(json.dumps(_document(report), indent=2))
        else:
            for notice in report.notices:
                self.stdout.write(f"Note: {notice}")
            self.stdout.write(report.verdict)
        if not report.ok:
            sys.exit(1)

    def _receipts(self, path: str | None) -> list[bytes]:
        if not path:
            return []
        try:
            return receipts.read_file(Path(path).read_bytes())
        except OSError as error:
            raise CommandError(f"The receipts cannot be read: {error}") from error
        except ProvenanceError as error:
            raise CommandError(error.message) from error

    def _print(self, step: audit.Step) -> None:
        self.stdout.write(
            f"{step.number:2}. {step.title}: {'BROKEN' if step.broken else 'ok'}, {step.result}"
        )
        for sentence in step.faults[: audit.MAX_TOLD]:
            self.stdout.write(f"      {sentence}")
        if len(step.faults) > audit.MAX_TOLD:
            self.stdout.write(f"      ... and {len(step.faults) - audit.MAX_TOLD} more")


def _document(report: audit.AuditReport) -> dict[str, Any]:
    return {
        "verdict": report.verdict,
        "steps": [
            {
                "step": step.number,
                "title": step.title,
                "ok": not step.broken,
                "result": step.result,
                "faults": step.faults,
            }
            for step in report.steps
        ],
        "notices": report.notices,
    }
