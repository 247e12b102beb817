"""What happens on the roster. Reasons, contact data, legal names and names of files are sealed."""

from __future__ import annotations

from collections.abc import Mapping

from provenance.events import Event, event, sealed


@event
class ArtistListed(Event):
    kind = "artist.created"
    version = 2
    sentence = "put {name} on the roster as {status}"

    artist: str
    name: str
    artist_kind: str
    alias_of: str | None
    status: str
    since: str
    isni: str
    is_ai_persona: bool
    tags: tuple[str, ...]
    source: str


@event
class ArtistEdited(Event):
    """`changes`: field -> what it was and what it is, as text."""

    kind = "artist.changed"
    version = 2
    sentence = "changed the roster entry of {name}: {fields}"

    artist: str
    name: str
    fields: tuple[str, ...]
    changes: Mapping[str, tuple[str, str]]


@event
class ArtistStatusChanged(Event):
    kind = "artist.status_changed"
    sentence = "changed {name} from {before} to {after}, from {since} on: “{reason}”"
    shred = "The reason is erased with its vault row; the change and its day stay."

    artist: str
    name: str
    before: str
    after: str
    since: str
    reason: str = sealed(default="")


@event
class ArtistPictureSet(Event):
    kind = "artist.picture_set"
    sentence = "gave {name} a picture of {width_px} x {height_px} pixels"

    artist: str
    name: str
    width_px: int
    height_px: int


@event
class ArtistMemberRemoved(Event):
    kind = "artist.member_removed"
    sentence = "ended that somebody acts as {artist_name}"

    artist: str
    artist_name: str
    user: str


@event
class TeamMemberAdded(Event):
    kind = "team.member_added"
    sentence = "put somebody on the team of {artist_name} as {role}"
    shred = "An outsider's name and contact are erased with their vault rows; the role stays."

    artist: str
    artist_name: str
    role: str
    user: str | None
    name: str = sealed(default="")
    contact: str = sealed(default="")


@event
class TeamMemberRemoved(Event):
    kind = "team.member_removed"
    sentence = "took somebody off the team of {artist_name}, who was {role}"

    artist: str
    artist_name: str
    role: str
    user: str | None


@event
class PersonChanged(Event):
    kind = "person.changed"
    sentence = "changed the contributor {credit_name}: {fields}"
    shred = "The legal name is erased with its vault row; the credited name is public on every release."

    person: str
    credit_name: str
    fields: tuple[str, ...]
    changes: Mapping[str, tuple[str, str]]
    legal_name: str = sealed(default="")


@event
class PersonLinked(Event):
    kind = "person.linked"
    sentence = "put {credit_name} behind {artist_name}"

    artist: str
    artist_name: str
    person: str
    credit_name: str


@event
class PersonUnlinked(Event):
    kind = "person.unlinked"
    sentence = "took {credit_name} from behind {artist_name}"

    artist: str
    artist_name: str
    person: str
    credit_name: str


@event
class DocumentAdded(Event):
    kind = "document.added"
    sentence = "filed a document for {artist_name} ({document_kind}): “{name}”"
    shred = "The file's name and the note are erased with their vault rows; the digest of the bytes stays."

    artist: str
    artist_name: str
    document: str
    document_kind: str
    dated: str | None
    name: str = sealed(default="")
    note: str = sealed(default="")


@event
class DocumentRemoved(Event):
    kind = "document.removed"
    sentence = "took a document of {artist_name} off the file ({document_kind})"

    artist: str
    artist_name: str
    document: str
    document_kind: str


@event
class ArtistsMerged(Event):
    """`moved`: model -> ids of the rows that belong to the other artist from now on."""

    kind = "artist.merged"
    sentence = "merged {name} into {into_name}: “{reason}”"
    shred = "The reason is erased with its vault row; what was moved stays."

    artist: str
    name: str
    into: str
    into_name: str
    moved: Mapping[str, tuple[str, ...]]
    reason: str = sealed(default="")


@event
class ArtistsSeparated(Event):
    kind = "artist.separated"
    sentence = "took back that {name} was merged into {into_name}: “{reason}”"
    shred = "The reason is erased with its vault row; what was moved stays."

    artist: str
    name: str
    into: str
    into_name: str
    moved: Mapping[str, tuple[str, ...]]
    reason: str = sealed(default="")


@event
class RosterExported(Event):
    kind = "roster.exported"
    sentence = "exported {artists} artists of the roster as a file"

    artists: int
