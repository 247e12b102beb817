"""Which prompts ask for somebody's style, and which only name a kind of music."""

from __future__ import annotations

import pytest

from generation.prompting import BriefValues, build_prompt, style_warnings


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("a ballad in the style of Taylor Swift", "Taylor Swift"),
        ("sad piano, like radiohead but slower", "Radiohead"),
        ("sounds like Fennimore Vance", "Fennimore Vance"),
        ("dub techno à la Basic Channel", "Basic Channel"),
        ("drake type beat, 140 bpm", "Drake"),
        ("Burial-style two-step", "Burial"),
        ("in the style of molly fennimore", "molly fennimore"),
        ("a song by Fennimore Vance", "Fennimore Vance"),
        ("inspired by The Fennimore Five", "The Fennimore Five"),
    ],
)
def test_a_prompt_that_asks_for_somebodys_style_is_warned_about(prompt: str, name: str) -> None:
    warnings = style_warnings(prompt)
    assert [warning.name for warning in warnings] == [name]
    assert name in warnings[0].reason
    assert "living artist's style" in warnings[0].reason


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "slow ambient techno, warm pads, 92 bpm, in D minor",
        "in the style of a slow waltz",
        "in the style of film noir",
        "in the style of bebop from the fifties",
        "house like Detroit techno",
        "rain like Sunday morning",
        "boom bap type beat",
        "90s R&B with a Berlin feel",
        "sounds like rain on glass",
        "In the style of Bach",
        "For: a film by night. Avoid: vocals.",
        "Structure: Intro, A, B. Energy: peaks late.",
    ],
)
def test_a_kind_of_music_draws_no_warning(prompt: str) -> None:
    assert style_warnings(prompt) == []


def test_an_artist_may_ask_for_their_own_style() -> None:
    assert style_warnings("like Nightjar Assembly", own_names=("Nightjar Assembly",)) == []


def test_a_long_prompt_of_one_letter_is_checked_quickly() -> None:
    import time

    began = time.perf_counter()
    style_warnings("like " * 800)
    style_warnings("A " * 2000)
    style_warnings("in the style of " + "x" * 3900)
    assert time.perf_counter() - began < 2


def test_the_prompt_is_built_from_the_brief() -> None:
    values = BriefValues(
        genre="ambient techno", mood="patient", tempo_bpm=92, key="D minor", instruments=("pads", "bass"),
        structure=("intro", "A"), energy=(0.2, 0.9), purpose="late radio", avoid=("vocals",),
    )  # fmt: skip
    assert build_prompt(values) == (
        "ambient techno, patient, pads, bass, 92 bpm, in D minor. Structure: intro, A. "
        "Energy: starts low, peaks towards the end. For: late radio. Avoid: vocals."
    )
    assert build_prompt(BriefValues()) == ""
