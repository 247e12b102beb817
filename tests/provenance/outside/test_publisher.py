"""The publisher with real witnesses, folders, servers and mail: what is due, what fails, what a place may hold up."""

from __future__ import annotations

import io
import logging
import os
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from provenance import audit, keys, notes, protection, sequencer
from provenance.models import Checkpoint, Cosignature, OutsidePlace, TimestampToken
from provenance.outside import cosigning, publisher
from provenance.outside.health import outside_health
from tests.provenance.ledger.attacks import guards_off, sql
from tests.provenance.ledger.helpers import note
from tests.provenance.outside.conftest import copying, errors, grow, stamping, witnessing
from tests.provenance.outside.witnessing import HandLog
from tests.support import needs, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    folder = tmp_path / "shelf"
    folder.mkdir()
    return folder


@pytest.fixture
def server():
    """Keeps what is PUT; `status` is its answer."""

    class Kept(ThreadingHTTPServer):
        files: dict[str, tuple[bytes, str]] = {}
        status = 201

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            web.files[self.path] = (body, self.headers.get("Authorization", ""))
            self.send_response(web.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    web = Kept(("127.0.0.1", 0), Handler)
    web.files = {}
    threading.Thread(target=web.serve_forever, args=(0.02,), daemon=True).start()
    yield web
    web.shutdown()
    web.server_close()


# -- witnesses ---------------------------------------------------------------------------------------------------------


def test_two_witnesses_cosign_each_growth(witness, name_places):
    north, south = witness("witness.example/north"), witness("witness.example/south")
    name_places(witnessing(north) + witnessing(south, "south"))
    for _ in range(3):
        head = grow()
        assert errors() == {"north": "", "south": ""}
    assert Cosignature.objects.count() == 6
    for row in Cosignature.objects.filter(checkpoint=head):
        held = cosigning.verify_line(row.line, text_of(head), cosigning.CosignerKey.parse(row.key))
        assert held.at == row.at
        assert row.key in {north.key, south.key}
    # The note, and the lines under it, are one cosigned checkpoint that any reader of notes takes.
    whole = bytes(head.note) + "".join(f"{row.line}\n" for row in head.cosignatures.all()).encode()
    assert notes.open_checkpoint(whole, keys.verifier_key()).size == head.size
    assert len(notes.parse_note(whole).signatures) == 3
    assert errors() == {}  # nothing more is due


def text_of(head: Checkpoint) -> str:
    return notes.parse_note(bytes(head.note)).text


def test_a_witness_that_is_ahead_of_our_memory_is_asked_with_its_own_size(witness, name_places):
    north = witness()
    name_places(witnessing(north))
    grow()
    errors()
    OutsidePlace.objects.all().delete()  # as after a restored backup
    head = grow()
    assert errors() == {"north": ""}
    assert Cosignature.objects.filter(checkpoint=head).count() == 1


def test_a_log_that_was_rewritten_is_told_by_its_witness(witness, name_places, caplog):
    north = witness()
    name_places(witnessing(north))
    # The witness has seen another log of this name and key.
    other = HandLog(keys.origin(), keys.signing_key()).grow(3, word="other")
    assert north.post(other.request(0))[0] == 200
    grow(3)
    assert "rewritten" in errors()["north"]
    grow(4)
    with caplog.at_level(logging.ERROR):
        assert "rewritten" in errors()["north"]
    assert not Cosignature.objects.exists()
    assert "rewritten" in outside_health()[0].error
    assert list((north.folder / "evidence").glob("fork-*.json"))


def test_a_log_whose_end_was_cut_off_is_told_by_its_witness(witness, name_places):
    north = witness()
    name_places(witnessing(north))
    other = HandLog(keys.origin(), keys.signing_key()).grow(50)
    assert north.post(other.request(0))[0] == 200
    grow(3)
    assert "has seen 50 entries of this log, it now has 3: its end was cut off" in errors()["north"]


def test_a_witness_that_does_not_know_us_says_what_to_do(witness, name_places):
    stranger = HandLog("another.example/log")
    renamed = HandLog(keys.origin())
    name_places(
        witnessing(witness("witness.example/a", stranger.key), "a")
        + witnessing(witness("witness.example/b", renamed.key), "b")
    )
    grow()
    told = errors()
    assert "its operator has to add the log's key" in told["a"]
    assert "give its operator the key as it is now" in told["b"]


def test_a_cosignature_of_another_key_is_never_stored(witness, name_places):
    north, false = witness("witness.example/north"), witness("witness.example/false")
    name_places(witnessing(north).replace(north.url, false.url))
    grow()
    assert "no cosignature of witness.example/north" in errors()["north"]
    assert not Cosignature.objects.exists()


# -- copies ------------------------------------------------------------------------------------------------------------


def test_a_folder_gets_every_checkpoint_and_the_newest_again(shelf, name_places):
    name_places(copying(f"file://{shelf}"))
    first = grow()
    assert errors() == {"shelf": ""}
    last = grow()
    assert errors() == {"shelf": ""}
    assert sorted(path.name for path in shelf.iterdir()) == sorted(
        [f"checkpoint-{first.size}.txt", f"checkpoint-{last.size}.txt", "latest.txt"]
    )
    assert (shelf / f"checkpoint-{first.size}.txt").read_bytes() == bytes(first.note)
    assert (shelf / "latest.txt").read_bytes() == bytes(last.note)
    assert audit.run(kept=(shelf / f"checkpoint-{first.size}.txt").read_bytes()).ok


def test_a_folder_that_is_not_there_is_not_made(shelf, name_places):
    name_places(copying(f"file://{shelf}/unmounted"))
    grow()
    assert "is not there: make it, or mount what it stands on" in errors()["shelf"]
    assert list(shelf.iterdir()) == []


def test_a_folder_with_another_history_is_never_written_over(shelf, name_places):
    name_places(copying(f"file://{shelf}"))
    other = HandLog(keys.origin(), keys.signing_key()).grow(20, word="other")
    (shelf / "latest.txt").write_bytes(other.note(20))
    grow(3)
    assert "the log has fewer: its end was cut off" in errors()["shelf"]
    (shelf / "latest.txt").write_bytes(other.note(2))
    assert "with another root: the log was rewritten" in errors()["shelf"]
    (shelf / "latest.txt").unlink()
    (shelf / "checkpoint-3.txt").write_bytes(other.note(3))
    assert "two checkpoints of one size" in errors()["shelf"]
    (shelf / "latest.txt").write_text("shopping list")
    assert "is no checkpoint" in errors()["shelf"]
    (shelf / "latest.txt").write_bytes(HandLog("else.example/log").grow(1).note())
    assert "of another log" in errors()["shelf"]
    assert (shelf / "checkpoint-3.txt").read_bytes() == other.note(3)
    assert {path.name for path in shelf.iterdir()} == {"latest.txt", "checkpoint-3.txt"}


def test_a_server_gets_both_names_or_the_one_that_was_given(server, name_places):
    address = f"127.0.0.1:{server.server_port}"
    name_places(
        copying(f"http://us%40er:pass@{address}/l/", "folder") + copying(f"http://{address}/one.txt", "one")
    )
    head = grow()
    assert errors() == {"folder": "", "one": ""}
    body = bytes(head.note)
    basic = "Basic dXNAZXI6cGFzcw=="
    assert server.files == {
        f"/l/checkpoint-{head.size}.txt": (body, basic),
        "/l/latest.txt": (body, basic),
        "/one.txt": (body, ""),
    }
    server.status = 403
    grow()
    told = errors()
    assert "answered 403 to a PUT" in told["one"]
    assert "pass" not in str(told)


def test_a_mailbox_gets_the_checkpoint_as_text_and_file(name_places, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    name_places(copying("mailto:rights@label.example"))
    head = grow()
    assert errors() == {"shelf": ""}
    (message,) = mail.outbox
    assert message.to == ["rights@label.example"]
    assert bytes(head.note).decode() in message.body
    assert message.attachments[0][:2] == (f"checkpoint-{head.size}.txt", bytes(head.note).decode())


def test_mail_that_cannot_be_sent_is_told(name_places, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    name_places(copying("mailto:rights@label.example"))
    grow()
    assert "The mail could not be sent" in errors()["shelf"]


# -- the publisher itself ----------------------------------------------------------------------------------------------


@needs("openssl")
def test_a_place_that_hangs_holds_up_neither_the_others_nor_the_log(tsa, office, shelf, name_places):
    tsa.mode = "drip"
    name_places(stamping(tsa, office) + copying(f"file://{shelf}"))
    grow()
    outside = publisher.Publisher()
    outside.tick()
    for _ in range(3):
        copy = shelf / f"checkpoint-{grow().size}.txt"  # people work on, the sequencer signs
        wait_until(lambda copy=copy: outside.tick() or copy.exists(), what="the copy")
    assert tsa.asked == 1
    assert not TimestampToken.objects.exists()
    tsa.mode = "good"  # the drip ends short of what it promised
    wait_until(lambda: OutsidePlace.objects.get(pk="office").failures, what="the failure")
    outside.close()


def test_a_claimed_place_is_left_to_who_claimed_it(shelf, name_places):
    name_places(copying(f"file://{shelf}"))
    grow()
    (place,) = publisher.due()
    assert publisher._claim(place, force=False) is not None
    assert publisher.due() == []
    assert publisher.publish(place) is None
    OutsidePlace.objects.update(next_at=timezone.now())  # as when the lease has run out
    assert errors(force=False) == {"shelf": ""}


def test_eight_publishers_at_once_do_no_harm(witness, name_places, shelf):
    north = witness()
    name_places(witnessing(north) + copying(f"file://{shelf}"))
    for _ in range(3):
        head = grow()
        places = publisher.due(force=True)
        visits = [publisher._Visit(place, force=True) for place in places for _ in range(4)]
        for visit in visits:
            visit.start()
        for visit in visits:
            visit.join()
        assert Cosignature.objects.filter(checkpoint=head).count() == 1
    assert audit.run().verdict == "valid"


def test_retries_come_later_and_later_but_never_stop():
    waits = [publisher.retry_s(failures) for failures in range(1, 60)]
    assert 4 <= waits[0] <= 6
    assert all(wait <= 1080 for wait in waits)
    assert waits[-1] >= 720


def test_health_shows_places_before_their_first_time_and_after_their_last(name_places, shelf):
    name_places(copying(f"file://{shelf}") + copying(f"file://{shelf}", "other"))
    head = grow()
    assert [(item.name, item.behind, item.configured) for item in outside_health()] == [
        ("other", head.size, True),
        ("shelf", head.size, True),
    ]
    errors()
    name_places(copying(f"file://{shelf}"))
    assert [(item.name, item.behind, item.configured) for item in outside_health()] == [
        ("shelf", 0, True),
        ("other", 0, False),
    ]
    name_places("[[copy]]\nname='shelf'")
    first = outside_health()[0]
    assert first.kind == "settings"
    assert "'to' is missing" in first.error
    assert publisher.Publisher().tick() is None


def test_the_command_prints_each_place_and_fails_with_one(shelf, name_places):
    with pytest.raises(CommandError, match="No outside places are named"):
        call_command("ledger_publish")
    name_places(copying(f"file://{shelf}") + copying(f"file://{shelf}/gone", "gone"))
    note()
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("ledger_publish", stdout=out)
    assert "shelf (folder): has the checkpoint of 1 entries" in out.getvalue()
    assert "gone (folder): The folder" in out.getvalue()
    (shelf / "gone").mkdir()
    out = io.StringIO()
    call_command("ledger_publish", stdout=out)
    assert "shelf (folder): has the newest checkpoint" in out.getvalue()
    assert "gone (folder): has the checkpoint of 1 entries" in out.getvalue()


@needs("openssl")
def test_dispatch_publishes_while_it_leads_and_ends_soon(tsa, office, witness, shelf, name_places, tmp_path):
    """The real process: tokens, cosignatures and copies come by themselves; a hanging place does not delay its end."""
    north = witness()
    path = name_places(stamping(tsa, office) + witnessing(north) + copying(f"file://{shelf}"))
    settings_of = connection.settings_dict
    host = str(settings_of["HOST"]).replace("/", "%2F")
    url = f"postgresql://{settings_of['USER']}@/{settings_of['NAME']}?host={host}"
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "django", "dispatch"],
            env={**os.environ, "DATABASE_URL": url, "DEADWAX_OUTSIDE": str(path)},
            stdout=log, stderr=log,
        )  # fmt: skip
    try:
        note()
        wait_until(
            lambda: TimestampToken.objects.exists() and Cosignature.objects.exists(), what="token and line"
        )
        wait_until((shelf / "latest.txt").exists, what="the copy")
        tsa.mode = "drip"
        note()
        wait_until(lambda: tsa.asked == 2, what="the next request")
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=15)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, (tmp_path / "log").read_text()
    sequencer.drain()


