"""How the tests of this folder read a bundle, or a forgery of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from django.conf import settings as django_settings

from provenance import verifier
from tests.provenance.ledger.bundles import forge, put
from tests.provenance.ledger.signed_story import Story

UNWITNESSED = "valid but not witnessed/timestamped"


def check(folder: Path, data: bytes, **options: Any) -> verifier.Report:
    return verifier.verify(put(folder, data), **options)


def step(report: verifier.Report, title: str) -> str:
    return next(result for _, name, result in report.steps if name == title)


def forged(story: Story, tmp_path: Path, change: Any, **options: Any) -> str:
    options.setdefault("witnesses", [story.witness.key])
    options.setdefault("roots", story.roots)
    return check(tmp_path, forge(story.plain, change), **options).verdict


def refused(story: Story, tmp_path: Path) -> str:
    report = check(tmp_path, story.bundle())
    assert report.exit_status == 1, report.verdict
    return report.verdict


def points(listed: dict[str, Any]) -> list[int]:
    return sorted(row["size"] for row in listed["points"])


def older_key() -> bytes:
    """The key of before the rotation: the log puts it aside."""
    (path,) = (Path(django_settings.DEADWAX_DATA) / "keys").glob("log-ed25519-*.pem")
    found = load_pem_private_key(path.read_bytes(), password=None)
    return found.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
