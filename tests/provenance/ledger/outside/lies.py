"""What the label, or a thief of its key, could change in a bundle about those who saw the log from outside."""

from __future__ import annotations

import datetime as dt
import json

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provenance import keys, notes
from tests.provenance.ledger.outside.reading import points
from tests.provenance.ledger.signed_story import STREAM


def strip_tokens(members, listed):
    for row in listed["timestamps"]:
        del members[row["token"]]
    listed["timestamps"] = []


def swap_tokens(members, listed):
    one, two = (row["token"] for row in listed["timestamps"][:2])
    members[one], members[two] = members[two], members[one]


def nonsense_token(members, listed):
    members[listed["timestamps"][0]["token"]] = b"\x30\x82\xff\xff" + b"\x00" * 2000


def damage_token(members, listed):
    name = listed["timestamps"][0]["token"]
    members[name] = members[name][:-5] + bytes([members[name][-5] ^ 1]) + members[name][-4:]


def token_of_nothing(members, listed):
    listed["timestamps"][0]["size"] = 1


def strip_cosignature(members, listed):
    for name in [name for name in members if name.startswith(("log/points/", "log/checkpoint", "proofs/"))]:
        lines = members[name].split(b"\n")
        members[name] = b"\n".join(line for line in lines if not line.startswith("\u2014 witness".encode()))


def swap_cosignature(members, listed):
    first, last = f"log/points/{points(listed)[0]}.txt", "log/checkpoint.txt"
    lines = {name: members[name].split(b"\n")[-2] for name in (first, last)}
    old = members[last]
    members[first] = members[first].replace(lines[first], lines[last])
    members[last] = members[last].replace(lines[last], lines[first])
    for name in members:
        if name.startswith("proofs/"):
            members[name] = members[name].replace(old, members[last])


def swap_points(members, listed):
    one, two = (f"log/points/{size}.txt" for size in points(listed)[:2])
    members[one], members[two] = members[two], members[one]


def wrong_consistency(members, listed):
    listed["points"][0]["consistency"] = listed["points"][1]["consistency"]


def forget_the_rotation(members, listed):
    members["log/keys.json"] = json.dumps({"rotations": [], "witnesses": []}).encode()


def invent_a_rotation(members, listed):
    from provenance.key_history import rotation_note

    own, thief = keys.signing_key(), Ed25519PrivateKey.generate()
    held = json.loads(members["log/keys.json"])
    stolen = rotation_note(origin=keys.origin(), old=own, new=thief, at=dt.datetime.now(dt.UTC), after=0)
    held["rotations"].append(bytes(stolen).decode())
    members["log/keys.json"] = json.dumps(held).encode()


def fewer_in_a_stream(members, listed):
    restate(members, lambda parts: parts[0] == STREAM and [parts[0], str(int(parts[1]) - 1), parts[2]])


def another_last(members, listed):
    restate(members, lambda parts: parts[0] == STREAM and [parts[0], parts[1], "ab" * 32])


def leave_a_stream_out(members, listed):
    restate(members, lambda parts: parts[0] == STREAM and [])


def restate(members, change):
    lines = notes.parse_note(members["log/streams.txt"]).text.split("\n")
    rows = [change(line.split(" ")) or line.split(" ") if " " in line else [line] for line in lines[:-1]]
    rows = [row for row in rows if not (change(row) == [] and len(row) == 3)]
    text = "".join(" ".join(row) + "\n" for row in rows)
    members["log/streams.txt"] = bytes(notes.sign(text, name=keys.origin(), private=keys.signing_key()))
