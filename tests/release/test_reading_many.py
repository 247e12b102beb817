"""Several releases are read like one: the same answers, in about as many queries."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from generation.services import lineage_terms, sounds_of, terms_by_master
from provenance import queries
from provenance.authorship import fold
from release.evidence import evidence_for, evidence_of
from release.gates import blocking, blocking_by_release, gates

pytestmark = pytest.mark.django_db


def asked(action: Any) -> int:
    with CaptureQueriesContext(connection) as found:
        action()
    return len(found)


def test_closed_gates_of_several_releases_are_those_of_each(house):
    releases = [
        house.ready(parts=("voice", "model_take")),
        house.ready(parts=("voice", "sketch")),
        house.release(),
        house.release(house.recording(house.master(parts=("borrowed", "choir")), credit=False), cover=None),
    ]
    found = blocking_by_release(releases)
    assert list(found) == [release.pk for release in releases]
    assert [found[release.pk] for release in releases] == [blocking(release) for release in releases]
    for release in releases:  # what only warns is left out, and nothing else
        assert found[release.pk] == [gate for gate in gates(release) if gate.level == "block"]
    assert any(gate.level == "warn" for release in releases for gate in gates(release))
    assert [gate.code for gate in found[releases[0].pk]] == ["licence_forbids_sale"]
    assert [gate.code for gate in found[releases[1].pk]] == ["not_approved"]


def test_evidence_and_terms_of_several_masters_are_those_of_each(house):
    masters = [
        house.master(parts=parts) for parts in (("voice",), ("voice", "sketch"), ("choir", "model_take"))
    ]
    evidence = evidence_of(masters)
    terms = terms_by_master(sounds_of((master, evidence[master.pk].bodies) for master in masters))
    for master in masters:
        assert evidence[master.pk].map == evidence_for(master).map
        assert terms[master.pk] == lineage_terms(master)
    assert [len(terms[master.pk]) for master in masters] == [0, 1, 2]


def test_the_fold_needs_no_decisions_but_showing_them_does(house):
    master = house.master(parts=("voice", "sketch"))
    house.declare(master)
    makers = queries.bodies_for_asset(master.wav.sha256, decisions=False, stream=master.project.stream)
    every = queries.bodies_for_asset(master.wav.sha256, stream=master.project.stream)
    assert {body.kind for body in every} - {body.kind for body in makers} >= {
        "take.shortlisted",
        "master.declared",
    }
    made = [maker.leaf_hash for maker in makers]
    assert [body.leaf_hash for body in every if body.leaf_hash in made] == made
    assert [body.leaf_hash for body in evidence_for(master).bodies] == made
    target, stream = master.wav.sha256, master.project.stream
    assert fold(every, target, stream=stream) == fold(makers, target, stream=stream)


def test_today_asks_no_more_for_six_releases_than_for_two(house):
    client = Client()
    client.force_login(house.cast.owner, backend="django.contrib.auth.backends.ModelBackend")

    def today() -> None:
        assert client.get(reverse("label:today")).status_code == 200

    for _ in range(2):
        house.ready(parts=("voice",))
    two = asked(today)
    for _ in range(4):
        house.ready(parts=("voice",))
    assert asked(today) <= two


def test_a_page_of_ten_tracks_asks_no_more_than_one_of_two(house):
    recordings = [house.recording(house.master(parts=("voice",)), title=f"Song {n}") for n in range(10)]
    small, large = house.release(*recordings[:2]), house.release(*recordings, title="Long")
    client = Client()
    client.force_login(house.cast.owner, backend="django.contrib.auth.backends.ModelBackend")

    def page(release: Any) -> None:
        assert client.get(reverse("release:release", args=[release.pk])).status_code == 200

    page(small)
    assert asked(lambda: page(large)) <= asked(lambda: page(small)) + 2
