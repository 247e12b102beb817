"""From a master to a delivery without a database: tag, sign, describe, check; and any change is noticed."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from release import artwork, c2pa, ddex
from release.audiotags import Tags, read_tags, write_tags
from release.demo_cover import demo_cover
from tests.release.ddex import samples
from tests.support import needs

GTIN = samples.RELEASE.icpn


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def built(tmp_path):
    """Builds a delivery; returns (its folder, message XML, trusted roots, digest of the master)."""
    folder = tmp_path / "delivery"
    track = samples.SINGLE.recordings[0]
    source = tmp_path / "master.flac"
    sound = np.random.default_rng(5).normal(0, 0.1, (44_100, 2)).clip(-1, 1)
    soundfile.write(source, sound, 44_100, subtype="PCM_24")
    master = digest(source.read_bytes())
    cover = demo_cover("Runout", 1)
    facts = artwork.check_artwork(cover)

    write_tags(
        source,
        Tags(
            title="Runout",
            artists=("Nula Quark",),
            album="Runout",
            isrc=track.isrc,
            barcode=GTIN,
            cover=cover,
        ),
    )
    authority = c2pa.TrialAuthority.load_or_create(tmp_path / "keys")
    manifest = c2pa.Manifest(
        title="Runout",
        media_type="audio/flac",
        actions=c2pa.actions_for(samples.PARTLY, when="2026-11-20T11:00:00Z"),
        ledger={"master_sha256": master},
    )
    signed = c2pa.sign(source, tmp_path / "signed.flac", manifest, authority)

    message = replace(
        samples.SINGLE,
        recordings=(
            replace(
                track,
                file=replace(
                    track.file,
                    uri="resources/01.flac",
                    sha256=signed.sha256,
                    size_bytes=signed.size_bytes,
                ),
            ),
        ),
        cover=replace(
            samples.COVER,
            file=ddex.ImageFile(
                uri="resources/cover.jpg",
                sha256=facts.sha256,
                codec=facts.codec,
                width_px=facts.width_px,
                height_px=facts.height_px,
            ),
        ),
    )
    xml = ddex.build(message)
    for name, data in {
        "message.xml": xml,
        "resources/01.flac": signed.path.read_bytes(),
        "resources/cover.jpg": cover,
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder, xml, c2pa.trust_anchors(tmp_path / "keys"), master


def test_the_delivery_is_whole_trusted_tagged_and_without_findings(built):
    folder, xml, anchors, master = built
    assert ddex.check_message(xml, media_root=folder) == ()
    audio = folder / "resources/01.flac"
    report = c2pa.read_manifest(audio, anchors_pem=anchors)
    assert report.state is c2pa.State.TRUSTED
    assert report.ledger is not None
    assert report.ledger["master_sha256"] == master
    assert read_tags(audio).isrc == samples.SINGLE.recordings[0].isrc


@needs("ddex")
def test_its_message_is_valid(built):
    assert ddex.schema_errors(built[1], os.environ["DDEX_SCHEMA_DIR"]) == ()


def test_a_master_that_is_retagged_in_the_delivery_is_noticed_twice(built):
    folder, xml, anchors, _ = built
    audio = folder / "resources/01.flac"
    write_tags(audio, Tags(title="Somebody else's", artists=("X",), album="Y"))
    assert [finding.code for finding in ddex.check_message(xml, media_root=folder)] == ["hash_differs"]
    assert c2pa.read_manifest(audio, anchors_pem=anchors).state is not c2pa.State.TRUSTED


@given(st.text(min_size=1, max_size=80))
def test_any_title_is_sent_as_it_is_or_refused_with_a_reason(title):
    message = replace(samples.SINGLE, release=replace(samples.RELEASE, title=title))
    xml, reason = b"", ""
    try:
        xml = ddex.build(message)
    except ddex.BadMessage as refused:
        reason = refused.message
    if not xml:
        assert "characters that cannot be sent" in reason
        return
    found = etree.fromstring(xml).findtext("ReleaseList/Release/DisplayTitle/TitleText")
    assert (found or "").replace("\n", "\r") == title.replace("\n", "\r")
