"""What happens to works, recordings and releases. Statements and reasons are sealed; numbers and digests are public."""

from __future__ import annotations

from collections.abc import Mapping

from provenance.elements import Basis
from provenance.events import Event, event, sealed

_ERASE = "Delete the vault rows of the entry: what remains says that a statement was made, not what it said."


@event
class ImprintCreated(Event):
    kind = "imprint.created"
    sentence = "set up the imprint {name}"

    imprint: str
    name: str
    isrc_prefix: str
    gtin_prefix: str
    dpid: str


@event
class NumberAllocated(Event):
    kind = "number.allocated"
    sentence = "gave out {number_kind} {value}"

    number_kind: str
    series: str
    n: int
    value: str


@event
class MasterDeclared(Event):
    """The artist's own statement. Declared, never observed: documents keep the difference."""

    kind = "master.declared"
    sentence = "declared, as statement {number}: {summary}"
    shred = _ERASE
    basis: Basis = Basis.DECLARED

    declaration: str
    number: int
    summary: str
    elements: tuple[str, ...]
    claims: Mapping[str, str]
    evidence_leaf: str
    approved: bool
    statements: Mapping[str, str] = sealed()


@event
class StatementResolved(Event):
    kind = "statement.resolved"
    sentence = "settled {element} as {origin}: {reason}"
    shred = _ERASE

    declaration: str
    element: str
    origin: str
    reason: str = sealed()


@event
class WorkCreated(Event):
    kind = "work.created"
    sentence = "registered the work {title}"

    work: str
    title: str
    iswc: str


@event
class RecordingCreated(Event):
    kind = "recording.created"
    sentence = "made master {master} the recording {title}, ISRC {isrc}"

    recording: str
    master: str
    title: str
    isrc: str


@event
class RecordingChanged(Event):
    kind = "recording.changed"
    sentence = "changed the recording {title}: {fields}"

    recording: str
    title: str
    fields: tuple[str, ...]


@event
class ContributionsSet(Event):
    kind = "contributions.set"
    sentence = "set {count} contributions of {title}"

    recording: str
    title: str
    count: int
    rows: tuple[Mapping[str, str | int], ...]


@event
class ReleaseCreated(Event):
    kind = "release.created"
    sentence = "planned the {release_kind} {title}, {catalogue_number}"

    release: str
    title: str
    release_kind: str
    gtin: str
    catalogue_number: str


@event
class ReleaseChanged(Event):
    kind = "release.changed"
    sentence = "changed {title}: {fields}"

    release: str
    title: str
    fields: tuple[str, ...]
    values: Mapping[str, object]


@event
class TrackAdded(Event):
    kind = "track.added"
    sentence = "put {title} on the release as track {number}"

    release: str
    recording: str
    title: str
    number: int


@event
class TrackRemoved(Event):
    kind = "track.removed"
    sentence = "took {title} off the release"

    release: str
    recording: str
    title: str


@event
class TrackMoved(Event):
    kind = "track.moved"
    sentence = "moved {title} from {before} to {number}"

    release: str
    recording: str
    title: str
    before: int
    number: int


@event
class ArtworkUploadedFirst(Event):
    kind = "artwork.uploaded"
    sentence = "gave the release a cover of {width_px} by {height_px} pixels, {origin}"
    basis: Basis = Basis.DECLARED

    release: str
    origin: str
    width_px: int
    height_px: int


@event
class ArtworkUploaded(Event):
    """`likeness`: it shows somebody, as a model made them; the consent is used in the same transaction."""

    kind = "artwork.uploaded"
    version = 2
    sentence = "gave the release a cover of {width_px} by {height_px} pixels, {origin}"
    basis: Basis = Basis.DECLARED

    release: str
    origin: str
    width_px: int
    height_px: int
    likeness: bool


@event
class ReleaseApproved(Event):
    kind = "release.approved"
    sentence = "approved {title} as {role}"

    release: str
    title: str
    role: str
    state_digest: str


@event
class ReleaseStateChanged(Event):
    kind = "release.state_changed"
    sentence = "{title} went from {before} to {after}"

    release: str
    title: str
    before: str
    after: str


@event
class PackageRequested(Event):
    kind = "package.requested"
    sentence = "asked for the package of {title}"

    release: str
    package: str
    title: str
    state_digest: str


@event
class AudioSigned(Event):
    """A master's copies for one package. What they are inherits from the master; only tags and signature are new."""

    kind = "package.audio_signed"
    sentence = "tagged and signed {title}, ISRC {isrc}"

    release: str
    package: str
    recording: str
    title: str
    isrc: str


@event
class PackageBuilt(Event):
    kind = "package.built"
    sentence = "built the package of {title}: {parts} parts, ERN {ern_verdict}"

    release: str
    package: str
    title: str
    parts: int
    ern_verdict: str
    checkpoint_size: int


@event
class PersonErased(Event):
    """The erasures themselves stand beside it, one for each entry that lost private values."""

    kind = "person.erased"
    sentence = (
        "erased the private content of a person: {values} values in {entries} entries, and the copies of them"
    )

    user: str
    values: int
    entries: int
    copies: Mapping[str, int]


@event
class HowMadePublished(Event):
    """The address is left out: who reads the ledger is not given the link."""

    kind = "how_made.published"
    sentence = "published how master {number} of {title} was made, by version {method_number} of the method"

    title: str
    number: int
    method_number: int
    check_leaf: str


@event
class HowMadeWithdrawn(Event):
    kind = "how_made.withdrawn"
    sentence = "took back the page about how master {number} of {title} was made"

    title: str
    number: int
