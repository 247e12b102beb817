"""Submissions come in: what is asked, what is checked, what the machines find, what is refused."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import numpy as np
import pytest
from django.test import Client

from artists.errors import ArtistsUserFault, LinkOver, TooMany, UploadRefused
from artists.models import Incoming, Submission, SubmissionFile
from artists.services import incoming, submissions, upload_links
from artists.services.sealed import words_of
from tests.artists.anr.clamd_server import NEEDLE, clamd
from tests.artists.anr.conftest import AI, ANSWERS, encoded, tune
from tests.support import needs, run_jobs

pytestmark = pytest.mark.django_db


@needs("fpcalc")
def test_a_submission_is_looked_at_measured_and_compared(send: Any) -> None:
    first = send(encoded(tune(1)))
    assert run_jobs() == 1
    file = first.files.get()
    assert (file.state, file.scan, file.matches) == ("ready", "none", [])
    assert file.report["duration_ms"] == 12_000
    assert file.report["lufs_milli"] < -10_000
    assert file.asset.analysis.peaks
    other = send(encoded(tune(2)), sender="two")
    again = send(encoded(tune(1) * 0.5), sender="three")
    run_jobs()
    other.refresh_from_db()
    again.refresh_from_db()
    assert other.duplicate_of is None
    assert again.duplicate_of == first, "the same sound at another level is found by its fingerprint"
    match = again.files.get().matches[0]
    assert (match["what"], match["number"]) == ("submission", first.number)
    assert match["alike_permille"] > 900


def test_the_very_same_file_is_folded_at_once(send: Any) -> None:
    first, second, third = send(encoded(tune(3))), send(encoded(tune(3))), send(encoded(tune(3)))
    assert second.duplicate_of == first
    assert third.duplicate_of == first, "folds hang on the first"


def test_what_the_sender_writes_lies_in_the_vault_alone(send: Any) -> None:
    submission = send(encoded(tune(4)), message="Only for you.")
    said = words_of(submission.sent_entry_id)
    assert (said["artist_name"], said["message"]) == (ANSWERS["artist_name"], "Only for you.")
    assert said["filenames"] == ["song 0.wav"]
    body = bytes(submission.sent_entry.body).decode()
    for private in (ANSWERS["artist_name"], ANSWERS["contact_email"], "Only for you.", "song 0.wav"):
        assert private not in body
    assert '"instruments":"partly"' in body


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"artist_name": " "}, "artist_name"),
        ({"contact_email": "no address"}, "contact_email"),
        ({"rights": "mine!"}, "rights"),
        ({"rights": "samples"}, "rights_note"),
        ({"consent": False}, "consent"),
        ({"tools": ""}, "tools"),
        ({"playlist": "javascript:alert(1)"}, "playlist"),
    ],
)
def test_a_missing_answer_is_named_and_nothing_is_kept(
    send: Any, answers: dict[str, Any], field: str
) -> None:
    with pytest.raises(submissions.BadAnswer) as refused:
        send(encoded(tune(5, seconds=2)), **answers)
    assert refused.value.field == field
    assert not Submission.objects.exists()


def test_a_playlist_alone_is_a_submission(send: Any) -> None:
    submission = send(playlist="https://music.invalid/list/1")
    assert submission.file_count == 0
    with pytest.raises(submissions.BadAnswer, match="at least one file"):
        send()


def test_every_element_must_be_answered(link: Any) -> None:
    with pytest.raises(submissions.BadAnswer, match="no: voices") as refused:
        submissions.submit(
            link[0],
            files=[],
            sender="x",
            ai={**AI, "vocals": "perhaps"},
            playlist="https://a.invalid/b",
            **ANSWERS,
        )
    assert refused.value.field == "ai_vocals"


# -- malware ---------------------------------------------------------------------------------------------------------
def wav_with(payload: bytes) -> bytes:
    """A sound WAV file whose last chunk holds these bytes."""
    data = encoded(tune(6, seconds=2))
    chunk = (
        b"junk"
        + len(payload + b"\0" * (len(payload) % 2)).to_bytes(4, "little")
        + payload
        + b"\0" * (len(payload) % 2)
    )
    whole = data + chunk
    return whole[:4] + (len(whole) - 8).to_bytes(4, "little") + whole[8:]


def test_malware_never_enters_the_store(link: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    data = wav_with(NEEDLE + b"rest")
    with clamd() as scanner:
        monkeypatch.setenv("DEADWAX_CLAMD", scanner.address)
        row, _ = incoming.begin(link[0], filename="a.wav", length=len(data), sender="s")
        row = incoming.append(row, offset=0, stream=io.BytesIO(data), length=len(data))
    assert row.state == Incoming.State.REFUSED
    assert "Eicar-Test-Signature" in row.says
    assert not incoming._path(row).exists()
    assert scanner.seen == [len(data)], "the scanner saw every byte"


def test_while_the_scanner_is_away_nobody_hears_the_file_and_then_it_is_asked(
    send: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEADWAX_CLAMD", "127.0.0.1:1")
    submission = send(wav_with(NEEDLE))
    assert submission.files.get().scan == "waiting"
    run_jobs(limit=1)
    assert submission.files.get().state == "waiting"
    with clamd() as scanner:
        monkeypatch.setenv("DEADWAX_CLAMD", scanner.address)
        from provenance.models import Job

        Job.objects.update(not_before=None)
        run_jobs()
    file = submission.files.get()
    assert (file.state, file.scan) == (SubmissionFile.State.REFUSED, "infected")


def test_a_file_over_the_scanners_limit_is_said_to_be_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from artists import clamd as client

    with clamd(limit=1000) as scanner:
        assert client.scan(io.BytesIO(b"x" * 3_000_000), address=scanner.address).state == "too_large"
        assert client.scan(io.BytesIO(b"x" * 500), address=scanner.address).state == "clean"
    assert client.scan(io.BytesIO(b"x"), address="nonsense").state == "waiting"
    assert client.scan(io.BytesIO(b"x"), address="").state == "none"


# -- links -----------------------------------------------------------------------------------------------------------
def test_a_link_ends_by_date_and_by_hand(link: Any, cast: Any, send: Any) -> None:
    row, secret = link
    assert upload_links.upload_link_by_secret(secret) == row
    upload_links.revoke_upload_link(row, actor=cast.anr)
    with pytest.raises(LinkOver):
        upload_links.upload_link_by_secret(secret)
    with pytest.raises(LinkOver):
        send(playlist="https://a.invalid/b")
    later, late = upload_links.make_upload_link(name="x", days=1, actor=cast.anr)
    from django.utils import timezone

    with pytest.MonkeyPatch.context() as patch:
        now = timezone.now() + dt.timedelta(days=2)
        patch.setattr(timezone, "now", lambda: now)
        with pytest.raises(LinkOver):
            upload_links.upload_link_by_secret(late)
    assert later.open


def test_a_link_takes_so_many_and_no_more(cast: Any) -> None:
    link, _ = upload_links.make_upload_link(name="two", max_submissions=2, actor=cast.anr)
    for number in range(2):
        submissions.submit(
            link, files=[], sender=f"s{number}", ai=AI, playlist="https://a.invalid/b", **ANSWERS
        )
    with pytest.raises(TooMany, match="taken all"):
        submissions.submit(link, files=[], sender="s3", ai=AI, playlist="https://a.invalid/b", **ANSWERS)


def test_one_address_may_send_so_many_a_day(link: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submissions, "SENT_A_DAY", 2)
    for _ in range(2):
        submissions.submit(link[0], files=[], sender="s", ai=AI, playlist="https://a.invalid/b", **ANSWERS)
    with pytest.raises(TooMany, match="tomorrow"):
        submissions.submit(link[0], files=[], sender="s", ai=AI, playlist="https://a.invalid/b", **ANSWERS)
    submissions.submit(link[0], files=[], sender="t", ai=AI, playlist="https://a.invalid/b", **ANSWERS)


@pytest.mark.parametrize("values", [{"days": 0}, {"max_gb": -1}, {"promise_days": 999}, {"name": " "}])
def test_a_link_is_made_within_limits(cast: Any, values: dict[str, Any]) -> None:
    with pytest.raises(ArtistsUserFault):
        upload_links.make_upload_link(**{"name": "x", **values}, actor=cast.anr)


# -- the resumable way in --------------------------------------------------------------------------------------------
def test_what_had_arrived_before_a_cut_is_not_sent_again(link: Any) -> None:
    data = encoded(tune(7, seconds=30))
    cut = len(data) * 95 // 100
    row, secret = incoming.begin(link[0], filename="long.wav", length=len(data), sender="s")
    piece = 64 * 1024
    sent = 0
    while sent < cut:
        size = min(piece, cut - sent)
        incoming.append(row, offset=sent, stream=io.BytesIO(data[sent : sent + size]), length=size)
        sent += size
    # the connection breaks within a piece: nothing of that piece counts, all before it does
    with pytest.raises(UploadRefused, match="broke off"):
        incoming.append(row, offset=sent, stream=io.BytesIO(data[sent : sent + 100]), length=5000)
    row = incoming.incoming_by_secret(secret)
    assert incoming.offset_of(row) == cut
    row = incoming.append(row, offset=cut, stream=io.BytesIO(data[cut:]), length=len(data) - cut)
    assert row.state == Incoming.State.WHOLE
    with incoming.opened_part(row) as part:
        assert part.read() == data


@pytest.mark.parametrize(
    ("offset", "size", "status"),
    [(5, 10, 409), (-1, 10, 409), (0, 10**9, 413), (10**12, 1, 409), (0, -5, 413)],
)
def test_hostile_offsets_change_nothing(link: Any, offset: int, size: int, status: int) -> None:
    row, _ = incoming.begin(link[0], filename="a.wav", length=100, sender="s")
    with pytest.raises(UploadRefused) as refused:
        incoming.append(row, offset=offset, stream=io.BytesIO(b"x" * 10), length=size)
    assert refused.value.status == status
    assert incoming.offset_of(row) == 0


def test_two_at_once_do_not_mix(link: Any) -> None:
    row, _ = incoming.begin(link[0], filename="a.wav", length=100, sender="s")
    with incoming._locked(row), pytest.raises(UploadRefused) as refused:
        incoming.append(row, offset=0, stream=io.BytesIO(b"x" * 10), length=10)
    assert refused.value.status == 423


def test_no_more_once_it_is_whole(link: Any) -> None:
    data = encoded(tune(8, seconds=1))
    row, _ = incoming.begin(link[0], filename="a.wav", length=len(data), sender="s")
    incoming.append(row, offset=0, stream=io.BytesIO(data), length=len(data))
    with pytest.raises(UploadRefused) as refused:
        incoming.append(row, offset=len(data), stream=io.BytesIO(b""), length=0)
    assert refused.value.status == 403


def test_what_is_no_sound_is_refused_at_its_end_and_not_kept(link: Any) -> None:
    row, _ = incoming.begin(link[0], filename="a.wav", length=1000, sender="s")
    row = incoming.append(row, offset=0, stream=io.BytesIO(b"not a wave" * 100), length=1000)
    assert row.state == Incoming.State.REFUSED
    assert row.says
    assert not incoming._path(row).exists()


@pytest.mark.parametrize(
    ("name", "length", "status"),
    [("a.exe", 10, 415), ("a.wav", 0, 400), ("", 5, 400), ("a.wav", 2 * 10**9, 413)],
)
def test_what_cannot_be_taken_is_said_before_a_byte_is_sent(
    link: Any, name: str, length: int, status: int
) -> None:
    with pytest.raises(UploadRefused) as refused:
        incoming.begin(link[0], filename=name, length=length, sender="s")
    assert refused.value.status == status
    assert not Incoming.objects.exists()


def test_what_lasts_longer_than_the_page_says_is_refused_when_it_is_here(link: Any) -> None:
    """No worker ever sees it: a small file may unpack to hours."""
    assert "30 minutes each" in Client().get(f"/submit/{link[1]}/").content.decode()
    data = encoded(np.zeros(31 * 60 * 8_000, np.int16), rate=8_000, kind="FLAC")
    row, _ = incoming.begin(link[0], filename="a night.flac", length=len(data), sender="s")
    row = incoming.append(row, offset=0, stream=io.BytesIO(data), length=len(data))
    assert row.state == Incoming.State.REFUSED
    assert row.says == "This file is longer than 30 minutes. Trim it, or split it into parts."
    assert not incoming._path(row).exists()


def test_a_path_in_the_name_is_only_a_name(link: Any) -> None:
    row, _ = incoming.begin(link[0], filename="../../etc\\passwd.wav", length=5, sender="s")
    assert row.filename == "passwd.wav"


def test_one_address_begins_so_many_an_hour(link: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incoming, "BEGUN_AN_HOUR", 3)
    for _ in range(3):
        incoming.begin(link[0], filename="a.wav", length=5, sender="s")
    with pytest.raises(TooMany, match="hour"):
        incoming.begin(link[0], filename="a.wav", length=5, sender="s")


def test_a_link_does_not_promise_more_room_than_it_has(link: Any) -> None:
    row = link[0]
    type(row).objects.filter(pk=row.pk)
    row.max_bytes = 1000
    incoming.begin(row, filename="a.wav", length=900, sender="s")
    with pytest.raises(TooMany):
        incoming.begin(row, filename="b.wav", length=200, sender="t")


def test_the_sweep_takes_what_nobody_went_on_with(link: Any) -> None:
    row, secret = incoming.begin(link[0], filename="a.wav", length=5, sender="s")
    stray = incoming._folder() / "stray.part"
    stray.write_bytes(b"x")
    assert incoming.sweep_incoming() == 0
    assert incoming.sweep_incoming(older_than=dt.timedelta(seconds=-5)) == 2
    assert not incoming._path(row).exists()
    assert not stray.exists()
    with pytest.raises(UploadRefused):
        incoming.incoming_by_secret(secret)


def test_a_submitted_part_leaves_the_folder(send: Any) -> None:
    send(encoded(tune(9, seconds=2)))
    assert list(incoming._folder().glob("*.part")) == []
    assert set(Incoming.objects.values_list("filename", flat=True)) == {""}
