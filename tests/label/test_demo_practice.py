"""The demo's three methods, each held against a song that was made by it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from generation.models import MethodCheck
from tests.support import needs

pytestmark = [pytest.mark.django_db, needs("fpcalc")]


def test_three_methods_are_held_against_three_songs(settings: Any, tmp_path: Any) -> None:
    from generation.offering import refresh_offers
    from label.demo.cast import seed_cast
    from label.demo.practice import three_songs, told

    refresh_offers()
    cast = seed_cast()
    found = {check.master.project.title: check for check in three_songs(cast)}
    said = {
        title: {one["rule"]: (one["verdict"], one["because"]) for one in check.outcomes}
        for title, check in found.items()
    }
    assert [(title, rule) for title, of in said.items() for rule in of if of[rule][0] != "confirmed"] == []
    assert told(found["The Frame Is Gone"]).startswith(
        "Corvin Aldermoor (fictional), version 1 of the method: material:scaffold confirmed, "
    )
    first = MethodCheck.objects.get(master=found["Nothing Breaks"].master, method__number=1)
    refuted = {one["rule"]: one["placed"] for one in first.outcomes if one["verdict"] != "confirmed"}
    assert list(refuted) == ["human:arrangement"], "a generated mix brings its own arrangement along"
    assert found["Nothing Breaks"].method.number == 2, "and its artist learns from it"
    assert [(place["from_ms"], place["source_ms"]) for place in refuted["human:arrangement"][:2]] == [
        (0, 13_000),
        (1000, 12_000),
    ], "the splinters are cut from the end of the take"
    assert "only in parts" in said["Nothing Breaks"]["material:texture"][1]
    for title, rule in (
        ("The Frame Is Gone", "material:scaffold"),
        ("What It Thinks We Are", "material:mirror"),
    ):
        heard = re.search(r"in (\d+) comparisons of sound none was heard", said[title][rule][1])
        assert heard is not None
        assert int(heard[1]) > 3, "the take and its stems, against the master and each recording in it"
    before = MethodCheck.objects.count()
    three_songs(cast)
    assert MethodCheck.objects.count() == before, "made once"
