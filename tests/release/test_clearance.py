"""What may go where: known answers for a master and a receiver, from terms in its lineage and receivers' rules."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
from typing import Any

import pytest

from generation import services as studio
from generation.errors import BadValue
from generation.models import Tool, Upload
from generation.services.allowances import Verdict
from release import services
from release.clearance import Clearance, clearances, owed_credits, receiver_profiles
from release.evidence import evidence_for
from release.gates import gates
from release.labelling import uses_in
from release.packaging.papers import label_copy, label_copy_text
from release.tool_uses import uses_of, warnings_of
from tests.release.conftest import House, tone

pytestmark = pytest.mark.django_db


def answers(master: Any) -> dict[str, Clearance]:
    return {one.receiver: one for one in clearances(evidence_for(master))}


def verdicts(master: Any) -> set[str]:
    return {one.verdict for one in answers(master).values()}


def record(house: House, key: str, **values: Any) -> Any:
    """A new version of a tool's terms; what is not given says yes."""
    fields: dict[str, Any] = {
        "licence": "Invented", "commercial": "yes", "store_release": "yes", "source": "invented",
        "source_date": dt.date(2026, 11, 21), "certainty": "confirmed", "training_licence": "licensed",
    }  # fmt: skip
    tool = Tool.objects.get(key=key)
    return studio.record_terms(tool, values=studio.TermsValues(**fields | values), actor=house.cast.rights)


def test_every_receiver_of_recordings_is_data_with_source_date_and_certainty():
    titles = {profile.title for profile in receiver_profiles()}
    for named in ("Spotify", "Apple", "Deezer", "Qobuz", "TIDAL", "Bandcamp", "YouTube", "Believe", "TuneCore",
                  "DistroKid", "Symphonic", "LabelGrid", "Traxsource"):  # fmt: skip
        assert any(named in title for title in titles), named
    assert all(one.source and one.date and one.certainty for one in receiver_profiles())


def test_own_singing_and_a_licensed_choir_may_go_everywhere(house):
    assert verdicts(house.master(parts=("voice", "choir"))) == {Verdict.MAY}


def test_suno_on_a_paid_plan_is_blocked_by_believe_and_an_open_question_elsewhere(house):
    found = answers(house.master(parts=("voice", "choir"), tool="suno-paid"))
    for blocked in ("believe", "tunecore"):
        assert found[blocked].verdict is Verdict.MAY_NOT
        assert "generators without licences" in found[blocked].because
        assert "Suno" in found[blocked].because
    assert found["spotify"].verdict is Verdict.ASKS
    assert "do not say whether they allow release in stores" in found["spotify"].because
    assert {reason.by for reason in found["believe"].reasons} == {"terms", "receiver"}


def test_musicgen_is_for_sale_nowhere_whatever_rights_answer(house):
    master = house.master(parts=("voice", "model_take"))
    assert verdicts(master) == {Verdict.MAY_NOT}
    assert "CC-BY-NC" in answers(master)["spotify"].because
    with pytest.raises(BadValue, match="leave no such question open"):
        studio.answer_question(
            studio.terms_in_force("musicgen"), question="commercial", answer="yes", source="x", reason="y",
            actor=house.cast.rights,
        )  # fmt: skip


def test_ace_step_may_go(house):
    assert verdicts(house.master(parts=("voice", "choir"), tool="ace-step")) == {Verdict.MAY}


def test_bandcamp_refuses_what_is_wholly_ai_by_the_computed_involvement(house, monkeypatch):
    partly = answers(house.master(parts=("voice", "choir")))
    assert partly["bandcamp"].verdict is Verdict.MAY
    assert any("substantial" in remark for remark in partly["bandcamp"].remarks)
    evidence = evidence_for(house.master(parts=("choir",)))
    wholly = dataclasses.replace(
        evidence,
        settled=dict.fromkeys(evidence.map.elements, "trained_model"),
    )
    found = {one.receiver: one for one in clearances(wholly)}
    assert found["bandcamp"].verdict is Verdict.MAY_NOT
    assert found["believe"].verdict is Verdict.MAY_NOT
    assert found["tidal"].verdict is Verdict.MAY
    assert any("pays nothing" in remark for remark in found["tidal"].remarks)


def test_a_revenue_cap_asks_until_rights_answer(house):
    master = house.master(parts=("voice", "choir"), tool="stable-audio-open")
    assert verdicts(master) == {Verdict.ASKS}
    release = house.release(house.recording(master))
    gate = next(gate for gate in gates(release) if gate.code == "licence_forbids_sale")
    assert "USD 1,000,000 of yearly revenue" in gate.sentence
    assert (gate.cure, gate.cure_args) == ("generation:tool", ("stable-audio-open",))
    studio.answer_question(
        studio.terms_in_force("stable-audio-open"), question="revenue_cap", answer="yes",
        source="Accounts of 2025", reason="Far below.", actor=house.cast.rights,
    )  # fmt: skip
    assert verdicts(master) == {Verdict.MAY}
    assert not [gate for gate in gates(release) if gate.code == "licence_forbids_sale"]


