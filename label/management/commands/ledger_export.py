"""`manage.py ledger_export`: an evidence bundle, or the newest checkpoint to be kept outside."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Model

from generation.models import Project
from label import exporting
from provenance import bundle, queries, sequencer
from provenance.bundle import Disclose, Scope
from provenance.errors import ProvenanceError
from provenance.services import Actor
from release.models import Release, Work

M = TypeVar("M", bound=Model)


class Command(BaseCommand):
    help = (
        "Write an evidence bundle of a work, a release, a project, a time or an asset's lineage; or print the newest"
        " checkpoint. That a bundle was made, and what it discloses, becomes an entry."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument(
            "--work", metavar="ID", help="a work, its recordings and how their masters were made"
        )
        what.add_argument("--release", metavar="ID", help="a release and how every master on it was made")
        what.add_argument("--project", metavar="ID", help="all entries of a project")
        what.add_argument("--since", metavar="DATE", help="all entries from this day on (2026-11-20, UTC)")
        what.add_argument("--asset", metavar="SHA256", help="everything that led to this asset")
        what.add_argument("--stream", help="all entries of a stream, such as project:<uuid>")
        what.add_argument("--subject", help="all entries that concern a subject, such as take:<uuid>")
        what.add_argument(
            "--checkpoint", action="store_true", help="print the newest checkpoint: keep it elsewhere"
        )
        parser.add_argument("--until", metavar="DATE", help="with --since: up to the end of this day")
        parser.add_argument("--out", metavar="FILE", help="the bundle to write")
        parser.add_argument(
            "--disclose",
            nargs="*",
            metavar="KIND/NAME",
            help="DISCLOSES private text (prompts, reasons, names): these kinds and names, or without any ALL of it",
        )
        parser.add_argument("--recipient", default="", help="who gets it; kept sealed in the ledger")

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
            if options["until"] and not options["since"]:
                raise CommandError("--until goes with --since.")
            self._write(
                _scope(options), _disclose(options["disclose"]), Path(options["out"]), options["recipient"]
            )
        except ProvenanceError as error:
            raise CommandError(error.message) from error

    def _write(self, scope: Scope, disclose: Disclose, path: Path, recipient: str) -> None:
        if not scope.entries:
            raise CommandError("No entry matches.")
        part = path.with_name(f"{path.name}.part")
        try:
            with part.open("w+b") as out:
                report = bundle.export(
                    scope,
                    actor=Actor.system("ledger_export"),
                    out=out,
                    disclose=disclose,
                    recipient=recipient,
                )
            part.replace(path)
        except OSError as error:
            raise CommandError(f"The bundle cannot be written: {error}") from error
        finally:
            part.unlink(missing_ok=True)
        self.stdout.write(
            f"{path}: {report.entries} entries of {report.origin} ({report.added} of them about keys and signatures),"
            f" {report.disclosed} private values disclosed, {report.withheld} withheld or erased,"
            f" {report.timestamps} timestamps, {report.points} older checkpoints; SHA-256 {report.sha256}"
        )


def _scope(options: dict[str, Any]) -> Scope:
    if options["work"]:
        return exporting.of_work(_one(Work, options["work"]))
    if options["release"]:
        return exporting.of_release(_one(Release, options["release"]))
    if options["project"]:
        return exporting.of_project(_one(Project, options["project"]))
    if options["since"]:
        until = _day(options["until"]) + dt.timedelta(days=1) if options["until"] else dt.datetime.now(dt.UTC)
        return bundle.of_period(_day(options["since"]), until)
    if options["asset"]:
        return bundle.of_asset(options["asset"])
    if options["stream"]:
        return bundle.of_stream(options["stream"])
    return bundle.of_subject(options["subject"])


def _one(model: type[M], key: str) -> M:
    try:
        return model._default_manager.get(pk=key)
    except (model.DoesNotExist, ValidationError, ValueError):  # type: ignore[attr-defined]
        raise CommandError(f"There is no {model._meta.verbose_name} {key}.") from None


def _day(text: str) -> dt.datetime:
    try:
        return dt.datetime.combine(dt.date.fromisoformat(text), dt.time(), dt.UTC)
    except ValueError:
        raise CommandError(f"{text!r} is not a day: write it as 2026-11-20.") from None


def _disclose(names: list[str] | None) -> Disclose:
    if names is None:
        return bundle.nothing
    if not names:
        return bundle.everything
    unknown = sorted(set(names) - bundle.known_keys())
    if unknown:
        raise CommandError(
            f"No entry seals {unknown[0]!r}. Names read kind/name, as take.shortlisted/reason."
        )
    return bundle.chosen(names)
