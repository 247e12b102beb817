"""Audio that is deleted or changed behind the record's back, and what may be swept."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.core.management import call_command
from django.db import transaction
from moto.server import ThreadedMotoServer

from provenance import assets, blobcheck, blobs, ledger, sequencer, sweeping
from provenance.blobs import BlobStore
from provenance.events import AssetRef
from provenance.models import Job
from tests.provenance.ledger.helpers import ACTOR, Noted
from tests.support import run_jobs
from tests.threats.table import threat

pytestmark = pytest.mark.django_db
SOUNDS = [os.urandom(40_000 + number) for number in range(6)]
DAY_S = 86_400.0


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["folder", "s3"])
def first(request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BlobStore]:
    """The installation's store, of both kinds."""
    url = (tmp_path / "first").as_uri()
    if request.param == "s3":
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "fictional")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "fictional")
        where = request.getfixturevalue("endpoint")
        client = boto3.client("s3", endpoint_url=where, region_name="us-east-1")
        bucket = f"audit-{tmp_path.name.lower().replace('_', '-')}"[:60].strip("-")
        client.create_bucket(Bucket=bucket)
        url = f"s3://{bucket}/label?endpoint={where}&region=us-east-1&cache={tmp_path}/cache"
    blobs.configure(url)
    yield blobs.store()
    blobs.configure(None)


@pytest.fixture
def second(tmp_path: Path) -> BlobStore:
    return blobs.FileStore(tmp_path / "second")


@pytest.fixture
def digests(first: BlobStore, second: BlobStore) -> list[str]:
    """Six assets, whole in both stores."""
    for data in SOUNDS:
        staged = first.stage_bytes(data)
        second.stage_bytes(data)
        with transaction.atomic():
            entry = ledger.record(
                Noted(stream="project:1", outputs=(AssetRef(role="mix", sha256=staged.sha256),)), actor=ACTOR
            )
            assets.register(staged, entry=entry, media_type="audio/wav")
    sequencer.run_once()
    return sorted(hashlib.sha256(data).hexdigest() for data in SOUNDS)


def damage(store: BlobStore, sha256: str) -> None:
    """Other bytes of the same length under the same name."""
    wrong = os.urandom(store.size(sha256))
    if isinstance(store, blobs.FileStore):
        path = store.root / blobs.blob_key(sha256)
        path.chmod(0o644)
        path.write_bytes(wrong)
    else:
        store._client.put_object(Bucket=store.bucket, Key=store._key(sha256), Body=wrong)


def audit(*arguments: str) -> tuple[int, dict[str, Any]]:
    out = io.StringIO()
    try:
        call_command("ledger_audit", *arguments, "--json", stdout=out)
    except SystemExit as end:
        return int(end.code or 0), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


def bytes_step(document: dict[str, Any]) -> dict[str, Any]:
    return next(step for step in document["steps"] if step["title"] == "The bytes of the assets")


@threat("Audio is deleted or damaged")
def test_lost_and_damaged_audio_is_found_restored_and_fine_again(
    first: BlobStore, second: BlobStore, digests: list[str]
) -> None:
    assert audit()[0] == 0
    first.delete(digests[1])
    damage(first, digests[4])
    status, found = audit()
    assert status == 1
    step = bytes_step(found)
    assert step["result"].startswith("6 assets read")
    assert [digests[1][:16] in step["faults"][0], digests[4][:16] in step["faults"][1]] == [True, True]
    assert "another digest" in step["faults"][1]
    assert found["verdict"].startswith(f"broken at step {step['step']} because asset {digests[1][:16]}")

    url = second.root.as_uri()  # type: ignore[attr-defined]
    status, found = audit("--second", url)
    assert (status, first.exists(digests[1])) == (1, False), "--second only looks"
    status, found = audit("--restore-from", url)
    assert status == 0, found
    assert bytes_step(found)["result"].endswith(
        "2 lost or damaged, 2 restored, 0 missing or damaged in the second store"
    )
    assert sum("was restored" in notice for notice in found["notices"]) == 2
    assert audit()[0] == 0
    with first.open(digests[4]) as file:
        assert hashlib.sha256(file.read()).hexdigest() == digests[4]


