"""Tokens of a real authority (openssl): stored only when they hold, and asked for again when they do not."""

from __future__ import annotations

import datetime as dt
import hashlib

import pytest
from django.utils import timezone
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from provenance.models import OutsidePlace, TimestampToken
from provenance.outside import config, der, timestamps, wire
from provenance.outside.errors import PlaceRefused
from provenance.outside.health import outside_health
from tests.provenance.outside.authority import Office, TsaServer, openssl
from tests.provenance.outside.conftest import errors, grow, stamping
from tests.support import needs

pytestmark = [needs("openssl"), pytest.mark.django_db(transaction=True)]


def authority(tsa: TsaServer, office: Office, roots: str = "root.pem") -> config.Authority:
    return config.Authority("office", tsa.url, office.folder / roots, 600)


def test_a_token_over_the_exact_checkpoint_is_stored_and_openssl_agrees(tsa, office, name_places):
    name_places(stamping(tsa, office))
    head = grow()
    assert errors() == {"office": ""}
    token = TimestampToken.objects.get()
    assert (token.checkpoint_id, token.authority) == (head.size, "office")
    assert abs((token.gen_time - timezone.now()).total_seconds()) < 60
    assert office.accepts(bytes(token.token), bytes(head.note))
    assert not office.accepts(bytes(token.token), bytes(head.note) + b"\n")
    assert not office.accepts(bytes(token.token), bytes(head.note), root="other")
    (health,) = outside_health()
    assert (health.reached_size, health.behind, health.error, health.failing_since) == (
        head.size,
        0,
        "",
        None,
    )


@pytest.mark.parametrize("minutes", [-5, 5, 60 * 24 * 365])
def test_an_authority_with_another_clock_is_refused(tsa, office, minutes):
    """Its token would stand for ever, and every bundle would hold it against honest entries."""
    there = authority(tsa, office)
    assert timestamps.ask(there, b"note")
    with pytest.raises(PlaceRefused, match="s from ours: set whichever is wrong"):
        timestamps.ask(there, b"note", now=lambda: timezone.now() + dt.timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("busy", "answered 503"),
        ("another nonce", "its nonce is not ours"),
        ("other bytes", "over other bytes"),
        ("altered", "does not verify"),
        ("cut off", "no time-stamp response"),
        ("rejection", "rejection (Message digest algorithm is not supported.)"),
        ("a page", "no time-stamp response"),
        ("a flood", "more than"),
    ],
)
def test_whatever_does_not_hold_is_not_stored_but_told_and_asked_for_again(
    mode, told, tsa, office, name_places
):
    name_places(stamping(tsa, office))
    head = grow()
    tsa.mode = mode
    assert told in errors()["office"]
    assert not TimestampToken.objects.exists()
    (health,) = outside_health()
    assert health.behind == head.size
    assert health.failing_since is not None
    assert told in health.error
    # Not at once: the place has a rest first.
    tsa.mode = "good"
    assert errors(force=False) == {}
    OutsidePlace.objects.update(next_at=timezone.now())
    assert errors(force=False) == {"office": ""}
    assert outside_health()[0].failing_since is None
    assert TimestampToken.objects.count() == 1


def test_a_root_that_is_not_the_authoritys_refuses_its_tokens(tsa, office, name_places):
    name_places(stamping(tsa, office, root="other"))
    grow()
    assert "roots: certificate verify error" in errors()["office"]
    assert not TimestampToken.objects.exists()


def test_an_authority_that_is_gone_leaves_a_gap_that_can_be_seen(office, name_places):
    server = TsaServer(office)
    name_places(stamping(server, office))
    first = grow()
    assert errors() == {"office": ""}
    server.stop()
    last = grow(4)
    assert "could not be reached" in errors()["office"]
    assert "could not be reached" in errors()["office"]
    (health,) = outside_health()
    assert (health.reached_size, health.behind) == (first.size, last.size - first.size)
    row = OutsidePlace.objects.get()
    assert row.failures == 2
    assert row.failing_since < row.next_at


def test_an_authority_that_talks_without_end_is_cut_off(tsa):
    tsa.mode = "drip"
    with pytest.raises(wire.WireError, match="did not answer within"):
        wire.exchange("POST", tsa.url, b"x", headers={}, timeout_s=0.5)


