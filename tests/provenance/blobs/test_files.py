"""FileStore: what is promised to survive crashes, crowds and full disks."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from provenance import blobs
from provenance.blobs import BadDigest, BlobMissing, FileStore, StorageFault, TooLarge

TAKE = b"RIFF of a plainly fictional take" * 1000
DAY_S = 86_400.0


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "blobs")


def files_under(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file() and path.name != ".lock")


def make_old(path: Path, age_s: float = 2 * DAY_S) -> None:
    os.utime(path, (time.time() - age_s,) * 2)


def place(store: FileStore, sha256: str) -> Path:
    return store.root / "sha256" / sha256[:2] / sha256[2:4] / sha256


def test_a_blob_is_named_by_its_own_digest_and_reads_back_whole(store: FileStore) -> None:
    staged = store.stage(io.BytesIO(TAKE))
    assert staged.sha256 == hashlib.sha256(TAKE).hexdigest()
    assert staged.size == len(TAKE) == store.size(staged.sha256)
    assert place(store, staged.sha256).read_bytes() == TAKE
    with store.open(staged.sha256) as file:
        file.seek(5)
        assert file.read(7) == TAKE[5:12]
    with store.local_path(staged.sha256) as path:
        assert path.read_bytes() == TAKE


def test_a_stream_of_many_small_reads_gives_the_same_blob(store: FileStore) -> None:
    class Drip(io.RawIOBase):
        def __init__(self) -> None:
            self.rest = TAKE

        def read(self, size: int = -1, /) -> bytes:
            piece, self.rest = self.rest[:777], self.rest[777:]
            return piece

    assert store.stage(Drip()).sha256 == hashlib.sha256(TAKE).hexdigest()


def test_the_same_content_is_stored_once(store: FileStore) -> None:
    first = store.stage_bytes(TAKE)
    inode = place(store, first.sha256).stat().st_ino
    assert store.stage_bytes(TAKE) == first
    assert place(store, first.sha256).stat().st_ino == inode
    assert len(files_under(store.root)) == 1


def test_blobs_are_read_only_on_the_disk(store: FileStore) -> None:
    staged = store.stage_bytes(TAKE)
    assert place(store, staged.sha256).stat().st_mode & 0o222 == 0


def test_a_damaged_copy_is_replaced_by_the_next_upload_of_the_same_content(store: FileStore) -> None:
    staged = store.stage_bytes(TAKE)
    path = place(store, staged.sha256)
    path.chmod(0o644)
    path.write_bytes(TAKE[:100])
    store.stage_bytes(TAKE)
    assert path.read_bytes() == TAKE


def test_twelve_concurrent_puts_of_the_same_content_end_in_one_whole_blob(store: FileStore) -> None:
    content = os.urandom(3_000_000)
    results: list[blobs.Staged] = []
    start = threading.Barrier(12)

    def put() -> None:
        start.wait()
        results.append(store.stage(io.BytesIO(content)))

    threads = [threading.Thread(target=put) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 12
    assert {result.sha256 for result in results} == {hashlib.sha256(content).hexdigest()}
    assert [path.read_bytes() for path in files_under(store.root)] == [content]


def test_a_stream_over_the_limit_is_refused_and_leaves_nothing(store: FileStore) -> None:
    with pytest.raises(TooLarge, match=r"larger than the 32 kB") as caught:
        store.stage(io.BytesIO(TAKE + b"."), limit_bytes=len(TAKE))
    assert caught.value.code == "too_large"
    assert files_under(store.root) == []
    assert store.stage(io.BytesIO(TAKE), limit_bytes=len(TAKE)).size == len(TAKE)


def test_a_stream_that_breaks_off_leaves_nothing(store: FileStore) -> None:
    class Broken(io.RawIOBase):
        reads = 0

        def read(self, size: int = -1, /) -> bytes:
            self.reads += 1
            if self.reads > 2:
                raise RuntimeError("the client went away")
            return TAKE

    with pytest.raises(RuntimeError, match="went away"):
        store.stage(Broken())
    assert files_under(store.root) == []


def test_an_upload_that_the_client_cuts_is_not_blamed_on_the_storage(store: FileStore) -> None:
    class Cut(io.RawIOBase):
        def read(self, size: int = -1, /) -> bytes:
            raise ConnectionResetError("reset by peer")

    with pytest.raises(blobs.SourceBroken, match="Send it again"):
        store.stage(Cut())
    assert files_under(store.root) == []


@pytest.mark.parametrize(
    "digest",
    [
        "",
        "abc",
        "../../../../etc/passwd",
        "A" * 64,
        "g" * 64,
        "a" * 63,
        "a" * 65,
        "a" * 64 + "\n",
        "../" + "a" * 61,
    ],
)
def test_what_is_not_a_digest_never_becomes_a_path(store: FileStore, digest: str) -> None:
    for action in (store.open, store.exists, store.size, store.delete):
        with pytest.raises(BadDigest):
            action(digest)
    with pytest.raises(BadDigest), store.local_path(digest):
        pass


def test_a_blob_that_is_not_there_is_named_in_the_error(store: FileStore) -> None:
    absent = "0" * 64
    assert not store.exists(absent)
    with pytest.raises(BlobMissing, match="000000000000"):
        store.open(absent)
    with pytest.raises(BlobMissing), store.local_path(absent):
        pass
    store.delete(absent)


def test_delete_removes_the_blob(store: FileStore) -> None:
    staged = store.stage_bytes(TAKE)
    store.delete(staged.sha256)
    assert not store.exists(staged.sha256)


def test_a_sweep_takes_only_what_is_old_and_unreferenced(store: FileStore) -> None:
    kept, old, young = (store.stage_bytes(TAKE + bytes([n])).sha256 for n in range(3))
    make_old(place(store, kept))
    make_old(place(store, old))
    stale, fresh = store.root / "incoming" / "a.part", store.root / "incoming" / "b.part"
    stale.write_bytes(b"left by a crash")
    make_old(stale)
    fresh.write_bytes(b"still being written")
    report = store.sweep(referenced=lambda sha256: sha256 == kept, older_than_s=DAY_S)
    assert report == blobs.SweepReport(removed=(old,), freed_bytes=len(TAKE) + 1, stale_uploads=1)
    assert set(store.digests()) == {kept, young}
    assert fresh.exists()
    assert not stale.exists()


def test_content_that_is_stored_again_is_young_for_the_sweep(store: FileStore) -> None:
    staged = store.stage_bytes(TAKE)
    make_old(place(store, staged.sha256))
    store.stage_bytes(TAKE)
    assert store.sweep(referenced=lambda _: False, older_than_s=DAY_S).removed == ()


def test_content_stored_again_while_the_sweep_asks_about_it_survives(store: FileStore) -> None:
    staged = store.stage_bytes(TAKE)
    make_old(place(store, staged.sha256))

    def asked(sha256: str) -> bool:
        store.stage_bytes(TAKE)
        return False

    assert store.sweep(referenced=asked, older_than_s=DAY_S).removed == ()
    assert store.exists(staged.sha256)


def test_an_unusable_folder_is_our_fault_and_says_what_to_check(tmp_path: Path) -> None:
    (tmp_path / "blobs").write_text("a file where the folder should be")
    with pytest.raises(StorageFault, match="Check that it exists"):
        FileStore(tmp_path / "blobs").stage_bytes(TAKE)


STAGE_UNTIL_FULL = textwrap.dedent(
    """
    import io, resource, sys
    from provenance.blobs import FileStore, StorageFull

    root, limit = sys.argv[1], int(sys.argv[2])
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    store = FileStore(root)
    small = store.stage_bytes(b"fits")
    try:
        store.stage(io.BytesIO(b"x" * 3_000_000))
    except StorageFull as error:
        print(error.code, "|", error.message)
    else:
        sys.exit("three megabytes were stored")
    found = sorted(p.name for p in store.root.rglob("*") if p.is_file() and p.name != ".lock")
    assert found == [small.sha256], found
    with store.open(small.sha256) as file:
        assert file.read() == b"fits"
    assert store.stage_bytes(b"still works").size == 11
    """
)


def run_until_full(root: Path, *, limit_bytes: int, prefix: tuple[str, ...] = ()) -> str:
    command = [*prefix, sys.executable, "-c", STAGE_UNTIL_FULL, str(root), str(limit_bytes)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, cwd=Path(__file__).parents[3]
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_file_that_the_system_refuses_to_grow_is_storage_full_and_nothing_is_left(tmp_path: Path) -> None:
    said = run_until_full(tmp_path / "blobs", limit_bytes=1_500_000)
    assert said.startswith("storage_full | The storage is full, so nothing of this file was kept.")
    assert "free space" in said


MOUNT = ("unshare", "--mount", "--map-root-user") if os.geteuid() else ("unshare", "--mount")


def can_mount() -> bool:
    try:
        return (
            subprocess.run([*MOUNT, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True).returncode
            == 0
        )
    except FileNotFoundError:
        return False


if can_mount():  # a real two-megabyte disk, where the machine allows one; the test above runs everywhere

    def test_a_full_disk_is_storage_full_and_nothing_is_left(tmp_path: Path) -> None:
        disk = tmp_path / "disk"
        disk.mkdir()
        mount_and_run = f'mount -t tmpfs -o size=2m none "{disk}" && exec "$@"'
        said = run_until_full(disk / "blobs", limit_bytes=0, prefix=(*MOUNT, "sh", "-c", mount_and_run, "sh"))
        assert said.startswith("storage_full | ")


def test_the_setting_names_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = (tmp_path / "with space").as_uri()
    opened = blobs.store_from_url(url)
    assert isinstance(opened, FileStore)
    assert opened.root == tmp_path / "with space"
    monkeypatch.setenv("DEADWAX_STORAGE", url)
    assert repr(blobs.store()) == repr(opened)
    monkeypatch.delenv("DEADWAX_STORAGE")
    monkeypatch.setenv("DEADWAX_DATA", str(tmp_path / "data"))
    assert repr(blobs.store()) == repr(FileStore(tmp_path / "data" / "blobs"))
    try:
        blobs.configure(url)
        assert repr(blobs.store()) == repr(opened)
    finally:
        blobs.configure(None)


@pytest.mark.parametrize(
    "url", ["", "blobs", "file:relative", "file:///", "file://host/x", "http://x/y", "s3://", "s3:///x"]
)
def test_a_setting_that_names_no_store_is_refused_with_the_form_that_works(url: str) -> None:
    with pytest.raises(blobs.BadStorageUrl, match="file:///absolute/folder"):
        blobs.store_from_url(url)
