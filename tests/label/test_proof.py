"""The proof page and the evidence bundle: computed from the ledger, closed to strangers, verifiable without us."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.label.conftest import as_
from tests.scenes import SECRET_PROMPT, SECRET_REASON, Scene

pytestmark = pytest.mark.django_db
VERIFIER = Path(__file__).resolve().parents[2] / "provenance" / "verifier.py"


def rows(html: str, caption: str) -> dict[str, str]:
    """First cell -> the text of a table's row."""
    table = re.search(rf"<table[^>]*><caption[^>]*>{caption}</caption>(.*?)</table>", html, re.DOTALL)
    assert table is not None
    found = {}
    for row in re.findall(r"<tr>(.*?)</tr>", table[1], re.DOTALL):
        cells = [
            re.sub(r"<[^>]+>", " ", cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        ]
        found[" ".join(cells[0].split())] = " ".join(" ".join(cells[1:]).split())
    return found


def test_it_says_element_by_element_who_or_what_made_it_and_how_that_is_known(scene: Scene) -> None:
    html = as_(scene.cast.mara).get(f"/masters/{scene.master.pk}/proof/").content.decode()
    elements = rows(html, "Elements")
    for element, words in {
        "Lyrics": ("human", "None", "declared"),
        "Lead vocal performance": ("human", "None", "declared"),
        "Pads performance": ("trained model", "All", "declared"),
        "Bass performance": ("procedural", "None", "observed"),
        "Mastering": ("procedural", "None", "observed"),
    }.items():
        for word in words:
            assert word in elements[element], (element, elements[element])
    assert "Partly" in html
    tracks = rows(html, "Regions")
    assert {"Voice", "Sketch", "Choir"} <= set(tracks)
    assert "trained model" in tracks["Choir"]
    lineage = rows(html, "Lineage")
    assert any(title.startswith("Master") for title in lineage)
    assert "Declared by the artist" in html


def test_every_entry_that_it_names_is_there_for_its_reader(scene: Scene) -> None:
    mara = as_(scene.cast.mara)
    html = mara.get(f"/masters/{scene.master.pk}/proof/").content.decode()
    linked = set(re.findall(r'href="(/ledger/[0-9a-f]{64}/)"', html))
    assert len(linked) > 10
    for path in linked:
        assert mara.get(path).status_code == 200


def test_pictures_say_in_words_what_they_show(scene: Scene) -> None:
    html = as_(scene.cast.mara).get(f"/masters/{scene.master.pk}/proof/").content.decode()
    pictures = re.findall(r"<svg[^>]*class=\"picture[^>]*>", html)
    assert len(pictures) == 2
    assert all("aria-label" in picture for picture in pictures), pictures
    assert html.count("The same as a table") == 2


def test_the_bundle_verifies_without_us_and_tells_no_private_word(scene: Scene, tmp_path: Path) -> None:
    answer = as_(scene.cast.mara).post(f"/masters/{scene.master.pk}/proof/bundle/")
    assert answer["Content-Type"] == "application/zip"
    file = tmp_path / "evidence.zip"
    file.write_bytes(b"".join(answer))
    done = subprocess.run(
        [sys.executable, "-I", str(VERIFIER), str(file), "--json"],
        capture_output=True, text=True, check=False, cwd=tmp_path, env={"PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)
    with zipfile.ZipFile(file) as archive:
        held = b"\n".join(archive.read(name) for name in archive.namelist())
    for words in (SECRET_REASON, SECRET_PROMPT, scene.cast.mara.full_name, "As I said."):
        assert words.encode() not in held
    assert b"take.shortlisted" in held
    assert b"arrangement.saved" in held
    assert scene.master.wav.sha256.encode() in held


def test_one_changed_byte_in_a_bundle_is_found(scene: Scene, tmp_path: Path) -> None:
    content = b"".join(as_(scene.cast.mara).post(f"/masters/{scene.master.pk}/proof/bundle/"))
    whole, forged = tmp_path / "whole.zip", tmp_path / "forged.zip"
    whole.write_bytes(content)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(forged, "w") as target:
        changed = False
        for name in source.namelist():
            data = source.read(name)
            if not changed and b"own_performance" in data:
                data, changed = data.replace(b"own_performance", b"own_performancE", 1), True
            target.writestr(name, data)
    assert changed
    done = subprocess.run(
        [sys.executable, "-I", str(VERIFIER), str(forged)], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0


def test_a_master_that_is_not_made_yet_has_no_proof(scene: Scene) -> None:
    from generation import services

    waiting = services.request_master(scene.render, target_lufs=-16.0, actor=scene.cast.mara)
    mara = as_(scene.cast.mara)
    assert mara.get(f"/masters/{waiting.pk}/proof/").status_code == 404
    assert mara.get(f"/masters/{waiting.pk}/proof/bundle/").status_code == 404
