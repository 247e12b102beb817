"""`manage.py ledger_publish`: bring the newest checkpoint to every outside place, once and now."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from provenance import keys, sequencer
from provenance.errors import ProvenanceError
from provenance.outside import places, publisher
from provenance.outside.config import ConfigError


class Command(BaseCommand):
    help = (
        "Get timestamps and cosignatures for the newest checkpoint and publish its copies, now; exit status 1 if one"
        " fails. Dispatch does the same all the time."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(f"The log's key, for witnesses: {keys.verifier_key()}")
            named = places.configured().places
            if not named:
                raise CommandError(
                    "No outside places are named: write them into outside.toml (DEADWAX_OUTSIDE, see README)."
                )
            sequencer.drain()
            told = {outcome.name: outcome for outcome in publisher.publish_due(force=True, done=self._print)}
        except ConfigError as error:
            raise CommandError("\n".join(error.problems)) from error
        except ProvenanceError as error:
            raise CommandError(error.message) from error
        for place in named:
            if place.name not in told:
                self.stdout.write(f"{place.name} ({place.kind}): has the newest checkpoint")
        if any(outcome.error for outcome in told.values()):
            sys.exit(1)

    def _print(self, outcome: publisher.Outcome) -> None:
        said = outcome.error or f"has the checkpoint of {outcome.size} entries"
        self.stdout.write(f"{outcome.name} ({outcome.kind}): {said}")
