"""Bundles made to do harm: each gets a sentence."""

from __future__ import annotations

import base64
import json

import pytest

from tests.provenance.ledger.outside.reading import forged, points, refused

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "value", [None, True, -1, 2**60, "x", [], {}, [[]], "\ud800", "a" * 20_000, [{"size": "x"}]]
)
@pytest.mark.parametrize("key", ["points", "timestamps", "roots", "keys", "streams", "provenance"])
def test_a_wrong_part_of_the_list_gets_a_sentence(story, tmp_path, key, value):
    def change(members, listed):
        listed[key] = value

    assert forged(story, tmp_path, change).startswith("broken at step")


@pytest.mark.parametrize(
    "text",
    [
        b"", b"[]", b'{"rotations":7,"witnesses":[]}', b'{"rotations":["x"],"witnesses":[]}',
        b'{"rotations":[],"witnesses":["a+b+c"]}', b"[" * 100_000, b'{"rotations":["\\ud800\\n\\n"],"witnesses":[]}',
        json.dumps({"rotations": ["x"] * 500, "witnesses": []}).encode(),
    ],
)  # fmt: skip
def test_hostile_key_histories_get_a_sentence(story, tmp_path, text):
    def change(members, listed):
        members["log/keys.json"] = text

    assert forged(story, tmp_path, change).startswith("broken at step 3 because")


def test_tens_of_thousands_of_signature_lines_are_not_read(story, tmp_path):
    def change(members, listed):
        name = f"log/points/{points(listed)[0]}.txt"
        line = members[name].split(b"\n")[-2] + b"\n"
        members[name] += line * 50_000

    assert "has" in forged(story, tmp_path, change)
    assert forged(story, tmp_path, change).startswith("broken at step 12 because")


def test_a_giant_base64_in_a_proof_is_not_decoded(story, tmp_path):
    entry = story.ilse.work(1)
    story.ilse.sign([entry], proof={"signature": "-----BEGIN SSH SIGNATURE-----\n" + "A" * 3_000_000})
    assert "is not text of 1 to" in refused(story, tmp_path)


@pytest.mark.parametrize("cut", [0, 9, 40, 120])
def test_a_cut_ssh_signature_gets_a_sentence(story, tmp_path, cut):
    entry = story.ilse.work(1)
    payload = story.ilse.payload([entry])
    whole = story.ilse.proof(payload.data)["signature"].split("\n")
    blob = base64.b64decode("".join(whole[1:-2]))[: -cut or None][:cut] if cut else b""
    text = "\n".join([whole[0], base64.b64encode(blob).decode(), whole[-2]])
    story.ilse.sign([entry], proof={"signature": text}, nonce=payload.nonce)
    assert refused(story, tmp_path).startswith("broken at step 17 because")
