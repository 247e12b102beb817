"""The ledger's answer about a master, with what people stated and what was settled beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from generation.models import Master
from provenance.authorship import AuthorshipMap, EntryBody, fold
from provenance.elements import Origin, element_label, element_order
from provenance.queries import bodies_for_assets
from release.labels import ElementOrigins
from release.models import Declaration
from release.reading import declaration_of, resolutions_of


@dataclass(frozen=True)
class Contradiction:
    """A statement that the evidence does not carry."""

    element: str
    stated: Origin
    found: frozenset[Origin]

    @property
    def sentence(self) -> str:
        found = ", ".join(sorted(origin.value.replace("_", " ") for origin in self.found))
        stated = self.stated.value.replace("_", " ")
        return (
            f"{element_label(self.element)} is declared {stated}, but the ledger says {found or 'nothing'}."
        )


@dataclass(frozen=True)
class Evidence:
    """The fold of a master, the newest declaration, and what rights settled."""

    master: Master
    map: AuthorshipMap
    declaration: Declaration | None
    settled: Mapping[str, Origin]
    #: What was folded: the entries that made the master and what it was made from.
    bodies: tuple[EntryBody, ...] = field(default=(), repr=False)

    @property
    def findings(self) -> tuple[ElementOrigins, ...]:
        """Element by element, with settled contradictions in the place of what they settle."""
        elements = {element: finding.origins for element, finding in self.map.elements.items()}
        elements |= {element: frozenset({origin}) for element, origin in self.settled.items()}
        return tuple(
            ElementOrigins(element=element, origins=frozenset(elements[element]))
            for element in sorted(elements, key=element_order)
        )

    @property
    def unknown(self) -> tuple[str, ...]:
        return tuple(f.element for f in self.findings if Origin.UNKNOWN in f.origins)

    @property
    def contradictions(self) -> tuple[Contradiction, ...]:
        """Statements of the newest declaration that differ from the evidence and are not settled."""
        if self.declaration is None:
            return ()
        found = []
        for element, stated in self.declaration.claims.items():
            if element in self.settled:
                continue
            finding = self.map.elements.get(element)
            origins = finding.origins if finding else frozenset[Origin]()
            if finding is None or finding.origin != Origin(stated):
                found.append(Contradiction(element, Origin(stated), origins))
        return tuple(sorted(found, key=lambda item: element_order(item.element)))


def evidence_for(master: Master) -> Evidence:
    """Fold the lineage of the master's WAV. Raises `SystemFault`-like errors only for a broken record."""
    return evidence_of([master])[master.pk]


def evidence_of(masters: Iterable[Master]) -> dict[object, Evidence]:
    """Master id -> its evidence, in about as many queries as for one where `reading.tracks_of` brought the masters."""
    rows = {master.pk: master for master in masters}
    made = [master for master in rows.values() if master.wav]
    found = bodies_for_assets((master.wav.sha256, master.project.stream) for master in made if master.wav)
    bodies = {master.pk: bodies for master, bodies in zip(made, found, strict=True)}
    return {key: _evidence(master, bodies.get(key, [])) for key, master in rows.items()}


def _evidence(master: Master, bodies: list[EntryBody]) -> Evidence:
    sha256 = master.wav.sha256 if master.wav else ""
    declaration = declaration_of(master)
    settled: dict[str, Origin] = {}
    if declaration is not None:
        for resolution in resolutions_of(declaration):
            settled[resolution.element] = Origin(resolution.origin)
    return Evidence(
        master, fold(bodies, sha256, stream=master.project.stream), declaration, settled, tuple(bodies)
    )
