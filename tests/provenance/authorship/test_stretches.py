"""Stretches: what a step made and what it kept, seen through whatever was made of it."""

from __future__ import annotations

from typing import Any

import pytest

from provenance.authorship import MalformedEntry, check_authorship, fold
from provenance.elements import Origin
from tests.provenance.authorship.ledgerlike import claims, entry, made, sha

H, M = Origin.HUMAN, Origin.TRAINED_MODEL


def region(start: int, end: int, asset: str, **more: Any) -> dict[str, Any]:
    return {"track": "t", "role": "lead", "from_ms": start, "to_ms": end, "asset": sha(asset), **more}


def extended(name: str, source: str, *, at: int, length: int, minute: int = 5) -> Any:
    spec = {
        "role": "lead",
        "claims": [{"element": "melody", "origin": "trained_model", "from": [sha(source)]}],
        "regions": [region(0, at, source, source_ms=0), region(at, length, name, origin="trained_model")],
    }
    return entry("take.generated", minute=minute, authorship=claims({sha(name): spec}))


def heard(entries: list[Any], target: str) -> list[tuple[int, int, set[Origin]]]:
    return [(r.from_ms, r.to_ms, set(r.origins)) for r in fold(entries, sha(target)).regions]


def test_a_stretch_that_a_step_made_is_the_steps_and_what_it_kept_its_makers() -> None:
    entries = [made("voice", "human", role="lead"), extended("x", "voice", at=100, length=150)]
    assert heard(entries, "x") == [(0, 100, {H}), (100, 150, {M})]


def test_a_hundred_extensions_of_extensions_and_more_are_folded() -> None:
    entries = [made("0", "human", role="lead")]
    for step in range(1, 300):
        entries.append(extended(str(step), str(step - 1), at=10 * step, length=10 * step + 10, minute=step))
    first, *_ = heard(entries, "50")
    assert first == (0, 10, {H})
    assert heard(entries, "299")[-1][2] == {M}


def test_bytes_made_out_of_themselves_have_no_stretches() -> None:
    spec = {
        "role": "lead",
        "claims": [{"element": "melody", "origin": "human"}],
        "regions": [region(0, 10, "x", source_ms=5)],
    }
    assert heard([entry("take.generated", authorship=claims({sha("x"): spec}))], "x") == [(0, 10, {H})]


@pytest.mark.parametrize(
    "spec",
    [
        {"role": "lead", "claims": [], "regions": [region(0, 10, "x", origin="mixed")]},
        {"role": "lead", "claims": [], "regions": [region(0, 10, "x", source_ms=-1)]},
        {"role": "lead", "claims": [{"element": "melody", "origin": "human", "basis": "felt"}]},
        {"role": "lead", "claims": [{"element": "melody", "origin": "human", "of": "harmony"}]},
        {"role": "lead", "claims": [{"element": "melody", "from": [sha("y")], "of": "soul"}]},
    ],
)
def test_malformed_stretches_and_claims_are_refused(spec: dict[str, Any]) -> None:
    with pytest.raises(MalformedEntry):
        check_authorship(claims({sha("x"): spec}), outputs=[sha("x")])
