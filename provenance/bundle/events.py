"""That a bundle left the house: what was in it, which private words were disclosed, and, sealed, who got it."""

from __future__ import annotations

from provenance.events import Event, event, sealed


@event
class BundleExported(Event):
    kind = "bundle.exported"
    sentence = (
        "exported {entries} entries as an evidence bundle ({scope}), private values disclosed: {values}"
    )
    shred = "The note on who got it goes with its vault row; what was disclosed to them stays on record."

    scope: str
    bundle_sha256: str
    entries: int
    log_size: int
    #: As `kind/name`.
    disclosed: tuple[str, ...]
    values: int
    recipient: str = sealed(default="")
