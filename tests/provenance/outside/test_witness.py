"""The witness program as its own process: what C2SP tlog-witness demands, forks, crashes, hostile requests."""

from __future__ import annotations

import ast
import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from provenance import notes
from provenance import witness as program
from provenance.outside import cosigning
from tests.provenance.outside.witnessing import PROGRAM, HandLog, WitnessProcess, request, run_witness


@pytest.fixture
def log() -> HandLog:
    return HandLog().grow(5)


@pytest.fixture
def north(witness, log) -> WitnessProcess:
    return witness("witness.example/north", log.key)


def cosigned(process: WitnessProcess, answer: tuple[int, str, str], note: bytes) -> cosigning.Cosigned:
    status, _, text = answer
    assert status == 200, answer
    return cosigning.find(text, notes.parse_note(note).text, cosigning.CosignerKey.parse(process.key))


def test_a_growing_log_is_cosigned_step_by_step(north, log):
    cosigned(north, north.post(log.request(0)), log.note())
    log.grow(9)
    seen = cosigned(north, north.post(log.request(5)), log.note())
    # The same size again gets a new cosignature, and the newest checkpoint is served with both signatures.
    again = cosigned(north, north.post(log.request(14)), log.note())
    assert again.at >= seen.at
    served = north.newest(log.origin)
    assert served == log.note() + f"{again.line}\n".encode()
    assert north.newest("another.example/log") is None


def test_every_pair_of_small_sizes_is_taken_and_no_wrong_one():
    """All consistency proofs up to 17 leaves, as the writer makes them and this program checks them."""
    log = HandLog().grow(17)
    for new in range(1, 18):
        for old in range(new + 1):
            _, proof, checkpoint = program.read_request(log.request(old, new))
            root = program.read_request(log.request(0, old))[2].root if old else program.EMPTY_ROOT
            assert program.consistent(old, new, root, checkpoint.root, proof)
            if old:
                assert not program.consistent(old, new, bytes(32), checkpoint.root, proof)
                assert not program.consistent(old, new, root, bytes(32), proof)
                assert not program.consistent(old, new, root, checkpoint.root, [*proof, bytes(32)])
                assert (
                    old == new
                    or not proof
                    or not program.consistent(old, new, root, checkpoint.root, proof[1:])
                )


def test_a_wrong_old_size_is_answered_with_the_right_one(north, log):
    north.post(log.request(0))
    log.grow(3)
    for old in (0, 4, 6):
        assert north.post(log.request(old)) == (409, "text/x.tlog.size", "5\n")
    cosigned(north, north.post(log.request(5)), log.note())


def test_a_split_view_is_refused_and_both_checkpoints_are_kept(north, log):
    north.post(log.request(0))
    other = log.fork(4).grow(1, word="forged")
    assert north.post(other.request(5))[0] == 422
    assert north.post(other.request(0))[0] == 409
    assert north.newest(log.origin).startswith(log.note())
    (path,) = (north.folder / "evidence").glob("fork-*.json")
    evidence = json.loads(path.read_text())
    held, refused = (
        notes.parse_note(evidence["held"].encode()),
        notes.parse_note(evidence["refused"].encode()),
    )
    for proof in (held, refused):
        proof.verify(notes.VerifierKey.parse(log.key))
    assert [notes.TreeHead.parse(item.text).size for item in (held, refused)] == [5, 5]
    assert held.text != refused.text
    shown = north.show()
    assert shown.returncode == 1
    assert "FORK" in shown.stdout
    assert "FORK: Two checkpoints of 5 entries" in north.stop()


def test_a_log_that_was_rewritten_below_gets_nothing_more(north, log):
    north.post(log.request(0))
    rewritten = log.fork(2).grow(10, word="forged")
    assert north.post(rewritten.request(5))[0] == 422
    assert north.newest(log.origin).startswith(log.note())
    assert len(list((north.folder / "evidence").glob("unproven-*.json"))) == 1
    log.grow(1)
    cosigned(north, north.post(log.request(5)), log.note())


def test_a_rollback_is_refused(north, log):
    north.post(log.request(0))
    assert north.post(log.request(0, 3)) == (409, "text/x.tlog.size", "5\n")
    assert north.post(log.request(3, 3)) == (409, "text/x.tlog.size", "5\n")
    assert north.post(log.request(5, 3))[0] == 400


