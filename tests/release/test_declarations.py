"""What the artist states stands beside the evidence, is sealed where it is words, and changes no evidence."""

from __future__ import annotations

import json

import pytest

from provenance.errors import UserFault
from provenance.models import Entry, VaultItem
from release import services
from release.errors import BadField
from release.evidence import evidence_for
from release.models import Declaration

pytestmark = pytest.mark.django_db


def test_a_declaration_is_declared_and_its_words_are_sealed(house):
    master = house.master(parts=("voice", "sketch"))
    said = "I sang it in one night and changed the second verse."
    declaration = services.declare(
        master, claims={"melody": "human"}, statements={"melody": said, "mix": "  "}, approve=True,
        actor=house.cast.mara,
    )  # fmt: skip
    body = bytes(declaration.entry.body).decode()
    assert declaration.entry.basis == "declared"
    assert "one night" not in body
    assert json.loads(body)["public"]["claims"] == {"melody": "human"}
    assert declaration.statements == {"melody": said}
    assert VaultItem.objects.get(entry=declaration.entry).name == "statements"
    assert evidence_for(master).contradictions == ()


def test_declarations_are_numbered_and_the_newest_counts(house):
    master = house.master(parts=("voice",))
    house.declare(master, lyrics="trained_model")
    assert [c.element for c in evidence_for(master).contradictions] == ["lyrics"]
    second = house.declare(master, lyrics="human")
    assert second.number == 2
    assert evidence_for(master).contradictions == ()
    assert Declaration.objects.filter(master=master).count() == 2


def test_a_declaration_changes_no_evidence(house):
    master = house.master(parts=("voice", "choir"))
    before = {name: finding.origins for name, finding in evidence_for(master).map.elements.items()}
    house.declare(master, performance__pads="human")
    after = evidence_for(master)
    assert {name: finding.origins for name, finding in after.map.elements.items()} == before
    assert after.contradictions[0].sentence == (
        "pads performance is declared human, but the ledger says trained model."
    )


@pytest.mark.parametrize(
    ("claims", "statements", "says"),
    [
        ({"performance:drums": "human"}, {}, "no element called performance:drums"),
        ({"melody": "unknown"}, {}, "not an origin that can be stated"),
        ({"melody": "divine"}, {}, "not an origin that can be stated"),
        ({}, {"theremin": "x"}, "no element called theremin"),
        ({}, {"melody": "x" * 2001}, "below 2000 characters"),
    ],
)
def test_what_cannot_be_declared_is_refused_and_not_recorded(house, claims, statements, says):
    master = house.master(parts=("voice",))
    before = Entry.objects.count()
    with pytest.raises(BadField, match=says):
        services.declare(master, claims=claims, statements=statements, approve=True, actor=house.cast.mara)
    assert Entry.objects.count() == before


def test_rights_settles_a_contradiction_with_a_reason_and_both_sides_stay(house):
    master = house.master(parts=("voice", "choir"))
    declaration = house.declare(master, performance__pads="mixed")
    resolution = services.resolve(
        declaration, element="performance:pads", origin="mixed", reason="The session files show her playing.",
        actor=house.cast.rights,
    )  # fmt: skip
    evidence = evidence_for(master)
    assert evidence.contradictions == ()
    assert evidence.settled == {"performance:pads": "mixed"}
    found = {finding.element: finding.origins for finding in evidence.findings}
    assert found["performance:pads"] == {"mixed"}
    assert evidence.map.elements["performance:pads"].origins == {"trained_model"}
    assert "session files" not in bytes(resolution.entry.body).decode()


@pytest.mark.parametrize(
    ("element", "origin", "reason", "says"),
    [
        ("performance:pads", "mixed", "  ", "Say why"),
        ("performance:pads", "unknown", "because", "Choose one of"),
        ("melody", "human", "because", "nothing to settle"),
    ],
)
def test_a_settlement_needs_something_to_settle_and_a_reason(house, element, origin, reason, says):
    declaration = house.declare(house.master(parts=("voice", "choir")), performance__pads="human")
    with pytest.raises(UserFault, match=says):
        services.resolve(declaration, element=element, origin=origin, reason=reason, actor=house.cast.rights)


def test_an_older_declaration_is_not_settled_any_more(house):
    master = house.master(parts=("voice", "choir"))
    old = house.declare(master, performance__pads="human")
    house.declare(master, performance__pads="mixed")
    with pytest.raises(BadField, match="newer declaration"):
        services.resolve(old, element="performance:pads", origin="human", reason="x", actor=house.cast.rights)
