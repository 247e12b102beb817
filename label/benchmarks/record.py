"""The ledger's own figures, as lines of the table."""

from __future__ import annotations

from collections.abc import Iterator

from label.benchmarks.table import Beside, Figure, Goal
from provenance.benchmarks import Measure, measures


def ledger(*, quick: bool) -> Iterator[Figure]:
    """What `record()` costs and how soon an entry stands in a signed checkpoint."""
    found = measures(quick=quick)
    medians = {
        measure.name.removesuffix(", p50"): measure for measure in found if measure.name.endswith(", p50")
    }
    for measure in found:
        middle = medians.get(measure.name.removesuffix(", p99"))
        beside = Beside("the same run's median", middle.value) if middle and middle is not measure else None
        if measure.beside is not None:
            beside = Beside(*measure.beside)
        yield _figure(measure, beside)


def _figure(measure: Measure, beside: Beside | None) -> Figure:
    return Figure(
        name=measure.name,
        value=measure.value,
        unit=measure.unit,
        goal=Goal.parse(measure.goal),
        beside=beside,
        note=measure.note,
    )
