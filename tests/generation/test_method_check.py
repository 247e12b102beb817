"""Every rule confirmed, refuted and left undecided, from a lineage and from real sound; no database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from artists.method_rules import HUMAN, MATERIALS, Rules, parse
from generation.audio.likeness import Likeness
from generation.audio.matching import RATE_HZ, features, likeness
from generation.hearing import Heard, Hearing, Piece
from generation.method_case import Case
from generation.method_check import check
from label.demo.methods import PRACTICES
from provenance.authorship import Claim, EntryBody, OutputClaims, Region, fold
from provenance.elements import Basis, Origin
from tests.generation.tunes import mixed, tune

MASTER, TAKE, VOICE, TOOLED = "aa" * 32, "bb" * 32, "cc" * 32, "dd" * 32
HUMAN_VOICE = OutputClaims(
    "lead_vocal",
    (Claim("melody", Origin.HUMAN), Claim("performance:lead_vocal", Origin.HUMAN)),
    basis=Basis.DECLARED,
)


def body(kind: str, leaf: str, output: str, claims: OutputClaims) -> EntryBody:
    return EntryBody(
        kind=kind, at=datetime(2026, 11, 21, tzinfo=UTC), basis=Basis.OBSERVED, stream="s", leaf_hash=leaf * 32,
        authorship={output: claims},
    )  # fmt: skip


def case(
    sounds: Sequence[tuple[str, int, int, int]],
    *,
    take: Mapping[str, Any] | None = None,
    heard: Sequence[Heard] = (),
    levels: Mapping[str, int | None] | None = None,
    voice: OutputClaims = HUMAN_VOICE,
    left_out: int = 0,
) -> Case:
    """A master of stretches (asset, from, to, source), each in milliseconds."""
    assets = dict.fromkeys(asset for asset, *_ in sounds)
    regions = tuple(
        Region(f"t{n}", "pads", begin, end, asset, source_ms=source)
        for n, (asset, begin, end, source) in enumerate(sounds)
    )
    whole = Claim("*", from_assets=tuple(assets))
    bodies = [
        body("take.generated", "01", TAKE, OutputClaims("full_mix", (Claim("harmony", Origin.PROCEDURAL),))),
        body("upload.imported", "02", VOICE, voice),
        body("master.finished", "04", MASTER, OutputClaims("full_mix", (whole,), regions)),
    ]  # fmt: skip
    given = {"kind": "scaffold", "tools": ("sketch",), "mode": "text_to_music", "duration_ms": 10_000}
    piece = Piece(sha256=TAKE, group="take:1", title="take 1 of prompt run 1", **(given | dict(take or {})))
    return Case(
        found=fold(bodies, MASTER, stream="s"),
        bodies=bodies,
        pieces=[piece],
        hearing=Hearing(comparisons=tuple(heard), heard_to_db={"take:1": -12} if levels is None else levels),
        left_out=left_out,
        own=frozenset({VOICE}),
    )


def heard(like: Likeness, target: str = VOICE) -> Heard:
    title = "the master" if target == MASTER else "the uploaded lead vocal"
    return Heard(
        group="take:1", title="take 1 of prompt run 1", target=target, target_title=title, likeness=like
    )


def verdict(rules: Mapping[str, Any] | Rules, found: Case) -> tuple[str, str]:
    one = check(rules if isinstance(rules, Rules) else parse(rules), found)[0]
    return one.verdict.value, one.because


NEVER = {"material": {"scaffold": "never"}}
CUT = {"material": {"scaffold": "transformed"}}
SUNG = {"human": ["performance:lead_vocal"]}
WHOSE = OutputClaims("lead_vocal", (Claim("performance:lead_vocal", Origin.UNKNOWN),))
OWN = [(VOICE, 0, 10_000, 0)]
NOTHING = heard(Likeness(sound=4.0))


@pytest.mark.parametrize(
    ("rules", "found", "expected"),
    [
        (NEVER, case(OWN, heard=[NOTHING]), "confirmed"),
        (NEVER, case([*OWN, (TAKE, 0, 500, 0)]), "refuted"),
        (NEVER, case([*OWN, (TAKE, 0, 500, 0)], take={"kind": ""}), "undecided"),
        (NEVER, case(OWN), "undecided"),  # nobody compared
        (NEVER, case(OWN, heard=[NOTHING], left_out=3), "undecided"),
        (NEVER, case(OWN, heard=[NOTHING], levels={"take:1": None}), "undecided"),  # it would not be recognised
        (NEVER, case(OWN, heard=[NOTHING], levels={"take:1": 0}), "undecided"),  # only if as loud as the rest
        (NEVER, case(OWN, heard=[heard(Likeness(sound=90, heard_s=9))], take={"kind": ""}), "undecided"),
        (NEVER, case(OWN, heard=[heard(Likeness(sound=5, chroma=0.9, onset=0.8), MASTER)]), "undecided"),
        (CUT, case([(TAKE, 0, 4000, 0)]), "confirmed"),
        (CUT, case([(TAKE, 0, 4000, 0), (TAKE, 4000, 8000, 4000)]), "refuted"),
        (CUT, case([(TAKE, 0, 4000, 4000), (TAKE, 4000, 8000, 0)]), "confirmed"),
        (CUT, case([(TAKE, 0, 500, 0)], take={"kind": ""}), "undecided"),
        (CUT, case([*OWN, (TAKE, 0, 500, 0)], heard=[heard(Likeness(sound=90, heard_s=9))]), "refuted"),
        ({"engines": ["sketch"]}, case([(TAKE, 0, 500, 0)]), "confirmed"),
        ({"engines": ["other"]}, case([(TAKE, 0, 500, 0)]), "refuted"),
        ({"engines": ["sketch"]}, case([(TAKE, 0, 500, 0)], take={"tools": ()}), "undecided"),
        ({"engines": ["other"]}, case(OWN, heard=[heard(Likeness(sound=90, heard_s=9))]), "refuted"),
        ({"modes": ["text_to_music"]}, case([(TAKE, 0, 500, 0)]), "confirmed"),
        ({"modes": ["variation"]}, case([(TAKE, 0, 500, 0)]), "refuted"),
        ({"modes": ["variation"]}, case([(TAKE, 0, 500, 0)], take={"mode": ""}), "undecided"),
        (SUNG, case(OWN, heard=[NOTHING]), "confirmed"),
        (SUNG, case(OWN, heard=[heard(Likeness(sound=90, heard_s=9))]), "refuted"),
        (SUNG, case(OWN, voice=WHOSE), "undecided"),
        ({"human": ["harmony"]}, case([(TAKE, 0, 500, 0)]), "refuted"),
        ({"human": ["lyrics"]}, case(OWN), "confirmed"),  # there are none
    ],
)  # fmt: skip
def test_every_rule_is_confirmed_refuted_and_undecided(rules, found, expected):
    assert verdict(rules, found)[0] == expected


def held(source: Any, target: Any) -> Likeness:
    return likeness(features(source, RATE_HZ), features(target, RATE_HZ))


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("as it is", "refuted"),
        ("two semitones up", "refuted"),
        ("5 % slower", "refuted"),
        ("6 dB below", "refuted"),
        ("20 dB below", "confirmed"),
    ],
)
def test_a_scaffold_in_what_is_called_an_own_performance(what, expected):
    """Twenty decibels below a performance it is not found: the outcome says how far down it looked, and no further."""
    scaffold, performance = tune(1), tune(2)
    hidden = {
        "as it is": scaffold,
        "two semitones up": tune(1, semitones=2),
        "5 % slower": tune(1, tempo=0.95),
        "6 dB below": mixed(scaffold, performance, -6),
        "20 dB below": mixed(scaffold, performance, -20),
    }[what]
    found = case(OWN, heard=[heard(held(scaffold, hidden))])
    outcome = check(parse(NEVER), found)[0]
    assert outcome.verdict == expected
    if expected == "confirmed":
        assert "heard down to 12 dB below it" in outcome.found.limits
        assert "20 dB below other music" in outcome.found.limits
    else:
        assert "of pairs of" in outcome.found.limits.lower()  # the false-alarm rate that applies


def test_the_vocabulary_says_what_the_three_methods_say():
    for practice in PRACTICES:
        rules = parse(practice.rules)
        assert rules.to_json()["material"] == practice.rules["material"]
        assert set(rules.material) <= set(MATERIALS)
        assert set(rules.human) <= set(HUMAN)
        assert rules


def test_outcomes_go_into_the_ledger_without_floats():
    def whole(value: object) -> bool:
        if isinstance(value, Mapping):
            return all(whole(one) for one in value.values())
        if isinstance(value, list | tuple):
            return all(whole(one) for one in value)
        return not isinstance(value, float | np.floating)

    like = Likeness(sound=90.4, heard_s=9.3, from_s=1.25, begins_s=0.5, tempo=0.95, semitones=-0.89)
    found = case([*OWN, (TAKE, 0, 500, 0)], heard=[heard(like), heard(like, MASTER)])
    for rules in (NEVER, CUT, SUNG):
        assert all(whole(one.to_json()) for one in check(parse(rules), found))
