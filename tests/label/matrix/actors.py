"""Who is let through to an act about people: submissions, agreements, links, the roster. Everybody else is refused.

Of owner, anr, release, rights and mara (the artist); readers and strangers stand in ACTIONS.
"""

from __future__ import annotations

INSIDERS = ("owner", "anr", "release", "rights", "mara")
_STAFF = frozenset({"owner", "anr", "release", "rights"})
_DECIDE = frozenset({"owner", "anr"})
_AGREE = frozenset({"owner", "anr", "rights"})

ACTORS: dict[str, frozenset[str]] = {
    "artists:upload-link-revoke": _DECIDE,
    **{f"artists:submission-{word}": _STAFF for word in ("score", "unblind", "note", "vote", "heard")},
    **{f"artists:submission-{word}": _DECIDE for word in ("snooze", "decide", "answer")},
    "artists:advance-paid": _AGREE,
    "artists:agreement-move": _AGREE,
    "artists:agreement-sign": _AGREE | {"mara"},
    "artists:agreement-option": _AGREE,
    "label:listening-revoke": frozenset({"owner", "anr", "release"}),
    "artists:role-change": frozenset({"owner"}),
    "artists:account-close": frozenset({"owner"}),
    "artists:invitation-withdraw": frozenset({"owner"}),
    "artists:roster-bulk": _DECIDE,
    "artists:artist-separate": frozenset({"owner"}),
    "artists:person-unlink": _DECIDE,
    "artists:team-remove": _DECIDE,
    "artists:member-remove": _DECIDE,
    "artists:document-remove": _DECIDE,
}

#: What a collaborator who may edit a project opens beside what every collaborator opens.
EDITS = frozenset(
    {
        "generation:run-new",
        "generation:upload-new",
        "generation:arrangement-new",
    }
)
#: What stays open to somebody who acts for the artist no more: requests for a signature of their own.
OWN_FOREVER = frozenset({"artists:signing-payload"})
#: Forms for whoever acts for any artist at all: the stranger of the matrix acts for another one.
FOR_ANY_ARTIST = frozenset({"generation:dataset-new"})
