"""Every rule catches the violation planted for it, and no rule is without one."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from lxml import etree
from PIL import Image

from release import ddex
from tests.release.ddex import samples

Plant = Callable[[etree._Element], object]


def one(root: etree._Element, path: str) -> etree._Element:
    found = root.find(path)
    assert found is not None, path
    return found


def drop(path: str) -> Plant:
    def plant(root: etree._Element) -> None:
        element = one(root, path)
        element.getparent().remove(element)

    return plant


def put(path: str, text: str) -> Plant:
    def plant(root: etree._Element) -> None:
        one(root, path).text = text

    return plant


def add(path: str, xml: str) -> Plant:
    return lambda root: one(root, path).append(etree.fromstring(xml))


HUMAN = "<Contributor><ContributorPartyReference>P1</ContributorPartyReference>{}</Contributor>"
AI = "<Contributor><SpecialContributor>GenerativeAI</SpecialContributor>{}</Contributor>"
FIRST, SECOND, THIRD = (f"ResourceList/SoundRecording[{n}]" for n in (1, 2, 3))
NO_BLOCK = "DealList/ReleaseDeal/Deal[4]/DealTerms/RightsClaimPolicy"


def everything_is_ai(root: etree._Element) -> None:
    for contributor in one(root, FIRST).findall("Contributor"):
        if contributor.find("SpecialContributor") is None:
            contributor.getparent().remove(contributor)


def no_ai_named(root: etree._Element) -> None:
    for contributor in one(root, FIRST).findall("Contributor"):
        if contributor.findtext("AiContribution") != "None":
            contributor.getparent().remove(contributor)


def double(path: str) -> Plant:
    def plant(root: etree._Element) -> None:
        element = one(root, path)
        element.addnext(etree.fromstring(etree.tostring(element)))

    return plant


def copy_uri(root: etree._Element) -> None:
    uris = list(root.iter("URI"))
    uris[1].text = uris[0].text


PLANTS: list[tuple[str, Plant]] = [
    ("all_with_person", add(THIRD, HUMAN.format("<AiContribution>None</AiContribution>"))),
    ("all_with_person", put(f"{SECOND}/ContainsAI", "All")),
    ("none_with_ai", add(SECOND, AI.format("<AiContribution>All</AiContribution>"))),
    ("none_with_ai", add(SECOND, AI.format(""))),
    ("none_with_ai", add(SECOND, HUMAN.format("<AiContribution>Partly</AiContribution>"))),
    ("none_with_ai", put(f"{FIRST}/ContainsAI", "None")),
    ("person_all", add(FIRST, HUMAN.format("<AiContribution>All</AiContribution>"))),
    ("generative_ai_none", add(FIRST, AI.format("<AiContribution>None</AiContribution>"))),
    ("partly_without_ai", no_ai_named),
    ("partly_without_other", everything_is_ai),
    ("release_ai_disagrees", put("ReleaseList/Release/ContainsAI", "None")),
    ("release_ai_disagrees", put("ReleaseList/Release/ContainsAI", "All")),
    ("ai_not_stated", drop(f"{FIRST}/ContainsAI")),
    ("ai_not_stated", drop("ResourceList/Image/ContainsAI")),
    ("isrc_missing", put(f"{FIRST}/SoundRecordingEdition/ResourceId/ISRC", " ")),
    ("isrc_missing", drop(f"{FIRST}/SoundRecordingEdition/ResourceId/ISRC")),
    ("isrc_invalid", put(f"{FIRST}/SoundRecordingEdition/ResourceId/ISRC", "QZDWX26")),
    ("isrc_twice", put(f"{FIRST}/SoundRecordingEdition/ResourceId/ISRC", "QZ-DWX-26-00002")),
    ("icpn_missing", drop("ReleaseList/Release/ReleaseId/ICPN")),
    ("icpn_invalid", put("ReleaseList/Release/ReleaseId/ICPN", "5901234123450")),
    ("identifier_invalid", put("PartyList/Party/PartyId/ISNI", "0000000122819551")),
    ("identifier_invalid", put("MessageHeader/MessageSender/PartyId", "PADPIDA2007050901A")),
    ("identifier_invalid", put(f"{FIRST}/WorkId/ISWC", "T0345246802")),
    ("reference_twice", put("PartyList/Party[2]/PartyReference", "P1")),
    ("reference_twice", put(f"{SECOND}/ResourceReference", "A1")),
    ("party_unknown", put(f"{FIRST}/DisplayArtist/ArtistPartyReference", "P99")),
    ("party_unused", add("PartyList", "<Party><PartyReference>P9</PartyReference></Party>")),
    ("resource_unknown", put("ReleaseList/TrackRelease/ReleaseResourceReference", "A77")),
    ("resource_unused", add("ResourceList", "<Image><ResourceReference>A9</ResourceReference></Image>")),
    ("no_main_release", drop("ReleaseList/Release")),
    ("no_recording", lambda root: [one(root, "ResourceList").remove(r) for r in root.iter("SoundRecording")]),
    ("single_profile", lambda root: root.set("ReleaseProfileVersionId", "SimpleAudioSingle")),
    ("track_release_missing", drop("ReleaseList/TrackRelease[2]")),
    ("main_artist_missing", put(f"{FIRST}/DisplayArtist/DisplayArtistRole", "FeaturedArtist")),
    ("p_line_missing", drop(f"{FIRST}/SoundRecordingEdition/PLine")),
    ("p_line_missing", drop("ReleaseList/Release/PLine")),
    ("c_line_missing", drop("ReleaseList/Release/CLine")),
    ("duration_zero", put(f"{FIRST}/Duration", "PT0M0S")),
    ("no_deal", drop("DealList")),
    ("no_deal", drop("DealList/ReleaseDeal/DealReleaseReference[1]")),
    ("deal_incomplete", drop("DealList/ReleaseDeal/Deal/DealTerms/UseType[1]/..")),
    ("deal_for_nothing", put("DealList/ReleaseDeal/DealReleaseReference", "R42")),
    (
        "deal_ends_before_start",
        add("DealList/ReleaseDeal/Deal/DealTerms/ValidityPeriod", "<EndDate>2020-01-01</EndDate>"),
    ),
    (
        "deal_before_release",
        put("DealList/ReleaseDeal/Deal/DealTerms/ValidityPeriod/StartDate", "2026-12-03"),
    ),
    ("training_licensed", drop(NO_BLOCK)),
    ("audio_missing", drop(f"{FIRST}/SoundRecordingEdition/TechnicalDetails")),
    ("audio_missing", put(f"{FIRST}/SoundRecordingEdition/TechnicalDetails/DeliveryFile/File/URI", "")),
    ("image_file_missing", drop("ResourceList/Image/TechnicalDetails")),
    ("cover_missing", put("ResourceList/Image/Type", "BackCoverImage")),
    ("hash_missing", drop("ResourceList/Image/TechnicalDetails/File/HashSum")),
    ("file_twice", copy_uri),
    (
        "audio_extension",
        put(f"{FIRST}/SoundRecordingEdition/TechnicalDetails/DeliveryFile/File/URI", "a.wav"),
    ),
    ("image_extension", put("ResourceList/Image/TechnicalDetails/File/URI", "resources/cover.png")),
]


def drop_uses(root: etree._Element) -> None:
    terms = one(root, "DealList/ReleaseDeal/Deal/DealTerms")
    for use in terms.findall("UseType"):
        terms.remove(use)


PLANTS = [(code, drop_uses if code == "deal_incomplete" else plant) for code, plant in PLANTS]


@pytest.mark.parametrize(
    ("code", "plant"), PLANTS, ids=[f"{place}-{code}" for place, (code, _) in enumerate(PLANTS)]
)
def test_a_planted_violation_is_found_with_sentence_and_cure(code, plant):
    root = etree.fromstring(ddex.build(samples.EP))
    plant(root)
    found = [finding for finding in ddex.check_message(etree.tostring(root)) if finding.code == code]
    assert found, f"{code} was not noticed"
    assert found[0].sentence.endswith(".")
    assert found[0].cure.endswith(".")


FILE_RULES = {"uri_outside", "file_not_delivered", "file_unlike_name", "file_unlike_codec", "hash_differs"}
READING_RULES = {"not_xml", "too_large", "doctype", "not_ern", "ern_without_ai"}


def test_no_rule_is_without_a_planted_violation():
    assert {code for code, _ in PLANTS} | FILE_RULES | READING_RULES == set(ddex.RULES)


@pytest.mark.parametrize(
    ("xml", "code"),
    [
        (b"", "not_xml"),
        (b"\x00" * 50, "not_xml"),
        (b"no xml at all", "not_xml"),
        (b"<a>", "not_xml"),
        (b"<a/>", "not_ern"),
        (b'<NewReleaseMessage xmlns="http://ddex.net/xml/ern/382"/>', "not_ern"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "doctype"),
        (b"<a>" + b" " * 20_000_001 + b"</a>", "too_large"),
    ],
    ids=["empty", "nul", "text", "cut", "other", "ern3", "entity", "giant"],
)
def test_what_is_no_message_gets_one_plain_answer(xml, code):
    found = ddex.check_message(xml)
    assert [finding.code for finding in found] == [code]
    assert "root:" not in found[0].sentence


def test_an_entity_bomb_is_refused_before_it_unfolds():
    rows = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE a [<!ENTITY l0 "lol">{rows}]><a>&l9;</a>'.encode()
    assert ddex.check_message(bomb)[0].code in ("doctype", "not_xml")


def test_an_older_version_is_told_that_it_cannot_carry_ai():
    xml = ddex.build(samples.SINGLE).replace(b"http://ddex.net/xml/ern/432", b"http://ddex.net/xml/ern/43")
    assert "ern_without_ai" in {finding.code for finding in ddex.check_message(xml)}


@pytest.fixture
def delivery(tmp_path):
    """A message with real files beside it; returns (folder, message)."""
    folder = tmp_path / "delivery"
    (folder / "resources").mkdir(parents=True)
    soundfile.write(folder / "resources/01.flac", np.zeros((4410, 2)), 44_100, subtype="PCM_24")
    picture = io.BytesIO()
    Image.new("RGB", (30, 30)).save(picture, "JPEG")
    (folder / "resources/cover.jpg").write_bytes(picture.getvalue())
    track = samples.SINGLE.recordings[0]
    message = replace(
        samples.SINGLE,
        recordings=(replace(track, file=replace(track.file, sha256=digest(folder / "resources/01.flac"))),),
        cover=replace(
            samples.COVER, file=replace(samples.COVER.file, sha256=digest(folder / "resources/cover.jpg"))
        ),
    )
    return folder, message


def digest(path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_delivery_with_its_files_is_whole(delivery):
    folder, message = delivery
    assert ddex.check_message(ddex.build(message), media_root=folder) == ()


def test_a_missing_a_changed_and_a_mislabelled_file_are_named(delivery):
    folder, message = delivery
    xml = ddex.build(message)
    audio = folder / "resources/01.flac"
    whole = audio.read_bytes()

    audio.write_bytes(whole[:-1] + b"\x00")
    assert [f.code for f in ddex.check_message(xml, media_root=folder)] == ["hash_differs"]
    audio.write_bytes((folder / "resources/cover.jpg").read_bytes())
    codes = [f.code for f in ddex.check_message(xml, media_root=folder)]
    assert codes == ["file_unlike_name", "file_unlike_codec", "hash_differs"]
    audio.unlink()
    assert [f.code for f in ddex.check_message(xml, media_root=folder)] == ["file_not_delivered"]


@pytest.mark.parametrize(
    "uri", ["../secret.flac", "/etc/hostname.flac", "file:///etc/x.flac", "http://x.invalid/a.flac"]
)
def test_a_path_out_of_the_delivery_is_named_and_never_opened(delivery, uri):
    folder, message = delivery
    (folder.parent / "secret.flac").write_bytes(b"fLaC")
    track = message.recordings[0]
    moved = replace(message, recordings=(replace(track, file=replace(track.file, uri=uri)),))
    codes = [f.code for f in ddex.check_message(ddex.build(moved), media_root=folder)]
    assert codes == ["uri_outside"]


def test_a_picture_that_is_a_png_under_a_jpeg_name_is_caught(delivery):
    folder, message = delivery
    Image.new("RGB", (30, 30)).save(folder / "resources/cover.jpg", "PNG")
    codes = {f.code for f in ddex.check_message(ddex.build(message), media_root=folder)}
    assert {"file_unlike_name", "file_unlike_codec"} <= codes
