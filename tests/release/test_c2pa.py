"""Content credentials: signed last, read back whole, and broken by any change."""

from __future__ import annotations

import hashlib
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import soundfile

from release import c2pa
from release.audiotags import Tags, read_tags, write_tags
from release.labels import ElementOrigins

TAGS = Tags(title="Runout", artists=("Nula Quark",), album="Dead Wax", isrc="QZDWX2600001")
MEDIA = {"wav": "audio/wav", "flac": "audio/flac"}
CHECKPOINT = {"origin": "example.invalid/ledger", "size": 42, "root": "ab" * 32, "entry": "cd" * 32}


@pytest.fixture(scope="module")
def authority():
    return c2pa.TrialAuthority.create(organization="Deadwax Demo Records")


@pytest.fixture(params=["wav", "flac"])
def master(request, tmp_path):
    path = tmp_path / f"master.{request.param}"
    soundfile.write(
        path, np.random.default_rng(3).normal(0, 0.1, (22_050, 2)).clip(-1, 1), 44_100, subtype="PCM_24"
    )
    write_tags(path, TAGS)
    return path


def findings(**elements: set[str]) -> list[ElementOrigins]:
    return [
        ElementOrigins(element=name.replace("__", ":"), origins=frozenset(found))
        for name, found in elements.items()
    ]


SONG = findings(
    melody={"human"},
    performance__strings={"trained_model"},
    performance__bass={"procedural"},
    arrangement={"human"},
    mix={"human"},
    mastering={"procedural"},
)


def manifest_for(path, **changes):
    sources = (
        c2pa.Ingredient(
            title="strings, take 4",
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            media_type="audio/wav",
            relationship="componentOf",
            origins=frozenset({"trained_model"}),
            path=path,
        ),
        c2pa.Ingredient(
            title="bass notes",
            sha256="b" * 64,
            media_type="audio/midi",
            relationship="componentOf",
            origins=frozenset({"procedural"}),
        ),
        c2pa.Ingredient(
            title="prompt of run 2", sha256="e" * 64, media_type="text/plain", relationship="inputTo"
        ),
    )
    manifest = c2pa.Manifest(
        title="Runout",
        media_type=MEDIA[path.suffix[1:]],
        actions=c2pa.actions_for(SONG, when="2026-11-20T11:00:00Z", ingredients=sources, tool_version="0.1"),
        ingredients=sources,
        ledger=CHECKPOINT,
        generator_version="0.1",
    )
    return replace(manifest, **changes)


@pytest.fixture
def signed(master, authority):
    return c2pa.sign(master, master.with_name(f"signed{master.suffix}"), manifest_for(master), authority)


def test_a_signed_master_reads_back_with_everything_that_was_stated(master, signed, authority):
    report = c2pa.read_manifest(signed.path, anchors_pem=authority.root_pem)
    assert report.state is c2pa.State.TRUSTED
    assert report.claim_generator == "Deadwax 0.1"
    assert report.title == "Runout"
    assert "Deadwax Demo Records" in report.signer
    assert report.digital_source_types == (
        "compositeWithTrainedAlgorithmicMedia",
        "humanEdits",
        "algorithmicallyEnhanced",
    )
    assert report.uses_trained_model
    assert report.actions == ("c2pa.created", *["c2pa.placed"] * 2, *["c2pa.edited"] * 3)
    assert [item.source_type for item in report.ingredients if item.relationship == "componentOf"] == [
        "algorithmicMedia",
        "trainedAlgorithmicMedia",
    ]
    assert {(item.title, item.relationship, item.sha256) for item in report.ingredients} == {
        ("strings, take 4", "componentOf", hashlib.sha256(master.read_bytes()).hexdigest()),
        ("bass notes", "componentOf", "b" * 64),
        ("prompt of run 2", "inputTo", "e" * 64),
    }
    assert report.ledger is not None
    assert {key: report.ledger[key] for key in CHECKPOINT} == CHECKPOINT
    assert report.training is not None
    assert set(report.training.values()) == {"notAllowed"}
    assert "cawg.ai_generative_training" in report.training
    assert report.problems == ()


