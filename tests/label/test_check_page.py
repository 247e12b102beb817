"""The stranger's page: what is known of a file, and what nobody is told."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from provenance.assets import read
from tests.label.conftest import as_
from tests.scenes import Scene

pytestmark = pytest.mark.django_db


def ask(data: bytes, name: str = "file.wav", *, json_: bool = False) -> Any:
    headers = {"Accept": "application/json"} if json_ else {}
    return as_(None).post(reverse("label:check"), {"file": SimpleUploadedFile(name, data)}, headers=headers)


def answered(data: bytes, name: str = "file.wav") -> dict[str, Any]:
    answer = ask(data, name, json_=True)
    assert answer.status_code == 200
    found: dict[str, Any] = json.loads(answer.content)
    return found


def looks(found: dict[str, Any]) -> dict[str, str]:
    return {look["title"].removeprefix("By its "): look["state"] for look in found["looks"]}


def noise(seconds: float = 12.0, seed: int = 3) -> bytes:
    file = io.BytesIO()
    audio = np.random.default_rng(seed).normal(0, 0.1, (round(seconds * 44_100), 2)).clip(-1, 1)
    soundfile.write(file, audio, 44_100, format="WAV", subtype="PCM_24")
    return file.getvalue()


def packaged(scene: Scene, role: str) -> bytes:
    from provenance.models import Asset

    part = next(part for part in scene.package.parts if part["role"] == role)
    return read(Asset.objects.get(sha256=part["sha256"]))


@pytest.mark.parametrize("role", ["signed_wav", "signed_flac"])
def test_a_packaged_file_is_known_by_its_bytes_and_its_credentials(scene: Scene, role: str) -> None:
    found = answered(packaged(scene, role), f"master.{role[-4:].strip('_')}")
    assert found["verdict"] == "known"
    assert looks(found)["bytes"] == "match"
    assert looks(found)["credentials"] == "match"
    assert found["recording"]["isrc"] == scene.recording.isrc
    assert found["elements"]["performance:pads"] == ["trained_model"]
    assert found["elements"]["lyrics"] == ["human"]


def test_the_answer_names_the_release_and_shows_the_elements_but_no_private_words(scene: Scene) -> None:
    html = ask(packaged(scene, "signed_wav")).content.decode()
    assert "Known, and intact" in html
    assert scene.release.title in html
    assert "Element by element" in html
    assert "As I said." not in html  # a statement of the declaration
    assert scene.cast.mara.full_name.partition(" (")[0] not in html.replace(scene.recording.artist.name, "")
    assert "/masters/" not in html
    assert "/ledger/" not in html.replace(reverse("label:checkpoint"), "")


def test_one_changed_sample_is_not_intact(scene: Scene) -> None:
    data = bytearray(packaged(scene, "signed_wav"))
    data[len(data) // 3] ^= 1
    found = answered(bytes(data))
    assert found["verdict"] != "known"
    assert looks(found)["bytes"] == "none"
    assert looks(found)["credentials"] == "mismatch"


def test_what_is_not_released_is_told_to_nobody(scene: Scene) -> None:
    for master in (scene.unreleased, scene.draft.tracks.get().recording.master):
        for asset in (master.wav, master.flac):
            answer = ask(read(asset))
            html = answer.content.decode()
            assert "Not known here" in html
            assert master.project.title not in html
            assert scene.cast.artist.name not in html
    stem = ask(read(scene.upload.asset)).content.decode()
    assert "Not known here" in stem, "a part of a released song is no released song"


def test_a_manifest_by_another_authority_that_names_our_master_proves_nothing(
    scene: Scene, tmp_path: Path
) -> None:
    from release import c2pa, labels

    source, target = tmp_path / "noise.wav", tmp_path / "forged.wav"
    source.write_bytes(noise())
    actions = c2pa.actions_for(
        [labels.ElementOrigins(element="melody", origins=frozenset({"human"}))],
        when="2026-11-20T11:00:00Z",
        ingredients=(),
        tool="Somebody",
        tool_version="1",
    )
    manifest = c2pa.Manifest(
        title=scene.recording.title,
        media_type="audio/wav",
        actions=actions,
        ledger={"master_sha256": scene.master.wav.sha256, "isrc": scene.recording.isrc},
    )
    c2pa.sign(source, target, manifest, c2pa.TrialAuthority.create(organization="Somebody Else (fictional)"))
    assert c2pa.read_manifest(target, anchors_pem=None).state is c2pa.State.VALID
    found = answered(target.read_bytes())
    assert found["verdict"] == "unknown"
    assert found["recording"] is None
    assert looks(found) == {"bytes": "none", "credentials": "none", "time stamp": "none", "sound": "none"}


def _zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.wav", b"\0" * 5_000_000)
    return file.getvalue()


def _boast() -> bytes:
    """A header that promises four gigabytes, and nothing behind it."""
    return b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x40\0\x01\0\0\0\x01\0\0\0\x01\0\x18\0data\xf0\xff\xff\xff\0\0"


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"These are words.", "song.wav"),
        (_zip(), "song.wav"),
        (_zip(), "song.zip"),
        (_boast(), "huge.wav"),
        (b"fLaC" + b"\xff" * 4000, "broken.flac"),
        (b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + b"\0" * 200, "tag.mp3"),
        (b"%PDF-1.7\n", "a.pdf"),
        (b"<svg onload=alert(1)>", "<img src=x onerror=alert(1)>.svg"),
        (b"RIFF", "../../etc/passwd"),
        (b"\0", "x" * 240 + ".wav"),
        (b"RIFF\x04\0\0\0WAVE", "umlaut ä 音.wav"),
    ],
)
def test_a_hostile_file_gets_a_plain_answer(scene: Scene, data: bytes, name: str) -> None:
    answer = ask(data, name)
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "Not known here" in html
    assert "onerror=alert" not in html
    assert looks(answered(data, name))["bytes"] == "none"


def test_nothing_and_an_empty_file_are_refused_with_what_to_do(scene: Scene) -> None:
    nothing = as_(None).post(reverse("label:check"))
    assert (nothing.status_code, b"Choose a file first." in nothing.content) == (422, True)
    empty = ask(b"")
    assert (empty.status_code, b"This file is empty." in empty.content) == (422, True)
    assert ask(b"", json_=True).status_code == 400


def test_a_file_beyond_the_limit_is_refused(scene: Scene, settings: Any) -> None:
    settings.DEADWAX_UPLOAD_LIMIT_BYTES = 1024 * 1024
    answer = ask(b"\0" * (1024 * 1024 + 1))
    assert answer.status_code == 422
    assert b"larger than 1 MB" in answer.content


def test_what_is_asked_about_is_not_kept(scene: Scene) -> None:
    from provenance.models import Asset, Entry

    before = Asset.objects.count(), Entry.objects.count()
    answered(noise(seed=11))
    assert (Asset.objects.count(), Entry.objects.count()) == before
