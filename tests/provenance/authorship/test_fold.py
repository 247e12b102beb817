"""The fold: known songs have known answers."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation import attribution as rules
from provenance.authorship import AuthorshipMap, EntryBody, fold, fold_many
from provenance.elements import Basis, Origin, elements_of
from tests.provenance.authorship.ledgerlike import claims, derived, entry, made, sha

H, M, P, T, U, X = (
    Origin.HUMAN,
    Origin.TRAINED_MODEL,
    Origin.PROCEDURAL,
    Origin.THIRD_PARTY,
    Origin.UNKNOWN,
    Origin.MIXED,
)


def song() -> list[EntryBody]:
    """A sketched bass, an own lead, imported pads, a licensed loop; arranged, mixed, mastered, copied."""
    clips = [
        rules.Placed(track="Lead", role="lead", from_ms=0, to_ms=64_000, asset=sha("lead")),
        rules.Placed(
            track="Bass", role="bass", from_ms=8_000, to_ms=64_000, asset=sha("bass"), source="take 5"
        ),
        rules.Placed(track="Pads", role="pads", from_ms=0, to_ms=80_000, asset=sha("pads")),
        rules.Placed(track="Loop", role="percussion", from_ms=16_000, to_ms=32_000, asset=sha("loop")),
    ]
    return [
        entry("take.made", minute=1, authorship=rules.sketch({sha("take"): "full_mix", sha("bass"): "bass"})),
        entry("upload.declared", minute=2, authorship=rules.own_performance(sha("lead"), "lead")),
        entry(
            "import.declared", minute=3, authorship=rules.external_tool(sha("pads"), "pads", imported=True)
        ),
        entry("upload.declared", minute=4, authorship=rules.third_party(sha("loop"), "percussion")),
        entry("render.made", minute=5, authorship=rules.render(sha("render"), clips, hand_mixed=True)),
        entry("master.made", minute=6, authorship=rules.master(sha("master"), sha("render"))),
        entry("master.copied", minute=7, authorship=rules.transcode(sha("flac"), sha("master"))),
    ]


def origins(found: AuthorshipMap) -> dict[str, Origin]:
    return {name: element.origin for name, element in found.elements.items()}


def test_a_master_inherits_every_element_of_what_it_is_made_of() -> None:
    found = fold(song(), sha("flac"))
    assert origins(found) == {
        "melody": H,
        "harmony": X,
        "arrangement": H,
        "performance:lead": H,
        "performance:bass": P,
        "performance:pads": M,
        "performance:percussion": T,
        "production": X,
        "mix": H,
        "mastering": P,
    }
    assert found.elements["harmony"].origins == {P, M}
    assert found.elements["production"].origins == {H, P, M, T}
    assert found.rules == "1"
    assert not found.unknown
    assert not found.contested
    assert not found.cycles
    assert found.is_known


def test_elements_come_in_the_order_that_documents_use() -> None:
    assert list(fold(song(), sha("master")).elements)[:3] == ["melody", "harmony", "arrangement"]
    assert list(fold(song(), sha("master")).elements)[-2:] == ["mix", "mastering"]


def test_a_finding_names_its_entries_and_how_they_are_known() -> None:
    entries = song()
    found = fold(entries, sha("master"))
    (source,) = found.elements["melody"].sources
    assert (source.entry, source.kind, source.asset) == (entries[1].leaf_hash, "upload.declared", sha("lead"))
    assert source.basis is Basis.DECLARED
    assert found.elements["harmony"].bases == (Basis.OBSERVED, Basis.IMPORTED)


def test_the_answer_rests_on_the_lineage_and_on_nothing_else() -> None:
    entries = song()
    found = fold(entries, sha("master"))
    assert found.entries == tuple(e.leaf_hash for e in entries[:6])
    assert set(found.assets) == {sha(n) for n in ("bass", "lead", "pads", "loop", "render", "master")}
    assert found.roles[sha("bass")] == "bass"


def test_a_copy_of_a_master_keeps_the_regions_of_the_render() -> None:
    found = fold(song(), sha("flac"))
    assert [(r.track, r.from_ms, r.to_ms, r.origin, r.basis) for r in found.regions] == [
        ("Lead", 0, 64_000, H, Basis.DECLARED),
        ("Bass", 8_000, 64_000, P, Basis.OBSERVED),
        ("Pads", 0, 80_000, M, Basis.IMPORTED),
        ("Loop", 16_000, 32_000, T, Basis.DECLARED),
    ]
    assert found.duration_ms == 80_000


def test_a_region_of_procedural_notes_played_by_a_person_is_mixed() -> None:
    played = rules.own_performance(sha("bass live"), "bass", [], from_assets={"harmony": [sha("bass")]})
    clips = [rules.Placed(track="Bass", role="bass", from_ms=0, to_ms=9, asset=sha("bass live"))]
    entries = [
        entry("take.made", minute=1, authorship=rules.sketch({sha("bass"): "bass"})),
        entry("upload.declared", minute=2, authorship=played),
        entry("render.made", minute=3, authorship=rules.render(sha("render"), clips, hand_mixed=False)),
    ]
    found = fold(entries, sha("render"))
    assert found.regions[0].origin is X
    assert found.regions[0].origins == {H, P}
    assert origins(found) == {"harmony": P, "performance:bass": H, "production": H}


def test_words_and_mix_do_not_colour_a_region() -> None:
    vocal = rules.declared(
        sha("vocal"),
        "lead_vocal",
        {"lyrics": M, "melody": H, "performance": H, "production": H},
    )
    clips = [rules.Placed(track="Voice", role="lead_vocal", from_ms=0, to_ms=9, asset=sha("vocal"))]
    entries = [
        entry("upload.declared", authorship=vocal),
        entry("render.made", minute=1, authorship=rules.render(sha("r"), clips, hand_mixed=True)),
    ]
    found = fold(entries, sha("r"))
    assert found.regions[0].origin is H
    assert found.elements["lyrics"].origin is M
    assert found.sound_origin is H


def test_an_asset_without_an_entry_is_unknown_in_every_element() -> None:
    found = fold([], sha("stray"))
    assert set(found.elements) == set(elements_of("full_mix"))
    assert set(origins(found).values()) == {U}
    assert not found.is_known
    assert found.unknown[0].asset == sha("stray")
    assert found.unknown[0].reason == "no entry says where it comes from"


def test_an_unknown_clip_makes_the_master_unknown_and_is_named() -> None:
    clips = [
        rules.Placed(track="Lead", role="lead", from_ms=0, to_ms=9, asset=sha("lead")),
        rules.Placed(track="Found tape", role="keys", from_ms=0, to_ms=9, asset=sha("stray")),
    ]
    entries = [
        entry("upload.declared", authorship=rules.own_performance(sha("lead"), "lead")),
        entry("render.made", minute=1, authorship=rules.render(sha("render"), clips, hand_mixed=False)),
    ]
    found = fold(entries, sha("render"))
    assert found.elements["harmony"].origin is U
    assert found.elements["production"].origin is U, "a gap beside a human part is not painted over"
    assert found.elements["production"].origins == {U, H}
    assert found.elements["melody"].origin is H, "keys carry no melody"
    assert found.regions[1].origin is U
    assert found.regions[1].basis is None
    (hole,) = found.unknown
    assert (hole.asset, hole.elements) == (sha("stray"), ("harmony", "performance:keys", "production"))


def test_what_the_artist_did_not_declare_is_unknown_because_the_entry_leaves_it_open() -> None:
    found = fold([entry("u", authorship=rules.own_performance(sha("v"), "lead_vocal", ["melody"]))], sha("v"))
    assert origins(found) == {"lyrics": U, "melody": H, "performance:lead_vocal": H, "production": H}
    assert found.unknown[0].reason == "its entry leaves this open"


def test_an_output_without_claims_is_unknown() -> None:
    found = fold([entry("x", authorship=claims({sha("x"): {"role": "bass", "claims": []}}))], sha("x"))
    assert set(origins(found).values()) == {U}


def test_a_claim_on_something_the_source_does_not_have_is_unknown_and_not_none() -> None:
    drums = made("drums", "procedural", role="drums")
    spec = {"role": "lead", "claims": [{"element": "melody", "from": [sha("drums")]}]}
    found = fold([drums, entry("x", minute=1, authorship=claims({sha("tune"): spec}))], sha("tune"))
    assert found.elements["melody"].origin is U
    assert found.unknown[0].reason == "what it was made from says nothing about this"


# -- the same bytes twice ---------------------------------------------------------------------------------


def test_a_generated_take_uploaded_again_as_my_performance_stays_generated_and_is_listed() -> None:
    generated = entry("take.made", minute=1, authorship=rules.text_to_music({sha("x"): "lead"}))
    claimed = entry("upload.declared", minute=2, authorship=rules.own_performance(sha("x"), "lead"))
    found = fold([claimed, generated], sha("x"))
    assert set(origins(found).values()) == {M}
    (dispute,) = found.contested
    assert (dispute.chosen.entry, dispute.other.entry) == (generated.leaf_hash, claimed.leaf_hash)
    assert dispute.elements == ("melody", "performance:lead", "production")
    assert dispute.chosen.origins["melody"] == {M}
    assert dispute.other.origins["melody"] == {H}
    assert dispute.other.basis is Basis.DECLARED, "the upload was observed, the playing was only declared"


def test_the_contradiction_is_found_however_early_the_false_statement_was_made() -> None:
    claimed = entry("upload.declared", minute=0, authorship=rules.own_performance(sha("x"), "lead"))
    generated = entry("take.made", minute=9, authorship=rules.text_to_music({sha("x"): "lead"}))
    found = fold([claimed, generated], sha("x"))
    assert set(origins(found).values()) == {M}
    assert len(found.contested) == 1


@pytest.mark.parametrize(
    ("stronger", "weaker"),
    [
        ("observed", "imported"),
        ("imported", "inferred"),
        ("inferred", "declared"),
        ("declared", "backfilled"),
    ],
)
def test_the_stronger_basis_wins_over_the_earlier_entry(stronger: str, weaker: str) -> None:
    entries = [
        made("x", "human", minute=0, basis=weaker),
        made("x", "trained_model", minute=5, basis=stronger),
    ]
    assert fold(entries, sha("x")).elements["harmony"].origin is M


def test_an_output_can_weaken_but_not_strengthen_the_basis_of_its_entry() -> None:
    spec = {"role": "bass", "claims": [{"element": "harmony", "origin": "human"}], "basis": "observed"}
    found = fold([entry("x", basis="declared", authorship=claims({sha("x"): spec}))], sha("x"))
    assert found.elements["harmony"].bases == (Basis.DECLARED,)


def test_of_two_equal_entries_the_earlier_counts_and_nothing_is_contested() -> None:
    first, second = made("x", "procedural", minute=1), made("x", "procedural", minute=2)
    found = fold([second, first], sha("x"))
    assert found.entries == (first.leaf_hash,)
    assert not found.contested


def test_a_complete_declaration_fills_what_an_earlier_one_left_open() -> None:
    open_ended = entry("u", minute=1, authorship=rules.own_performance(sha("v"), "lead", []))
    complete = entry("u", minute=2, authorship=rules.own_performance(sha("v"), "lead"))
    found = fold([open_ended, complete], sha("v"))
    assert found.is_known
    assert not found.contested, "not having said contradicts nobody"


def test_an_entry_given_twice_counts_once() -> None:
    once = made("x", "human")
    assert fold([once, once], sha("x")) == fold([once], sha("x"))


# -- cycles, depth, width ---------------------------------------------------------------------------------


def test_two_assets_that_claim_to_be_made_of_each_other_are_unknown() -> None:
    found = fold([derived("a", "b", minute=1), derived("b", "a", minute=2)], sha("a"))
    assert found.cycles == (tuple(sorted((sha("a"), sha("b")))),)
    assert set(origins(found).values()) == {U}
    assert {hole.reason for hole in found.unknown} == {"it claims to be made out of itself"}


def test_a_cycle_cannot_launder_an_origin() -> None:
    spec = {
        "role": "bass",
        "claims": [{"element": "harmony", "origin": "human"}, {"element": "*", "from": [sha("b")]}],
    }
    ring = [entry("a", minute=1, authorship=claims({sha("a"): spec})), derived("b", "a", minute=2)]
    clip = rules.render(
        sha("r"),
        [rules.Placed(track="t", role="bass", from_ms=0, to_ms=5, asset=sha("b"))],
        hand_mixed=False,
    )
    found = fold([*ring, entry("render.made", minute=3, authorship=clip)], sha("r"))
    assert found.elements["harmony"].origin is U
    assert found.elements["harmony"].origins == {U, H}
    assert not found.is_known


def test_decoding_a_copy_back_to_the_same_bytes_leads_to_the_declared_original() -> None:
    entries = [
        entry("upload.declared", minute=1, authorship=rules.own_performance(sha("wav"), "lead")),
        entry("copied", minute=2, authorship=rules.transcode(sha("flac"), sha("wav"), "lead")),
        entry("copied", minute=3, authorship=rules.transcode(sha("wav"), sha("flac"), "lead")),
    ]
    for target in ("wav", "flac"):
        found = fold(entries, sha(target))
        assert set(origins(found).values()) == {H}
        assert not found.cycles
        assert not found.contested


def test_a_render_that_changes_nothing_still_leads_to_its_source() -> None:
    entries = [
        entry("upload.declared", minute=1, authorship=rules.own_performance(sha("wav"), "lead")),
        derived("wav", "wav", role="lead", minute=2),
    ]
    assert set(origins(fold(entries, sha("wav"))).values()) == {H}


def test_a_chain_of_five_thousand_steps_is_folded_quickly() -> None:
    entries = [made("0", "human", role="lead")]
    for step in range(1, 5000):
        spec = {
            "role": "full_mix",
            "claims": [
                {"element": "*", "from": [sha(str(step - 1))]},
                {"element": "arrangement", "origin": "human", "from": [sha(str(step - 1))]},
            ],
        }
        entries.append(entry("edit", minute=step, authorship=claims({sha(str(step)): spec})))
    before = time.perf_counter()
    found = fold(entries, sha("4999"))
    assert time.perf_counter() - before < 5
    assert len(found.elements["arrangement"].sources) == 4999
    assert found.elements["melody"].origin is H
    assert len(found.entries) == 5000


def test_sixty_diamonds_on_top_of_each_other_do_not_multiply() -> None:
    entries = [made("0", "human", role="lead")]
    for step in range(1, 60):
        entries.append(derived(f"{step}a", f"{step - 1}" if step > 1 else "0", minute=step))
        entries.append(derived(f"{step}b", f"{step - 1}" if step > 1 else "0", minute=step))
        entries.append(derived(str(step), f"{step}a", f"{step}b", minute=step + 0.5))
    before = time.perf_counter()
    found = fold(entries, sha("59"))
    assert time.perf_counter() - before < 1
    assert len(found.elements["melody"].sources) == 1


def test_a_ring_of_three_thousand_assets_is_detected_without_recursion() -> None:
    ring = [derived(str(n), str((n + 1) % 3000), minute=n) for n in range(3000)]
    found = fold(ring, sha("0"))
    assert len(found.cycles[0]) == 3000
    assert not found.is_known


# -- properties -------------------------------------------------------------------------------------------

NAMES = [f"asset {n}" for n in range(8)]
FIXED = st.sampled_from(["human", "trained_model", "procedural", "third_party", "unknown"])
ROLE = st.sampled_from(["lead", "bass", "drums", "full_mix"])


@st.composite
def an_entry(draw: st.DrawFn) -> EntryBody:
    """Any entry, honest or not: forward references, cycles and doubles included."""
    name, role = draw(st.sampled_from(NAMES)), draw(ROLE)
    parts = {"minute": draw(st.integers(0, 5)), "basis": draw(st.sampled_from(list(Basis))).value}
    if draw(st.booleans()):
        return made(name, draw(FIXED), role=role, **parts)
    sources = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
    return derived(name, *sources, role=role, **parts)


LEDGERS = st.lists(an_entry(), max_size=14)


@given(LEDGERS, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=150)
def test_the_order_of_the_entries_does_not_matter(ledger: list[EntryBody], chance: random.Random) -> None:
    shuffled = ledger.copy()
    chance.shuffle(shuffled)
    for name in NAMES[:3]:
        assert fold(shuffled, sha(name)) == fold(ledger, sha(name))


def mentioned(ledger: list[EntryBody], target: str) -> set[str]:
    """Every asset that any entry leads to from the target, whichever entry is believed."""
    found = {target}
    while True:
        more = {
            source
            for e in ledger
            for output, spec in e.authorship.items()
            if output in found
            for claim in spec.claims
            for source in claim.from_assets
        }
        if more <= found:
            return found
        found |= more


@given(LEDGERS, LEDGERS)
@settings(deadline=None, max_examples=200)
def test_unrelated_entries_change_nothing(ledger: list[EntryBody], others: list[EntryBody]) -> None:
    target = sha(NAMES[0])
    unrelated = [e for e in others if not set(e.authorship) & mentioned(ledger, target)]
    assert fold([*ledger, *unrelated], target) == fold(ledger, target)


@given(LEDGERS)
@settings(deadline=None, max_examples=100)
def test_no_element_is_ever_without_an_origin_and_mixed_is_only_computed(ledger: list[EntryBody]) -> None:
    found = fold(ledger, sha(NAMES[0]))
    assert found.elements
    for element in found.elements.values():
        assert element.sources
        assert element.origins == {source.origin for source in element.sources}
        assert X not in element.origins


@given(LEDGERS)
@settings(deadline=None, max_examples=60)
def test_folding_many_gives_what_folding_each_gives(ledger: list[EntryBody]) -> None:
    targets = [sha(name) for name in NAMES]
    assert fold_many(ledger, targets) == {target: fold(ledger, target) for target in targets}
