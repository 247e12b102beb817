"""What leaves the house: complete, the same bytes each time, and with nothing that was withheld."""

from __future__ import annotations

import ast
import io
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection, transaction

from provenance import bundle, keys, ledger, notes, queries, sequencer, verifier
from provenance.models import Checkpoint
from tests.provenance.ledger.bundles import PROMPT, SOUND, SOUND_SHA, build, make_entries, put, unpack
from tests.provenance.ledger.helpers import ACTOR, Noted, note, sha

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_bundle_verifies_and_says_that_nobody_witnessed_it(tmp_path):
    lines: list[str] = []
    report = verifier.verify(put(tmp_path, build(make_entries())), say=lines.append)
    assert report.verdict == "valid but not witnessed/timestamped"
    assert report.exit_status == 0
    assert (
        [number for number, _, _ in report.steps]
        == list(range(1, 19))
        == list(range(1, len(verifier.STEPS) + 1))
    )
    said = "\n".join(lines)
    assert "6 proofs lead to the signed root" in said
    assert "1 private value shown, true to the commitment; 1 withheld or erased" in said
    assert "1 file with the digest that entries name; 1 by digest only" in said
    assert "2 streams; 1 gap, where" in said


def test_the_report_counts_what_is_in_it():
    out = io.BytesIO()
    report = bundle.build(
        entries=make_entries(),
        disclose=lambda entry, name: True,
        assets={"song.wav": io.BytesIO(SOUND)},
        out=out,
    )
    assert (report.entries, report.disclosed, report.withheld, report.files, report.size) == (6, 2, 0, 1, 20)


def test_the_same_content_gives_the_same_bytes():
    entries = make_entries()
    assert build(entries) == build(entries[::-1])


def test_what_is_withheld_is_nowhere_in_the_bundle():
    entries = make_entries()
    members = unpack(build(entries, disclose=lambda entry, name: False))
    assert not any(name.startswith("disclosed/") for name in members)
    assert not any(
        PROMPT.encode() in data or b'"withheld"' in data
        for data in members.values()
        if data != members["verifier.py"]
    )
    shown = unpack(build(entries))
    assert any(PROMPT.encode() in data for data in shown.values())
    assert not any(b'"withheld"' in data for data in shown.values())


def test_erased_content_stays_out_and_the_bundle_still_verifies(tmp_path):
    entries = make_entries()
    ledger.shred(entries[1], actor=ACTOR)
    data = build(entries)
    assert not any(PROMPT.encode() in member for member in unpack(data).values())
    report = verifier.verify(put(tmp_path, data))
    assert report.exit_status == 0
    assert "0 private values shown, true to the commitment; 2 withheld or erased" in report.steps[9][2]


def test_bodies_and_proofs_are_the_exact_bytes_of_the_record():
    entries = make_entries()
    members = unpack(build(entries))
    for entry in entries:
        entry = queries.entry_by_leaf(bytes(entry.leaf_hash).hex())
        assert members[f"entries/{entry.leaf.index:012d}.json"] == bytes(entry.body)
        assert (
            members[f"proofs/{entry.leaf.index:012d}.tlog-proof"].decode() == queries.proof_for(entry).text()
        )
    assert members["verifier.py"] == Path(verifier.__file__).read_bytes()
    assert members["log/key.txt"].decode().strip() == str(keys.verifier_key())
    assert "noted" in members["summary.txt"].decode()


def test_committed_entries_that_wait_are_numbered_first():
    entry = note()
    assert unpack(build([entry], assets={}))["entries/000000000000.json"] == bytes(entry.body)


def test_an_open_transaction_is_refused_with_a_sentence():
    """Another process cannot see the entry; here the sequencer's lock is kept from this one."""
    held, go = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [sequencer.LOCK])
            held.set()
            go.wait(20)
        connection.close()

    other = threading.Thread(target=hold)
    other.start()
    held.wait(20)
    try:
        with transaction.atomic():
            entry = ledger.record(Noted(stream="project:1"), actor=ACTOR)
            with pytest.raises(bundle.NotInLogYet, match="no place in the log yet"):
                build([entry], assets={})
    finally:
        go.set()
        other.join()


@pytest.mark.parametrize("path", ["../song.wav", "a//b.wav", "a\\b.wav", "c:song.wav", "."])
def test_a_path_that_leaves_the_bundle_is_refused(path):
    with pytest.raises(bundle.BundleRefused, match="cannot be a path"):
        build(make_entries(), assets={path: SOUND_SHA})


