"""An entry that claims something about an asset, and how two of them rank and clash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from provenance.authorship.bodies import EntryBody, OutputClaims
from provenance.authorship.findings import EntryRef
from provenance.elements import Basis, Origin


@dataclass(frozen=True, slots=True)
class Candidate:
    entry: EntryBody
    claims: OutputClaims
    basis: Basis
    needs: frozenset[str]

    def rank(self, stream: str | None) -> tuple[int, bool, bool, object, str]:
        leaves_open = any(claim.origin is Origin.UNKNOWN for claim in self.claims.claims)
        foreign = stream is not None and self.entry.stream != stream
        return (self.basis.strength, leaves_open, foreign, self.entry.at, self.entry.leaf_hash)


def candidate_of(entry: EntryBody, claims: OutputClaims) -> Candidate:
    basis = entry.basis
    if claims.basis is not None and claims.basis.strength > basis.strength:
        basis = claims.basis
    needs = frozenset(sha256 for claim in claims.claims for sha256 in claim.from_assets)
    return Candidate(entry, claims, basis, needs)


def disagree(mine: frozenset[Origin], theirs: frozenset[Origin]) -> bool:
    """Two known answers that differ; not knowing contradicts nobody."""
    known_mine, known_theirs = mine - {Origin.UNKNOWN}, theirs - {Origin.UNKNOWN}
    return bool(known_mine and known_theirs and known_mine != known_theirs)


def entry_ref(
    candidate: Candidate, origins: Mapping[str, frozenset[Origin]], names: tuple[str, ...]
) -> EntryRef:
    entry = candidate.entry
    return EntryRef(
        entry=entry.leaf_hash,
        index=entry.index,
        kind=entry.kind,
        basis=candidate.basis,
        at=entry.at,
        origins=MappingProxyType({name: origins[name] for name in names}),
    )