def test_a_licence_that_asks_for_a_credit_lets_it_go_with_that_credit(house):
    record(house, "fabelton-choir", attribution="Choir: Fabelton (fictional), CC-BY 4.0")
    release = house.ready(parts=("voice", "choir"))
    master = release.tracks.get().recording.master
    found = answers(master)
    assert {one.verdict for one in found.values()} == {Verdict.CREDIT}
    assert found["spotify"].credits == ("Choir: Fabelton (fictional), CC-BY 4.0",)
    house.approve(release)
    from release.packaging.facts import gather

    package = services.request_package(release, actor=house.cast.release)
    copy = label_copy(gather(package))
    assert copy["tracks"][0]["credits_owed"] == ["Choir: Fabelton (fictional), CC-BY 4.0"]
    assert "Credit owed: Choir: Fabelton" in label_copy_text(copy)


def test_somebody_elses_cc_by_recording_brings_its_credit_along(house):
    master = house.master(parts=("voice",))
    with pytest.raises(BadValue, match="asks for a credit"):
        _borrow(house, master.project, licence="CC-BY 4.0, Ilse Ahorn (fictional)")
    with pytest.raises(BadValue, match="does not cover selling"):
        _borrow(house, master.project, licence="CC-BY-NC 4.0", attribution="Ilse Ahorn (fictional)")
    upload = _borrow(
        house, master.project, licence="CC BY 4.0", attribution="Rain by Ilse Ahorn (fictional), CC BY 4.0"
    )
    allowed = studio.upload_allowance(upload)
    assert (allowed.verdict, allowed.credit) == (Verdict.CREDIT, "Rain by Ilse Ahorn (fictional), CC BY 4.0")


def _borrow(house: House, project: Any, **changes: Any) -> Upload:
    values: dict[str, Any] = {
        "file": io.BytesIO(tone(610)), "filename": "rain.wav", "name": "Rain", "role": "full_mix",
        "declared": "third_party", "actor": house.cast.mara,
    }  # fmt: skip
    return studio.import_upload(project, **values | changes)


def test_an_import_without_terms_asks_until_they_are_stated(house):
    master = house.master(parts=("voice", "choir"), tool="fabelton-choir")
    upload = Upload.objects.get(project=master.project, declared="external_tool")
    assert verdicts(master) == {Verdict.MAY}
    bare = _borrow(house, master.project, declared="external_tool", tool_name="Some Machine (fictional)")
    assert bare.terms_open
    assert studio.upload_allowance(bare).verdict is Verdict.ASKS
    studio.state_terms(bare, terms=studio.terms_in_force("udio"), actor=house.cast.mara)
    bare.refresh_from_db()
    assert studio.upload_allowance(bare).verdict is Verdict.MAY_NOT
    assert upload.terms is not None


def test_a_tool_of_unknown_training_is_a_question_for_believe_and_rights_can_answer_it(house):
    record(house, "fabelton-choir", training_licence="unknown")
    master = house.master(parts=("voice", "choir"))
    assert answers(master)["believe"].verdict is Verdict.ASKS
    assert answers(master)["spotify"].verdict is Verdict.MAY
    release = house.release(house.recording(master))
    asked = next(gate for gate in gates(release) if gate.code == "receiver_asks")
    assert "Believe and TuneCore ask what nobody knows yet" in asked.sentence
    studio.answer_question(
        studio.terms_in_force("fabelton-choir"), question="training_licence", answer="no",
        source="A letter of its maker", reason="They said so.", actor=house.cast.rights,
    )  # fmt: skip
    assert answers(master)["believe"].verdict is Verdict.MAY_NOT
    refused = next(gate for gate in gates(release) if gate.code == "receiver_refuses")
    assert refused.level == "warn", "it can go to the others"


def test_a_tool_that_a_receiver_refuses_by_name_is_refused_whatever_its_terms_say(house):
    record(house, "fabelton-choir", blocked_by=("Believe",))
    found = answers(house.master(parts=("voice", "choir")))
    assert found["believe"].verdict is Verdict.MAY_NOT
    assert "by name" in found["believe"].because
    assert found["tunecore"].verdict is Verdict.MAY


def test_what_was_made_under_each_version_and_what_newer_terms_mean_for_what_is_planned(house):
    release = house.ready(parts=("voice", "choir"))
    tool = Tool.objects.get(key="fabelton-choir")
    (only,) = uses_of(tool)
    assert only.words == "1 upload, 1 master, 1 release"
    assert warnings_of(uses_of(tool)) == []
    record(house, "fabelton-choir", store_release="no", retroactive="no")
    newest, first = uses_of(tool)
    assert (newest.words, first.words) == ("nothing", "1 upload, 1 master, 1 release")
    (mild,) = warnings_of([newest, first])
    assert mild.release == release
    assert "“may go” became “may not go”" in mild.sentence
    assert "What was made under it stays so" in mild.sentence
    assert not mild.grave
    assert verdicts(release.tracks.get().recording.master) == {Verdict.MAY}, "the past is not rewritten"
    record(house, "fabelton-choir", store_release="no", retroactive="yes")
    grave = warnings_of(uses_of(tool))[0]
    assert grave.grave
    assert "let rights look" in grave.sentence


def test_credits_are_named_once(house):
    record(house, "fabelton-choir", attribution="Fabelton (fictional)")
    master = house.master(parts=("choir", "choir"))
    assert owed_credits(uses_in(evidence_for(master))) == ("Fabelton (fictional)",)
