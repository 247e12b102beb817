"""Cosignatures against known answers: a tree head of a public log under three public witnesses that others run."""

from __future__ import annotations

import base64
import datetime as dt
import struct

import pytest

from provenance import notes, verifier
from provenance.outside import cosigning
from tests.provenance.outside.witnessing import HandLog

# A tree head of the public Sigsum log c03f0518... of September 2026, and what three of its witnesses signed then.
ROOT = bytes.fromhex("3f4a936ec54da518d7e4af92cce6b5ec9646a6c9f7edf2f22217f00706681988")
ORIGIN = "sigsum.org/v1/tree/c03f05182be9341e33b9edd5f3f8675b08332164640203e743f4285359cace47"
TEXT = f"{ORIGIN}\n4248\n{base64.b64encode(ROOT).decode()}\n"
SECONDS = 1788954270
WITNESSES = {
    "witness.glasklar.is": (
        "b2106db9065ec97f25e09c18839216751a6e26d8ed8b41e485a563d3d1498536",
        (
            "f31fc919e0f69e98b411857434c7f92937a820f223a8f4f4e41b1cc3db3735a8"
            "42f26d4306cba3c6da2eec1af4b38269b2017ff1187fa392398e41b6de88370f"
        ),
    ),
    "witness.mullvad.net": (
        "15d6d0141543247b74bab3c1076372d9c894f619c376d64b29aa312cc00f61ad",
        (
            "8342dd185f12a406828d3b7e3e2431c01ecf47403ce64d547ad39d49bed6911a"
            "85ea68824e4659b9647d45832643490e0fe0bd5ad05287d2cf2a6e2e573f7a07"
        ),
    ),
    "tillitis.se/tillitis-witness-1": (
        "076be8c9ee7ea60916f0df3608c945d7730082ecb37749dad2c9ed339fea770c",
        (
            "b6c72618fa0de67cad0bdd8ebb8554e58328f51f7a395c3c34b3e87a26b90f66"
            "ca09a76fae5c9e855949d61bd4e537f82fc5c3e661003b19b1a7f9519ecaa103"
        ),
    ),
}


def line(name: str, *, seconds: int = SECONDS) -> tuple[cosigning.CosignerKey, str]:
    public, signature = WITNESSES[name]
    key = cosigning.CosignerKey(name, bytes.fromhex(public))
    raw = key.key_id + struct.pack(">Q", seconds) + bytes.fromhex(signature)
    return key, f"\u2014 {name} {base64.b64encode(raw).decode()}"


@pytest.mark.parametrize("name", WITNESSES)
def test_what_public_witnesses_signed_holds_here_and_in_the_verifier(name):
    key, signed = line(name)
    held = cosigning.find(f"\u2014 somebody.else AAAAAAAA\n{signed}\n", TEXT, key)
    assert held == cosigning.Cosigned(signed, dt.datetime(2026, 9, 9, 11, 44, 30, tzinfo=dt.UTC))
    checkpoint = verifier.Checkpoint.parse(f"{TEXT}\n{signed}\n".encode(), "it")
    assert checkpoint.cosigned_at(verifier.Key.parse(str(key))) == SECONDS


@pytest.mark.parametrize("name", WITNESSES)
def test_another_time_text_or_name_does_not(name):
    key, signed = line(name)
    for text, altered in (
        (TEXT, line(name, seconds=SECONDS + 1)[1]),
        (TEXT.replace("4248", "4249"), signed),
        (TEXT + "extension\n", signed),
        (TEXT, signed.replace(name, "witness.example/other")),
        (TEXT, line(name, seconds=0)[1]),
        (TEXT, line(name, seconds=2**63)[1]),
        (TEXT, signed[:-8] + signed[-4:]),
        (TEXT, signed.replace("\u2014", "-")),
        (TEXT, ""),
    ):
        with pytest.raises(notes.NoteError):
            cosigning.verify_line(altered, text, key)
    with pytest.raises(notes.NoteError, match="has no cosignature"):
        cosigning.find("", TEXT, key)


def test_a_key_reads_as_it_was_written():
    for name in WITNESSES:
        key = line(name)[0]
        assert cosigning.CosignerKey.parse(str(key)) == key
    for text in ("", "a+b", "witness.glasklar.is+90ad80e6+BAAA", HandLog().key):
        with pytest.raises(notes.NoteError):
            cosigning.CosignerKey.parse(text)
