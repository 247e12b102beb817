"""S3Store against moto's server, which speaks the real protocol over a real socket."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from provenance import blobs
from provenance.blobs import BadDigest, BlobMissing, BlobStore, StorageFault, TooLarge

TAKE = os.urandom(300_000)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def client(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "fictional")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "fictional")
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
    client.create_bucket(Bucket="wax")
    yield client
    for item in client.list_objects_v2(Bucket="wax").get("Contents", ()):
        client.delete_object(Bucket="wax", Key=item["Key"])


@pytest.fixture
def store(client: Any, endpoint: str, tmp_path: Path) -> BlobStore:
    return blobs.store_from_url(
        f"s3://wax/label/one?endpoint={endpoint}&region=us-east-1&cache={tmp_path}/cache"
    )


def keys(client: Any) -> list[str]:
    return [item["Key"] for item in client.list_objects_v2(Bucket="wax").get("Contents", ())]


def key_of(data: bytes) -> str:
    sha256 = hashlib.sha256(data).hexdigest()
    return f"label/one/sha256/{sha256[:2]}/{sha256[2:4]}/{sha256}"


def test_a_blob_lies_under_its_digest_and_the_upload_is_gone(store: BlobStore, client: Any) -> None:
    staged = store.stage(io.BytesIO(TAKE))
    assert staged.sha256 == hashlib.sha256(TAKE).hexdigest()
    assert keys(client) == [key_of(TAKE)]
    assert store.exists(staged.sha256)
    assert store.size(staged.sha256) == len(TAKE)
    assert store.stage_bytes(TAKE) == staged
    assert keys(client) == [key_of(TAKE)]
    assert list(store.digests()) == [staged.sha256]


def test_an_upload_in_several_parts_is_whole(store: BlobStore) -> None:
    big = os.urandom(9_000_000) * 2
    staged = store.stage(io.BytesIO(big))
    with store.open(staged.sha256) as file:
        assert hashlib.sha256(file.read()).hexdigest() == hashlib.sha256(big).hexdigest()


def test_a_range_is_read_without_the_rest(store: BlobStore) -> None:
    sha256 = store.stage_bytes(TAKE).sha256
    with store.open(sha256) as file:
        file.seek(-10, io.SEEK_END)
        assert file.read() == TAKE[-10:]
        file.seek(1000)
        assert file.read(5) == TAKE[1000:1005]
        assert file.tell() == 1005
        assert file.read(5) == TAKE[1005:1010]
        file.seek(0)
        assert file.read() == TAKE
        assert file.read() == b""


def test_the_local_path_is_private_whole_and_cached(store: BlobStore, client: Any) -> None:
    sha256 = store.stage_bytes(TAKE).sha256
    with store.local_path(sha256) as first, store.local_path(sha256) as second:
        assert first != second
        assert first.read_bytes() == second.read_bytes() == TAKE
    assert not first.exists()
    client.delete_object(Bucket="wax", Key=key_of(TAKE))
    with store.local_path(sha256) as cached:
        assert cached.read_bytes() == TAKE


def test_an_object_whose_bytes_are_not_its_digest_is_never_handed_out(store: BlobStore, client: Any) -> None:
    sha256 = store.stage_bytes(TAKE).sha256
    client.put_object(Bucket="wax", Key=key_of(TAKE), Body=b"other bytes")
    with pytest.raises(StorageFault, match="damaged"), store.local_path(sha256):
        pass
    store.stage_bytes(TAKE)
    with store.local_path(sha256) as path:
        assert path.read_bytes() == TAKE


def test_a_stream_over_the_limit_leaves_no_object(store: BlobStore, client: Any) -> None:
    for limit in (1000, 9_000_000):
        with pytest.raises(TooLarge):
            store.stage(io.BytesIO(b"x" * (limit + 1)), limit_bytes=limit)
    assert keys(client) == []
    assert client.list_multipart_uploads(Bucket="wax").get("Uploads", []) == []


def test_a_stream_that_breaks_off_leaves_no_object(store: BlobStore, client: Any) -> None:
    class Broken(io.RawIOBase):
        def read(self, size: int = -1, /) -> bytes:
            raise RuntimeError("the client went away")

    with pytest.raises(RuntimeError, match="went away"):
        store.stage(Broken())

    class Cut(io.RawIOBase):
        def read(self, size: int = -1, /) -> bytes:
            raise ConnectionResetError("reset by peer")

    with pytest.raises(blobs.SourceBroken):
        store.stage(Cut())
    assert keys(client) == []


def test_concurrent_puts_of_the_same_content_all_succeed(store: BlobStore, client: Any) -> None:
    results = []
    threads = [threading.Thread(target=lambda: results.append(store.stage_bytes(TAKE))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 6
    assert keys(client) == [key_of(TAKE)]


def test_what_is_missing_or_no_digest_is_refused(store: BlobStore) -> None:
    with pytest.raises(BlobMissing):
        store.open("0" * 64)
    with pytest.raises(BlobMissing), store.local_path("0" * 64):
        pass
    with pytest.raises(BadDigest):
        store.exists("../" + "0" * 61)
    with pytest.raises(BadDigest), store.local_path("../" + "0" * 61):
        pass
    store.delete("0" * 64)


def test_a_sweep_takes_only_what_is_old_and_unreferenced(store: BlobStore, client: Any) -> None:
    kept, dropped = store.stage_bytes(b"kept").sha256, store.stage_bytes(b"dropped").sha256
    client.put_object(Bucket="wax", Key="label/one/incoming/left-by-a-crash", Body=b"half")
    client.put_object(Bucket="wax", Key="somebody-elses/object", Body=b"theirs")
    assert store.sweep(referenced=lambda _: False, older_than_s=3600) == blobs.SweepReport()
    report = store.sweep(referenced=lambda sha256: sha256 == kept, older_than_s=-1)
    assert report == blobs.SweepReport(removed=(dropped,), freed_bytes=7, stale_uploads=1)
    assert keys(client) == [key_of(b"kept"), "somebody-elses/object"]


def test_a_service_that_cannot_be_reached_or_refuses_is_our_fault(
    client: Any, endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "fictional")
    nobody = blobs.store_from_url(f"s3://wax?endpoint=http://127.0.0.1:9&region=us-east-1&cache={tmp_path}")
    with pytest.raises(StorageFault, match="cannot be reached"):
        nobody.stage_bytes(TAKE)
    no_bucket = blobs.store_from_url(f"s3://absent?endpoint={endpoint}&region=us-east-1&cache={tmp_path}")
    with pytest.raises(StorageFault):
        no_bucket.stage_bytes(TAKE)


def test_without_boto3_the_message_says_what_to_install_and_the_file_store_still_works() -> None:
    code = (
        "import sys; sys.modules['boto3'] = None\n"
        "from provenance import blobs\n"
        "blobs.store_from_url('file:///tmp/x')\n"
        "try: blobs.store_from_url('s3://wax')\n"
        "except blobs.BadStorageUrl as error: print(error.message)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    assert "needs boto3" in done.stdout


def test_the_blob_package_does_not_load_boto3_or_django() -> None:
    code = "import sys, provenance.blobs; print([m for m in ('boto3', 'django') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    assert done.stdout.strip() == "[]"
