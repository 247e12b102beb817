"""From a master to a delivery without a database: tag, sign, describe, check, list; and any change is noticed."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from release import artwork, c2pa, ddex, layout
from release.audiotags import Tags, read_tags, write_tags
from release.demo_cover import demo_cover
from tests.release.ddex import samples
from tests.support import needs

GTIN = samples.RELEASE.icpn


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def built(tmp_path):
    """Builds a package folder; returns (folder of the package, message XML, files)."""
    folder = tmp_path / layout.package_name("DWX-001", "Runout")
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
                    uri=layout.audio_uri(GTIN, 1, "flac"),
                    sha256=signed.sha256,
                    size_bytes=signed.size_bytes,
                ),
            ),
        ),
        cover=replace(
            samples.COVER,
            file=ddex.ImageFile(
                uri=layout.cover_uri(GTIN, facts.extension),
                sha256=facts.sha256,
                codec=facts.codec,
                width_px=facts.width_px,
                height_px=facts.height_px,
            ),
        ),
    )
    xml = ddex.build(message)
    parts = {
        ("message", "xml", "application/xml"): xml,
        ("audio", "flac", "audio/flac"): signed.path.read_bytes(),
        ("cover", facts.extension, facts.media_type): cover,
        ("credential", "c2pa", "application/c2pa"): signed.sidecar,
    }
    placed = layout.tree(
        [
            layout.Part(
                role=role,
                sha256=digest(data),
                size_bytes=len(data),
                extension=extension,
                media_type=media,
                number=0 if role in ("message", "cover") else 1,
                name="Runout",
            )
            for (role, extension, media), data in parts.items()
        ],
        release_id=GTIN,
    )
    by_digest = {digest(data): data for data in parts.values()}
    for file in placed:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(by_digest[file.sha256])
    (folder / layout.MANIFEST).write_text(layout.manifest(placed))
    return folder, xml, c2pa.trust_anchors(tmp_path / "keys"), master


def test_the_delivery_is_whole_trusted_tagged_and_without_findings(built):
    folder, xml, anchors, master = built
    delivery = folder / Path(layout.message_path(GTIN)).parent
    assert ddex.check_message(xml, media_root=delivery) == ()
    audio = delivery / layout.audio_uri(GTIN, 1, "flac")
    report = c2pa.read_manifest(audio, anchors_pem=anchors)
    assert report.state is c2pa.State.TRUSTED
    assert report.ledger is not None
    assert report.ledger["master_sha256"] == master
    assert read_tags(audio).isrc == samples.SINGLE.recordings[0].isrc
    for path, sha256 in layout.parse_manifest((folder / layout.MANIFEST).read_text()).items():
        assert digest((folder / path).read_bytes()) == sha256


@needs("ddex")
def test_its_message_is_valid(built):
    assert ddex.schema_errors(built[1], os.environ["DDEX_SCHEMA_DIR"]) == ()


def test_a_master_that_is_retagged_in_the_delivery_is_noticed_three_times(built):
    folder, xml, anchors, _ = built
    delivery = folder / Path(layout.message_path(GTIN)).parent
    audio = delivery / layout.audio_uri(GTIN, 1, "flac")
    write_tags(audio, Tags(title="Somebody else's", artists=("X",), album="Y"))
    assert [finding.code for finding in ddex.check_message(xml, media_root=delivery)] == ["hash_differs"]
    assert c2pa.read_manifest(audio, anchors_pem=anchors).state is not c2pa.State.TRUSTED
    listed = layout.parse_manifest((folder / layout.MANIFEST).read_text())
    assert listed[str(audio.relative_to(folder))] != digest(audio.read_bytes())


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
