"""Labels and the message for distributors follow from the ledger."""

from __future__ import annotations

import json
from typing import Any

import pytest
from lxml import etree

from provenance.elements import Origin
from release import services
from tests.release.packaging.orders import finished, order, unpacked
from tests.support import needs

pytestmark = pytest.mark.django_db


@pytest.fixture
def album(house):
    """Three tracks of one release: without AI, with some, and with nothing else."""
    recordings = []
    for parts, title in (
        (("voice", "sketch"), "Slow Harbour"),
        (("voice", "choir"), "Glasswork"),
        (("choir",), "Static Bloom"),
    ):
        master = house.master(parts=parts, real=title == "Slow Harbour")
        house.declare(master)
        recordings.append(house.recording(master, title=title, credit=title != "Static Bloom"))
    mixed = services.ContributionRow(person=house.writer, role="mixer")
    services.set_contributions(recordings[2], rows=[mixed], actor=house.cast.release)
    return house.release(*recordings, title="Dead Wax")


def test_none_partly_and_all_come_out_where_the_ledger_has_them(house, album, tmp_path):
    package = finished(order(house, album))
    folder = unpacked(package, tmp_path / "package")
    xml = etree.parse(folder / f"ern/{album.gtin}.xml").getroot()
    stated = {
        item.findtext("DisplayTitle/TitleText"): item.findtext("ContainsAI")
        for item in xml.iter("SoundRecording")
    }
    assert stated == {"Slow Harbour": "None", "Glasswork": "Partly", "Static Bloom": "Partly"}
    by_role = _contributors(xml, "Static Bloom")
    assert by_role["Musician"] == {("GenerativeAI", "All")}
    assert by_role["Composer"] == {("GenerativeAI", "All")}
    assert _contributors(xml, "Glasswork")["LeadVocalist"] == {("Mara Lindqvist (fictional)", "None")}
    assert _contributors(xml, "Slow Harbour")["LeadVocalist"] == {("Mara Lindqvist (fictional)", "None")}
    assert xml.findtext("ReleaseList/Release/ContainsAI") == "Partly"
    assert xml.findtext("ResourceList/Image/ContainsAI") == "None"
    copy = json.loads((folder / "label-copy.json").read_text())
    assert [track["contains_ai"] for track in copy["tracks"]] == ["None", "Partly", "Partly"]
    spotify = json.loads((folder / "labels/spotify.json").read_text())
    fields = {field["name"]: field["values"] for field in spotify["tracks"][2]["fields"]}
    assert fields["Credit: pads performance"] == ["AI"]
    assert [finding for finding in package.checks["ern"]["findings"] if finding["severity"] == "error"] == []


def _contributors(xml: Any, title: str) -> dict[str, set[tuple[str, str]]]:
    names = {
        party.findtext("PartyReference"): party.findtext("PartyName/FullName") for party in xml.iter("Party")
    }
    found: dict[str, set[tuple[str, str]]] = {}
    for recording in xml.iter("SoundRecording"):
        if recording.findtext("DisplayTitle/TitleText") != title:
            continue
        for item in recording.iterfind("Contributor"):
            who = item.findtext("SpecialContributor") or names[item.findtext("ContributorPartyReference")]
            for role in item.iterfind("Role/Value"):
                found.setdefault(role.text, set()).add((who, item.findtext("AiContribution")))
    return found


@needs("ddex")
def test_the_message_is_valid_against_the_schema(house, album):
    package = finished(order(house, album))
    assert package.checks["ern"]["verdict"] == "valid"
    assert json.loads(bytes(package.entry.body))["public"]["ern_verdict"] == "valid"


def test_without_schemas_the_package_says_so_plainly(house, settings):
    settings.DDEX_SCHEMA_DIR = None
    package = finished(order(house, house.ready(parts=("voice",))))
    assert package.checks["ern"]["verdict"] == "not validated"
    assert "DDEX_SCHEMA_DIR" in package.checks["ern"]["cure"]


def test_origins_of_the_cover_reach_the_message(house, tmp_path):
    master = house.master(parts=("voice",))
    house.declare(master)
    release = house.release(house.recording(master), cover="trained_model")
    folder = unpacked(finished(order(house, release)), tmp_path / "package")
    xml = etree.parse(folder / f"ern/{release.gtin}.xml").getroot()
    assert xml.findtext("ResourceList/SoundRecording/ContainsAI") == "None"
    assert xml.findtext("ResourceList/Image/ContainsAI") == "All"
    assert xml.findtext("ReleaseList/Release/ContainsAI") == "Partly"
    assert Origin(services.cover_of(release).origin) is Origin.TRAINED_MODEL
