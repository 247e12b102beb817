"""Who may open what: The roster, accounts, keys, methods and consents."""

from __future__ import annotations

from tests.label.matrix.made import colleague, consent, document, signing_key, signing_request
from tests.label.matrix.rows import ALL, OWNER, ROSTER, ROSTER_WRITE, Actions, Pages, Public

PAGES: Pages = {
    "artists:roster": (None, ALL),
    "artists:artist": (lambda s: s.cast.artist.pk, ROSTER),
    "artists:artist-new": (None, (200, 200, 403, 403, 403, 403, 403)),
    "artists:artist-edit": (lambda s: s.cast.artist.pk, ROSTER_WRITE),
    "artists:person-new": (lambda s: s.cast.artist.pk, (200, 200, 200, 200, 403, 404, 404)),
    "artists:artist-status": (lambda s: s.cast.artist.pk, ROSTER_WRITE),
    "artists:artist-merge": (lambda s: s.cast.artist.pk, ROSTER_WRITE),
    "artists:picture-new": (lambda s: s.cast.artist.pk, ROSTER_WRITE),
    "artists:picture": (lambda s: s.cast.artist.pk, (404,) * 7),  # no picture yet: tests/artists
    "artists:team-new": (lambda s: s.cast.artist.pk, ROSTER_WRITE),
    "artists:member-new": (lambda s: s.cast.artist.pk, ROSTER_WRITE),
    "artists:document-new": (lambda s: s.cast.artist.pk, ROSTER_WRITE),
    "artists:document": (document, ROSTER),
    "artists:person-edit": (lambda s: s.house.writer.pk, (200, 200, 200, 200, 403, 404, 404)),
    "artists:roster-import": (None, (200, 200, 403, 403, 403, 403, 403)),
    "artists:roster-example": (None, ALL),
    "artists:choose": (lambda s: "artists", ALL),
    "artists:method": (lambda s: s.cast.artist.pk, ROSTER),
    "generation:held-masters": (lambda s: s.cast.artist.pk, ROSTER),
    "artists:method-summary": (lambda s: s.cast.artist.pk, ROSTER),
    "artists:method-edit": (lambda s: s.cast.artist.pk, (200, 403, 403, 403, 200, 404, 404)),
    "artists:consents": (lambda s: s.cast.artist.pk, ROSTER),
    "artists:consents-summary": (lambda s: s.cast.artist.pk, ROSTER),
    "artists:consent-new": (lambda s: s.cast.artist.pk, (200, 200, 403, 200, 200, 404, 404)),
    "artists:consent": (consent, ROSTER),
    "artists:consent-revoke": (consent, (302, 403, 403, 302, 403, 404, 404)),  # it was not given yet
    "artists:consent-document": (consent, (404, 404, 404, 404, 404, 404, 404)),
    "artists:people": (None, OWNER),
    "artists:account": (None, ALL),
    "artists:keys": (None, ALL),
    "artists:ssh-key": (None, ALL),
    "artists:signing": (None, ALL),
    "artists:sign": (
        lambda s: ("session", s.project.stream),
        ALL,
    ),  # one's own entries: nothing where there are none
    "artists:signing-payload": (signing_request, (404, 404, 404, 404, 200, 404, 404)),
}

ACTIONS: Actions = {
    "artists:role-change": (lambda s: s.cast.anr.pk, 403, 403),
    "artists:account-close": (lambda s: s.cast.anr.pk, 403, 403),
    "artists:roster-bulk": (None, 403, 403),
    "artists:roster-export": (None, 403, 403),
    "artists:filter-save": (None, 302, 302),  # one's own; nothing is kept without a name
    "artists:filter-forget": (lambda s: 1, 404, 404),
    "artists:artist-separate": (lambda s: s.cast.artist.pk, 404, 404),
    "artists:person-unlink": (lambda s: (s.cast.artist.pk, s.house.writer.pk), 404, 404),
    "artists:team-remove": (colleague, 404, 404),
    "artists:member-remove": (lambda s: s.cast.artist.memberships.get().pk, 404, 404),
    "artists:document-remove": (document, 404, 404),
    "artists:invitation-withdraw": (lambda s: s.invitation.pk, 403, 403),
    "artists:passkey-options": (None, 200, 200),  # to enrol a key of one's own; nothing is enrolled yet
    "artists:passkey-enrol": (None, 400, 400),
    "artists:key-confirm": (signing_key, 404, 404),
    "artists:key-code": (signing_key, 404, 404),
    "artists:key-revoke": (signing_key, 404, 404),
    "artists:consent-answer": (consent, 404, 404),
}

PUBLIC: Public = {
    "artists:login": (None, 200),
    "artists:invitation": (lambda s: s.secret, 200),
}
