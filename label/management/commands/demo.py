"""`manage.py demo --out DIR`: the whole path from brief to package, without a browser, by the same services."""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from generation.offering import refresh_offers
from label.demo import practice, song
from label.demo.cast import seed_cast
from provenance import blobs
from provenance.errors import ProvenanceError
from release.models import Package


class Command(BaseCommand):
    help = "Walk one song from an artist's brief to a release package; the last line is JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--out", required=True, type=Path, help="folder for the package and its parts")
        parser.add_argument(
            "--methods",
            action="store_true",
            help="also make a short song for each of the three other artists and hold it against their method",
        )
        parser.add_argument("--takes", type=int, default=3, help="variations to generate (default 3)")

    def handle(self, *args: Any, **options: Any) -> None:
        out: Path = options["out"]
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CommandError(
                f"{out} cannot be written: {error.strerror}. Choose another folder."
            ) from error
        # Codes for the demo's keys are read out; its addresses lead nowhere, and the last line here is JSON.
        settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
        begun = time.monotonic()

        def say(text: str) -> None:
            print(f"{time.monotonic() - begun:6.1f} s  {text}", file=sys.stderr, flush=True)

        try:
            line = self._walk(out, options["takes"], say, methods=options["methods"])
        except ProvenanceError as error:
            raise CommandError(error.message) from error
        self.stdout.write(json.dumps(line))

    def _walk(self, out: Path, takes: int, say: song.Say, *, methods: bool) -> dict[str, Any]:
        call_command("database_prepare")
        cast = seed_cast()
        refresh_offers()
        say("the demo label is there")
        path = song.start(cast, variations=takes)
        song.finish(path.run.job)
        say(f"{takes} takes made by sketch")
        kept = song.audition(path)
        lead, pads = song.bring_in(path)
        arrangement = song.arrange(path, kept, lead, pads)
        say("auditioned, kept, sung over, arranged")
        made = song.master(path, arrangement)
        say("rendered and mastered")
        song.declare(path, made)
        recording, planned = song.release(path, made)
        say(f"declared and signed; {recording.isrc} on {planned.catalogue_number} approved and signed")
        package = song.package(path, planned)
        say("package built and checked")
        files = _write(package, out)
        checks = practice.three_songs(cast) if methods else []
        for check in checks:
            say(practice.told(check))
        return {
            "project": str(path.project.pk),
            "takes": [str(take.pk) for take in path.takes],
            "master": str(made.pk),
            "recording": str(recording.pk),
            "release": str(planned.pk),
            **files,
        }


def _write(package: Package, out: Path) -> dict[str, str]:
    """Copy the package and its parts to the folder; returns the paths of what others read first."""
    store = blobs.store()
    for part in package.parts:
        target = out / part["path"]
        target.parent.mkdir(parents=True, exist_ok=True)
        with store.open(part["sha256"]) as source, target.open("wb") as copy:
            shutil.copyfileobj(source, copy)
    assert package.asset is not None
    archive = out / "package.zip"
    with store.open(package.asset.sha256) as source, archive.open("wb") as copy:
        shutil.copyfileobj(source, copy)
    first = {part["role"]: str(out / part["path"]) for part in reversed(package.parts)}
    return {
        "ern": first["ern"],
        "dossier": first["dossier"],
        "bundle": first["evidence_bundle"],
        "package": str(archive),
    }