def test_tokens_come_at_most_as_often_as_agreed(tsa, office, name_places):
    name_places(stamping(tsa, office, every_s=600))
    grow()
    assert errors(force=False) == {"office": ""}
    grow()
    assert errors(force=False) == {}
    assert tsa.asked == 1
    OutsidePlace.objects.update(next_at=timezone.now())
    assert errors(force=False) == {"office": ""}
    assert TimestampToken.objects.count() == 2


def test_a_chain_whose_certificates_came_unsorted_is_read_and_kept_as_it_came(tsa, office):
    """Strict DER sorts a SET OF; openssl and many authorities do not."""
    tsa.mode = "chained"
    data = b"bytes of a checkpoint"
    token = timestamps.ask(authority(tsa, office), data)
    assert office.accepts(token.der, data)
    assert timestamps.verify(token.der, data, config.read_roots(office.folder / "chain.pem")).der == token.der
    with pytest.raises(PlaceRefused, match="does not verify"):
        timestamps.verify(token.der, data, config.read_roots(office.folder / "other.pem"))


def test_a_token_signed_with_a_certificate_for_something_else_is_refused(office):
    """The true content of a token, signed again by a web server's certificate of the same root."""
    data = b"the checkpoint"
    token = der.token_of(office.reply(office.query(data)))
    content = der.elements(der.elements(der.elements(der.elements(token)[0][1])[1][1])[0][1])[2][1]
    tst_info = der.elements(der.elements(content)[1][1])[0][1]
    (office.folder / "content").write_bytes(tst_info)
    done = openssl(
        "cms", "-sign", "-binary", "-nodetach", "-nosmimecap", "-md", "sha256", "-in", "content",
        "-econtent_type", "1.2.840.113549.1.9.16.1.4", "-signer", "web.pem", "-inkey", "web.key",
        "-outform", "DER", "-out", "resigned",
        cwd=office.folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    resigned = (office.folder / "resigned").read_bytes()
    with pytest.raises(PlaceRefused, match="does not verify"):
        timestamps.verify(resigned, data, config.read_roots(office.folder / "root.pem"))
    assert not office.accepts(resigned, data)


def test_every_flipped_bit_is_refused_or_changes_nothing_that_was_signed(office):
    """Bit by bit through the token: what is still accepted states the same time over the same bytes."""
    data = b"the checkpoint"
    token = der.token_of(office.reply(office.query(data)))
    roots = config.read_roots(office.folder / "root.pem")
    good = timestamps.verify(token, data, roots)
    accepted = 0
    for place in range(len(token)):
        altered = bytearray(token)
        altered[place] ^= 1 << (place % 8)
        try:
            held = timestamps.verify(bytes(altered), data, roots)
        except PlaceRefused:
            continue
        accepted += 1
        assert held.gen_time == good.gen_time
    assert accepted < 25


@pytest.mark.parametrize(
    "junk", [b"", b"\x30", b"\x30\x80\x00\x00", b"\x30\x84\xff\xff\xff\xff", b"\x30\x00", b"\x1f" * 40]
)
def test_junk_is_no_token(junk, office):
    with pytest.raises(PlaceRefused):
        timestamps.verify(junk, b"", config.read_roots(office.folder / "root.pem"))


# RFC 3161 says in 2.4.2 how a refusal is written: PKIStatusInfo with status 2 (rejection), failInfo badAlg (bit 0).
RFC_REJECTION = bytes.fromhex("3009" + "3007" + "020102" + "03020780")


def test_a_refusal_as_the_rfc_writes_it_has_no_token():
    assert der.token_of(RFC_REJECTION) is None
    assert timestamps._refusal(RFC_REJECTION) == "rejection"


def test_our_request_is_read_by_openssl_with_imprint_and_nonce(office, tsa):
    request = TimestampRequestBuilder().data(b"x").hash_algorithm(HashAlgorithm.SHA256).build()
    (office.folder / "ours").write_bytes(request.as_bytes())
    said = openssl("ts", "-query", "-in", "ours", "-text", cwd=office.folder).stdout
    assert "Hash Algorithm: sha256" in said
    assert f"Nonce: 0x{request.nonce:016X}" in said
    assert "Certificate required: yes" in said
    assert hashlib.sha256(b"x").hexdigest()[:4] == said.split("0000 - ")[1][:5].replace(" ", "")