def test_what_both_stores_lost_stays_a_fault_and_a_damaged_copy_restores_nothing(
    first: BlobStore, second: BlobStore, digests: list[str]
) -> None:
    first.delete(digests[0])
    second.delete(digests[0])
    first.delete(digests[2])
    damage(second, digests[2])
    second.delete(digests[3])
    status, found = audit("--restore-from", second.root.as_uri())  # type: ignore[attr-defined]
    assert status == 1
    assert "3 missing or damaged in the second store" in bytes_step(found)["result"]
    assert not first.exists(digests[2])
    assert any(digests[3][:16] in notice for notice in found["notices"]), "ours is whole: a notice, no fault"


def test_a_reading_that_was_cut_off_goes_on_where_it_ended(
    first: BlobStore, digests: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from provenance.management.commands import ledger_audit

    monkeypatch.setattr(ledger_audit, "_SAVE_EVERY", 1)
    note = tmp_path / "reading"
    real = blobcheck._wrong

    def cut(where: BlobStore, sha256: str) -> str:
        if sha256 == digests[3]:
            raise KeyboardInterrupt
        return real(where, sha256)

    monkeypatch.setattr(blobcheck, "_wrong", cut)
    with pytest.raises(KeyboardInterrupt):
        audit("--resume", str(note))
    assert note.read_text() == digests[2]
    monkeypatch.setattr(blobcheck, "_wrong", real)
    status, found = audit("--resume", str(note))
    assert status == 0
    assert bytes_step(found)["result"].startswith("3 assets read")
    assert not note.exists()


def test_a_sample_reads_a_part_and_says_so(
    first: BlobStore, digests: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = iter([0, 99] * 3)
    monkeypatch.setattr(blobcheck.secrets, "randbelow", lambda below: next(turns))
    status, found = audit("--sample", "40")
    assert status == 0
    assert bytes_step(found)["result"].startswith("3 assets read")
    assert "(a sample of 40 %)" in bytes_step(found)["result"]


# -- the sweep ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[blobs.FileStore]:
    blobs.configure((tmp_path / "swept").as_uri())
    yield blobs.store()  # type: ignore[misc]
    blobs.configure(None)


def age(store: blobs.FileStore, sha256: str, days: float) -> None:
    then = time.time() - days * DAY_S
    os.utime(store.root / blobs.blob_key(sha256), (then, then))


def test_the_sweep_takes_the_old_that_nothing_names_and_nothing_else(folder: blobs.FileStore) -> None:
    asset, named, old, young = (folder.stage_bytes(data).sha256 for data in SOUNDS[:4])
    with transaction.atomic():
        entry = ledger.record(Noted(stream="p", outputs=(AssetRef(role="mix", sha256=asset),)), actor=ACTOR)
        assets.register(blobs.Staged(sha256=asset, size=1), entry=entry, media_type="audio/wav")
        # An entry alone is enough: the record names these bytes for good.
        ledger.record(Noted(stream="p", inputs=(AssetRef(role="source", sha256=named),)), actor=ACTOR)
    for sha256 in (asset, named, old):
        age(folder, sha256, 8)
    age(folder, young, 6)
    assert blobcheck.orphans().count == 2
    assert sweeping.sweep_daily() is not None
    assert sweeping.sweep_daily() is None, "once a day"
    run_jobs()
    assert Job.objects.get(kind=sweeping.KIND).state == Job.State.DONE
    assert sorted(folder.digests()) == sorted([asset, named, young])


def test_content_that_is_stored_again_while_the_sweep_runs_is_never_lost(folder: blobs.FileStore) -> None:
    """Uploads of old, unreferenced content race with sweeps; what a publisher was promised is there afterwards."""
    stop, lost, stored = threading.Event(), [], []

    def publish(data: bytes) -> None:
        while not stop.is_set():
            sha256 = folder.stage_bytes(data).sha256
            stored.append(sha256)
            if not folder.exists(sha256):
                lost.append(sha256)
            then = time.time() - 30 * DAY_S
            with contextlib.suppress(FileNotFoundError):  # old again, as if weeks had passed
                os.utime(folder.root / blobs.blob_key(sha256), (then, then))

    threads = [threading.Thread(target=publish, args=(data,)) for data in SOUNDS[:3]]
    for thread in threads:
        thread.start()
    removed = 0
    while removed < 20 or len(stored) < 60:
        report = folder.sweep(referenced=lambda sha256: False, older_than_s=DAY_S)
        removed += len(report.removed)
    stop.set()
    for thread in threads:
        thread.join()
    assert lost == []
