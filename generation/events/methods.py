"""What somebody says material is, and a master held against a method."""

from __future__ import annotations

from collections.abc import Mapping

from provenance.events import Event, event


@event
class MaterialMarked(Event):
    kind = "material.marked"
    sentence = "said what {title} is: {material_words}"

    title: str
    material: str
    material_words: str
    before: str


@event
class MethodCheckRequested(Event):
    kind = "method.check_requested"
    sentence = "asked whether master {number} keeps version {method_number} of the method"

    number: int
    method: str
    method_number: int


@event
class MethodChecked(Event):
    """Rule by rule: `outcomes` hold rule, sentence, verdict, because, entries and the number of comparisons."""

    kind = "method.checked"
    sentence = (
        "held master {number} against version {method_number} of the method: {confirmed} confirmed, "
        "{refuted} refuted, {undecided} undecided"
    )

    number: int
    method: str
    method_number: int
    confirmed: int
    refuted: int
    undecided: int
    comparisons: int
    thresholds: Mapping[str, int]
    outcomes: tuple[Mapping[str, object], ...]
