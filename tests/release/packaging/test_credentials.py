"""The delivered files carry signed credentials: their sources, their place in the log, the time."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from provenance import keys, queries, trusted_roots
from provenance.services import Job
from release import c2pa, ddex
from release.models import Package, Recording
from tests.provenance.outside.authority import Office, TsaServer
from tests.release.packaging.orders import finished, order, unpacked
from tests.support import run_jobs

pytestmark = pytest.mark.django_db


def test_both_masters_are_signed_with_their_sources_and_their_place_in_the_log(built):
    _, folder = built
    recording = Recording.objects.get()
    anchors = c2pa.trust_anchors(settings.DEADWAX_DATA / "keys")
    for path in (f"ern/resources/{recording.isrc}.wav", f"flac/{recording.isrc}.flac"):
        report = c2pa.read_manifest(folder / path, anchors_pem=anchors)
        assert report.state is c2pa.State.TRUSTED
        assert report.uses_trained_model
        assert {item.title for item in report.ingredients} >= {"Voice", "Sketch", "Choir"}
        assert set(report.training.values()) == {"notAllowed"}
        assert report.ledger["master_sha256"] == recording.master.wav.sha256
        entry = queries.entry_by_leaf(report.ledger["entry"])
        assert entry.kind == "master.finished"
        assert report.ledger["index"] == entry.leaf.index
        assert report.ledger["proof"].startswith("c2sp.org/tlog-proof@v1")
        sidecar = (folder / f"c2pa/{Path(path).name}.c2pa").read_bytes()
        kept = c2pa.read_manifest(folder / path, anchors_pem=anchors, sidecar=sidecar)
        assert (kept.ledger, kept.signer, kept.actions) == (report.ledger, report.signer, report.actions)


def test_the_signed_files_prove_with_themselves_alone_that_the_master_was_made_declared_and_signed(built):
    _, folder = built
    recording = Recording.objects.get()
    report = c2pa.read_manifest(folder / f"flac/{recording.isrc}.flac")
    proof = c2pa.check_ledger(report.ledger, log_keys=(str(keys.verifier_key()),))
    assert (proof.ok, proof.ours) == (True, True)
    assert [item["what"] for item in report.ledger["entries"]] == ["made", "declared", "signed"]
    assert report.actions[0] == "c2pa.created"
    assert report.actions.count("c2pa.placed") == 3
    types = {
        item.title: item.source_type for item in report.ingredients if item.relationship == "componentOf"
    }
    assert types == {
        "Voice": "digitalCapture", "Sketch": "algorithmicMedia", "Choir": "trainedAlgorithmicMedia",
    }  # fmt: skip
    with zipfile.ZipFile(folder / "evidence.zip") as bundle:
        sidecar = (folder / f"c2pa/{recording.isrc}.flac.c2pa").read_bytes()
        assert bundle.read(f"c2pa/{recording.isrc}.flac.c2pa") == sidecar


def test_a_finished_recording_that_was_brought_in_is_the_parent(house, tmp_path):
    package = finished(order(house, house.ready(parts=("voice",), real=True)))
    folder = unpacked(package, tmp_path / "package")
    report = c2pa.read_manifest(folder / f"flac/{Recording.objects.get().isrc}.flac")
    assert report.actions[0] == "c2pa.opened"
    assert [item.relationship for item in report.ingredients if item.title == "Voice"] == ["parentOf"]


def test_a_time_authority_stamps_every_file_and_while_it_is_away_the_job_waits_and_says_why(
    house, tmp_path, settings
):
    (tmp_path / "office").mkdir()
    office = Office(tmp_path / "office")
    tsa = TsaServer(office)
    settings.DEADWAX_OUTSIDE = tmp_path / "outside.toml"
    settings.DEADWAX_OUTSIDE.write_text(
        f'[[timestamp]]\nname = "office"\nurl = "{tsa.url}"\nroots = "{office.folder / "root.pem"}"\n'
    )
    tsa.mode = "busy"
    package = order(house, house.ready(parts=("voice",), real=True))
    for _ in range(7):
        Job.objects.filter(pk=package.job_id).update(not_before=None)
        run_jobs()
    job = Job.objects.get(pk=package.job_id)
    assert (job.state, job.error_code, job.attempts) == ("queued", "timestamp_unavailable", 0)
    assert "office (" in job.error_message
    assert Package.objects.get(pk=package.pk).parts == []
    client = Client()
    client.force_login(house.cast.release)
    for address in (f"/packages/{package.pk}/", f"/releases/{package.release_id}/"):
        shown = client.get(address).content.decode()
        assert "No time-stamping authority stamped the signature" in shown, address

    tsa.mode = "good"
    Job.objects.filter(pk=package.job_id).update(not_before=None)
    folder = unpacked(finished(package), tmp_path / "package")
    tsa.stop()
    roots = (office.folder / "root.pem").read_text()
    isrc = Recording.objects.get().isrc
    for path in (f"ern/resources/{isrc}.wav", f"flac/{isrc}.flac"):
        report = c2pa.read_manifest(
            folder / path, anchors_pem=trusted_roots.own_roots(), timestamp_roots_pem=roots
        )
        assert (report.state, report.timestamp) == (c2pa.State.TRUSTED, c2pa.Stamp.TRUSTED)


def test_an_authority_whose_roots_are_others_delivers_nothing(house, tmp_path, settings):
    (tmp_path / "office").mkdir()
    office = Office(tmp_path / "office")
    tsa = TsaServer(office)
    settings.DEADWAX_OUTSIDE = tmp_path / "outside.toml"
    settings.DEADWAX_OUTSIDE.write_text(
        f'[[timestamp]]\nname = "office"\nurl = "{tsa.url}"\nroots = "{office.folder / "other.pem"}"\n'
    )
    package = order(house, house.ready(parts=("voice",)))
    run_jobs()
    tsa.stop()
    job = Job.objects.get(pk=package.job_id)
    assert job.error_code == "credential_wrong"
    assert "correct its roots file" in job.error_message
    assert Package.objects.get(pk=package.pk).asset is None


def test_one_changed_sample_breaks_the_credential_the_checksum_and_the_message(built):
    package, folder = built
    wav = folder / f"ern/resources/{Recording.objects.get().isrc}.wav"
    data = bytearray(wav.read_bytes())
    data[len(data) // 2] ^= 1
    wav.write_bytes(bytes(data))
    anchors = c2pa.trust_anchors(settings.DEADWAX_DATA / "keys")
    assert c2pa.read_manifest(wav, anchors_pem=anchors).state is c2pa.State.BROKEN
    checked = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder, capture_output=True, text=True)
    assert checked.returncode != 0
    xml = (folder / f"ern/{package.release.gtin}.xml").read_bytes()
    codes = [finding.code for finding in ddex.check_message(xml, media_root=folder / "ern")]
    assert "hash_differs" in codes
