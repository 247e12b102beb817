"""Prompt runs: what is accepted, what is refused and how, and what the ledger holds of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from generation import access, services
from generation.errors import BadValue, NotPossible, StyleWarned
from generation.models import EngineOffer, PromptRun
from provenance import ledger
from provenance.models import Entry, Job
from tests.cast import Cast

Ask = Callable[..., Any]


def test_a_run_records_its_prompt_sealed_and_queues_a_job_without_it(ask: Ask, cast: Cast) -> None:
    run = ask(variations=3, base_seed=7, parameters={"density": 0.25}, prompt="slow pads for Ingrid")
    assert run.seeds == [7, 8, 9]
    assert run.prompt == "slow pads for Ingrid"
    body = ledger.body_of(run.entry)
    assert body["kind"] == "run.requested"
    assert body["public"]["parameters"] == {"density": "0.25"}
    assert body["public"]["licence"] == run.terms.licence
    assert "Ingrid" not in bytes(run.entry.body).decode()
    assert (run.job.kind, run.job.queue, run.job.payload) == ("generation.run", "cpu", {"run": str(run.pk)})
    assert "Ingrid" not in run.job.title
    assert run.terms.tool.key == "sketch"


def test_seeds_by_chance_are_all_different(ask: Ask) -> None:
    run = ask(variations=30)
    assert len(set(run.seeds)) == 30


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"variations": 31}, "variations", "31 variations: ask for 30 at most"),
        ({"variations": 0}, "variations", "Ask for 1 to 30"),
        ({"variations": True}, "variations", "Ask for 1 to 30"),
        ({"variations": "3"}, "variations", "Ask for 1 to 30"),
        ({"duration_s": 0.5}, "duration_s", "Sketch makes 1 to 360 seconds"),
        ({"duration_s": float("nan")}, "duration_s", "1 to 360"),
        ({"duration_s": None}, "duration_s", "1 to 360"),
        ({"engine": "nothing"}, "engine", "Choose one of: sketch"),
        ({"engine": "audiocraft"}, "engine", "MusicGen is not offered here: its weights are not here."),
        ({"prompt": ""}, "prompt", "Write the prompt"),
        ({"prompt": "a\0b"}, "prompt", "NUL"),
        ({"prompt": "x" * 4001}, "prompt", "4000 are possible"),
        ({"base_seed": -1}, "base_seed", "whole number from 0"),
        ({"base_seed": 2**53}, "base_seed", "whole number from 0"),
        ({"parameters": {"density": 2}}, "parameters", "Density is a number from 0 to 1"),
        ({"parameters": {"volume": 1}}, "parameters", "it offers: density"),
    ],
)
def test_a_bad_request_says_what_to_change_and_leaves_nothing(
    ask: Ask, changes: dict[str, Any], field: str, message: str
) -> None:
    before = Entry.objects.count()
    with pytest.raises(BadValue) as refused:
        ask(**changes)
    assert refused.value.field == field
    assert message in refused.value.message
    assert not PromptRun.objects.exists()
    assert not Job.objects.exists()
    assert Entry.objects.count() == before


def test_a_style_warning_must_be_acknowledged_and_then_stands_in_the_ledger(ask: Ask) -> None:
    with pytest.raises(StyleWarned) as warned:
        ask(prompt="a ballad in the style of Taylor Swift")
    assert [warning.name for warning in warned.value.warnings] == ["Taylor Swift"]
    assert not PromptRun.objects.exists()
    run = ask(prompt="a ballad in the style of Taylor Swift", acknowledge_warnings=True)
    public = ledger.body_of(run.entry)["public"]
    assert (public["style_warnings"], public["warnings_acknowledged"]) == (1, True)
    assert "Swift" not in bytes(run.entry.body).decode()
    assert ledger.disclose(run.entry)["warnings"] == ["Taylor Swift"]


def test_the_artists_own_name_draws_no_warning(ask: Ask, cast: Cast) -> None:
    assert ask(prompt=f"like {cast.artist.name}").pk


def test_a_brief_of_another_project_is_refused(ask: Ask, cast: Cast) -> None:
    other = services.create_project(title="Other", artist=cast.other_artist, actor=cast.stranger)
    brief = services.save_brief(other, values=services.BriefValues(genre="folk"), actor=cast.stranger)
    with pytest.raises(BadValue, match="another project"):
        ask(brief=brief)


def test_an_engine_without_terms_cannot_be_asked(ask: Ask) -> None:
    EngineOffer.objects.filter(name="sketch").update(tool_key="unheard-of")
    with pytest.raises(NotPossible, match="no terms for unheard-of"):
        ask()


def test_a_run_keeps_the_terms_that_were_in_force_when_it_was_asked(ask: Ask, cast: Cast) -> None:
    import dataclasses
    import datetime as dt

    run = ask()
    now = services.TermsValues(
        licence="Changed", commercial="no", store_release="no", source="A letter", certainty="confirmed",
        source_date=dt.date(2026, 11, 21), trained_model=False,
    )  # fmt: skip
    services.record_terms(run.terms.tool, values=now, actor=cast.rights)
    assert PromptRun.objects.get(pk=run.pk).terms.commercial == "yes"
    assert services.terms_in_force("sketch").version == 2
    assert services.seed_catalogue(actor=cast.rights) == 0, "the newer row of the rights team stays in force"
    with pytest.raises(BadValue):
        services.record_terms(
            run.terms.tool, values=dataclasses.replace(now, commercial="maybe"), actor=cast.rights
        )


def test_strangers_do_not_see_a_run_and_readers_do_not_change_it(ask: Ask, cast: Cast) -> None:
    run = ask()
    for fetch in (access.run_for, lambda user, pk, **more: access.job_for(user, run.job_id, **more)):
        assert fetch(cast.mara, run.pk, write=True)
        assert fetch(cast.rights, run.pk)
        with pytest.raises(PermissionDenied):
            fetch(cast.rights, run.pk, write=True)
        with pytest.raises(Http404):
            fetch(cast.stranger, run.pk)


def test_a_cancelled_job_can_be_started_again(ask: Ask, cast: Cast) -> None:
    job = services.cancel_job(ask().job, actor=cast.mara)
    assert job.state == Job.State.CANCELLED
    with pytest.raises(NotPossible):
        services.cancel_job(job, actor=cast.mara)
    assert services.retry_job(job, actor=cast.mara).state == Job.State.QUEUED


def test_the_shipped_catalogue_names_source_date_and_certainty_for_every_tool(catalogue: None) -> None:
    tools = {tool.key: next(iter(tool.terms.all())) for tool in services.tools_with_terms()}
    assert {"sketch", "musicgen", "suno-free", "fabelton-choir"} <= set(tools)
    for terms in tools.values():
        assert terms.source
        assert terms.source_date
        assert terms.certainty
    assert tools["musicgen"].commercial == "no"
    assert tools["sketch"].trained_model is False
    assert tools["fabelton-choir"].commercial == "yes"
    assert tools["fabelton-choir"].tool.is_fictional
    assert "sketch" not in {terms.tool.key for terms in services.external_terms()}
