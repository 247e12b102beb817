"""What the label, or a thief of its key, could try; and how a stranger sees it."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provenance import keys, notes, rotation, verifier
from tests.provenance.ledger.bundles import forge, pack, sealed, unpack
from tests.provenance.ledger.helpers import ACTOR
from tests.provenance.ledger.outside.lies import (
    another_last,
    damage_token,
    fewer_in_a_stream,
    forget_the_rotation,
    invent_a_rotation,
    leave_a_stream_out,
    nonsense_token,
    strip_cosignature,
    strip_tokens,
    swap_cosignature,
    swap_points,
    swap_tokens,
    token_of_nothing,
    wrong_consistency,
)
from tests.provenance.ledger.outside.reading import UNWITNESSED, check, forged, older_key, step
from tests.provenance.ledger.signed_story import head, stamp

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (strip_tokens, UNWITNESSED),
        (swap_tokens, "broken at step 14 because the timestamp of office at"),
        (nonsense_token, "broken at step 14 because"),
        (damage_token, "broken at step 14 because"),
        (
            token_of_nothing,
            "broken at step 14 because the timestamp of office at 1 entries is over no checkpoint",
        ),
        (strip_cosignature, UNWITNESSED),
        (swap_cosignature, "broken at step 15 because the cosignature of witness.example/north"),
        (swap_points, "broken at step 12 because the older checkpoint of"),
        (wrong_consistency, "broken at step 12 because"),
        (forget_the_rotation, "broken at step 7 because entry 19 hands the log's key over"),
        (invent_a_rotation, "broken at step 3 because the rotation to deadwax.invalid/ledger+"),
        (fewer_in_a_stream, "broken at step 9 because the stream statement contradicts"),
        (another_last, "broken at step 9 because the stream statement contradicts"),
        (leave_a_stream_out, "broken at step 9 because the stream statement does not name exactly"),
    ],
)
def test_a_lie_about_outsiders_is_caught(story, tmp_path, change, expected):
    assert forged(story, tmp_path, change).startswith(expected)


def test_nobody_but_the_log_can_take_something_out_unseen(story, tmp_path):
    """A receiver who strips a token and packs again has no seal; one who keeps the old seal has the wrong one."""
    data = story.bundle()
    members = unpack(data)
    listed = json.loads(members["bundle.json"])
    strip_tokens(members, listed)
    members["bundle.json"] = json.dumps(listed).encode()
    bare = pack(members)
    assert check(tmp_path, bare).verdict.startswith("broken at step 18 because the archive has no seal")
    assert check(tmp_path, bare, repacked=True).verdict == UNWITNESSED
    thief = sealed(bare, key=Ed25519PrivateKey.generate())
    assert check(tmp_path, thief).verdict.startswith("broken at step 18 because the seal is not signed by")
    seal = data[data.rindex(b"deadwax/bundle/v2") :]
    kept = bare[:-2] + len(seal).to_bytes(2, "little") + seal
    assert check(tmp_path, kept).verdict.startswith("broken at step 18 because the archive was changed")


def test_a_fork_signed_with_the_older_key_does_not_pass(story, tmp_path):
    """Whoever kept the key of before signs a larger log of their own with it."""
    old = Ed25519PrivateKey.from_private_bytes(older_key())

    def change(members, listed):
        size = listed["log"]["size"]
        text = notes.parse_note(members["log/checkpoint.txt"]).text
        before, after = (
            members["log/checkpoint.txt"],
            bytes(notes.sign(text, name=keys.origin(), private=old)),
        )
        members["log/key.txt"] = f"{notes.public_key(keys.origin(), old)}\n".encode()
        for name in members:
            if name.endswith((".tlog-proof", "checkpoint.txt")):
                members[name] = members[name].replace(before, after)
        assert size

    assert forged(story, tmp_path, change).startswith(
        "broken at step 3 because the log's key was handed over"
    )
    data = forge(story.plain, change)
    members = unpack(data)
    forget_the_rotation(members, {})
    forked = sealed(pack(members), key=old)
    now = verifier.Key.parse(str(keys.verifier_key()))
    assert check(tmp_path, forked, key=now).verdict.startswith(
        "broken at step 3 because the bundle comes with"
    )
    assert check(tmp_path, forked).verdict.startswith("broken at step 7 because entry 19 hands")


def test_what_a_revoked_log_key_signed_above_its_end_does_not_count(story, tmp_path):
    """Its timestamps and cosignatures do not count either; later ones cover the entries again."""
    first = notes.VerifierKey.parse(verifier.str_of(story.first_key))
    rotation.revoke(reason="found on a stick", actor=ACTOR, key=first, from_size=1)
    stamp(story.office, head())
    report = check(tmp_path, story.bundle(), roots=story.roots, key=story.first_key)
    assert report.verdict == "valid"
    assert "1 revocation in the log" in step(report, "Changes of the log's key are recorded")
    assert "2 timestamps from" in step(report, "Timestamps")
