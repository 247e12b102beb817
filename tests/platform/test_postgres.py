"""The embedded PostgreSQL: starts, stops, survives, and says what to do where it cannot run."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from label.supervisor import folders, identity, postgres, session
from label.supervisor.postgres import Postgres, PostgresError
from tests.support import wait_until

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """pytest's own folders are closed to others, which is a case of its own below; this one is open."""
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="dw-pg-"))
    folder.chmod(0o755)
    yield folder
    Postgres(folder / "postgres").stop()
    shutil.rmtree(folder, ignore_errors=True)


def ask(url: str, sql: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(sql).fetchone()  # type: ignore[arg-type]
    assert row is not None
    return row[0]


def test_it_starts_stops_and_finds_its_data_again(data: Path) -> None:
    server = Postgres(data / "postgres")
    server.start()
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)")
    server.stop()
    assert server.running_pid() is None
    again = Postgres(data / "postgres")
    again.start()
    assert ask(again.url, "SELECT n FROM kept") == 7
    assert ask(again.url, "SHOW listen_addresses") == ""
    assert ask(again.url, "SELECT upper('é')") == "É"


def test_it_never_runs_as_root(data: Path) -> None:
    server = Postgres(data / "postgres")
    server.start()
    pid = server.running_pid()
    assert pid is not None
    assert os.stat(f"/proc/{pid}").st_uid != 0


def test_it_comes_back_after_kill_9(data: Path) -> None:
    server = Postgres(data / "postgres")
    server.start()
    pid = server.running_pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: server.running_pid() is None, what="the killed server's end")
    again = Postgres(data / "postgres")
    again.start()
    assert ask(again.url, "SELECT 1") == 1


def test_a_pid_file_that_names_another_program_does_not_stop_it(data: Path) -> None:
    server = Postgres(data / "postgres")
    server.start()
    saved = (data / "postgres" / "postmaster.pid").read_text()
    server.stop()
    other = subprocess.Popen(["sleep", "60"])
    try:
        lines = saved.split("\n")
        (data / "postgres" / "postmaster.pid").write_text("\n".join([str(other.pid), *lines[1:]]))
        again = Postgres(data / "postgres")
        assert again.running_pid() is None
        again.start()
        assert ask(again.url, "SELECT 1") == 1
    finally:
        other.kill()
        other.wait()


def test_a_first_start_that_was_cut_off_is_begun_again(data: Path) -> None:
    half = data / "postgres.unfinished"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    server = Postgres(data / "postgres")
    server.start()
    assert ask(server.url, "SELECT 1") == 1
    assert not half.exists()


def test_a_folder_with_other_files_is_left_alone(data: Path) -> None:
    (data / "postgres").mkdir()
    (data / "postgres" / "letter.txt").write_text("mine")
    with pytest.raises(PostgresError, match="not a PostgreSQL cluster"):
        Postgres(data / "postgres").start()
    assert (data / "postgres" / "letter.txt").read_text() == "mine"


def test_data_of_another_major_version_says_what_to_do(data: Path) -> None:
    (data / "postgres").mkdir()
    (data / "postgres" / "PG_VERSION").write_text("14\n")
    with pytest.raises(PostgresError, match=r"made by PostgreSQL 14.*pg_dump.*DATABASE_URL"):
        Postgres(data / "postgres").prepare()


def test_a_path_that_is_too_long_for_a_socket_gets_a_short_one(data: Path) -> None:
    deep = data / ("long-" * 18) / "data"
    server = Postgres(deep / "postgres")
    server.start()
    try:
        assert len(os.fsencode(server.socket_dir)) + len("/.s.PGSQL.5432") <= folders.SOCKET_PATH_LIMIT_BYTES
        assert ask(server.url, "SELECT 1") == 1
        assert Postgres(deep / "postgres").socket_dir == server.socket_dir, "every process finds the same one"
    finally:
        server.stop()
        shutil.rmtree(server.socket_dir)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends an account to the server")
def test_root_can_keep_its_data_below_a_folder_that_is_closed_to_others(data: Path) -> None:
    data.chmod(0o700)
    server = Postgres(data / "postgres")
    server.start()
    assert ask(server.url, "SELECT 1") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends an account to the server")
def test_root_can_run_programs_that_lie_below_a_closed_folder_and_they_get_one_capability_only(
    data: Path,
) -> None:
    tool = data / "closed" / "tool"
    tool.parent.mkdir(mode=0o700)
    shutil.copy("/bin/cat", tool)
    lent = identity.unprivileged(data / "postgres", reads=(tool,))
    assert lent is not None
    assert lent.capability is not None
    done = subprocess.run(
        ["/bin/sh", "-c", f"test -x {tool} && exec {tool} /proc/self/status"],
        capture_output=True, text=True, cwd="/", preexec_fn=identity.before_exec(lent), check=True,
    )  # fmt: skip
    seen = dict(line.split(":\t") for line in done.stdout.splitlines() if ":\t" in line)
    assert seen["Uid"].split() == [str(lent.uid)] * 4
    assert seen["Groups"].strip() == ""
    assert int(seen["CapEff"], 16) == 1 << lent.capability
    assert int(seen["CapPrm"], 16) == 1 << lent.capability


def test_a_socket_folder_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    (tmp_path / "sockets").mkdir(mode=0o700)
    with pytest.raises(folders.FolderError, match="belongs to somebody else"):
        folders.socket_dir(tmp_path / "sockets", socket_name="x")


def test_no_binaries_is_a_plain_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_candidates", list)
    with pytest.raises(PostgresError, match="DATABASE_URL"):
        postgres.find_binaries()


def test_the_kernel_stops_it_when_the_supervisor_is_killed(data: Path) -> None:
    program = textwrap.dedent(f"""
        import time
        from pathlib import Path
        from label.supervisor.postgres import Postgres
        Postgres(Path({str(data)!r}) / "postgres").start()
        print("up", flush=True)
        time.sleep(60)
    """)
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"up\n"
    server = Postgres(data / "postgres")
    assert server.running_pid() is not None
    parent.kill()
    parent.wait()
    wait_until(lambda: server.running_pid() is None, timeout_s=10, what="the server's end")
    assert not (data / "postgres" / "postmaster.pid").exists(), "a clean shutdown, not a crash"


def test_commands_share_one_server_and_the_last_one_out_stops_it(data: Path) -> None:
    program = textwrap.dedent("""
        import os, sys, time
        from label.supervisor import session
        with session.embedded():
            import psycopg
            psycopg.connect(os.environ["DATABASE_URL"]).close()
            print("in", flush=True)
            sys.stdin.readline()
    """)
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "DEADWAX_BROKER_URL"}
    }
    env["DEADWAX_DATA"] = str(data)

    def command() -> subprocess.Popen[bytes]:
        started = subprocess.Popen(
            [sys.executable, "-c", program], cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert started.stdout is not None
        assert started.stdout.readline() == b"in\n"
        return started

    server = Postgres(data / "postgres")
    first = command()
    pid = server.running_pid()
    second = command()
    assert server.running_pid() == pid is not None
    first.communicate(b"\n", timeout=20)
    assert server.running_pid() == pid, "the second command still uses it"
    second.kill()
    second.wait()
    time.sleep(0.2)
    assert server.running_pid() == pid, "a killed command stops nothing"
    third = command()
    third.communicate(b"\n", timeout=20)
    assert server.running_pid() is None


def test_two_ups_on_one_data_folder_are_refused(data: Path) -> None:
    with (
        session.owned(data),
        pytest.raises(session.AlreadyRunning, match="already running"),
        session.owned(data),
    ):
        pytest.fail("the second one got in")
