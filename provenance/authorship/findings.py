"""What the fold finds. Facts with their sources, never a score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from provenance.elements import Basis, Origin, combine, element_label


@dataclass(frozen=True, slots=True)
class Source:
    """Where an origin comes from: the entry that claimed it for `asset`.

    For `unknown` without an entry, `entry` is "" and `basis` None: nobody said anything.
    """

    origin: Origin
    basis: Basis | None
    entry: str
    index: int | None
    kind: str
    asset: str


@dataclass(frozen=True, slots=True)
class ElementFinding:
    """One element of the target: every origin that contributed, and the entries that say so."""

    element: str
    origins: frozenset[Origin]
    origin: Origin
    sources: tuple[Source, ...]

    @property
    def label(self) -> str:
        return element_label(self.element)

    @property
    def bases(self) -> tuple[Basis, ...]:
        """How it is known, strongest first."""
        return _bases(self.sources)


@dataclass(frozen=True, slots=True)
class RegionFinding:
    """A stretch of a track: what sounds there and who or what made that sound.

    `basis` is the weakest among its sources, None where nothing is known.
    """

    track: str
    role: str
    from_ms: int
    to_ms: int
    origin: Origin
    origins: frozenset[Origin]
    basis: Basis | None
    asset: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class UnknownFinding:
    """A hole in the evidence: these elements of the target cannot be traced beyond `asset`."""

    asset: str
    elements: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class EntryRef:
    """An entry that speaks about the same bytes as another; `origins` is what it says, element by element."""

    entry: str
    index: int | None
    kind: str
    basis: Basis
    at: datetime
    origins: Mapping[str, frozenset[Origin]]


@dataclass(frozen=True, slots=True)
class Contested:
    """Two entries that disagree about the same bytes. `chosen` counts; both are named."""

    asset: str
    elements: tuple[str, ...]
    chosen: EntryRef
    other: EntryRef


@dataclass(frozen=True, slots=True)
class AuthorshipMap:
    """Everything that the ledger says about who or what made `target`.

    `entries` are the leaf hashes of the entries that the answer rests on, `assets` the digests of the
    lineage; `produced_by` gives the entry that counts for an asset, `asset_origins` who made what is heard in
    it. `cycles` lists assets that claim to be made out of each other: all they carry counts as unknown.
    """

    target: str
    rules: str
    elements: Mapping[str, ElementFinding]
    regions: tuple[RegionFinding, ...]
    entries: tuple[str, ...]
    assets: tuple[str, ...]
    roles: Mapping[str, str]
    produced_by: Mapping[str, str]
    asset_origins: Mapping[str, frozenset[Origin]]
    unknown: tuple[UnknownFinding, ...]
    contested: tuple[Contested, ...]
    cycles: tuple[tuple[str, ...], ...]
    sound_origins: frozenset[Origin]

    @property
    def sound_origin(self) -> Origin:
        """One word for what is heard: melody, harmony, performances and production together."""
        return combine(self.sound_origins)

    @property
    def is_known(self) -> bool:
        """Whether every element has its origin; a release waits until it has."""
        return bool(self.elements) and not self.unknown

    @property
    def duration_ms(self) -> int:
        return max((region.to_ms for region in self.regions), default=0)


def _bases(sources: tuple[Source, ...]) -> tuple[Basis, ...]:
    found = {source.basis for source in sources if source.basis is not None}
    return tuple(sorted(found, key=lambda basis: basis.strength))


def weakest(sources: tuple[Source, ...]) -> Basis | None:
    """The weakest basis among sources; None as soon as one source has none."""
    if not sources or any(source.basis is None for source in sources):
        return None
    return _bases(sources)[-1]
