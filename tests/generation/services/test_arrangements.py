"""Arrangements: first layout, saving, conflicts, and whose sound may be used."""

from __future__ import annotations

import copy
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connections
from django.http import Http404

from generation import access, services
from generation import arrangement as doc
from generation.arrangement import BadDocument
from generation.errors import BadValue, Conflict, NotPossible
from generation.models import Arrangement, ArrangementVersion
from provenance import ledger
from tests.cast import Cast
from tests.generation.conftest import tone_wav

MakeTake = Callable[..., Any]


@pytest.fixture
def arrangement(project: Any, make_take: MakeTake, cast: Cast) -> Arrangement:
    take = services.shortlist_take(make_take(), reason="", actor=cast.mara)
    return services.create_arrangement(project, title="First idea", takes=[take], actor=cast.mara)


def moved(version: ArrangementVersion, **changes: int) -> dict[str, Any]:
    document = copy.deepcopy(version.document)
    document["tracks"][0] |= changes
    return document


def test_the_first_version_lays_out_the_stems_of_the_kept_take(arrangement: Arrangement) -> None:
    version = services.head_of(arrangement)
    document = version.document
    assert (version.number, document["tempo_milli_bpm"], document["metre"]) == (1, 92_000, "4/4")
    assert [(track["name"], track["role"], track["mute"]) for track in document["tracks"]] == [
        ("Pads", "pads", False),
        ("Bass", "bass", False),
    ]
    assert {clip["length_samples"] for track in document["tracks"] for clip in track["clips"]} == {88_200}
    assert version.digest == doc.digest(doc.parse(document))


def test_a_second_take_comes_muted(
    project: Any, make_take: MakeTake, ask: Callable[..., Any], cast: Cast
) -> None:
    run = ask(variations=2)
    takes = [
        services.shortlist_take(make_take(run=run, number=n), reason="", actor=cast.mara) for n in (1, 2)
    ]
    arrangement = services.create_arrangement(project, title="Two", takes=takes, actor=cast.mara)
    tracks = services.head_of(arrangement).document["tracks"]
    assert [track["mute"] for track in tracks] == [False, False, True, True]
    assert tracks[2]["name"] == "Pads, take 2"


def test_only_kept_takes_of_the_project_start_an_arrangement(
    project: Any, make_take: MakeTake, cast: Cast
) -> None:
    take = make_take()
    with pytest.raises(NotPossible, match="Keep take 1 first"):
        services.create_arrangement(project, title="No", takes=[take], actor=cast.mara)
    services.shortlist_take(take, reason="", actor=cast.mara)
    other = services.create_project(title="Other", artist=cast.other_artist, actor=cast.stranger)
    with pytest.raises(BadValue, match="another project"):
        services.create_arrangement(other, title="No", takes=[take], actor=cast.stranger)
    assert not Arrangement.objects.exists()


def test_a_save_names_its_edits_without_the_names_that_people_gave(
    arrangement: Arrangement, cast: Cast
) -> None:
    first = services.head_of(arrangement)
    document = moved(first, gain_millibel=-300)
    document["tracks"][1]["name"] = "Ingrid's bass"
    version = services.save_version(
        arrangement,
        document=document,
        base_version=1,
        name="quieter pads",
        note="as Ingrid asked",
        actor=cast.mara,
    )
    public = ledger.body_of(version.entry)["public"]
    assert (version.number, version.parent, version.name) == (2, first, "quieter pads")
    assert public["edit_counts"] == {"track.gain": 1, "track.rename": 1}
    assert public["edits"][0] | {"track": "t1"} == {
        "kind": "track.gain", "track": "t1", "before": {"gain_millibel": 0}, "after": {"gain_millibel": -300},
    }  # fmt: skip
    assert b"Ingrid" not in bytes(version.entry.body)
    assert ledger.disclose(version.entry) == {"note": "as Ingrid asked"}


def test_saving_the_same_again_saves_nothing(arrangement: Arrangement, cast: Cast) -> None:
    head = services.head_of(arrangement)
    assert services.save_version(arrangement, document=head.document, base_version=1, actor=cast.mara) == head
    named = services.save_version(
        arrangement, document=head.document, base_version=1, name="as it came", actor=cast.mara
    )
    assert (named.number, named.name) == (1, "as it came")
    assert arrangement.versions.count() == 1


def test_the_second_of_two_who_save_is_told_and_loses_nothing(arrangement: Arrangement, cast: Cast) -> None:
    head = services.head_of(arrangement)
    theirs = services.save_version(
        arrangement, document=moved(head, gain_millibel=-100), base_version=1, actor=cast.owner
    )
    mine = moved(head, pan_percent=20)
    with pytest.raises(Conflict) as told:
        services.save_version(arrangement, document=mine, base_version=1, actor=cast.mara)
    assert told.value.code == "conflict"
    assert told.value.latest == theirs
    assert "Odile Fabel" in told.value.message
    branch = services.save_version(
        arrangement, document=mine, base_version=1, as_branch=True, actor=cast.mara
    )
    assert (branch.number, branch.parent.number) == (3, 1)
    assert ledger.body_of(branch.entry)["public"]["branch"] is True
    further = services.save_version(
        arrangement, document=moved(theirs, gain_millibel=-200), base_version=2, actor=cast.owner
    )
    assert (further.number, further.parent) == (4, theirs), "a branch does not stop the other line"