# -- ledger_verify -----------------------------------------------------------------------------------------------------


def outside_step(report: audit.AuditReport) -> audit.Step:
    return next(step for step in report.steps if step.title == "Timestamps and cosignatures from outside")


@needs("openssl")
def test_verify_is_valid_without_more_words_only_under_all_of_the_log(tsa, office, witness, name_places):
    north = witness()
    name_places(stamping(tsa, office) + witnessing(north))
    head = grow()
    errors()
    report = audit.run()
    assert report.verdict == "valid"
    told = f"1 tokens, up to {head.size} entries; 1 cosignatures, up to {head.size} entries"
    assert outside_step(report).result == told
    grow(1)
    assert audit.run().verdict == "valid but not witnessed/timestamped"
    # Places that the settings do not name do not vouch.
    errors()
    name_places("")
    report = audit.run()
    assert report.verdict == "valid but not witnessed/timestamped"
    assert "the settings do not name it" in "".join(report.notices)


FORGERIES = [
    ("timestamptoken", "token = set_byte(token, length(token) - 5, 0)", "the token of office"),
    ("timestamptoken", "gen_time = gen_time - interval '1 day'", "the time stored with the token"),
    ("timestamptoken", "checkpoint_id = (SELECT min(size) FROM provenance_checkpoint)", "other bytes"),
    ("cosignature", "at = at - interval '1 day'", "the name or time stored with the cosignature"),
    ("cosignature", "witness = 'witness.example/south'", "the name or time stored with the cosignature"),
    ("cosignature", "line = replace(line, right(line, 10), 'AAAAAAAAAA')", "does not hold"),
    (
        "cosignature",
        "checkpoint_id = (SELECT min(size) FROM provenance_checkpoint)",
        "does not fit the checkpoint",
    ),
]


@needs("openssl")
def test_forged_rows_are_found(tsa, office, witness, name_places):
    """By the owner of the database, with every trigger off; each forgery is taken back before the next."""
    north = witness()
    grow(1)
    name_places(stamping(tsa, office) + witnessing(north))
    grow()
    errors()
    for table, forgery, told in FORGERIES:
        with transaction.atomic():
            with guards_off(f"provenance_{table}"):
                sql(f"UPDATE provenance_{table} SET {forgery}")
            report = audit.run()
            transaction.set_rollback(True)
        assert [step for step in report.steps if step.broken] == [outside_step(report)], forgery
        assert told in report.verdict
    assert audit.run().verdict == "valid"


def test_a_stored_token_or_line_cannot_be_changed_by_the_application():
    for table in ("provenance_timestamptoken", "provenance_cosignature"):
        assert set(protection.APPEND_ONLY_TRIGGERS) <= protection.live_triggers()[table]
