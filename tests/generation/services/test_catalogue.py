"""The tool catalogue: versions that never rewrite the past, questions that rights answer, licences of weights."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
from collections.abc import Callable
from typing import Any

import pytest

from generation import services
from generation.errors import BadValue, NotPossible
from generation.models import LicenceAcceptance, Tool, ToolTerms
from generation.services import allowances, licences
from generation.services.allowances import Verdict
from provenance import assets, ledger
from tests.cast import Cast

pytestmark = pytest.mark.django_db

READ = services.TermsValues(
    licence="Invented Licence 2", commercial="yes", store_release="yes", source="Invented document",
    source_date=dt.date(2026, 11, 21), certainty="confirmed",
)  # fmt: skip


def tool(key: str) -> Tool:
    return Tool.objects.get(key=key)


def verdict(key: str) -> Verdict:
    return allowances.allowance_of(services.terms_in_force(key)).verdict


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("sketch", "may"),
        ("ace-step", "may"),
        ("heartmula", "may"),
        ("aiva-pro", "may"),
        ("musicgen", "may_not"),
        ("audiogen", "may_not"),
        ("magnet", "may_not"),
        ("suno-free", "may_not"),
        ("udio", "may_not"),
        ("aiva-free", "may_not"),
        ("mubert", "may_not"),
        ("stable-audio-open", "asks"),
        ("stable-audio-3", "asks"),
        ("suno-paid", "asks"),
        ("elevenlabs-music", "asks"),
        ("makebestmusic", "asks"),
        ("producer-ai", "asks"),
        ("lyria-3", "asks"),
        ("daw-plugin", "asks"),
    ],
)
def test_what_the_seed_says_of_each_tool(catalogue: None, key: str, expected: str) -> None:
    assert verdict(key) == expected


def test_a_new_version_keeps_the_earlier_one_and_what_was_made_under_it(
    ask: Callable[..., Any], cast: Cast
) -> None:
    run = ask()
    before = run.terms
    page = io.BytesIO(b"<html><script>alert(1)</script>The terms of that day</html>")
    after = services.record_terms(
        tool("sketch"),
        values=dataclasses.replace(READ, attribution="Sketch"),
        snapshot=page,
        actor=cast.rights,
    )
    run.refresh_from_db()
    assert (run.terms, after.version) == (before, before.version + 1)
    assert services.terms_in_force("sketch") == after
    assert after.snapshot is not None
    assert after.snapshot.media_type.startswith("text/plain"), "a saved page is never run again"
    assert b"The terms of that day" in assets.read(after.snapshot)
    said = ledger.body_of(after.entry)["public"]
    assert (said["terms_snapshot"], said["attribution"]) == (after.snapshot.sha256, "Sketch")
    changed = {one.field for one in services.differences(before, after)}
    assert {"licence", "attribution", "source", "source_date"} <= changed
    assert "commercial" not in changed
    with pytest.raises(BadValue, match="exactly the version in force"):
        services.record_terms(
            tool("sketch"), values=dataclasses.replace(READ, attribution="Sketch"), actor=cast.rights
        )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"licence": ""}, "licence"),
        ({"commercial": "perhaps"}, "commercial"),
        ({"downloads": "maybe"}, "downloads"),
        ({"source_date": dt.date(2126, 1, 1)}, "source_date"),
        ({"terms_url": "javascript:alert(1)"}, "terms_url"),
        ({"revenue_cap_usd": -1}, "revenue_cap_usd"),
        ({"revenue_cap_usd": True}, "revenue_cap_usd"),
        ({"voice_rule": "x" * 201}, "voice_rule"),
    ],
)
def test_a_reading_that_cannot_be_is_refused_by_its_field(
    catalogue: None, cast: Cast, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadValue) as refused:
        services.record_terms(tool("sketch"), values=dataclasses.replace(READ, **changes), actor=cast.rights)
    assert refused.value.field == field


@pytest.mark.parametrize("data", [b"", b"\0\1\2 no text", b"\xff\xfe\xfa", b"MZ\x90\0" + b"\0" * 64])
def test_a_snapshot_that_nobody_can_read_is_refused(catalogue: None, cast: Cast, data: bytes) -> None:
    before = ToolTerms.objects.count()
    with pytest.raises(BadValue) as refused:
        services.record_terms(tool("sketch"), values=READ, snapshot=io.BytesIO(data), actor=cast.rights)
    assert refused.value.field == "snapshot"
    assert ToolTerms.objects.count() == before


def test_the_seed_never_overrides_what_the_rights_team_wrote(cast: Cast) -> None:
    services.seed_catalogue()
    mine = services.record_terms(
        tool("suno-paid"),
        values=dataclasses.replace(READ, source_date=dt.date(2020, 1, 1)),
        actor=cast.rights,
    )
    assert services.seed_catalogue() == 0
    assert services.terms_in_force("suno-paid") == mine


def test_an_answer_opens_what_was_made_under_that_version_and_only_a_question_is_answered(
    catalogue: None, cast: Cast
) -> None:
    terms = services.terms_in_force("stable-audio-open")
    assert allowances.open_questions(terms) == ("revenue_cap",)
    assert "USD 1,000,000" in allowances.allowance_of(terms).sentence
    with pytest.raises(BadValue, match="leave no such question open"):
        services.answer_question(
            terms, question="commercial", answer="yes", source="x", reason="y", actor=cast.rights
        )
    ruling = services.answer_question(
        terms, question="revenue_cap", answer="yes", source="Accounts of 2025", reason="Far below.",
        actor=cast.rights,
    )  # fmt: skip
    assert b"Far below" not in bytes(ruling.entry.body), "reasons are sealed"
    assert verdict("stable-audio-open") is Verdict.MAY
    services.answer_question(
        terms, question="revenue_cap", answer="no", source="Accounts of 2026", reason="A good year.",
        actor=cast.rights,
    )  # fmt: skip
    assert verdict("stable-audio-open") is Verdict.MAY_NOT
    assert services.terms_in_force("stable-audio-open") == terms, "the version itself stays as it was read"


def test_what_is_in_doubt_comes_first_and_old_before_new(catalogue: None) -> None:
    rows = [(terms.certainty, terms.source_date) for _, terms in services.doubtful_first() if terms]
    order = ["unknown", "memory", "secondary", "confirmed"]
    assert rows == sorted(rows, key=lambda row: (order.index(row[0]), row[1]))


def test_weights_are_used_once_the_rights_team_accepted_their_licence(catalogue: None, cast: Cast) -> None:
    assert services.accepted("sketch"), "rules and chance have no weights"
    assert not services.accepted("yue")
    with pytest.raises(NotPossible, match=r"Nobody here accepted the licence of YuE: Apache-2\.0") as refused:
        services.require_accepted("yue")
    assert "owner or the rights team" in refused.value.message
    for nobody in (cast.mara, cast.anr, cast.release):
        with pytest.raises(BadValue, match="accept licences"):
            services.accept_licence(tool("yue"), version=1, actor=nobody)
    with pytest.raises(NotPossible, match="at version 1 by now"):
        services.accept_licence(tool("yue"), version=7, actor=cast.rights)
    given = services.accept_licence(tool("yue"), version=1, actor=cast.rights)
    assert services.accept_licence(tool("yue"), version=1, actor=cast.owner) == given, "once is enough"
    assert ledger.body_of(given.entry)["public"]["licence"] == "Apache-2.0"
    services.require_accepted("yue")
    services.withdraw_licence(tool("yue"), reason="Looked again.", actor=cast.owner)
    assert not services.accepted("yue")
    assert LicenceAcceptance.objects.get(tool__key="yue").entry.kind == "licence.withdrawn"


def test_another_licence_is_accepted_anew_and_the_same_one_read_again_is_not(
    catalogue: None, cast: Cast
) -> None:
    assert services.accepted("ace-step")
    same = dataclasses.replace(READ, licence="MIT", notes="Read again.")
    services.record_terms(tool("ace-step"), values=same, actor=cast.rights)
    assert services.accepted("ace-step")
    services.record_terms(tool("ace-step"), values=READ, actor=cast.rights)
    with pytest.raises(NotPossible, match="accepted as “MIT” and reads otherwise now"):
        services.require_accepted("ace-step")
    services.accept_licence(tool("ace-step"), version=3, actor=cast.rights)
    assert services.accepted("ace-step")
    assert LicenceAcceptance.objects.filter(tool__key="ace-step", active=True).count() == 1


def test_no_run_is_asked_for_while_the_licence_of_its_weights_is_not_accepted(
    project: Any, offers: None, ask: Callable[..., Any], cast: Cast
) -> None:
    from generation.models import EngineOffer, PromptRun

    EngineOffer.objects.filter(name="audiocraft").update(available=True, unavailable_reason="")
    services.withdraw_licence(tool("musicgen"), reason="Not for us.", actor=cast.rights)
    assert [one.tool.key for one in licences.needed() if not one.holds] == ["musicgen"]
    with pytest.raises(NotPossible, match="CC-BY-NC"):
        ask(engine="audiocraft")
    assert not PromptRun.objects.exists()
    ask()  # the sketch engine needs nobody's licence
