"""Making a take again: bit-equal, within tolerance, or not here and why; sweeps, again like this one, presets."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

import pytest

from generation import modes, services
from generation.errors import BadValue, NotPossible
from generation.models import Preset, PromptRun, Take, TakeReplay
from generation.replaying import changes, difference
from provenance import ledger
from provenance.models import Entry, Job
from tests.cast import Cast
from tests.generation import mode_engine
from tests.generation.services.conftest import Ask, given
from tests.support import run_jobs


@pytest.fixture
def again(cast: Cast) -> Callable[[Take], TakeReplay]:
    def replayed(take: Take) -> TakeReplay:
        replay = services.request_replay(take, actor=cast.mara)
        run_jobs()
        return TakeReplay.objects.get(pk=replay.pk)

    return replayed


# -- replay ------------------------------------------------------------------------------------------------------------


def test_a_take_made_again_from_its_entry_is_equal_bit_by_bit(make: Ask, upload: Any, again: Any) -> None:
    take = make(modes.STEMS, given("source", upload("full_mix")))
    replay = again(take)
    assert (replay.verdict, replay.report["sha256"]) == ("bit_equal", take.asset.sha256)
    assert replay.report["peak_ppb"] == 0
    entry = Entry.objects.get(kind="take.replayed")
    assert ledger.body_of(entry)["public"]["verdict"] == "bit_equal"
    assert "equal bit by bit" in ledger.in_words(entry)
    assert Take.objects.count() == 1, "what was made to compare is not kept"


def test_one_of_many_is_made_again_alone(run: Any, again: Any) -> None:
    asked = run(modes.TEXT_TO_MUSIC, variations=3)
    run_jobs()
    assert again(asked.takes.get(number=3)).verdict == "bit_equal"
    assert mode_engine.ENGINES["model"].asked[-1].seeds == (asked.seeds[2],)


@pytest.mark.parametrize(
    ("drift", "verdict", "millibel"), [(0.0005, "within_tolerance", -6602), (0.01, "not_reproducible", -4000)]
)
def test_the_loudest_difference_decides(
    make: Ask,
    again: Any,
    drift: float,
    verdict: str,
    millibel: int,
) -> None:
    take = make(modes.TEXT_TO_MUSIC)
    mode_engine.DRIFT["next"], mode_engine.DRIFT["version"] = drift, "2"
    replay = again(take)
    assert replay.verdict == verdict
    assert replay.report["peak_millibel"] == pytest.approx(millibel, abs=1)
    assert replay.report["rms_millibel"] == pytest.approx(millibel, abs=1), (
        "a constant is as loud as its peak"
    )
    assert replay.report["changed"] == [{"fact": "library_numpy", "was": "1", "now": "2"}]
    said = [reason["sentence"] for reason in replay.report["reasons"]]
    assert said == ([] if verdict == "within_tolerance" else ["library numpy was 1; here it is 2."])


def test_an_engine_that_varies_by_itself_is_named_so(make: Ask, again: Any) -> None:
    take = make(modes.TEXT_TO_MUSIC)
    mode_engine.DRIFT["next"] = 0.1
    assert [reason["code"] for reason in again(take).report["reasons"]] == ["engine_varies"]


def test_erased_words_cannot_be_asked_again(make: Ask, again: Any, cast: Cast) -> None:
    take = make(modes.TEXT_TO_MUSIC)
    ledger.shred(take.run.entry, actor=cast.owner)
    replay = again(take)
    assert replay.verdict == "not_reproducible"
    assert [reason["code"] for reason in replay.report["reasons"]] == ["erased_words"]
    with pytest.raises(NotPossible, match="The prompt of this run was erased"):
        services.request_again(take, actor=cast.mara)
    assert services.suggestions(take.run.project, user=cast.mara) == []


def test_what_is_not_here_any_more_is_said(make: Ask, upload: Any, again: Any) -> None:
    from provenance import blobs

    take = make(modes.CONTINUATION, given("source", upload()))
    source = take.run.inputs.get().asset.sha256
    with blobs.store().local_path(source) as path:
        kept = path.with_suffix(".away")
        shutil.move(path, kept)
    try:
        replay = again(take)
    finally:
        shutil.move(kept, path)
    assert [reason["code"] for reason in replay.report["reasons"]] == ["given_gone"]
    assert again(take).verdict == "bit_equal"


def test_two_replays_of_one_take_are_one_while_it_waits(make: Ask, cast: Cast) -> None:
    take = make(modes.TEXT_TO_MUSIC)
    first, second = (services.request_replay(take, actor=cast.mara) for _ in range(2))
    assert first == second
    assert Job.objects.filter(kind="generation.replay").count() == 1


def test_differences_are_measured_on_samples_of_full_scale() -> None:
    import numpy as np

    one = np.zeros((2, 4), np.float32)
    other = one.copy()
    other[0, 1] = -0.5
    assert difference(one, other) == (0.5, pytest.approx(0.5 / 8**0.5))
    assert difference(one, one[:, :3]) is None
    assert difference(one, np.full((2, 4), np.nan, np.float32)) is None
    assert changes({"device": "cuda", "batch": 3}, {"device": "cpu", "batch": 1})[0].fact == "device"


# -- again, sweeps -----------------------------------------------------------------------------------------------------


def test_again_like_this_one_has_other_seeds_and_the_same_request(make: Ask, upload: Any, cast: Cast) -> None:
    take = make(modes.MELODY, given("melody", upload()), parameters={"guidance": 5.0})
    more = services.request_again(take, changes={"variations": 4}, actor=cast.mara)
    assert (more.variations, more.mode, more.prompt, more.parameters) == (
        4,
        modes.MELODY,
        "warm",
        {"guidance": 5.0},
    )
    assert take.seed not in more.seeds
    assert more.inputs.get().asset == take.run.inputs.get().asset
    assert more.again_of == take


def test_one_thing_changed_keeps_the_takes_seed(make: Ask, cast: Cast) -> None:
    take = make(modes.TEXT_TO_MUSIC, parameters={"guidance": 5.0}, base_seed=7)
    changed = services.request_again(take, changes={"prompt": "cold"}, actor=cast.mara)
    assert (changed.seeds, changed.prompt, changed.parameters) == ([7], "cold", {"guidance": 5.0})
    back = services.request_again(take, changes={"parameters": {"guidance": None}}, actor=cast.mara)
    assert (back.seeds, back.parameters) == ([7], {})
    with pytest.raises(BadValue, match="cannot be changed"):
        services.request_again(take, changes={"engine": "sketch"}, actor=cast.mara)


def test_a_sweep_asks_once_per_value_with_the_same_seeds_or_not_at_all(
    project: Any,
    engines: Any,
    cast: Cast,
) -> None:
    request = {"brief": None, "engine": "model", "duration_s": 1.0, "variations": 2, "prompt": "warm"}
    sweep = services.request_sweep(
        project, parameter="guidance", values=[1.0, 3.5, 10], actor=cast.mara, **request
    )
    runs = list(sweep.runs.order_by("number"))
    assert [one.parameters["guidance"] for one in runs] == [1.0, 3.5, 10]
    assert runs[0].seeds == runs[1].seeds == runs[2].seeds
    before = (PromptRun.objects.count(), Entry.objects.count(), Job.objects.count())
    for values, message in (
        ([1.0, 99], "Guidance is a number"),
        ([1.0], "Give 2 to 8"),
        ([2, 2], "every value once"),
    ):
        with pytest.raises(BadValue, match=message) as refused:
            services.request_sweep(project, parameter="guidance", values=values, actor=cast.mara, **request)
        assert refused.value.field == "values"
    with pytest.raises(BadValue, match="needs"):
        services.request_sweep(
            project,
            parameter="guidance",
            values=[1, 2],
            actor=cast.mara,
            **request | {"mode": modes.CONTINUATION},
        )
    assert (PromptRun.objects.count(), Entry.objects.count(), Job.objects.count()) == before


# -- presets, suggestions ----------------------------------------------------------------------------------------------


def test_presets_are_a_persons_own_or_a_projects(project: Any, engines: Any, cast: Cast) -> None:
    values: dict[str, Any] = {"engine": "model", "mode": modes.TEXT_TO_MUSIC, "parameters": {"guidance": 7}}
    own = services.save_preset(name="Bold", actor=cast.mara, duration_s=12.0, **values)
    services.save_preset(name="Ours", project=project, actor=cast.mara, **values)
    again = services.save_preset(name="Bold", actor=cast.mara, **values | {"parameters": {"guidance": 2}})
    assert (again.pk, again.parameters, again.duration_s) == (own.pk, {"guidance": 2}, None)
    assert [one.name for one in services.presets_of(cast.mara, project=project)] == ["Bold", "Ours"]
    assert [one.name for one in services.presets_of(cast.anr, project=project)] == ["Ours"]
    assert not services.presets_of(cast.mara, engine="sketch")
    with pytest.raises(BadValue, match="Guidance is a number"):
        services.save_preset(name="Bad", actor=cast.mara, **values | {"parameters": {"guidance": 99}})
    services.delete_preset(own, actor=cast.mara)
    assert Preset.objects.count() == 1


def test_suggestions_come_from_the_artists_own_history(make: Ask, engines: Any, cast: Cast) -> None:
    kept = make(modes.TEXT_TO_MUSIC, prompt="rain on tin")
    services.shortlist_take(kept, reason="", actor=cast.mara)
    make(modes.TEXT_TO_MUSIC, prompt="Night bus")
    make(modes.TEXT_TO_MUSIC, prompt="night bus")
    project = kept.run.project
    found = services.suggestions(project, user=cast.mara)
    assert [(one.prompt, one.kept) for one in found] == [("rain on tin", 1), ("night bus", 0)]
    assert services.suggestions(project, user=cast.stranger) == []
