"""Found words are marked where they stand, as the search compares them; nothing of a name runs."""

from __future__ import annotations

import pytest

from label.templatetags.finding import marked


@pytest.mark.parametrize(
    ("text", "asked", "shown"),
    [
        ("Åsa Ögren", "OGR", "Åsa <mark>Ögren</mark>"),
        ("Slow Harbour", "slow har", "<mark>Slow</mark> <mark>Harbour</mark>"),
        ("Echo Harbour", "ch", "Echo Harbour"),
        ("久石ノ海", "石ノ", "久<mark>石ノ</mark>海"),
        ("Тихий Порт", "тих", "<mark>Тихий</mark> Порт"),
        (
            "<b>Harbour</b> & Co",
            "harbour b",
            "&lt;<mark>b</mark>&gt;<mark>Harbour</mark>&lt;/<mark>b</mark>&gt; &amp; Co",
        ),
        ("Harbour", "", "Harbour"),
        ("", "harbour", ""),
    ],
)
def test_words_are_marked(text: str, asked: str, shown: str) -> None:
    assert marked(text, asked) == shown
