"""Whatever is wrong with a body, the reader says so in its own words."""

from __future__ import annotations

import contextlib
import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.authorship import MalformedEntry, UnknownRules, check_authorship, parse_entry
from provenance.elements import Basis, Origin
from tests.provenance.authorship.ledgerlike import body, claims, sha

LEAF = sha("leaf")


def good() -> dict[str, Any]:
    spec = {
        "role": "full_mix",
        "claims": [{"element": "melody", "origin": "human", "from": [sha("a")]}],
        "regions": [{"track": "Bass", "role": "bass", "from_ms": 0, "to_ms": 9, "asset": sha("a")}],
        "basis": "declared",
    }
    return body("render.made", authorship=claims({sha("out"): spec}), inputs={sha("a"): "clip"})


def test_a_good_body_is_read_whole() -> None:
    entry = parse_entry(json.dumps(good()).encode(), leaf_hash=LEAF, index=7)
    assert (entry.kind, entry.basis, entry.index, entry.actor.id) == (
        "render.made",
        Basis.OBSERVED,
        7,
        "sketch",
    )
    assert entry.subjects == ("project:p",)
    output = entry.authorship[sha("out")]
    assert output.claims[0].origin is Origin.HUMAN
    assert output.claims[0].from_assets == (sha("a"),)
    assert output.regions[0].to_ms == 9
    assert output.basis is Basis.DECLARED


def test_an_entry_without_authorship_is_good() -> None:
    assert not parse_entry(body("take.shortlisted"), leaf_hash=LEAF).authorship


def bad(path: str, value: object) -> dict[str, Any]:
    data = copy.deepcopy(good())
    place: Any = data
    *steps, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    for step in steps:
        place = place[sha("out") if step == "OUT" else step]
    place[last] = value
    return data


CLAIM = "authorship/outputs/OUT/claims/0"
REGION = "authorship/outputs/OUT/regions/0"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("v", 2),
        ("kind", ""),
        ("kind", None),
        ("event_version", "1"),
        ("event_version", True),
        ("at", "yesterday"),
        ("at", "2026-11-20T11:00:00"),
        ("at", 5),
        ("basis", "guessed"),
        ("basis", ["observed"]),
        ("actor", None),
        ("actor/id", 5),
        ("stream", None),
        ("subjects", "project:p"),
        ("subjects/0", 1),
        ("inputs/0/sha256", "ABC"),
        ("inputs/0", "x"),
        ("outputs", None),
        ("public", []),
        ("authorship", []),
        ("authorship/outputs", []),
        ("authorship/outputs/OUT", None),
        ("authorship/outputs/OUT/role", "kazoo"),
        ("authorship/outputs/OUT/role", ["bass"]),
        ("authorship/outputs/OUT/basis", "hearsay"),
        ("authorship/outputs/OUT/claims", {}),
        (CLAIM, {"element": "melody"}),
        (CLAIM, {"element": "soul", "origin": "human"}),
        (CLAIM, {"element": "*", "origin": "human"}),
        (CLAIM, {"element": "melody", "origin": "mixed"}),
        (CLAIM, {"element": "melody", "origin": "alien"}),
        (CLAIM, {"element": "melody", "origin": {}}),
        (CLAIM, {"element": "melody", "from": sha("a")}),
        (CLAIM, {"element": "melody", "from": ["short"]}),
        (REGION + "/to_ms", 0),
        (REGION + "/from_ms", -1),
        (REGION + "/from_ms", 0.5),
        (REGION + "/to_ms", 10**30),
        (REGION + "/asset", None),
        (REGION + "/track", None),
        (REGION + "/role", "solo"),
    ],
)
def test_a_malformed_body_is_refused_with_the_place_of_the_fault(path: str, value: object) -> None:
    with pytest.raises(MalformedEntry) as caught:
        parse_entry(bad(path, value), leaf_hash=LEAF)
    assert caught.value.code == "malformed_entry"
    assert caught.value.path.split(".")[0].split("[")[0] == path.split("/")[0]


@pytest.mark.parametrize("stored", [b"", b"[]", b"\xff\xfe", b"nul", b"[" * 100_000, '{"v":1}', "null"])
def test_bytes_that_are_no_body_are_refused(stored: bytes | str) -> None:
    with pytest.raises(MalformedEntry):
        parse_entry(stored, leaf_hash=LEAF)


def test_claims_about_bytes_that_the_entry_did_not_make_are_refused() -> None:
    data = good()
    data["outputs"] = []
    with pytest.raises(MalformedEntry, match="not one of the entry's outputs"):
        parse_entry(data, leaf_hash=LEAF)
    with pytest.raises(MalformedEntry):
        check_authorship(data["authorship"], outputs=[])
    check_authorship(data["authorship"], outputs=[sha("out")])


@pytest.mark.parametrize("version", ["2", 1, None, ["1"]])
def test_rules_of_another_version_are_not_guessed_at(version: object) -> None:
    with pytest.raises(UnknownRules):
        parse_entry(bad("authorship/rules", version), leaf_hash=LEAF)


@pytest.mark.parametrize(("leaf", "index"), [("", None), ("G" * 64, None), (LEAF, -1), (LEAF, True)])
def test_a_leaf_needs_its_hash_and_a_possible_index(leaf: str, index: int | None) -> None:
    with pytest.raises(MalformedEntry):
        parse_entry(good(), leaf_hash=leaf, index=index)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from([sha("a"), "human", "bass"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from([*good(), CLAIM, REGION, "authorship/outputs", "authorship/outputs/OUT"]), JSON)
@settings(deadline=None, max_examples=300)
def test_nothing_but_our_own_error_leaves_the_reader(path: str, value: object) -> None:
    with contextlib.suppress(MalformedEntry):
        parse_entry(bad(path, value), leaf_hash=LEAF)
