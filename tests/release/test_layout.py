"""The package's layout: names that every system takes, no two files in one place, a manifest that others can check."""

from __future__ import annotations

import hashlib
import re
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release import layout
from release.layout import BadLayout, Part, manifest, parse_manifest, readme, safe_name, tree

GTIN = "5012345000015"


def part(role: str, extension: str = "", number: int = 0, name: str = "", data: bytes = b"x") -> Part:
    return Part(
        role=role,
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        extension=extension,
        media_type="application/octet-stream",
        number=number,
        name=name,
    )


PARTS = [
    part("message", "xml"),
    part("audio", "flac", 1),
    part("audio", "flac", 2),
    part("cover", "jpg"),
    part("master", "wav", 1, "Runout"),
    part("credential", "c2pa", 1, "Runout"),
    part("document", "pdf", 1, "Runout, dossier"),
    part("labels", "json"),
    part("evidence", "zip", 1, "Runout"),
]


def test_everything_has_its_place():
    assert [file.path for file in tree(PARTS, release_id=GTIN)] == [
        "credentials/01 Runout.c2pa",
        "delivery/5012345000015/5012345000015.xml",
        "delivery/5012345000015/resources/5012345000015.jpg",
        "delivery/5012345000015/resources/5012345000015_01_001.flac",
        "delivery/5012345000015/resources/5012345000015_01_002.flac",
        "documents/01 Runout dossier.pdf",
        "documents/labels.json",
        "evidence/01 Runout.zip",
        "masters/01 Runout.wav",
    ]


def test_what_the_message_names_is_where_the_file_lies():
    files = {file.path for file in tree(PARTS, release_id=GTIN)}
    folder = layout.message_path(GTIN).rsplit("/", 1)[0]
    assert f"{folder}/{layout.audio_uri(GTIN, 2, 'flac')}" in files
    assert f"{folder}/{layout.cover_uri(GTIN, 'jpg')}" in files


def test_two_files_in_one_place_and_roles_without_a_place_are_refused():
    with pytest.raises(BadLayout, match="Two parts"):
        tree([part("audio", "flac", 1), part("audio", "flac", 1)], release_id=GTIN)
    with pytest.raises(BadLayout, match="Two parts"):
        tree([part("master", "wav", 1, "RUNOUT"), part("master", "wav", 1, "runout")], release_id=GTIN)
    with pytest.raises(BadLayout, match="no place"):
        tree([part("virus")], release_id=GTIN)


def test_the_manifest_is_what_sha256sum_checks(tmp_path):
    data = {"resources/a b.txt": b"one", "z.txt": b"two"}
    files = [
        layout.PackageFile(path=path, sha256=hashlib.sha256(body).hexdigest(), size_bytes=3, role="document")
        for path, body in data.items()
    ]
    for path, body in data.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(body)
    (tmp_path / layout.MANIFEST).write_text(manifest(files))
    checked = subprocess.run(
        ["sha256sum", "-c", layout.MANIFEST], cwd=tmp_path, check=False, capture_output=True
    )
    assert checked.returncode == 0
    (tmp_path / "z.txt").write_bytes(b"twO")
    checked = subprocess.run(
        ["sha256sum", "-c", layout.MANIFEST], cwd=tmp_path, check=False, capture_output=True
    )
    assert checked.returncode != 0
    assert parse_manifest(manifest(files)) == {file.path: file.sha256 for file in files}


@pytest.mark.parametrize(
    "line", ["", "abc  x", "0" * 64 + "  ../x", "0" * 64 + "  /etc/passwd", "0" * 64 + " x"]
)
def test_a_manifest_line_that_leaves_the_package_or_is_none_is_refused(line):
    with pytest.raises(BadLayout):
        parse_manifest(line + "\n")


@given(st.text(max_size=200))
def test_any_title_becomes_a_name_that_every_system_takes(title):
    name = safe_name(title)
    assert re.fullmatch(r"[A-Za-z0-9._-][A-Za-z0-9 ._-]{0,79}", name)
    assert name not in (".", "..")
    assert not name.startswith(".")
    assert not name.endswith((".", " "))
    files = tree([part("master", "wav", 1, title)], release_id=title or "x")
    assert ".." not in files[0].path.split("/")


def test_known_titles_keep_their_letters():
    assert safe_name("Straßenlärm / Größe?") == "Strassenlarm Grosse"
    assert safe_name("山田") == "untitled"
    assert safe_name("CON") == "untitled CON"
    assert layout.package_name("DWX-001", "Runout") == "DWX-001 Runout"


def test_the_readme_names_every_file_and_warns_of_sample_data():
    files = tree(PARTS, release_id=GTIN)
    text = readme("DWX-001 Runout", files, fictional=True)
    assert all(file.path in text for file in files)
    assert "Sample data" in text
    assert "Sample data" not in readme("DWX-001 Runout", files, fictional=False)
    own = layout.text_file(layout.README, text)
    assert own.sha256 == hashlib.sha256(text.encode()).hexdigest()
