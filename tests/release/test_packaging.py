"""A package from small real songs: tagged, signed, described, documented, proven; nothing half-built, ever."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from lxml import etree
from pypdf import PdfReader

from provenance import blobs, keys, queries, trusted_roots
from provenance.elements import Origin
from provenance.models import Asset, Entry
from provenance.services import Job
from release import audiotags, c2pa, ddex, services
from release.evidence import evidence_for
from release.models import Package, Recording
from release.packaging import archive
from release.packaging.build import build_package
from tests.provenance.outside.authority import Office, TsaServer
from tests.support import needs, run_jobs

pytestmark = pytest.mark.django_db

VERIFIER = Path(__file__).resolve().parents[2] / "provenance" / "verifier.py"


def order(house: Any, release: Any) -> Package:
    house.approve(release)
    return services.request_package(release, actor=house.cast.release)


def finished(package: Package) -> Package:
    run_jobs()
    package = Package.objects.select_related("job", "asset", "release").get(pk=package.pk)
    assert package.job.state == "done", package.job.error_message
    return package


def unpacked(package: Package, folder: Path) -> Path:
    with blobs.store().open(package.asset.sha256) as stream, zipfile.ZipFile(stream) as zipped:
        zipped.extractall(folder)
    return folder


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


# -- one song with everything ------------------------------------------------------------------------------------------


@pytest.fixture
def built(house, tmp_path):
    package = finished(order(house, house.ready(parts=("voice", "sketch", "choir"), real=True)))
    return package, unpacked(package, tmp_path / "package")


def test_every_part_is_there_is_an_asset_and_has_its_checksum(built):
    package, folder = built
    paths = {part["path"] for part in package.parts}
    isrc, gtin = Recording.objects.get().isrc, package.release.gtin
    assert paths >= {
        f"ern/{gtin}.xml", f"ern/resources/{isrc}.wav", f"ern/resources/{gtin}.jpg", f"flac/{isrc}.flac",
        f"c2pa/{isrc}.wav.c2pa", f"c2pa/{isrc}.flac.c2pa", f"dossiers/{isrc}.pdf", "evidence.zip",
        "label-copy.json", "label-copy.txt", "labels/spotify.json", "README.txt", "SHA256SUMS",
    }  # fmt: skip
    assert {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} == paths
    for part in package.parts:
        data = (folder / part["path"]).read_bytes()
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (part["sha256"], part["size"])
        assert Asset.objects.filter(sha256=part["sha256"]).exists()
    checked = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout
    assert len(checked.stdout.splitlines()) == len(package.parts) - 1


def test_the_ledger_says_what_was_built_and_who_made_the_delivered_files(built):
    package, _ = built
    entry = package.entry
    body = json.loads(bytes(entry.body))
    assert entry.kind == "package.built"
    assert body["actor"] == {"type": "worker", "id": "packaging"}
    assert {ref["sha256"] for ref in body["outputs"]} >= {package.asset.sha256}
    assert body["public"]["parts"] == len(package.parts)
    package.release.refresh_from_db()
    assert package.release.state == "packaged"
    wav = next(part for part in package.parts if part["role"] == "signed_wav")
    master = Recording.objects.get().master
    assert wav["recording"] == str(Recording.objects.get().pk)
    from provenance.authorship import fold

    delivered = fold(queries.bodies_for_asset(wav["sha256"]), wav["sha256"])
    assert {name: finding.origins for name, finding in delivered.elements.items()} == {
        name: finding.origins for name, finding in evidence_for(master).map.elements.items()
    }


def test_both_masters_carry_their_tags(built):
    package, folder = built
    recording = Recording.objects.get()
    for path in (f"ern/resources/{recording.isrc}.wav", f"flac/{recording.isrc}.flac"):
        tags = audiotags.read_tags(folder / path)
        assert (tags.title, tags.isrc, tags.album, tags.barcode) == (
            "Slow Harbour",
            recording.isrc,
            "Slow Harbour",
            package.release.gtin,
        )
        assert tags.composers == ("Mara Lindqvist (fictional)",)
        assert (tags.ai_involvement, tags.explicit, tags.track_number) == ("Partly", False, 1)
        assert tags.cover is not None
        assert len(tags.cover) < 1_000_000


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


def test_nothing_that_people_named_privately_is_in_any_file(built):
    _, folder = built
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            for secret in (b"It breathes", b"slow, warm", b"Mara Sealed Lindqvist", b"voice 0"):
                assert secret not in data, path
    with zipfile.ZipFile(folder / "evidence.zip") as bundle:
        for name in bundle.namelist():
            assert not name.startswith("disclosed/")
            assert b"It breathes" not in bundle.read(name)


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


def test_the_evidence_verifies_without_us_and_names_the_delivered_files(built):
    package, folder = built
    told = subprocess.run(
        [sys.executable, "-I", str(VERIFIER), str(folder / "evidence.zip")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    with zipfile.ZipFile(folder / "evidence.zip") as bundle:
        listed = json.loads(bundle.read("bundle.json"))
    named = {item["sha256"] for item in listed["assets"]}
    recording = Recording.objects.get()
    assert recording.master.wav.sha256 in named
    assert {part["sha256"] for part in package.parts if part["role"].startswith("signed_")} <= named
    kinds = _kinds(folder / "evidence.zip")
    assert kinds >= {
        "upload.imported", "take.generated", "take.shortlisted", "arrangement.saved", "render.finished",
        "master.finished", "master.declared", "recording.created", "contributions.set", "release.created",
        "release.approved", "package.audio_signed",
    }  # fmt: skip
    assert package.checks["bundle"]["disclosed"] == 0


def test_a_bundle_with_one_changed_byte_in_an_entry_is_refused(built, tmp_path):
    _, folder = built
    forged = tmp_path / "forged.zip"
    with zipfile.ZipFile(folder / "evidence.zip") as source, zipfile.ZipFile(forged, "w") as target:
        for item in source.infolist():
            data = source.read(item)
            if item.filename.startswith("entries/") and b"master.declared" in data:
                data = data.replace(b'"approved":true', b'"approved":null')
            target.writestr(item, data)
    told = subprocess.run(
        [sys.executable, "-I", str(VERIFIER), str(forged)], capture_output=True, text=True, check=False
    )
    assert told.returncode != 0


def _kinds(path: Path) -> set[str]:
    with zipfile.ZipFile(path) as bundle:
        return {
            json.loads(bundle.read(name))["kind"] for name in bundle.namelist() if name.startswith("entries/")
        }


def test_the_dossier_claims_what_is_human_excludes_the_rest_and_shows_its_entries(built):
    _, folder = built
    pdf = PdfReader(folder / f"dossiers/{Recording.objects.get().isrc}.pdf")
    text = " ".join(" ".join(page.extract_text() for page in pdf.pages).split())
    assert "Author created lyrics, melody and musical arrangement" in text
    assert "portions of the harmony generated by artificial intelligence" in text
    assert "generated by a computer program, by rules and chance" in text
    assert "not legal advice" in text
    assert "Sketch made take 1 of prompt run 1" in text
    assert "evidence.zip" in text
    assert "open " not in text.split("Evidence index")[1].split("How to check")[0], (
        "every entry has its place"
    )
    assert "dossier.json" in pdf.attachments


def test_what_was_checked_is_kept_with_the_package(built):
    package, _ = built
    checks = package.checks
    assert checks["tracks"][0]["contains_ai"] == "Partly"
    assert {form["form"]: form["can_be_filed"] for form in checks["tracks"][0]["filing"]} == {
        "PA": True,
        "SR": False,  # nobody is credited for the mix
    }
    told = {row["receiver"]: row for row in checks["receivers"]}
    assert told["komca"]["outcome"] == "refused"
    assert told["ddex"]["tracks"][0]["fields"][0] == {
        "name": "SoundRecording/ContainsAI",
        "values": ["Partly"],
    }


# -- labels that follow from the ledger --------------------------------------------------------------------------------


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


# -- what can go wrong -------------------------------------------------------------------------------------------------


def test_a_change_while_the_job_waits_stops_it_with_the_reason(house):
    release = house.ready(parts=("voice",))
    package = order(house, release)
    services.change_release(release, actor=house.cast.release, genre="Drone")
    run_jobs()
    job = Job.objects.get(pk=package.job_id)
    assert (job.state, job.error_code) == ("failed", "gates_closed")
    assert "Nobody approved the release as it stands now" in job.error_message
    assert Package.objects.get(pk=package.pk).asset is None


def test_after_the_cure_the_same_job_is_tried_again_and_succeeds(house):
    release = house.ready(parts=("voice",))
    package = order(house, release)
    release = services.change_release(release, actor=house.cast.release, genre="Drone")
    run_jobs()
    house.approve(release)
    services.steer_package(Package.objects.get(pk=package.pk), action="retry", actor=house.cast.release)
    assert finished(package).asset is not None


def test_a_second_run_reuses_what_the_first_one_signed(house, monkeypatch):
    package = order(house, house.ready(parts=("voice",)))
    from release.packaging import evidence, papers

    def broken(*args: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(papers, "label_copy", broken)
    run_jobs(limit=1)
    job = Job.objects.get(pk=package.job_id)
    assert job.state == "queued", "our fault: tried again later"
    kept = Package.objects.get(pk=package.pk)
    assert kept.asset is None
    assert {part["role"] for part in kept.parts} == {
        "signed_wav", "signed_flac", "credential_wav", "credential_flac",
    }  # fmt: skip
    assert services.package_part(kept, kept.parts[0]["path"]) == (None, ""), (
        "nothing half-built is handed out"
    )
    monkeypatch.undo()
    monkeypatch.setattr(
        evidence, "ledger_assertion", lambda *args, **kwargs: pytest.fail("it was signed already")
    )
    Job.objects.filter(pk=package.job_id).update(not_before=None)
    done = finished(package)
    signed = {part["path"]: part["sha256"] for part in kept.parts}
    assert {part["path"]: part["sha256"] for part in done.parts if part["path"] in signed} == signed
    assert Entry.objects.filter(kind="package.audio_signed").count() == 1


def test_a_package_that_is_built_is_left_alone_by_another_run(house):
    package = finished(order(house, house.ready(parts=("voice",))))
    entries = Entry.objects.count()

    class Again:
        payload = {"package": str(package.pk)}

    build_package(Again())  # type: ignore[arg-type]
    assert Entry.objects.count() == entries


def test_a_cancelled_building_leaves_no_package(house):
    package = order(house, house.ready(parts=("voice",)))
    services.steer_package(package, action="cancel", actor=house.cast.release)
    run_jobs()
    package = Package.objects.select_related("job", "release").get(pk=package.pk)
    assert (package.job.state, package.asset) == ("cancelled", None)
    assert package.release.state == "approved"


def test_what_a_killed_build_left_behind_is_swept_and_a_running_one_is_left_alone(house, settings):
    run = Path(settings.DEADWAX_DATA) / "run"
    for name, age_s in (("package-dead", 2 * 24 * 3600), ("package-busy", 60)):
        (run / name).mkdir(parents=True, exist_ok=True)
        os.utime(run / name, (time.time() - age_s,) * 2)
    finished(order(house, house.ready(parts=("voice",))))
    assert [path.name for path in run.glob("package-*")] == ["package-busy"]
    (run / "package-busy").rmdir()


def test_one_package_is_built_at_a_time(house):
    release = house.ready(parts=("voice",))
    order(house, release)
    with pytest.raises(Exception, match="is being built since"):
        services.request_package(release, actor=house.cast.release)


def test_a_message_that_a_distributor_would_bounce_fails_the_job_in_words(house, monkeypatch):
    from release.packaging import message

    finding = ddex.Finding(code="no_deal", sentence="The release has no deal.", cure="Add one.")
    monkeypatch.setattr(message.ddex, "check_message", lambda *args, **kwargs: (finding,))
    package = order(house, house.ready(parts=("voice",)))
    run_jobs()
    job = Job.objects.get(pk=package.job_id)
    assert (job.state, job.error_code) == ("failed", "message_refused")
    assert "The release has no deal. Add one." in job.error_message


# -- the archive -------------------------------------------------------------------------------------------------------


def test_the_same_files_give_the_same_archive_whatever_their_times(tmp_path):
    digests = []
    for name in ("one", "two"):
        folder = tmp_path / name
        for path in ("b/second.txt", "a.wav", "evidence.zip"):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(path.encode() * 100)
        target = tmp_path / f"{name}.zip"
        order_of_listing = ["b/second.txt", "a.wav", "evidence.zip"]
        archive.write_zip(target, folder, order_of_listing if name == "one" else reversed(order_of_listing))
        digests.append(hashlib.sha256(target.read_bytes()).hexdigest())
    assert digests[0] == digests[1]
    with zipfile.ZipFile(io.BytesIO((tmp_path / "one.zip").read_bytes())) as zipped:
        assert zipped.namelist() == ["a.wav", "b/second.txt", "evidence.zip"]


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