@pytest.mark.django_db(transaction=True)
def test_of_two_saves_at_the_same_moment_exactly_one_wins(arrangement: Arrangement, cast: Cast) -> None:
    import threading

    head = services.head_of(arrangement)
    gate, results = threading.Barrier(2), []

    def save(gain: int) -> None:
        try:
            gate.wait(5)
            version = services.save_version(
                arrangement, document=moved(head, gain_millibel=gain), base_version=1, actor=cast.mara
            )
            results.append(version.number)
        except Conflict as conflict:
            results.append(conflict)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=save, args=(gain,)) for gain in (-100, -200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert 2 in results
    assert any(isinstance(result, Conflict) for result in results)
    assert arrangement.versions.count() == 2


def test_anothers_sound_cannot_be_had_by_its_digest(arrangement: Arrangement, cast: Cast) -> None:
    other = services.create_project(title="Secret", artist=cast.other_artist, actor=cast.stranger)
    secret = services.import_upload(
        other, file=io.BytesIO(tone_wav(hz=777)), filename="s.wav", name="secret", role="lead", elements=None,
        declared="own_performance", actor=cast.stranger,
    )  # fmt: skip
    document = copy.deepcopy(services.head_of(arrangement).document)
    document["tracks"][0]["clips"][0]["asset"] = secret.asset.sha256
    with pytest.raises(BadValue) as refused:
        services.save_version(arrangement, document=document, base_version=1, actor=cast.mara)
    assert refused.value.code == "foreign_asset"
    document["tracks"][0]["clips"][0]["asset"] = "0" * 64
    with pytest.raises(BadValue) as unknown:
        services.save_version(arrangement, document=document, base_version=1, actor=cast.mara)
    assert unknown.value.code == "foreign_asset", "an unknown digest and a foreign one look alike"
    assert arrangement.versions.count() == 1


@pytest.mark.parametrize("document", [None, [], {}, {"v": 1}, {"v": 2, "tracks": []}])
def test_what_is_no_document_is_refused(arrangement: Arrangement, cast: Cast, document: Any) -> None:
    with pytest.raises(BadDocument):
        services.save_version(arrangement, document=document, base_version=1, actor=cast.mara)


def test_a_base_that_does_not_exist_is_refused(arrangement: Arrangement, cast: Cast) -> None:
    head = services.head_of(arrangement)
    with pytest.raises(BadValue, match="no version 9"):
        services.save_version(arrangement, document=head.document, base_version=9, actor=cast.mara)


def test_a_version_with_nothing_audible_is_not_rendered(arrangement: Arrangement, cast: Cast) -> None:
    document = copy.deepcopy(services.head_of(arrangement).document)
    for track in document["tracks"]:
        track["mute"] = True
    version = services.save_version(arrangement, document=document, base_version=1, actor=cast.mara)
    with pytest.raises(NotPossible, match="Nothing sounds"):
        services.request_render(version, actor=cast.mara)


def test_a_master_waits_for_its_render_and_its_target_is_checked(
    arrangement: Arrangement, cast: Cast
) -> None:
    render = services.request_render(services.head_of(arrangement), actor=cast.mara)
    with pytest.raises(NotPossible, match="not finished"):
        services.request_master(render, actor=cast.mara)
    render.asset_id = arrangement.pk
    for values in (
        {"target_lufs": 0.0},
        {"target_lufs": float("nan")},
        {"ceiling_dbtp": 1.0},
        {"target_lufs": "x"},
    ):
        with pytest.raises(BadValue):
            services.request_master(render, **values, actor=cast.mara)  # type: ignore[arg-type]


def test_strangers_see_neither_arrangement_nor_version_nor_render(
    arrangement: Arrangement, cast: Cast
) -> None:
    version = services.head_of(arrangement)
    render = services.request_render(version, actor=cast.mara)
    for fetch, pk in (
        (access.arrangement_for, arrangement.pk), (access.version_for, version.pk), (access.render_for, render.pk),
        (access.job_for, render.job_id),
    ):  # fmt: skip
        assert fetch(cast.release, pk)
        with pytest.raises(PermissionDenied):
            fetch(cast.release, pk, write=True)
        with pytest.raises(Http404):
            fetch(cast.stranger, pk)


def test_the_material_of_a_project_is_its_own(arrangement: Arrangement, cast: Cast) -> None:
    found = services.materials(arrangement.project)
    assert [(item.kind, item.role, item.kept) for item in found] == [
        ("take", "full_mix", True),
        ("stem", "bass", True),
        ("stem", "pads", True),
    ]
    assert {item.terms for item in found} == {"may be sold"}
