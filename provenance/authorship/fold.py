"""From the entries of a ledger to who or what made an asset, element by element and region by region.

1. Index: every entry that claims something about its outputs is a candidate for those bytes. The strongest
   basis wins, then one that leaves no element unknown, then one of the asked stream, then the earliest; equal
   times fall back on the leaf hash, so that the order of the entries never matters.
2. Order: the chosen candidates form a graph of assets. Strongly connected parts are found without recursion.
   Bytes cannot honestly be made out of themselves: inside a cycle another candidate is tried, otherwise all
   that its members carry is unknown.
3. Fold: every asset gets, per element, the set of sources as a bit mask over all sources, so that long chains
   and diamonds cost one OR per edge.
4. Read off the target's elements, its regions, the holes (`unknown`) and the contradictions (`contested`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from provenance.authorship.bodies import EVERY_ELEMENT, EntryBody, OutputClaims, Region
from provenance.authorship.candidates import Candidate, candidate_of, disagree, entry_ref
from provenance.authorship.findings import (
    AuthorshipMap,
    Contested,
    ElementFinding,
    RegionFinding,
    Source,
    UnknownFinding,
    weakest,
)
from provenance.authorship.graph import components
from provenance.authorship.stretches import Stretch, filled, joined
from provenance.elements import (
    PERFORMANCE_PREFIX,
    ROLES,
    Origin,
    combine,
    element_order,
    elements_of,
    performance,
)

RULES: Final = "1"
MAX_ROUNDS: Final = 64
"""How often a cycle may be broken up before what is left counts as unknown; honest ledgers need 0 or 1."""

SOUND_ELEMENTS: Final = frozenset({"melody", "harmony", "production", *(performance(role) for role in ROLES)})
"""What is heard in a region: composed and performed sound, not the words, the arrangement or the mix."""

NO_ENTRY: Final = "no entry says where it comes from"
IN_CYCLE: Final = "it claims to be made out of itself"
SAID_SO: Final = "its entry leaves this open"
SILENT: Final = "what it was made from says nothing about this"

MAX_DEPTH: Final = 100
"""How far stretches are followed through what they were made from: an extension of an extension, and so on."""

_Masks = dict[str, int]


def fold(entries: Iterable[EntryBody], target_sha256: str, *, stream: str | None = None) -> AuthorshipMap:
    """Who or what made the target. An asset without a producing entry comes out as unknown.

    `stream`: where several entries are equally strong, those of this stream count before others'.
    """
    return _Fold(entries, stream).read(target_sha256)


def fold_many(entries: Iterable[EntryBody], targets: Iterable[str]) -> dict[str, AuthorshipMap]:
    """`fold` for several targets over the same entries, with the shared work done once."""
    folded = _Fold(entries)
    return {target: folded.read(target) for target in targets}


class _Fold:
    def __init__(self, entries: Iterable[EntryBody], stream: str | None = None) -> None:
        self.stream = stream
        self.candidates: dict[str, list[Candidate]] = {}
        for entry in {entry.leaf_hash: entry for entry in entries}.values():
            for sha256, claims in entry.authorship.items():
                self.candidates.setdefault(sha256, []).append(candidate_of(entry, claims))
        for found in self.candidates.values():
            found.sort(key=lambda candidate: candidate.rank(stream))
        self.chosen: dict[str, Candidate] = {sha256: found[0] for sha256, found in self.candidates.items()}
        self.times = {c.entry.leaf_hash: c.entry.at for found in self.candidates.values() for c in found}
        self.masks: dict[str, _Masks] = {}
        self.in_cycle: dict[str, tuple[str, ...]] = {}
        self.stretches: dict[str, list[Stretch]] = {}
        self.sources: list[Source] = []
        self.bits: dict[Source, int] = {}

    # -- reading off -------------------------------------------------------------------------------

    def read(self, target: str) -> AuthorshipMap:
        self._resolve(target)
        listed = self._regions(target)
        for region, _ in listed:
            self._resolve(region.asset)
        assets = self._lineage({target, *(region.asset for region, _ in listed)})
        masks = self.masks.get(target) or dict.fromkeys(elements_of("full_mix"), self._unknown(target))
        elements = {name: self._element(name, masks[name]) for name in sorted(masks, key=element_order)}
        regions = tuple(found for region, owner in listed for found in self._findings(region, owner))
        chosen = [self.chosen[sha256] for sha256 in assets if sha256 in self.chosen]
        return AuthorshipMap(
            target=target,
            rules=RULES,
            elements=MappingProxyType(elements),
            regions=regions,
            entries=tuple(self._in_time({candidate.entry.leaf_hash for candidate in chosen})),
            assets=assets,
            roles=MappingProxyType({a: self.chosen[a].claims.role for a in assets if a in self.chosen}),
            produced_by=MappingProxyType(
                {a: self.chosen[a].entry.leaf_hash for a in assets if a in self.chosen}
            ),
            asset_origins=MappingProxyType(self._heard(assets)),
            unknown=self._holes(elements, regions),
            contested=tuple(self._contested(assets)),
            cycles=tuple(sorted({self.in_cycle[sha256] for sha256 in assets if sha256 in self.in_cycle})),
            sound_origins=frozenset(
                origin
                for name, found in elements.items()
                if name in SOUND_ELEMENTS
                for origin in found.origins
            ),
        )

    def _element(self, name: str, mask: int) -> ElementFinding:
        sources = self._sources(mask)
        origins = frozenset(source.origin for source in sources)
        return ElementFinding(name, origins, combine(origins), sources)

    def _findings(self, region: Region, owner: str) -> Iterator[RegionFinding]:
        """The region, in as many pieces as it has makers."""
        for piece in joined(self._pieces(region, owner, depth=0)):
            sources = self._sources(piece.mask)
            origins = frozenset(source.origin for source in sources)
            yield RegionFinding(
                track=region.track,
                role=region.role,
                from_ms=piece.from_ms,
                to_ms=piece.to_ms,
                origin=combine(origins),
                origins=origins,
                basis=weakest(sources),
                asset=region.asset,
                sources=sources,
            )

    def _pieces(self, region: Region, owner: str, *, depth: int) -> list[Stretch]:
        """Who made what is heard from moment to moment of a region that `owner`'s entry lists."""
        own = 0
        if region.origin is not None:
            candidate = self.chosen[owner]
            entry = candidate.entry
            own = self._bit(
                Source(region.origin, candidate.basis, entry.leaf_hash, entry.index, entry.kind, owner)
            )
            if region.asset == owner:
                return [Stretch(region.from_ms, region.to_ms, own)]
        inner = [] if region.source_ms is None else self._stretches(region.asset, depth=depth + 1)
        start = region.source_ms or 0
        length = region.to_ms - region.from_ms
        cut = [
            Stretch(
                region.from_ms + max(piece.from_ms - start, 0),
                region.from_ms + min(piece.to_ms - start, length),
                piece.mask | own,
            )
            for piece in inner
            if piece.from_ms < start + length and piece.to_ms > start
        ]
        whole = Stretch(region.from_ms, region.to_ms, self._sound(region.asset) | own)
        return filled(cut, whole) if cut else [whole]

    def _stretches(self, sha256: str, *, depth: int) -> list[Stretch]:
        """What is heard of an asset from moment to moment, all its tracks together; empty without any region."""
        if sha256 in self.stretches or depth > MAX_DEPTH:
            return self.stretches.get(sha256, [])
        self.stretches[sha256] = []  # what is made out of itself has no stretches
        layers = []
        for region, owner in self._regions(sha256):
            self._resolve(region.asset)
            layers += self._pieces(region, owner, depth=depth)
        edges = sorted({edge for piece in layers for edge in (piece.from_ms, piece.to_ms)})
        found = []
        for start, end in itertools.pairwise(edges):
            mask = 0
            for piece in layers:
                if piece.from_ms <= start and piece.to_ms >= end:
                    mask |= piece.mask
            if mask:
                found.append(Stretch(start, end, mask))
        self.stretches[sha256] = joined(found)
        return self.stretches[sha256]

    def _sound(self, sha256: str) -> int:
        """Everybody who made what is heard in an asset."""
        mask = 0
        for name, found in self.masks.get(sha256, {}).items():
            if name in SOUND_ELEMENTS:
                mask |= found
        return mask or self._unknown(sha256)

    def _heard(self, assets: tuple[str, ...]) -> dict[str, frozenset[Origin]]:
        """The origins of what is heard in each asset; one mask per origin instead of a walk over all sources."""
        by_origin = dict.fromkeys(Origin, 0)
        for place, source in enumerate(self.sources):
            by_origin[source.origin] |= 1 << place
        heard = {}
        for sha256 in assets:
            mask = 0
            for name, found in self.masks.get(sha256, {}).items():
                if name in SOUND_ELEMENTS:
                    mask |= found
            origins = frozenset(origin for origin, bits in by_origin.items() if bits & mask)
            heard[sha256] = origins if sha256 in self.masks else frozenset({Origin.UNKNOWN})
        return heard

    def _regions(self, target: str) -> tuple[tuple[Region, str], ...]:
        """The target's own regions, or those of what it is a whole copy or master of; each with whose they are."""
        found: list[tuple[Region, str]] = []
        seen = {target}
        waiting = [target]
        while waiting:
            owner = waiting.pop()
            candidate = self.chosen.get(owner)
            if candidate is None:
                continue
            if candidate.claims.regions:
                found.extend((region, owner) for region in candidate.claims.regions)
                continue
            for claim in reversed(candidate.claims.claims):
                if claim.element == EVERY_ELEMENT:
                    fresh = [sha256 for sha256 in reversed(claim.from_assets) if sha256 not in seen]
                    seen.update(fresh)
                    waiting.extend(fresh)
        return tuple(dict.fromkeys(found))

    def _lineage(self, roots: set[str]) -> tuple[str, ...]:
        seen = set(roots)
        waiting = list(roots)
        while waiting:
            fresh = [sha256 for sha256 in self._needs(waiting.pop()) if sha256 not in seen]
            seen.update(fresh)
            waiting.extend(fresh)
        return tuple(sorted(seen))

    def _holes(
        self, elements: Mapping[str, ElementFinding], regions: tuple[RegionFinding, ...]
    ) -> tuple[UnknownFinding, ...]:
        found: dict[tuple[str, str], set[str]] = {}
        for element in elements.values():
            for source in element.sources:
                if source.origin is Origin.UNKNOWN:
                    found.setdefault((source.asset, self._reason(source)), set()).add(element.element)
        for region in regions:
            for source in region.sources:
                if source.origin is Origin.UNKNOWN:
                    found.setdefault((source.asset, self._reason(source)), set())
        return tuple(
            UnknownFinding(asset, tuple(sorted(names, key=element_order)), reason)
            for (asset, reason), names in sorted(found.items())
        )

    def _reason(self, source: Source) -> str:
        if source.entry:
            return SAID_SO
        if source.asset in self.in_cycle:
            return IN_CYCLE
        return SILENT if source.asset in self.candidates else NO_ENTRY

    def _contested(self, assets: tuple[str, ...]) -> Iterator[Contested]:
        for sha256 in assets:
            if len(self.candidates.get(sha256, ())) < 2:
                continue
            chosen = self.chosen[sha256]
            mine = self._origins(self.masks[sha256])
            for other in self.candidates[sha256]:
                if other is chosen:
                    continue
                for needed in sorted(other.needs):
                    self._resolve(needed)
                theirs = self._origins(self._apply(sha256, other))
                clash = [name for name in mine if disagree(mine[name], theirs.get(name, frozenset()))]
                if clash:
                    names = tuple(sorted(clash, key=element_order))
                    yield Contested(
                        sha256, names, entry_ref(chosen, mine, names), entry_ref(other, theirs, names)
                    )

    def _origins(self, masks: _Masks) -> dict[str, frozenset[Origin]]:
        return {
            name: frozenset(source.origin for source in self._sources(mask)) for name, mask in masks.items()
        }

    # -- folding -----------------------------------------------------------------------------------

    def _needs(self, sha256: str) -> list[str]:
        candidate = self.chosen.get(sha256)
        return sorted(candidate.needs) if candidate else []

    def _resolve(self, root: str) -> None:
        """Gives every asset that `root` is made from its masks, oldest first."""
        if root in self.masks:
            return
        for _ in range(MAX_ROUNDS):
            ordered = components(root, lambda sha256: [] if sha256 in self.masks else self._needs(sha256))
            cyclic = [part for part in ordered if len(part) > 1 or part[0] in self._needs(part[0])]
            if not [part for part in cyclic if self._break(part)]:
                break
        else:
            ordered = components(root, lambda sha256: [] if sha256 in self.masks else self._needs(sha256))
        for part in ordered:
            if part[0] in self.masks:
                continue
            if len(part) == 1 and part[0] not in self._needs(part[0]):
                candidate = self.chosen.get(part[0])
                if candidate is not None:
                    self.masks[part[0]] = self._apply(part[0], candidate)
            else:
                self._fold_cycle(part)

    def _break(self, part: tuple[str, ...]) -> bool:
        """Takes, for one asset of a cycle, the best candidate that leads out of it; False: there is none."""
        members = set(part)
        ways_out = [
            (other.rank(self.stream), sha256, other)
            for sha256 in part
            for other in self.candidates[sha256]
            if other is not self.chosen[sha256] and not other.needs & members
        ]
        if not ways_out:
            return False
        _, sha256, other = min(ways_out, key=lambda way: way[:2])
        self.chosen[sha256] = other
        return True

    def _fold_cycle(self, part: tuple[str, ...]) -> None:
        """Every member of a cycle carries what any member carries, and unknown on top: nobody can tell."""
        members = tuple(sorted(part))
        for sha256 in members:
            self.in_cycle[sha256] = members
            self.masks[sha256] = {}
        shared: _Masks = {}
        for sha256 in members:
            names = elements_of(self.chosen[sha256].claims.role)
            for name, mask in {**dict.fromkeys(names, 0), **self._apply(sha256, self.chosen[sha256])}.items():
                shared[name] = shared.get(name, 0) | mask | self._unknown(sha256)
        for sha256 in members:
            self.masks[sha256] = shared

    def _apply(self, sha256: str, candidate: Candidate) -> _Masks:
        masks: _Masks = {}
        named: set[str] = set()
        for claim in candidate.claims.claims:
            if claim.element == EVERY_ELEMENT:
                for source in claim.from_assets:
                    for name, mask in self._carried(source, candidate.claims).items():
                        masks[name] = masks.get(name, 0) | mask
                continue
            named.add(claim.element)
            mask = masks.get(claim.element, 0)
            if claim.origin is not None:
                entry = candidate.entry
                basis = candidate.basis
                if claim.basis is not None and claim.basis.strength > basis.strength:
                    basis = claim.basis
                mask |= self._bit(
                    Source(claim.origin, basis, entry.leaf_hash, entry.index, entry.kind, sha256)
                )
            for source in claim.from_assets:
                mask |= self._inherited(source, claim.of or claim.element, candidate.claims)
            masks[claim.element] = mask
        for name in named:
            masks[name] = masks[name] or self._unknown(sha256)
        return masks or dict.fromkeys(elements_of(candidate.claims.role), self._unknown(sha256))

    def _carried(self, source: str, consumer: OutputClaims) -> _Masks:
        """What an asset carries; one without an entry carries its role's elements, all of them unknown."""
        found = self.masks.get(source)
        if found is not None:
            return found
        roles = {region.role for region in consumer.regions if region.asset == source} or {consumer.role}
        unknown = self._unknown(source)
        return {name: unknown for role in roles for name in elements_of(role)}

    def _inherited(self, source: str, element: str, consumer: OutputClaims) -> int:
        found = self._carried(source, consumer)
        if element in found:
            return found[element]
        if not element.startswith(PERFORMANCE_PREFIX):
            return 0
        # The bass of a separated mix was played somewhere within the mix: all its performances count.
        mask = 0
        for name, other in found.items():
            if name.startswith(PERFORMANCE_PREFIX):
                mask |= other
        return mask

    # -- sources -----------------------------------------------------------------------------------

    def _bit(self, source: Source) -> int:
        place = self.bits.get(source)
        if place is None:
            place = self.bits[source] = len(self.sources)
            self.sources.append(source)
        return 1 << place

    def _unknown(self, asset: str) -> int:
        return self._bit(Source(Origin.UNKNOWN, None, "", None, "", asset))

    def _sources(self, mask: int) -> tuple[Source, ...]:
        found = [self.sources[place] for place, digit in enumerate(reversed(f"{mask:b}")) if digit == "1"]
        spoken = sorted(
            (source for source in found if source.entry),
            key=lambda source: (self.times[source.entry], source.entry, source.asset, source.origin),
        )
        silent = sorted((source for source in found if not source.entry), key=lambda source: source.asset)
        return (*spoken, *silent)

    def _in_time(self, leaf_hashes: set[str]) -> list[str]:
        return sorted(leaf_hashes, key=lambda leaf_hash: (self.times[leaf_hash], leaf_hash))