def test_only_the_named_logs_own_signatures_count(north, log):
    stranger = HandLog("stranger.example/log").grow(2)
    assert north.post(stranger.request(0))[0] == 404
    thief = HandLog(log.origin).grow(2)
    assert north.post(thief.request(0))[0] == 403
    # One line of the log's key that does not hold spoils the note, whatever else stands there.
    good = log.note().decode()
    bad_line = log.grow(1).note().decode().split("\n\n")[1]
    assert north.post(request(0, [], (good + bad_line).encode()))[0] == 403
    # Lines of keys it does not know are nothing to it.
    text, line = good.split("\n\n")
    foreign = thief.note(2).decode().split("\n\n")[1]
    assert north.post(request(0, [], f"{text}\n\n{foreign}{line}".encode()))[0] == 200


def test_two_keys_of_one_log_are_both_known_while_it_changes_its_key(witness, log):
    renewed = HandLog(log.origin)
    process = witness("witness.example/both", log.key, renewed.key)
    process.post(log.request(0))
    renewed.leaves = log.grow(2).leaves
    cosigned(process, process.post(renewed.request(5)), renewed.note())


def test_an_empty_log_has_one_root(north, log):
    empty = log.fork(0)
    forged = notes.sign(f"{log.origin}\n0\n{'A' * 43}=\n", name=log.origin, private=log.private)
    assert north.post(request(0, [], bytes(forged)))[0] == 422
    cosigned(north, north.post(empty.request(0)), empty.note())
    assert north.post(request(0, [bytes(32)], log.note()))[0] == 422
    cosigned(north, north.post(log.request(0)), log.note())


MALFORMED = [
    b"",
    b"\n\n",
    b"old 5",
    b"old 0\n\n",
    b"old -1\n\n" + b"x",
    b"old 00\n\nx\n1\ny\n\n\xe2\x80\x94 a b\n",
    b"old 99999999999999999999\n\n",
    b"\xff\xfe\n\n\xff",
    b"old 0\n" + b"A" * 44 + b"\n\n",
    b"old 0\nnot base64\n\n",
    b"old 0\n\n" + b"a\n" * 20_000,
    b"old 0\n\nlog.example/hand\n1\nAAAA\n\n\xe2\x80\x94 x AAAAAAAA\n",
    b"old 0\n\nlog.example/hand\n01\n" + b"A" * 43 + b"=\n\n\xe2\x80\x94 x AAAAAAAA\n",
    b"old 0\n\nlog.example/hand\n1\n" + b"A" * 43 + b"=\n\n" + b"\xe2\x80\x94 x AAAAAAAA\n" * 101,
    b"old 0\n\nlog.example/hand\x00\n1\n" + b"A" * 43 + b"=\n\n\xe2\x80\x94 x AAAAAAAA\n",
]


def test_malformed_requests_are_400_and_harm_nothing(north, log):
    for body in MALFORMED:
        assert north.post(body)[0] == 400, body
    assert north.newest(log.origin) is None


def test_64_hashes_are_too_many(north, log):
    assert north.post(request(0, [bytes(32)] * 64, log.note()))[0] == 400
    assert north.post(request(0, [bytes(32)] * 63, log.note()))[0] == 422


