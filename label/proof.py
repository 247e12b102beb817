"""A master's proof as pages show it: rows, pictures and labels out of the evidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from generation.models import Take, Upload
from provenance import lineage, pictures
from provenance.authorship import EntryBody
from provenance.elements import Basis, Origin, combine, element_label
from provenance.lineage.model import LineageRow
from provenance.queries import bodies_for_asset
from release import labels
from release.evidence import Evidence
from release.labelling import receiver_labels


@dataclass(frozen=True)
class ElementRow:
    """One element: who or what made it, how that is known, and which entries say so."""

    label: str
    origin: Origin
    origins: tuple[str, ...]
    involvement: str
    bases: tuple[str, ...]
    entries: tuple[str, ...]
    settled: bool


@dataclass(frozen=True)
class LabelRow:
    """What one receiver is told."""

    receiver: str
    words: tuple[str, ...]
    notices: tuple[str, ...]


#: Receivers on the proof page; packages hold all of them.
SHOWN = ("ddex", "spotify", "apple", "distrokid", "believe")


class Proof:
    """Everything is computed from the evidence; nothing here was typed in."""

    def __init__(self, evidence: Evidence, *, bodies: Sequence[EntryBody] | None = None) -> None:
        """`bodies`: everything that is known of the master's making, decisions too, where it is at hand."""
        self.evidence = evidence
        self._bodies = bodies
        self.map = evidence.map

    @property
    def rows(self) -> list[ElementRow]:
        found = []
        for finding in self.evidence.findings:
            known = self.map.elements.get(finding.element)
            sources = known.sources if known else ()
            entries = tuple(dict.fromkeys(source.entry for source in sources if source.entry))
            found.append(
                ElementRow(
                    label=element_label(finding.element).capitalize(),
                    origin=combine(Origin(origin) for origin in finding.origins),
                    origins=tuple(sorted(Origin(origin).label for origin in finding.origins)),
                    involvement=labels.involvement(finding.origins).value,
                    bases=tuple(Basis(basis).value for basis in (known.bases if known else ())),
                    entries=entries,
                    settled=finding.element in self.evidence.settled,
                )
            )
        return found

    @cached_property
    def stripe(self) -> SafeString:
        wav = self.evidence.master.wav
        return mark_safe(  # noqa: S308 - our own escaped SVG
            pictures.stripe(self.map.regions, duration_ms=wav.duration_ms if wav else None)
        )

    @property
    def stripe_rows(self) -> list[pictures.StripeRow]:
        return pictures.stripe_rows(self.map.regions)

    def _lineage_picture(self, href: Callable[[lineage.Node], str | None] | None = None) -> SafeString:
        return mark_safe(pictures.lineage_picture(self._graph, href=href))  # noqa: S308 - our own escaped SVG

    @property
    def lineage_with_links(self) -> SafeString:
        """Every node leads to the entry that made it."""
        return self._lineage_picture(
            lambda node: reverse("label:ledger-entry", args=[node.entries[0]]) if node.entries else None
        )

    @property
    def lineage_rows(self) -> list[LineageRow]:
        return lineage.lineage_rows(self._graph)

    @cached_property
    def _graph(self) -> lineage.Lineage:
        names = dict(
            Upload.objects.filter(asset__sha256__in=self.map.assets).values_list("asset__sha256", "name")
        )
        for sha256, run, number in Take.objects.filter(asset__sha256__in=self.map.assets).values_list(
            "asset__sha256", "run__number", "number"
        ):
            names[sha256] = f"Run {run}, take {number}"
        bodies = self._bodies
        if bodies is None:
            bodies = bodies_for_asset(self.map.target, stream=self.evidence.master.project.stream)
        return lineage.graph(bodies, self.map.target, authorship=self.map, names=names)

    @property
    def overall(self) -> str:
        found = labels.overall(self.evidence.findings)
        return found.value if found else "Unknown"

    @property
    def receivers(self) -> list[LabelRow]:
        rows = []
        for told in receiver_labels(self.evidence, SHOWN):
            words = [
                f"{field.name}: {', '.join(field.values)}"
                for field in told.fields
                if field.values and field.involvement != labels.Involvement.NONE
            ]
            notices = [notice.sentence for notice in told.notices]
            rows.append(LabelRow(receiver=told.title, words=tuple(words), notices=tuple(notices)))
        return rows
