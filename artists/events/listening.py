"""What happens to listening links. Who one is for and everybody's words are sealed.

That sound was sent is observed here. That it was played is what the recipient's browser said: declared.
"""

from __future__ import annotations

from collections.abc import Mapping

from provenance.events import Event, event, sealed


@event
class ListeningLinkMadeFirst(Event):
    """As links were made before notes could be asked for."""

    kind = "listening_link.made"
    sentence = "made a listening link to {count} things for “{recipient}”"
    shred = "The recipient's name and the note are erased with their vault rows."

    link: str
    things: tuple[Mapping[str, str], ...]
    count: int
    expires_at: str
    may_download: bool
    recipient: str = sealed()
    note: str = sealed(default="")


@event
class ListeningLinkMade(Event):
    kind = "listening_link.made"
    version = 2
    sentence = "made a listening link to {count} things for “{recipient}”"
    shred = "The recipient's name and the note are erased with their vault rows."

    link: str
    things: tuple[Mapping[str, str], ...]
    count: int
    expires_at: str
    may_download: bool
    asks_notes: bool
    recipient: str = sealed()
    note: str = sealed(default="")


@event
class ListeningLinkRevoked(Event):
    kind = "listening_link.revoked"
    sentence = "revoked a listening link"

    link: str


@event
class ListeningLinkOpened(Event):
    kind = "listening_link.opened"
    sentence = "opened a listening link"

    link: str


@event
class ListeningLinkSent(Event):
    """The first bytes of one sound left the house by a link. Later requests for it write no entry."""

    kind = "listening_link.sent"
    sentence = "was sent the sound of {thing} by a listening link"

    link: str
    thing: str


@event
class ListeningLinkHeard(Event):
    kind = "listening_link.heard"
    sentence = "listened to {heard_ms} ms of {thing} by a listening link"

    link: str
    thing: str
    spans_ms: tuple[tuple[int, int], ...]
    heard_ms: int


@event
class ListeningLinkNoted(Event):
    """Words of the recipient, at a moment or about all of it."""

    kind = "listening_link.noted"
    sentence = "noted on {thing} by a listening link: “{text}”"
    shred = "The words are erased with their vault row; by which link, when and about what stays."

    link: str
    thing: str
    at_ms: int | None
    text: str = sealed()


@event
class ListeningLinkTaken(Event):
    kind = "listening_link.taken"
    sentence = "downloaded {thing} by a listening link"

    link: str
    thing: str
