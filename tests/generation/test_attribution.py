"""The rules, row by row: each step's claims are what the ledger accepts and what the fold should conclude."""

from __future__ import annotations

import json
from typing import Any

import pytest

from generation import attribution as rules
from generation.attribution import BadAttribution, Placed, Step
from provenance.authorship import KNOWN_RULES, check_authorship, fold
from provenance.elements import ROLES, Origin, elements_of
from tests.provenance.authorship.ledgerlike import entry, made, sha

H, M, P, T, U, X = (
    Origin.HUMAN,
    Origin.TRAINED_MODEL,
    Origin.PROCEDURAL,
    Origin.THIRD_PARTY,
    Origin.UNKNOWN,
    Origin.MIXED,
)


def conclude(authorship: dict[str, Any], target: str, *before: Any) -> dict[str, Origin]:
    """What the fold says about `target`, after a round trip through JSON."""
    stored = json.loads(json.dumps(authorship))
    check_authorship(stored, outputs=list(stored["outputs"]))
    found = fold([*before, entry("step", minute=99, authorship=stored)], sha(target))
    return {name: element.origin for name, element in found.elements.items()}


def every(role: str, origin: Origin) -> dict[str, Origin]:
    return dict.fromkeys(elements_of(role), origin)


def test_every_step_has_a_row_and_a_note() -> None:
    assert set(rules.RULES) == set(rules.NOTES) == set(Step)
    assert rules.RULES_VERSION in KNOWN_RULES


@pytest.mark.parametrize("role", ROLES)
def test_text_to_music_is_the_model_in_every_element(role: str) -> None:
    assert conclude(rules.text_to_music({sha("x"): role}), "x") == every(role, M)


@pytest.mark.parametrize("role", ROLES)
def test_a_sketch_is_procedural_and_never_a_trained_model(role: str) -> None:
    assert conclude(rules.sketch({sha("x"): role}), "x") == every(role, P)


@pytest.mark.parametrize("role", ROLES)
def test_an_own_performance_is_human_in_all_that_its_role_carries(role: str) -> None:
    assert conclude(rules.own_performance(sha("x"), role), "x") == every(role, H)


@pytest.mark.parametrize("role", ROLES)
def test_third_party_and_imports_are_what_they_are_declared_to_be(role: str) -> None:
    assert conclude(rules.third_party(sha("x"), role), "x") == every(role, T)
    assert conclude(rules.external_tool(sha("x"), role), "x") == every(role, M)


def test_a_cover_is_played_by_the_artist_and_written_by_somebody_else() -> None:
    cover = rules.own_performance(sha("x"), "lead_vocal", third_party=["lyrics", "melody"])
    assert conclude(cover, "x") == {"lyrics": T, "melody": T, "performance:lead_vocal": H, "production": H}


def test_a_wordless_vocal_has_no_lyrics_rather_than_unknown_ones() -> None:
    hummed = rules.own_performance(sha("x"), "lead_vocal", absent=["lyrics"])
    assert conclude(hummed, "x") == {"melody": H, "performance:lead_vocal": H, "production": H}


def test_what_the_artist_does_not_declare_stays_unknown() -> None:
    assert conclude(rules.own_performance(sha("x"), "bass", []), "x")["harmony"] is U


def test_a_line_written_together_is_mixed() -> None:
    both = rules.own_performance(sha("x"), "lead", ["melody"], third_party=["melody"])
    assert conclude(both, "x")["melody"] is X


def test_a_part_played_after_a_sketch_keeps_the_sketch_as_its_composer() -> None:
    played = rules.own_performance(sha("x"), "bass", from_assets={"harmony": [sha("line")]})
    assert conclude(played, "x", made("line", "procedural")) == {
        "harmony": P,
        "performance:bass": H,
        "production": H,
    }


@pytest.mark.parametrize(("observed", "basis"), [(False, "declared"), (True, None)])
def test_an_upload_is_declared_and_a_recording_in_the_browser_observed(
    observed: bool, basis: str | None
) -> None:
    output = rules.own_performance(sha("x"), "lead", observed=observed)["outputs"][sha("x")]
    assert output.get("basis") == basis


def test_lyrics_of_the_artist_sung_by_a_tool_stay_human() -> None:
    assert conclude(rules.external_tool(sha("x"), "lead_vocal", human=["lyrics"]), "x") == {
        "lyrics": H,
        "melody": M,
        "performance:lead_vocal": M,
        "production": M,
    }
    assert rules.external_tool(sha("x"), "bass", imported=True)["outputs"][sha("x")]["basis"] == "imported"


def test_a_given_melody_keeps_its_origin_and_the_rest_is_the_models() -> None:
    guided = rules.melody_guided({sha("x"): "full_mix"}, melody=[sha("hum")])
    found = conclude(guided, "x", made("hum", "human", role="lead"))
    assert found.pop("melody") is H
    assert set(found.values()) == {M}


@pytest.mark.parametrize("step", [Step.CONTINUATION, Step.SECTION_REPLACEMENT])
def test_a_continued_or_replaced_recording_is_partly_the_models(step: Step) -> None:
    found = rules.apply(step, {sha("x"): "lead"}, inputs={"source": [sha("mine")]})
    assert set(conclude(found, "x", made("mine", "human", role="lead")).values()) == {X}


