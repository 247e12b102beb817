"""Takes: making, deciding, hearing."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from hypothesis import given
from hypothesis import strategies as st

from generation import access, services
from generation.errors import BadValue, EngineStopped, NotPossible
from generation.models import Listen, Take
from generation.services import making
from generation.services.takes import merge_spans
from provenance import ledger
from provenance.models import Asset, Entry
from tests.cast import Cast

MakeTake = Callable[..., Any]


def test_a_take_names_its_sounds_and_who_made_them(make_take: MakeTake) -> None:
    take = make_take()
    body = ledger.body_of(take.made_by)
    assert body["actor"] == {"type": "worker", "id": "sketch"}
    assert [output["role"] for output in body["outputs"]] == ["mix", "bass", "pads", "midi"]
    assert body["outputs"][0]["sha256"] == take.asset.sha256
    claims = body["authorship"]["outputs"][take.asset.sha256]["claims"]
    assert {claim["origin"] for claim in claims} == {"procedural"}
    assert body["public"]["facts"]["swing"] == "0.5", "no floats in the ledger"
    assert take.asset.analysis.lufs == -20.0
    assert {stem.role for stem in take.stems.all()} == {"bass", "pads"}


def test_a_trained_models_take_says_so(make_take: MakeTake, ask: Callable[..., Any]) -> None:
    run = ask()
    musicgen = services.terms_in_force("musicgen")
    made = making.run_to_make(str(run.pk))
    made.terms = musicgen
    claims = making._take_authorship(made, _silent_take())["outputs"]["0" * 64]["claims"]
    assert {claim["origin"] for claim in claims} == {"trained_model"}


def _silent_take() -> making.MadeTake:
    from provenance.blobs import Staged

    sound = making.MadeAudio(
        staged=Staged(sha256="0" * 64, size=1), role="full_mix", name="mix", media_type="audio/wav",
        probe={"duration_ms": 0}, peaks=b"", lufs=None, true_peak_dbtp=None,
    )  # fmt: skip
    return making.MadeTake(number=1, seed=1, mix=sound)


def test_making_a_take_again_changes_nothing(make_take: MakeTake) -> None:
    take = make_take()
    entries = Entry.objects.count()
    again = make_take(run=take.run)
    assert again.pk == take.pk
    assert Entry.objects.count() == entries


def test_a_run_is_finished_only_with_all_its_takes(make_take: MakeTake, ask: Callable[..., Any]) -> None:
    run = ask(variations=2)
    make_take(run=run, number=1)
    with pytest.raises(EngineStopped), transaction.atomic():
        making.finish_run(making.run_to_make(str(run.pk)))
    make_take(run=run, number=2)
    with transaction.atomic():
        making.finish_run(making.run_to_make(str(run.pk)))
    assert Entry.objects.filter(kind="run.finished").count() == 1


def test_a_decision_is_recorded_with_its_sealed_reason(make_take: MakeTake, cast: Cast) -> None:
    take = make_take()
    services.shortlist_take(take, reason="The only one that breathes.", blind=True, actor=cast.mara)
    take = Take.objects.get(pk=take.pk)
    assert (take.state, take.reason) == ("shortlisted", "The only one that breathes.")
    body = ledger.body_of(take.entry)
    assert body["public"]["blind"] is True
    assert b"breathes" not in bytes(take.entry.body)
    services.reject_take(take, reason="", actor=cast.mara)
    services.reset_take(take, actor=cast.mara)
    assert Take.objects.get(pk=take.pk).state == "new"
    with pytest.raises(NotPossible):
        services.reset_take(take, actor=cast.mara)
    kinds = Entry.objects.filter(refs__contains=[f"take:{take.pk}"]).values_list("kind", flat=True)
    assert list(kinds) == ["take.generated", "take.shortlisted", "take.rejected", "take.reset"]


def test_a_reason_with_nul_or_too_long_is_refused(make_take: MakeTake, cast: Cast) -> None:
    take = make_take()
    for reason in ("a\0", "x" * 501, None):
        with pytest.raises(BadValue):
            services.shortlist_take(take, reason=reason, actor=cast.mara)  # type: ignore[arg-type]
    assert Take.objects.get(pk=take.pk).state == "new"


def test_what_was_heard_adds_up_per_person(make_take: MakeTake, cast: Cast) -> None:
    take = make_take(seconds=2.0)
    services.record_heard(take, spans_ms=[[0, 500], [400, 800]], actor=cast.mara)
    services.record_heard(take, spans_ms=[[800, 1000], [1500, 99_000]], blind=True, actor=cast.mara)
    listen = Listen.objects.get(take=take, user=cast.mara)
    assert listen.spans_ms == [[0, 1000], [1500, 2000]]
    assert services.heard_percent(take, cast.mara) == 75
    assert services.heard_percent(take, cast.anr) == 0
    entries = Entry.objects.count()
    services.record_heard(take, spans_ms=[[100, 300]], actor=cast.mara)
    assert Entry.objects.count() == entries, "nothing new was heard"
    services.shortlist_take(take, reason="", actor=cast.mara)
    assert ledger.body_of(take.entry)["public"]["heard_percent"] == 75


@pytest.mark.parametrize(
    "spans", [None, "0-5", [[1]], [[5, 1]], [[-1, 5]], [[0.5, 2]], [[True, 2]], [[0, 1]] * 2001]
)
def test_spans_that_are_none_are_refused(make_take: MakeTake, cast: Cast, spans: Any) -> None:
    with pytest.raises(BadValue):
        services.record_heard(make_take(), spans_ms=spans, actor=cast.mara)
    assert not Listen.objects.exists()


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)).map(lambda pair: (pair[0], pair[0] + pair[1])))
)
def test_merged_spans_hold_exactly_the_heard_moments(spans: list[tuple[int, int]]) -> None:
    merged = merge_spans(spans)
    assert {ms for start, to in merged for ms in range(start, to)} == {
        ms for start, to in spans for ms in range(start, to)
    }
    assert all(before[1] < after[0] for before, after in itertools.pairwise(merged))


def test_strangers_do_not_see_takes_and_stems(make_take: MakeTake, cast: Cast) -> None:
    take = make_take()
    stem = take.stems.first()
    for fetch, pk in ((access.take_for, take.pk), (access.stem_for, stem.pk)):
        assert fetch(cast.anr, pk)
        with pytest.raises(PermissionDenied):
            fetch(cast.anr, pk, write=True)
        with pytest.raises(Http404):
            fetch(cast.stranger, pk)
    assert Asset.objects.count() == 4