def raw(process: WitnessProcess, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", process.port), timeout=20) as sock:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        found = b""
        with contextlib.suppress(OSError):
            while chunk := sock.recv(4096):
                found += chunk
        return found


HOSTILE = [
    (b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", b" 413 "),
    (b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: -5\r\n\r\n", b" 411 "),
    (b"POST /add-checkpoint HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b" 411 "),
    (b"POST /elsewhere HTTP/1.1\r\nContent-Length: 0\r\n\r\n", b" 404 "),
    (b"GET /../../key.pem HTTP/1.1\r\n\r\n", b" 404 "),
    (b"GET /../key.pem/checkpoint HTTP/1.1\r\n\r\n", b" 404 "),
    (b"DELETE / HTTP/1.1\r\n\r\n", b" 501 "),
    (b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 50\r\n\r\ncut off", b""),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b""),
]


def test_hostile_http_is_turned_away_and_the_next_client_served(north, log):
    for sent, status in HOSTILE:
        assert status in raw(north, sent), sent
    cosigned(north, north.post(log.request(0)), log.note())


def test_silent_connections_do_not_keep_others_out(north, log):
    idle = [socket.create_connection(("127.0.0.1", north.port)) for _ in range(40)]
    cosigned(north, north.post(log.request(0)), log.note())
    for sock in idle:
        sock.close()


def test_what_was_cosigned_survives_kill_9_and_cannot_be_signed_over(north, log):
    """Killed amid a stream of requests: whoever holds a cosignature finds the witness at that size or later."""
    got = [0]

    def submit() -> None:
        size = 5
        with contextlib.suppress(OSError):
            while True:
                old, size = size if got[0] else 0, size + 1
                status, _, _ = north.post(log.request(old if got[0] else 0, size))
                assert status == 200
                got[0] = size

    log.grow(3000)
    thread = threading.Thread(target=submit)
    thread.start()
    while got[0] < 20:
        assert thread.is_alive()
    north.kill()
    thread.join()
    north.start()
    status, kind, text = north.post(log.request(0, 3000))
    assert (status, kind) == (409, "text/x.tlog.size")
    assert got[0] <= int(text) <= got[0] + 1
    forked = log.fork(3).grow(3000, word="forged")
    assert north.post(forked.request(int(text), int(text)))[0] == 422
    cosigned(north, north.post(log.request(int(text), 3000)), log.note(3000))


def test_concurrent_checkpoints_never_move_it_back(north, log):
    """Many clients at once: each success extends what was there; exactly one of those with the same old size wins."""
    log.grow(60)
    north.post(log.request(0, 5))

    def submit(size: int) -> int:
        return north.post(log.request(5, size))[0]

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(submit, range(6, 66)))
    assert sorted(set(statuses)) == [200, 409]
    assert statuses.count(200) == 1
    assert notes.TreeHead.parse(notes.parse_note(north.newest(log.origin)).text).size == 6 + statuses.index(
        200
    )


def test_one_folder_has_one_process(north):
    second = run_witness("serve", north.folder, "--listen", "127.0.0.1:0")
    assert second.returncode == 2
    assert "another process serves" in second.stderr


@pytest.mark.parametrize("damage", [b"", b"junk", None])
def test_a_damaged_memory_is_never_taken_for_an_empty_one(damage, north, log):
    north.post(log.request(0))
    north.stop()
    (path,) = (north.folder / "logs").iterdir()
    if damage is None:  # a checkpoint that the log signed, but this witness did not
        damage = log.note()
    path.write_bytes(damage)
    done = run_witness("serve", north.folder, "--listen", "127.0.0.1:0")
    assert done.returncode == 2
    assert "start a new witness" in done.stderr or "start a new one" in done.stderr


def test_its_key_is_its_own(north):
    assert (north.folder / "key.pem").stat().st_mode & 0o077 == 0
    again = run_witness("init", north.folder, "--name", "witness.example/again")
    assert again.returncode == 2
    assert "already holds a witness" in again.stderr


@pytest.mark.parametrize("key", ["nonsense", "a+00000000+AAAA", "witness.example/w+1234abcd+BAAA"])
def test_a_key_that_is_none_is_told(key, tmp_path):
    done = run_witness("init", tmp_path / "w", "--name", "witness.example/w", "--log", key)
    assert done.returncode == 2
    assert done.stderr.startswith("could not start: ")
    assert "Traceback" not in done.stderr


def test_manage_py_hands_over_without_django_and_database(tmp_path):
    manage = PROGRAM.parent.parent / "manage.py"
    env = {"PATH": os.environ["PATH"], "DATABASE_URL": "postgresql://nowhere.invalid/none"}
    command = [
        sys.executable,
        str(manage),
        "ledger_witness",
        "init",
        str(tmp_path / "w"),
        "--name",
        "w.example/m",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("w.example/m+")
    assert str(cosigning.CosignerKey.parse(done.stdout.strip())) == done.stdout.strip()


def test_the_program_is_one_file_for_python_3_9_with_cryptography_only():
    tree = ast.parse(PROGRAM.read_text(), feature_version=(3, 9))
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            top = name.split(".")[0]
            assert top in sys.stdlib_module_names or top == "cryptography", name
    assert not any(isinstance(node, ast.ImportFrom) and node.level for node in ast.walk(tree))