def test_a_style_reference_is_an_input_and_never_an_origin() -> None:
    found = rules.apply(Step.STYLE_REFERENCE, {sha("x"): "lead"}, inputs={"reference": [sha("mine")]})
    assert set(conclude(found, "x", made("mine", "human", role="lead")).values()) == {M}


def test_separated_stems_inherit_each_its_own_elements() -> None:
    mix = entry("mix", authorship=rules.text_to_music({sha("mix"): "full_mix"}))
    found = rules.stems({sha("b"): "bass", sha("d"): "drums"}, sha("mix"))
    assert conclude(found, "b", mix) == every("bass", M)
    assert conclude(found, "d", mix) == every("drums", M)


def test_notes_taken_from_audio_carry_no_performance_and_no_sound() -> None:
    assert conclude(rules.notes_of(sha("mid"), "bass", sha("b")), "mid", made("b", "human")) == {"harmony": H}


def test_the_midi_of_a_sketch_is_procedural_composition() -> None:
    found = rules.sketch({sha("take"): "full_mix"}, notes={sha("mid"): "full_mix"})
    assert conclude(found, "mid") == {"melody": P, "harmony": P, "arrangement": P}


def test_notes_by_hand_are_human_and_silent() -> None:
    assert conclude(rules.apply(Step.NOTES_BY_HAND, {sha("x"): "lead"}), "x") == {"melody": H}


def test_processing_and_copies_add_nothing() -> None:
    source = made("b", "third_party")
    assert conclude(rules.processed(sha("x"), "bass", sha("b")), "x", source) == every("bass", T)
    assert conclude(rules.transcode(sha("x"), sha("b"), "bass"), "x", source) == every("bass", T)


@pytest.mark.parametrize("origin", [P, H, M])
def test_mastering_is_whoever_mastered(origin: Origin) -> None:
    found = conclude(rules.master(sha("m"), sha("b"), by=origin), "m", made("b", "human"))
    assert found == {**every("bass", H), "mastering": origin}


def placed(asset: str, *, at: int = 0, source: str = "", cut: bool = False) -> Placed:
    return Placed(
        track=asset, role="bass", from_ms=at, to_ms=at + 5, asset=sha(asset), source=source, cut=cut
    )


def test_the_untouched_stems_of_one_take_are_no_human_arrangement() -> None:
    stems = [placed("a", source="take 5"), placed("b", source="take 5")]
    assert not rules.is_arranged(stems)
    assert "arrangement" not in conclude(
        rules.render(sha("r"), stems, hand_mixed=False), "r", made("a", "human")
    )


@pytest.mark.parametrize(
    "clips",
    [
        [placed("a"), placed("b")],
        [placed("a", cut=True)],
        [placed("a", source="take 5"), placed("b", source="take 5", at=9)],
    ],
)
def test_several_sources_a_cut_or_a_move_are_human_arrangement(clips: list[Placed]) -> None:
    before = [made("a", "procedural"), made("b", "procedural")]
    found = conclude(rules.render(sha("r"), clips, hand_mixed=False), "r", *before)
    assert found["arrangement"] is H
    assert "mix" not in found


def test_a_take_rearranged_by_hand_has_a_mixed_arrangement() -> None:
    take = entry("take", authorship=rules.text_to_music({sha("take"): "full_mix"}))
    found = conclude(rules.render(sha("r"), [placed("take", cut=True)], hand_mixed=True), "r", take)
    assert found["arrangement"] is X
    assert found["mix"] is H


def test_choosing_a_take_is_process_and_claims_nothing() -> None:
    assert rules.RULES[Step.CHOICE] == ()


def test_one_entry_may_carry_outputs_of_several_kinds_but_each_once() -> None:
    both = rules.merge(rules.sketch({sha("a"): "bass"}), rules.text_to_music({sha("b"): "bass"}))
    assert set(both["outputs"]) == {sha("a"), sha("b")}
    with pytest.raises(BadAttribution, match="Two rules"):
        rules.merge(rules.sketch({sha("a"): "bass"}), rules.text_to_music({sha("a"): "bass"}))


@pytest.mark.parametrize(
    "act",
    [
        lambda: rules.own_performance(sha("x"), "kazoo"),
        lambda: rules.own_performance(sha("x"), "lead", ["soul"]),
        lambda: rules.third_party(sha("x"), "lead", ["melody"], human=["melody"]),
        lambda: rules.declared(sha("x"), "lead", {"melody": Origin.MIXED}),
        lambda: rules.sketch({sha("x"): ""}),
        lambda: rules.melody_guided({sha("x"): "lead"}, melody=[]),
        lambda: rules.master(sha("m"), sha("r"), by=Origin.UNKNOWN),
        lambda: rules.render(sha("r"), [], hand_mixed=True),
        lambda: rules.render(
            sha("r"), [Placed(track="t", role="bass", from_ms=5, to_ms=5, asset=sha("a"))], hand_mixed=True
        ),
    ],
)
def test_a_step_that_the_rules_do_not_cover_is_refused(act: Any) -> None:
    with pytest.raises(BadAttribution):
        act()
