"""Receivers are data: every profile is read, and its answer for one song is held in a golden file.

To accept a change on purpose: delete the golden file, run the test twice.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from release.labels import (
    Circumstances,
    ElementOrigins,
    Involvement,
    Outcome,
    Tool,
    labels_for,
    profile,
    profile_ids,
    profiles,
)
from release.labels.profiles import BadProfile, parse

GOLDEN = Path(__file__).parents[2] / "golden" / "release" / "labels"


def origins(**elements: set[str]) -> list[ElementOrigins]:
    return [
        ElementOrigins(element=name.replace("__", ":"), origins=frozenset(found))
        for name, found in elements.items()
    ]


SONG = origins(
    artwork={"human"},
    mastering={"procedural"},
    mix={"human"},
    production={"human", "procedural", "trained_model"},
    performance__strings={"trained_model"},
    performance__bass={"procedural"},
    performance__lead_vocal={"human"},
    arrangement={"human", "trained_model"},
    harmony={"procedural"},
    melody={"human"},
    lyrics={"human"},
)
TOOLS = (Tool(name="Larkspur", version="2", provider="Example Audio", training="licensed"),)
NOBODY = Circumstances(ai_persona=False, cloned_voice=False, music_video_ai=False)


@pytest.mark.parametrize("receiver", profile_ids())
def test_what_a_receiver_is_told_about_a_song_of_all_origins_is_the_golden_file(receiver):
    labels = labels_for(profile(receiver), SONG, tools=TOOLS, circumstances=NOBODY)
    text = json.dumps(labels.to_json(), indent=1, ensure_ascii=False) + "\n"
    path = GOLDEN / f"{receiver}.json"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        pytest.fail(f"{path.name} was written; look at it, then run again.")
    assert text == path.read_text(encoding="utf-8")


def test_no_golden_file_is_left_of_a_receiver_that_is_gone():
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(profile_ids())


def test_every_profile_names_source_date_and_certainty():
    for one in profiles():
        assert one.source
        assert one.date >= "2026"
        assert one.certainty.label
        assert one.fields or one.rules


def test_spotify_credits_a_shared_role_twice_and_ai_alone_only_where_it_is_all():
    labels = labels_for(profile("spotify"), SONG, circumstances=NOBODY)
    assert labels.field_named("Credit: strings performance").values == ("AI",)
    assert labels.field_named("Credit: arrangement").values == ("Human", "AI")
    assert labels.field_named("Credit: bass performance").values == (), "rules and chance are no person"
    assert labels.procedural == ("harmony", "performance:bass", "production", "mastering")


def test_apple_tags_only_the_parts_that_hold_ai_and_asks_for_the_judgement():
    labels = labels_for(profile("apple"), SONG, circumstances=NOBODY)
    assert labels.field_named("Track").values == ("Track",)
    assert labels.field_named("Track").elements == ("performance:strings", "production")
    assert "Who" in labels.field_named("Track").judgement.title()
    assert labels.field_named("Artwork").values == ()


def test_a_question_that_nobody_answered_is_asked_and_not_taken_for_no():
    labels = labels_for(profile("spotify"), SONG)
    assert labels.questions == ("Is the artist an invented, photorealistic person?",)
    assert all(item.name != "AI Persona" for item in labels.fields)


def test_an_unknown_origin_is_refused_by_every_receiver():
    for receiver in profiles():
        labels = labels_for(receiver, [*SONG, *origins(performance__guitar={"unknown"})])
        assert labels.outcome is Outcome.REFUSED
        assert "guitar performance" in labels.notices[-1].sentence


def test_believe_refuses_unlicensed_generators_blocked_names_and_wholly_ai_tracks():
    believe = profile("believe")
    wholly = origins(melody={"trained_model"}, performance__keys={"trained_model"})
    assert labels_for(believe, SONG, tools=TOOLS).outcome is Outcome.ACCEPTED
    assert labels_for(believe, SONG, tools=[Tool(name="X", training="unlicensed")]).outcome is Outcome.REFUSED
    assert labels_for(believe, SONG, tools=[Tool(name="X", training="unknown")]).outcome is Outcome.ASKED
    named = Tool(name="X", training="licensed", blocked_by=frozenset({"believe"}))
    assert labels_for(believe, SONG, tools=[named]).outcome is Outcome.REFUSED
    assert labels_for(believe, wholly, tools=TOOLS).outcome is Outcome.REFUSED


def test_a_wholly_human_song_passes_everywhere_and_says_so():
    human = origins(lyrics={"human"}, melody={"human"}, performance__guitar={"human"}, mix={"human"})
    for receiver in profiles():
        labels = labels_for(receiver, human, circumstances=NOBODY)
        assert labels.outcome is Outcome.ACCEPTED, receiver.id
        assert not any(item.involvement is Involvement.ALL for item in labels.fields)


def test_a_mistyped_key_in_a_profile_is_an_error_and_not_a_rule_that_nobody_keeps():
    data = {"title": "X", "kind": "service", "version": 1, "date": "2026", "source": "s", "certainty": "C"}
    parse(data, name="x")
    rule = {"outcome": "refused", "sentence": "No."}
    for bad in (
        {**data, "ruless": []},
        {**data, "rules": [rule]},
        {**data, "rules": [{**rule, "involvment": ["All"]}]},
        {**data, "rules": [{**rule, "involvement": ["Half"]}]},
        {**data, "fields": [{"name": "f", "kind": "value", "elements": ["*"], "values": {"All": "yes"}}]},
    ):
        with pytest.raises((KeyError, ValueError)):
            parse(bad, name="x")
    with pytest.raises(BadProfile):
        profile("../ddex")
