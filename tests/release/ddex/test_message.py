"""Building ERN 4.3.2: the XML is held in golden files, and DDEX's own schema accepts it."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
from lxml import etree

from release import ddex
from tests.release.ddex import samples
from tests.support import needs

GOLDEN = Path(__file__).parents[2] / "golden" / "release" / "ddex"
MESSAGES = {"single": samples.SINGLE, "ep": samples.EP}


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_the_message_is_the_golden_file_to_the_byte(name):
    xml = ddex.build(MESSAGES[name])
    path = GOLDEN / f"{name}.xml"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(xml)
        pytest.fail(f"{path.name} was written; look at it, then run again.")
    assert xml == path.read_bytes()


@needs("ddex")
@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_ddex_schema_accepts_it(name):
    assert ddex.schema_errors(ddex.build(MESSAGES[name]), os.environ["DDEX_SCHEMA_DIR"]) == ()


@needs("ddex")
@pytest.mark.parametrize("training", ["deny", "silent", "license"])
def test_every_answer_to_ai_training_is_valid_and_says_what_it_means(training):
    message = replace(samples.EP, training=training)
    xml = ddex.build(message)
    assert ddex.schema_errors(xml, os.environ["DDEX_SCHEMA_DIR"]) == ()
    root = etree.fromstring(xml)
    terms = [
        t
        for t in root.iter("DealTerms")
        if "UseForTrainingGenerativeAI" in [u.text for u in t.iter("UseType")]
    ]
    assert len(terms) == (0 if training == "silent" else 1)
    if training == "deny":
        assert terms[0].findtext("RightsClaimPolicy/RightsClaimPolicyType") == "BlockAccess"
    licensed = [f for f in ddex.check_message(xml) if f.code == "training_licensed"]
    assert bool(licensed) == (training == "license")


@needs("ddex")
def test_an_optional_part_left_out_is_still_valid():
    message = replace(
        samples.SINGLE,
        thread_id="",
        on_behalf_of=ddex.MessagingParty(dpid="PADPIDA2012073007R", name="Other Imprint"),
        profile="Audio",
        recordings=(
            replace(
                samples.SINGLE.recordings[0],
                iswc="",
                mastered_on=None,
                language="",
                instrumental=None,
                contributors=(),
                file=replace(
                    samples.SINGLE.recordings[0].file,
                    codec="PCM",
                    uri="resources/01.wav",
                    size_bytes=None,
                    channels=1,
                ),
            ),
        ),
        release=replace(samples.RELEASE, grid="", catalogue_number="", subgenre="", version="Remaster"),
        deals=(replace(samples.SINGLE.deals[0], ends_on=date(2030, 1, 1), territories=("DE", "AT")),),
    )
    assert ddex.schema_errors(ddex.build(message), os.environ["DDEX_SCHEMA_DIR"]) == ()


@needs("ddex")
def test_the_schema_names_line_and_reason_of_a_violation():
    xml = ddex.build(samples.SINGLE).replace(b"<ContainsAI>Partly<", b"<ContainsAI>Half<", 1)
    found = ddex.schema_errors(xml, os.environ["DDEX_SCHEMA_DIR"])
    assert isinstance(found, tuple)
    assert found[0].code == "schema"
    assert "Half" in found[0].sentence
    assert found[0].where.endswith("ContainsAI")


@needs("ddex")
def test_a_foreign_message_of_the_older_version_is_read_by_its_own_schema():
    xml = b'<ern:NewReleaseMessage xmlns:ern="http://ddex.net/xml/ern/43" AvsVersionId="3" LanguageAndScriptCode="en"/>'
    found = ddex.schema_errors(xml, os.environ["DDEX_SCHEMA_DIR"])
    assert isinstance(found, tuple)
    assert "MessageHeader" in found[0].sentence


def test_without_schemas_the_answer_is_not_checked_and_never_valid(tmp_path):
    xml = ddex.build(samples.SINGLE)
    for folder in (None, "", tmp_path, tmp_path / "nowhere"):
        answer = ddex.schema_errors(xml, folder)
        assert isinstance(answer, ddex.SchemasAbsent)
        assert "not validated" in answer.sentence
    broken = tmp_path / "ern432"
    broken.mkdir()
    (broken / "release-notification.xsd").write_text("<xs:schema xmlns:xs='nothing'/>")
    assert isinstance(ddex.schema_errors(xml, tmp_path), ddex.SchemasAbsent)


def test_our_own_messages_keep_every_rule():
    for message in MESSAGES.values():
        assert ddex.check_message(ddex.build(message)) == ()


def test_ai_stands_where_the_ledger_put_it():
    root = etree.fromstring(ddex.build(samples.EP))
    recordings = root.findall("ResourceList/SoundRecording")
    assert [r.findtext("ContainsAI") for r in recordings] == ["Partly", "None", "All"]
    first = {
        contributor.findtext("SpecialContributor")
        or contributor.findtext("ContributorPartyReference"): contributor
        for contributor in recordings[0].findall("Contributor")
        if contributor.findtext("AiContribution") != "Partly"
    }
    roles = [value.text for value in first["GenerativeAI"].iterfind("Role/Value")]
    assert roles == ["Arranger", "Musician"]
    assert [i.text for i in first["GenerativeAI"].iterfind("Role/InstrumentType")] == ["StringSection"]
    assert [c.findtext("SpecialContributor") for c in recordings[2].findall("Contributor")] == [
        "GenerativeAI"
    ]
    assert root.findtext("ReleaseList/Release/ContainsAI") == "Partly"


def test_a_person_is_partly_where_a_model_shared_the_role_and_none_elsewhere():
    credits_ = ddex.contributors_for(samples.PARTLY, samples.PEOPLE)
    shares = {(c.party, role.value): c.ai for c in credits_.contributors for role in c.roles}
    assert shares["writer", "Lyricist"] == "None"
    assert shares["writer", "Composer"] == "None"
    assert shares["writer", "Arranger"] == "Partly"
    assert shares["", "Arranger"] == "All"


def test_a_credit_against_the_evidence_is_named_and_not_written():
    people = [
        ddex.Credit(party="artist", elements=("performance:strings", "performance:drums")),
        *samples.PEOPLE,
    ]
    credits_ = ddex.contributors_for(samples.PARTLY, people)
    assert [problem.code for problem in ddex.errors(credits_.problems)] == ["credit_against_evidence"]
    assert "credit_for_nothing" in {problem.code for problem in credits_.problems}
    artists_roles = {role.value for c in credits_.contributors if c.party == "artist" for role in c.roles}
    assert artists_roles == {"LeadVocalist"}


def test_what_the_message_says_of_a_recording_comes_from_its_findings():
    assert ddex.contains_ai(samples.PARTLY) == "Partly"
    assert ddex.contains_ai(samples.HUMAN) == "None"
    assert ddex.contains_ai(samples.ALL_AI) == "All"
    assert ddex.release_contains_ai(["All", "None"]) == "Partly"
    assert ddex.release_contains_ai(["All", "All"]) == "All"
    with pytest.raises(ddex.BadMessage, match="mix"):
        ddex.contains_ai(samples.origins(melody={"human"}, mix={"unknown"}))
    for nothing in (lambda: ddex.contains_ai([]), lambda: ddex.release_contains_ai([])):
        with pytest.raises(ddex.BadMessage):
            nothing()


def test_an_unknown_origin_and_a_forgotten_person_are_named():
    findings = samples.origins(melody={"unknown"}, performance__guitar={"human"})
    credits_ = ddex.contributors_for(findings, [ddex.Credit(party="writer", elements=("melody",))])
    assert {problem.code for problem in credits_.problems} == {"origin_unknown", "credit_missing"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"recordings": ()}, "no tracks"),
        ({"recipients": ()}, "no recipient"),
        ({"created_at": datetime(2026, 1, 1)}, "time zone"),  # noqa: DTZ001
        ({"parties": samples.PARTIES[1:]}, "'artist'"),
        ({"parties": (*samples.PARTIES, samples.PARTIES[0])}, "same key"),
        ({"profile": "SimpleAudioSingle", "recordings": samples.EP.recordings}, "exactly one"),
        ({"recordings": (replace(samples.SINGLE.recordings[0], title="a\x00b"),)}, "cannot be sent"),
        ({"recordings": (replace(samples.SINGLE.recordings[0], isrc=""),)}, "ISRC"),
        ({"recordings": (replace(samples.SINGLE.recordings[0], duration_ms=0),)}, "length"),
        ({"recordings": (replace(samples.SINGLE.recordings[0], artists=()),)}, "no artist"),
    ],
)
def test_what_cannot_be_a_message_is_refused_with_the_reason(change, words):
    with pytest.raises(ddex.BadMessage, match=words):
        ddex.build(replace(samples.SINGLE, **change))


@pytest.mark.parametrize(
    ("ms", "text"),
    [(1, "PT1S"), (59_499, "PT59S"), (59_500, "PT1M0S"), (205_400, "PT3M25S"), (3_600_000, "PT1H0M0S")],
)
def test_lengths_are_iso_durations_in_whole_seconds(ms, text):
    from release.ddex.builder import iso_duration

    assert iso_duration(ms) == text


@needs("ddex")
def test_every_role_and_instrument_is_one_of_ddex_allowed_values():
    from release.ddex.roles import ELEMENT_ROLES

    tree = etree.parse(Path(os.environ["DDEX_SCHEMA_DIR"]) / "allowed-value-sets.xsd")
    space = {"xs": "http://www.w3.org/2001/XMLSchema"}
    for place, name in ((0, "ContributorRole"), (1, "InstrumentType")):
        allowed = set(tree.xpath(f"//xs:simpleType[@name='{name}']//xs:enumeration/@value", namespaces=space))
        assert {pair[place] for pair in ELEMENT_ROLES.values()} - {""} <= allowed