def test_the_sound_and_the_tags_survive_signing_and_the_source_is_untouched(master, signed):
    assert read_tags(signed.path) == TAGS
    assert c2pa.read_manifest(master).state is c2pa.State.ABSENT
    before, after = (soundfile.read(path, dtype="int32")[0] for path in (master, signed.path))
    assert np.array_equal(before, after)
    assert signed.sha256 == hashlib.sha256(signed.path.read_bytes()).hexdigest()
    assert signed.sidecar in signed.path.read_bytes() or len(signed.sidecar) > 1000


def test_without_our_root_the_file_is_valid_and_not_trusted(signed):
    report = c2pa.read_manifest(signed.path)
    assert report.state is c2pa.State.VALID
    assert "not known" in report.state.sentence


def test_another_installations_root_does_not_make_it_trusted(signed):
    other = c2pa.TrialAuthority.create(organization="Deadwax Demo Records")
    assert c2pa.read_manifest(signed.path, anchors_pem=other.root_pem).state is c2pa.State.VALID


@pytest.mark.parametrize("place", [0.3, 0.6, 0.95])
def test_one_changed_bit_of_sound_is_reported_broken(signed, authority, place):
    audio = bytearray(signed.path.read_bytes())
    sound = audio.find(b"data") if signed.path.suffix == ".wav" else len(audio) // 3
    start = sound + 64 if signed.path.suffix == ".wav" else sound
    end = min(len(audio), start + 100_000) - 1
    audio[int(start + (end - start) * place)] ^= 1
    signed.path.write_bytes(audio)
    report = c2pa.read_manifest(signed.path, anchors_pem=authority.root_pem)
    assert report.state is c2pa.State.BROKEN
    assert report.present


def test_tagging_after_signing_breaks_it(signed, authority):
    write_tags(signed.path, replace(TAGS, title="Another title"))
    assert c2pa.read_manifest(signed.path, anchors_pem=authority.root_pem).state in (
        c2pa.State.BROKEN,
        c2pa.State.ABSENT,
    )
    assert c2pa.read_manifest(signed.path, anchors_pem=authority.root_pem).state is not c2pa.State.TRUSTED


def test_a_forged_statement_inside_the_manifest_is_not_trusted(signed, authority):
    audio = signed.path.read_bytes()
    assert b"compositeWithTrainedAlgorithmicMedia" in audio
    signed.path.write_bytes(
        audio.replace(b"compositeWithTrainedAlgorithmicMedia", b"digitalCaptureOfAHumanPerformance_12")
    )
    report = c2pa.read_manifest(signed.path, anchors_pem=authority.root_pem)
    assert report.state in (c2pa.State.BROKEN, c2pa.State.INVALID)


@pytest.mark.parametrize(
    "content", [b"", b"text", b"RIFF\x00\x00\x00\x00WAVE", b"\x00" * 4096, b"fLaC" + b"\xff" * 64]
)
def test_a_file_that_is_no_signed_audio_gets_a_state_and_never_a_crash(tmp_path, content):
    path = tmp_path / "dropped.bin"
    path.write_bytes(content)
    assert c2pa.read_manifest(path).state in (c2pa.State.ABSENT, c2pa.State.INVALID)


def test_a_signed_ingredient_keeps_its_own_credential(signed, tmp_path, authority):
    again = tmp_path / f"second{signed.path.suffix}"
    source = c2pa.Ingredient(
        title="signed stem",
        sha256=signed.sha256,
        media_type=MEDIA[signed.path.suffix[1:]],
        relationship="componentOf",
        path=signed.path,
    )
    plain = tmp_path / f"plain{signed.path.suffix}"
    soundfile.write(plain, np.zeros((4410, 2)), 44_100)
    manifest = manifest_for(
        plain,
        ingredients=(source,),
        actions=c2pa.actions_for(SONG, when="2026-11-20T11:00:00Z", ingredients=(source,)),
    )
    c2pa.sign(plain, again, manifest, authority)
    assert c2pa.read_manifest(again, anchors_pem=authority.root_pem).state is c2pa.State.TRUSTED
    assert again.read_bytes().count(b"strings, take 4") >= 1


