"""What a package holds: every part, its checksums, its tags, what was checked; nothing private."""

from __future__ import annotations

import hashlib
import json
import subprocess
import zipfile

import pytest

from provenance import queries
from provenance.models import Asset
from release import audiotags
from release.evidence import evidence_for
from release.models import Recording

pytestmark = pytest.mark.django_db


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