def test_an_asset_that_no_entry_names_is_refused():
    with pytest.raises(bundle.BundleRefused, match="No entry of the bundle names"):
        build(make_entries(), assets={"other.wav": sha("other")})
    with pytest.raises(bundle.BundleRefused, match="at least one entry"):
        build([], assets={})


def test_a_checkpoint_kept_from_earlier_is_compared(tmp_path):
    entries = make_entries()
    first = Checkpoint.objects.get(size=8)
    data = build(entries, kept_sizes=[8])
    path = put(tmp_path, data)
    report = verifier.verify(path, checkpoint=bytes(first.note))
    assert report.exit_status == 0
    assert report.steps[12][2] == "the kept log of 8 entries is the beginning of this one"
    same = verifier.verify(path, checkpoint=bytes(queries.latest_checkpoint().note))
    assert "the same 20 entries" in same.steps[12][2]
    note()
    sequencer.run_once()
    newer = verifier.verify(path, checkpoint=bytes(queries.latest_checkpoint().note))
    assert newer.exit_status == 3
    assert "not compared" in newer.steps[12][2]


def test_a_log_rewritten_since_the_kept_checkpoint_is_broken(tmp_path):
    entries = make_entries()
    head = notes.TreeHead(keys.origin(), 8, bytes(range(32)))
    forged = bytes(notes.sign(head.text, name=keys.origin(), private=keys.signing_key()))
    report = verifier.verify(put(tmp_path, build(entries, kept_sizes=[8])), checkpoint=forged)
    assert report.verdict.startswith(
        "broken at step 13 because the log of 8 entries that you kept is not the beginning"
    )
    head = notes.TreeHead(keys.origin(), 20, bytes(range(32)))
    forged = bytes(notes.sign(head.text, name=keys.origin(), private=keys.signing_key()))
    report = verifier.verify(put(tmp_path, build(entries)), checkpoint=forged)
    assert report.verdict.startswith(
        "broken at step 13 because two checkpoints of 20 entries have different roots"
    )


def test_the_key_that_the_asker_trusts_decides(tmp_path):
    path = put(tmp_path, build(make_entries()))
    good = verifier.Key.parse(str(keys.verifier_key()))
    assert verifier.verify(path, key=good).notices == []
    other = notes.public_key(keys.origin(), Ed25519PrivateKey.generate())
    report = verifier.verify(path, key=verifier.Key.parse(str(other)))
    assert report.verdict.startswith("broken at step 3 because the bundle comes with the key")


def test_the_verifier_in_the_bundle_runs_alone(tmp_path):
    """As a stranger would: only the file out of the bundle, nothing of ours importable."""
    data = build(make_entries())
    path = put(tmp_path, data)
    (tmp_path / "verifier.py").write_bytes(unpack(data)["verifier.py"])
    done = subprocess.run(
        [sys.executable, "-P", "verifier.py", path, "--list"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "valid but not witnessed/timestamped"
    assert " 6. Every entry is in the signed log: 6 proofs lead to the signed root" in done.stdout
    assert "test.noted" in done.stdout
    assert "Note: The key deadwax.invalid/ledger+" in done.stdout


def test_the_verifier_imports_nothing_of_the_project():
    code = (
        "import sys, provenance.verifier as v; bad = [m for m in sys.modules if m.split('.')[0] in"
        " ('django', 'rest_framework', 'celery', 'rfc8785', 'artists', 'generation', 'release', 'label')"
        " or m.startswith('provenance.') and m != 'provenance.verifier']; print(bad)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_verifier_is_written_for_older_pythons_too():
    ast.parse(Path(verifier.__file__).read_text(), feature_version=(3, 9))


def test_the_answer_as_json(tmp_path, capsys):
    path = put(tmp_path, build(make_entries()))
    assert verifier.main(["--bundle", path, "--json", "--list"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["verdict"] == "valid but not witnessed/timestamped"
    assert [step["step"] for step in answer["steps"]] == list(range(1, 19))
    assert len(answer["entries"]) == 6


def test_manage_py_checks_a_bundle_without_a_database(tmp_path):
    """`ledger_verify --bundle` is the same program: it needs neither Django nor a server."""
    path = put(tmp_path, build(make_entries()))
    root = Path(__file__).resolve().parents[3]
    for arguments in (["--bundle", path], [f"--bundle={path}"]):
        done = subprocess.run(
            [sys.executable, str(root / "manage.py"), "ledger_verify", *arguments],
            env={"PATH": os.environ["PATH"], "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1] == "valid but not witnessed/timestamped"


def test_the_benchmark_weighs_and_checks_a_bundle():
    from provenance.benchmark_bundle import bundles

    found = bundles(entries=6)
    assert [measure.unit for measure in found] == ["MB", "s", "s"]
    assert found[0].met