def test_what_cannot_be_signed_is_refused_and_leaves_nothing_behind(master, tmp_path, authority):
    target = tmp_path / f"out{master.suffix}"
    wrong = "audio/flac" if master.suffix == ".wav" else "audio/wav"
    unknown = c2pa.actions_for(findings(melody={"unknown"}), when="2026-11-20T11:00:00Z")
    for manifest in (
        manifest_for(master, media_type=wrong),
        manifest_for(master, actions=()),
        manifest_for(master, actions=unknown),
    ):
        with pytest.raises(c2pa.CannotSign):
            c2pa.sign(master, target, manifest, authority)
    assert sorted(path.name for path in tmp_path.iterdir()) == [master.name]


@pytest.mark.parametrize(
    ("origins", "kind"),
    [
        ({"human"}, "digitalCapture"),
        ({"trained_model"}, "trainedAlgorithmicMedia"),
        ({"procedural"}, "algorithmicMedia"),
        ({"human", "trained_model"}, "compositeWithTrainedAlgorithmicMedia"),
        ({"procedural", "trained_model"}, "compositeWithTrainedAlgorithmicMedia"),
        ({"mixed"}, "compositeWithTrainedAlgorithmicMedia"),
        ({"human", "procedural"}, "composite"),
        ({"human", "third_party"}, "digitalCapture"),
        ({"unknown", "human"}, ""),
        (set(), ""),
    ],
)
def test_the_digital_source_type_follows_the_origins(origins, kind):
    assert c2pa.source_type_for(origins).rsplit("/", maxsplit=1)[-1] == kind


def test_a_song_without_a_trained_model_never_says_that_it_has_one(master, tmp_path, authority):
    song = findings(melody={"human"}, performance__keys={"human", "procedural"}, mix={"human"})
    manifest = manifest_for(master, actions=c2pa.actions_for(song, when="2026-11-20T11:00:00Z"))
    signed = c2pa.sign(master, tmp_path / f"out{master.suffix}", manifest, authority)
    assert not c2pa.read_manifest(signed.path).uses_trained_model


# keys


def test_the_authority_is_made_once_kept_private_and_found_again(tmp_path):
    keys = tmp_path / "keys"
    first = c2pa.TrialAuthority.load_or_create(keys, organization="Demo")
    assert c2pa.TrialAuthority.load_or_create(keys) == first
    assert stat.S_IMODE(os.stat(keys / "c2pa-key.pem").st_mode) == 0o600
    assert not first.expires_soon
    assert first.key_pem not in repr(first)


def test_workers_that_start_together_agree_on_one_authority(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: c2pa.TrialAuthority.load_or_create(tmp_path / "keys"), range(8)))
    assert len({one.key_pem for one in made}) == 1


def test_old_roots_stay_trusted_and_asking_makes_no_keys(tmp_path, master, signed, authority):
    keys = tmp_path / "keys"
    assert c2pa.trust_anchors(keys) is None
    assert not keys.exists()
    c2pa.TrialAuthority.load_or_create(keys)
    assert c2pa.read_manifest(signed.path, anchors_pem=c2pa.trust_anchors(keys)).state is c2pa.State.VALID
    (keys / "c2pa-root-2026.pem").write_text(authority.root_pem)
    assert c2pa.read_manifest(signed.path, anchors_pem=c2pa.trust_anchors(keys)).state is c2pa.State.TRUSTED


def test_missing_mixed_up_or_expired_keys_are_reported_and_never_replaced(tmp_path):
    keys = tmp_path / "keys"
    c2pa.TrialAuthority.load_or_create(keys)
    whole = (keys / "c2pa-key.pem").read_text()
    (keys / "c2pa-key.pem").unlink()
    with pytest.raises(c2pa.KeysDamaged, match="is missing"):
        c2pa.TrialAuthority.load_or_create(keys)
    (keys / "c2pa-key.pem").write_text(c2pa.TrialAuthority.create(organization="x").key_pem)
    with pytest.raises(c2pa.KeysDamaged, match="does not belong"):
        c2pa.TrialAuthority.load_or_create(keys)
    (keys / "c2pa-key.pem").write_text(whole[:100])
    with pytest.raises(c2pa.KeysDamaged, match="cannot be read"):
        c2pa.TrialAuthority.load_or_create(keys)
    old = c2pa.TrialAuthority.create(organization="x", now=datetime.now(UTC) - timedelta(days=7400))
    with pytest.raises(c2pa.KeysDamaged, match="run out"):
        old.check()
