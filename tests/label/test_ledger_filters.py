"""Filters of the ledger: each one and together, names only of what the reader may open, words only of what they may
read."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse
from django.utils import timezone

from label import kinds
from label.filters import Filter
from provenance import finding, queries, search, sequencer
from provenance.events import registered
from provenance.services import event_kinds
from tests.label.conftest import as_
from tests.label.test_ledger_pages import leaves
from tests.scenes import SECRET_PROMPT, SECRET_REASON, Scene

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def scene(scene: Scene) -> Scene:
    """The scene, with every word of it read into the index."""
    search.drain()
    return scene


def found(user: Any, **query: str) -> list[str]:
    answer = as_(user).get(reverse("label:ledger"), query)
    assert answer.status_code == 200, answer
    return leaves(re.sub(r'<p class="sub">.*?</p>', "", answer.content.decode()))


def entries(user: Any, **query: str) -> list[Any]:
    """All entries that a filter finds, through the pages."""
    asked, every, before = Filter.read(query), [], None
    while True:
        page = finding.page(asked.wanted(user), before=before)
        every += page.entries
        if page.older is None:
            return every
        before = page.older


def test_each_filter_finds_what_it_says_and_nothing_else(scene: Scene) -> None:
    owner, mara = scene.cast.owner, scene.cast.mara
    by_mara = entries(owner, person=str(mara.pk))
    assert by_mara
    assert {entry.actor_id for entry in by_mara} == {str(mara.pk)}
    takes = entries(owner, kind="takes")
    assert {"take.generated", "take.shortlisted"} <= {entry.kind for entry in takes}
    assert all(entry.kind.startswith("take.") for entry in takes)
    assert {entry.kind for entry in entries(owner, kind="take.shortlisted")} == {"take.shortlisted"}
    declared = entries(owner, basis="declared")
    assert declared
    assert {entry.basis for entry in declared} == {"declared"}
    about = entries(owner, about=f"take:{scene.take.pk}")
    assert about
    assert all(f"take:{scene.take.pk}" in entry.refs for entry in about)
    everything = entries(owner)
    assert len(everything) == queries.entries_for().count()
    assert entries(owner, when="today") == everything
    assert entries(owner, when="yesterday") == []
    yesterday = (timezone.now() - dt.timedelta(days=1)).date().isoformat()
    assert entries(owner, until=yesterday) == []
    assert entries(owner, since=yesterday) == everything


def test_an_artist_is_everything_that_is_theirs(scene: Scene) -> None:
    streams = {entry.stream for entry in entries(scene.cast.owner, about=f"artist:{scene.cast.artist.pk}")}
    assert {scene.project.stream, scene.release.stream, f"artist:{scene.cast.artist.pk}"} <= streams
    assert f"artist:{scene.cast.other_artist.pk}" not in streams
    on_release = entries(scene.cast.owner, about=scene.release.stream)
    assert {"release.created", "recording.created", "master.declared"} <= {entry.kind for entry in on_release}


def test_filters_together_find_what_all_of_them_find(scene: Scene) -> None:
    owner = scene.cast.owner
    parts = {
        "person": str(scene.cast.mara.pk),
        "about": scene.project.stream,
        "kind": "takes",
        "basis": "observed",
        "when": "today",
        "words": "kept",
    }
    alone = [{entry.pk for entry in entries(owner, **{name: value})} for name, value in parts.items()]
    together = {entry.pk for entry in entries(owner, **parts)}
    assert together == set.intersection(*alone)
    assert scene.take.entry_id in together


@pytest.mark.parametrize("streams", [None, "one", "all"])
def test_readers_of_few_streams_find_the_same_within_them(scene: Scene, streams: str | None) -> None:
    """Three ways through the database, one answer."""
    names = {None: None, "one": {scene.project.stream}, "all": {scene.project.stream, scene.release.stream}}
    only = names[streams]
    for query in (
        {"kind": "takes"},
        {"words": "kept"},
        {"about": f"take:{scene.take.pk}"},
        {"basis": "observed"},
    ):
        wide = [
            entry.pk for entry in entries(scene.cast.owner, **query) if only is None or entry.stream in only
        ]
        asked = Filter.read(query).wanted(scene.cast.owner)
        narrow = finding.Wanted(**{**{name: getattr(asked, name) for name in asked.__dataclass_fields__},
                                   "streams": None if only is None else frozenset(only)})  # fmt: skip
        assert [entry.pk for entry in finding.page(narrow, size=500).entries] == wide[:500]


# -- words -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "fits"),
    [
        (SECRET_REASON, True),
        ("visby", True),
        ("VISB", True),
        ('"night in Visby"', True),
        ('"Visby in night"', False),
        ("visby -night", False),
        ("visby nowhere-at-all", False),
        ("kept visby", True),
    ],
)
def test_words_are_looked_for_as_people_write_them(scene: Scene, words: str, fits: bool) -> None:
    keys = {entry.pk for entry in entries(scene.cast.mara, words=words)}
    assert (scene.take.entry_id in keys) is fits


def test_private_words_are_found_by_those_who_may_read_them_and_by_nobody_else(scene: Scene) -> None:
    from artists.models import User

    for user in User.objects.all():
        may = scene.project.stream in {entry.stream for entry in entries(user)}
        for words in (SECRET_REASON, f'"{SECRET_PROMPT}"', "visby"):
            assert bool(entries(user, words=words)) is may, f"{user} {words}"
            api = as_(user).get(reverse("api:ledger"), {"words": words}).json()
            assert bool(api["results"]) is may
    assert entries(scene.cast.stranger, words="tide visby kept") == []
    assert entries(scene.cast.release, words="new label invalid") == [], (
        "an invitation's address is not for staff"
    )
    assert entries(scene.cast.owner, words="new label invalid") != []


def test_erased_words_cannot_be_found_from_that_moment_on(scene: Scene) -> None:
    from provenance.ledger import shred

    owner = scene.cast.owner
    assert entries(owner, words="visby")
    shred(scene.take.entry, actor=owner)
    assert entries(owner, words="visby") == [], "before anybody reads the entry again"
    sequencer.drain()
    search.drain()
    assert entries(owner, words="visby") == []
    assert scene.take.entry_id in {entry.pk for entry in entries(owner, words="kept take")}


def test_the_newest_entries_say_that_they_are_not_read_yet(scene: Scene) -> None:
    from generation import services as studio

    studio.reset_take(scene.take, actor=scene.cast.mara)
    sequencer.drain()
    html = as_(scene.cast.mara).get(reverse("label:ledger"), {"words": "kept"}).content.decode()
    assert "still being read" in html
    search.drain()
    html = as_(scene.cast.mara).get(reverse("label:ledger"), {"words": "kept"}).content.decode()
    assert "still being read" not in html


# -- names -------------------------------------------------------------------------------------------------------------


def names(user: Any, **query: str) -> list[str]:
    html = as_(user).get(reverse("label:ledger-names"), query).content.decode()
    return re.findall(r'<option value="([^"]*)"', html)


def test_suggestions_hold_only_what_the_reader_may_open(scene: Scene) -> None:
    title = scene.project.title
    assert f"{title}, project" in names(scene.cast.mara, thing=title[:3])
    assert names(scene.cast.stranger, thing=title) == []
    assert names(scene.cast.stranger, thing="night") == []
    assert "Nightjar Assembly (fictional), artist" in names(scene.cast.anr, thing="night")
    assert names(scene.cast.mara, who="mara") == [scene.cast.mara.full_name]
    assert names(scene.cast.owner, who="lindq") == [scene.cast.mara.full_name]
    assert names(scene.cast.stranger, who="mara") == []
    assert names(scene.cast.stranger, who="sten") == [scene.cast.stranger.full_name]
    assert names(scene.cast.collaborator, who="ria") == [], "she did nothing in his project"
    assert names(scene.cast.owner, thing="") == names(scene.cast.owner, who="") == []


def test_the_form_sends_names_and_the_address_keeps_ids(scene: Scene) -> None:
    client = as_(scene.cast.owner)
    answer = client.get(
        reverse("label:ledger"),
        {
            "who": scene.cast.mara.full_name,
            "thing": f"{scene.project.title}, project",
            "kind": "takes",
            "words": "",
        },
    )
    assert answer.status_code == 302
    query = parse_qs(urlsplit(answer["Location"]).query)
    assert query["person"] == [str(scene.cast.mara.pk)]
    assert query["kind"] == ["takes"]
    assert query["about"] == [scene.project.stream]
    again = client.get(answer["Location"])
    assert again.status_code == 200
    assert f'value="{scene.project.title}, project"' in again.content.decode()
    cleared = client.get(
        reverse("label:ledger"), {"who": "", "thing": "", **{k: v[0] for k, v in query.items()}}
    )
    assert parse_qs(urlsplit(cleared["Location"]).query) == {"kind": ["takes"]}


def test_a_name_that_fits_several_asks_which_and_one_that_fits_none_says_so(scene: Scene) -> None:
    html = (
        as_(scene.cast.owner).get(reverse("label:ledger"), {"who": "fictional", "thing": ""}).content.decode()
    )
    assert "Which “fictional”?" in html
    assert scene.cast.mara.full_name in html
    nobody = (
        as_(scene.cast.stranger).get(reverse("label:ledger"), {"who": "Mara", "thing": ""}).content.decode()
    )
    assert "Nothing you may open is called “Mara”" in nobody
    assert "Lindqvist" not in nobody


def test_an_address_that_names_what_one_may_not_open_tells_no_name_and_shows_nothing(scene: Scene) -> None:
    query = {"about": scene.project.stream, "person": str(scene.cast.mara.pk)}
    html = as_(scene.cast.stranger).get(reverse("label:ledger"), query).content.decode()
    assert leaves(html) == []
    for name in (scene.project.title, scene.cast.mara.full_name, scene.cast.artist.name):
        assert name not in html


# -- pages -------------------------------------------------------------------------------------------------------------


def test_pages_stay_while_entries_arrive(scene: Scene) -> None:
    from generation import services as studio

    mara = scene.cast.mara
    whole = [entry.pk for entry in entries(mara)]
    page = finding.page(Filter().wanted(mara), size=10)
    seen = [entry.pk for entry in page.entries]
    while page.older is not None:
        studio.save_brief(scene.project, values=studio.BriefValues(purpose="More"), actor=mara)
        page = finding.page(Filter().wanted(mara), before=page.older, size=40)
        seen += [entry.pk for entry in page.entries]
    assert seen == whole


def test_the_address_of_older_entries_keeps_the_filter(scene: Scene) -> None:
    html = (
        as_(scene.cast.owner)
        .get(reverse("label:ledger"), {"basis": "observed", "when": "today"})
        .content.decode()
    )
    older = re.search(r'href="\?([^"]+)">Older', html)
    assert older is not None
    query = parse_qs(older[1].replace("&amp;", "&"))
    assert query.keys() == {"basis", "when", "before"}


@pytest.mark.parametrize(
    "query",
    [
        {"words": "'"},
        {"words": '"unclosed & | ! <-> :*'},
        {"words": "a:* & (b"},
        {"words": "' || pg_sleep(5) || '"},
        {"words": "-" * 200},
        {"words": "\\' \\\\ ''"},
        {"words": "אב \u202e x"},
        {"words": "%s %(x)s {0}"},
        {"person": "not-a-uuid"},
        {"person": "0" * 36},
        {"kind": "takes' OR 1=1"},
        {"basis": "observed;"},
        {"when": "always"},
        {"since": "9999-12-31", "until": "0001-01-01"},
        {"since": "x" * 5000},
        {"about": "artist:" + "9" * 70},
        {"about": "release:none", "words": "x" * 4000},
        {"who": "%", "thing": "_"},
        {"thing": "<script>alert(1)</script>"},
        {"before": "0"},
    ],
)
def test_hostile_queries_break_nothing_and_find_nothing_of_others(
    scene: Scene, query: dict[str, str]
) -> None:
    for address in ("label:ledger", "label:ledger-names", "label:ledger-seal", "api:ledger"):
        answer = as_(scene.cast.stranger).get(reverse(address), query)
        assert answer.status_code in (200, 302, 400), address
        text = answer.content.decode()
        assert scene.project.title not in text
        assert "<script>alert" not in text


def test_the_list_costs_the_same_number_of_queries_for_any_number_of_entries(
    scene: Scene, django_assert_max_num_queries: Any
) -> None:
    for user in (scene.cast.owner, scene.cast.mara):
        client = as_(user)
        client.get(reverse("label:ledger"))
        with django_assert_max_num_queries(26):
            client.get(reverse("label:ledger"), {"words": "take", "about": scene.project.stream})


def test_every_kind_has_its_group_and_its_words() -> None:
    placed = [kind for group in kinds.groups() for kind in group.kinds]
    assert sorted(placed) == event_kinds()
    # Other tests in this process may have registered kinds of their own.
    of_tests = {event.kind for event in registered() if event.__module__.startswith("tests.")}
    assert not set(kinds.kinds_of(kinds.OTHER)) - of_tests, "say where the new kind belongs"
    for group in kinds.groups():
        assert kinds.kinds_of(group.key) == group.kinds
        assert all("_" not in words and "." not in words for _, words in group.options)
    assert kinds.kinds_of("nothing") == ()
    assert kinds.title_of("take.shortlisted") == "Takes: kept"
