"""Signed notes, checkpoints and proofs against published vectors."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provenance import notes

# The key pair and note with which golang.org/x/mod/sumdb/note documents the format.
VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SKEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
NOTE = (
    TEXT
    + "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()
PRIVATE = Ed25519PrivateKey.from_private_bytes(base64.b64decode(SKEY.split("+", 4)[4])[1:])
KEY = notes.VerifierKey.parse(VKEY)


def test_signing_gives_the_published_note_byte_for_byte():
    assert bytes(notes.sign(TEXT, name="PeterNeumann", private=PRIVATE)) == NOTE


def test_the_published_note_verifies():
    note = notes.parse_note(NOTE)
    note.verify(KEY)
    assert note.text == TEXT
    assert bytes(note) == NOTE


def test_a_key_in_text_reads_back_and_no_changed_one_does():
    assert str(KEY) == VKEY
    assert notes.public_key("PeterNeumann", PRIVATE) == KEY
    for place in range(len(VKEY)):
        changed = VKEY[:place] + chr(ord(VKEY[place]) + 1) + VKEY[place + 1 :]
        with pytest.raises(notes.NoteError):
            notes.VerifierKey.parse(changed)
        with pytest.raises(notes.NoteError):
            notes.VerifierKey.parse(VKEY[:place])


def test_another_text_another_key_and_another_name_are_refused():
    with pytest.raises(notes.NoteError, match="does not fit the text"):
        notes.parse_note(NOTE.replace(b"answer", b"Answer")).verify(KEY)
    other = notes.public_key("PeterNeumann", Ed25519PrivateKey.generate())
    with pytest.raises(notes.NoteError, match="expected a signature of"):
        notes.parse_note(NOTE).verify(other)


def test_a_second_signature_leaves_the_first_valid():
    witness = Ed25519PrivateKey.generate()
    line = notes.sign(TEXT, name="witness.example", private=witness).signatures[0]
    note = notes.parse_note(bytes(notes.with_signatures(notes.parse_note(NOTE), [line])))
    assert [item.name for item in note.signatures] == ["PeterNeumann", "witness.example"]
    note.verify(KEY)
    note.verify(notes.public_key("witness.example", witness))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        TEXT.encode(),
        NOTE[:-1],
        NOTE.replace("—".encode(), b"-"),
        NOTE.replace(b"x08go", b"?08go"),
        NOTE.replace(b"PeterNeumann ", b"Peter Neumann "),
        NOTE.replace(b"think", b"th\x07nk"),
        b"\xff" + NOTE,
        TEXT.encode() + b"\n" + NOTE.split(b"\n\n")[1] * 101,
    ],
)
def test_what_is_no_note_is_refused(data):
    with pytest.raises(notes.NoteError):
        notes.parse_note(data)


def test_a_checkpoint_reads_as_the_specification_writes_it():
    # The example of c2sp.org/tlog-checkpoint.
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    head = notes.TreeHead.parse(text)
    assert (head.origin, head.size, head.root.hex()[:8]) == (
        "example.com/behind-the-sofa",
        20852163,
        "0ac5186a",
    )
    assert head.text == text
    assert notes.TreeHead.parse(text + "extension\n").extensions == ("extension",)


@pytest.mark.parametrize(
    "text", ["a\n1\n", "a\n01\n" + "A" * 43 + "=\n", "a\n-1\n" + "A" * 43 + "=\n", "a\n1\nAAAA\n", "a\n1\n\n"]
)
def test_what_is_no_checkpoint_is_refused(text):
    with pytest.raises(notes.NoteError):
        notes.TreeHead.parse(text)


def test_a_checkpoint_of_another_log_is_refused_though_the_key_signed_it():
    head = notes.TreeHead("other.example/log", 1, bytes(32))
    note = bytes(notes.sign(head.text, name="PeterNeumann", private=PRIVATE))
    with pytest.raises(notes.NoteError, match=r"one of other\.example/log"):
        notes.open_checkpoint(note, KEY)


def test_a_proof_reads_back_and_allows_extra_data():
    # Header, index, hashes, empty line, checkpoint: the layout of c2sp.org/tlog-proof@v1.
    proof = notes.TlogProof(5, (b"a" * 32, b"b" * 32), b"checkpoint\n")
    text = bytes(proof).decode()
    a, b = (base64.b64encode(item).decode() for item in proof.hashes)
    assert text == f"c2sp.org/tlog-proof@v1\nindex 5\n{a}\n{b}\n\ncheckpoint\n"
    assert notes.TlogProof.parse(text.encode()) == proof
    assert notes.TlogProof.parse(text.replace("index", "extra AAAA\nindex").encode()) == proof
    assert bytes(notes.TlogProof(0, (), b"c\n")) == b"c2sp.org/tlog-proof@v1\nindex 0\n\nc\n"
