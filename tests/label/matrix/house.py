"""Who may open what: Today, the ledger, releases, the API’s own pages."""

from __future__ import annotations

from tests.label.matrix.made import consent, leaf
from tests.label.matrix.rows import ALL, ERASERS, HOUSE, HOUSE_WRITE, READ, ROSTER, Actions, Pages, Public

PAGES: Pages = {
    "label:today": (None, ALL),
    "label:ledger": (None, ALL),
    "label:ledger-feed": (None, ALL),
    "label:ledger-seal": (None, ALL),
    "label:ledger-names": (None, ALL),
    "label:ledger-health": (None, ALL),
    "label:ledger-entry": (leaf, READ),
    "label:ledger-entry-body": (leaf, READ),
    "label:ledger-entry-proof": (leaf, READ),
    "label:receipts": (None, ALL),  # one's own
    "label:receipts-file": (None, ALL),
    "label:receipts-new": (None, ALL),
    "label:erasures": (None, ERASERS),
    "label:erasure": (lambda s: s.cast.mara.pk, ERASERS),
    "label:proof": (lambda s: s.master.pk, READ),
    "label:bundle": (lambda s: s.master.pk, READ),
    "label:project-bundle": (lambda s: s.project.pk, READ),
    "label:release-bundle": (lambda s: s.release.pk, HOUSE),
    "label:work-bundle": (lambda s: s.recording.work_id, HOUSE),
    "label:ledger-bundle": (None, ALL),
    "label:search": (None, ALL),
    "label:search-quick": (None, ALL),
    "release:consent-effects": (consent, ROSTER),
    "release:how-made-publish": (lambda s: s.master.pk, READ),
    "release:releases": (None, ALL),
    "release:release": (lambda s: s.release.pk, HOUSE),
    "release:release-new": (None, (200, 403, 200, 200, 403, 403, 403)),
    "release:release-edit": (lambda s: s.release.pk, HOUSE_WRITE),
    "release:artwork": (lambda s: s.release.pk, HOUSE_WRITE),
    "release:cover": (lambda s: s.release.pk, HOUSE),
    "release:package": (lambda s: s.package.pk, HOUSE),
    "release:package-status": (lambda s: s.package.pk, HOUSE),
    "release:package-file": (lambda s: (s.package.pk, "package.zip"), HOUSE),
    "release:imprints": (None, (200, 403, 200, 200, 403, 403, 403)),
    "release:declaration": (lambda s: s.master.pk, READ),
    "release:recording-new": (lambda s: s.unreleased.pk, HOUSE_WRITE),
    "release:recording": (lambda s: s.recording.pk, HOUSE),
    "release:contributions": (lambda s: s.recording.pk, HOUSE_WRITE),
    "release:master-receivers": (lambda s: s.master.pk, READ),
    "release:tool-uses": (lambda s: "fabelton-choir", ALL),
}

ACTIONS: Actions = {
    "release:track-add": (lambda s: s.release.pk, 404, 404),
    "release:approve": (lambda s: s.release.pk, 404, 404),
    "release:withdraw": (lambda s: s.release.pk, 404, 404),
    "release:package-new": (lambda s: s.release.pk, 404, 404),
    "release:track-remove": (lambda s: s.track.pk, 404, 404),
    "release:track-move": (lambda s: s.track.pk, 404, 404),
    "release:package-cancel": (lambda s: s.package.pk, 404, 404),
    "release:package-retry": (lambda s: s.package.pk, 404, 404),
    "release:resolve": (lambda s: s.declaration.pk, 403, 404),
}

PUBLIC: Public = {
    "label:check": (None, 200),
    "label:health": (None, 200),
    "label:favicon": (None, 302),
    "label:checkpoint": (None, 200),
    "label:ledger-check": (None, 200),
    "label:receipts-check": (None, 200),
    "release:how-made": (lambda s: "nothing-is-here", 404),
    "api:schema": (None, 200),
    "api:docs": (None, 200),
    "api:tokens": (None, 405),
    "api:checkpoint": (None, 200),
    "api:receipt-check": (None, 405),
}
