"""One entry: its sentence, what it concerns, its place in the log, and everything to check it without us."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from artists.models import User
from artists.views import user_of
from label.blindness import said_to
from label.lines import Line, lines
from label.streams import may_read, readable
from label.things import Sound, Thing, keys_of, sounds, things
from provenance import notes, queries, standing
from provenance.pictures.inclusion import inclusion_picture
from provenance.services import Entry

#: Checks the proof with nothing but Python: what stands in the page is what the tests run.
CHECK = """\
import base64, hashlib, sys
body, proof = open("entry.json", "rb").read(), open("proof.txt").read().splitlines()
index = int(proof[1].split()[1])
end = proof.index("")
hashes = [base64.b64decode(line) for line in proof[2:end]]
size, root = int(proof[end + 2]), base64.b64decode(proof[end + 3])
node, at, last = hashlib.sha256(b"\\0" + body).digest(), index, size - 1
for one in hashes:  # RFC 9162, 2.1.3.2
    left = at % 2 == 1 or at == last
    node = hashlib.sha256(b"\\1" + (one + node if left else node + one)).digest()
    while left and at % 2 == 0 and at:
        at, last = at >> 1, last >> 1
    at, last = at >> 1, last >> 1
sys.exit(0 if last == 0 and node == root else "This entry is not in that log.")
"""


@dataclass(frozen=True)
class Part:
    """An asset of the entry: whether it went in or came out, and how to hear it."""

    way: str
    role: str
    sha256: str
    sound: Sound | None


@require_safe
def entry_page(request: HttpRequest, leaf: str) -> HttpResponse:
    user = user_of(request)
    entry = readable_entry(user, leaf)
    body = json.loads(bytes(entry.body))
    disclosed = said_to(user, entry)
    parts = _parts(user, body)
    before, after = standing.neighbours(entry)
    allowed = readable(user)
    around = standing.around(
        entry,
        inputs=[part.sha256 for part in parts if part.way == "went in"],
        outputs=[part.sha256 for part in parts if part.way == "came out"],
    )
    came_from = [one for one in around.came_from if one.stream in allowed]
    led_to = [one for one in around.led_to if one.stream in allowed]
    signs, signs_first = standing.signed_with(entry) if entry.kind == "session.signed" else (0, [])
    others = [one for one in (before, after) if one is not None]
    told = {
        line.leaf: line for line in lines([entry, *others, *came_from, *led_to, *signs_first], reader=user)
    }

    def line(one: Entry | None) -> Line | None:
        return None if one is None else told[bytes(one.leaf_hash).hex()]

    proof = queries.proof_for(entry)
    covers = standing.covers(proof.index) if proof else ()
    signature = standing.signature_of(entry)
    context = {
        "entry": entry,
        "line": line(entry),
        "body": json.dumps(body, indent=2, ensure_ascii=False),
        "private": [
            (name.replace("_", " "), _said(disclosed[name]) if name in disclosed else None, commitment)
            for name, commitment in body["private"].items()
        ],
        "parts": parts,
        "concerns": _concerns(user, body["subjects"]),
        "before": line(before),
        "after": line(after),
        "came_from": [line(one) for one in came_from],
        "led_to": [line(one) for one in led_to],
        "signature": signature,
        "key_name": keys_of(user, [signature.fingerprint]).get(signature.fingerprint, "")
        if signature
        else "",
        "signs": signs,
        "signs_lines": [line(one) for one in signs_first],
        "may_be_signed": entry.actor_type == "human" and entry.kind != "session.signed",
        "proof": proof,
        "picture": _picture(proof) if proof else "",
        "proof_text": proof.text() if proof else "",
        "covers": covers,
        "covers_by": {
            kind: sorted((one for one in covers if one.kind == kind), key=lambda one: one.at)
            for kind in ("timestamp", "witness")
        },
        "commands": _commands(entry),
        "check": CHECK,
    }
    return render(request, "label/entry.html", context)


def readable_entry(user: User, leaf: str) -> Entry:
    entry = queries.entry_by_leaf(leaf)
    if entry is None or not may_read(user, entry):
        raise Http404("No such entry.")
    return entry


def _parts(user: User, body: dict[str, Any]) -> list[Part]:
    refs = [("went in", ref) for ref in body["inputs"]] + [("came out", ref) for ref in body["outputs"]]
    heard = sounds(user, (ref["sha256"] for _, ref in refs))
    return [
        Part(way, ref["role"].replace("_", " "), ref["sha256"], heard.get(ref["sha256"])) for way, ref in refs
    ]


def _concerns(user: User, refs: list[str]) -> list[Thing]:
    """The subjects with their names and pages; those that the reader may not open stay ids."""
    known = things(user, refs)
    return [known.get(ref) or Thing(ref, ref.partition(":")[0], ref) for ref in dict.fromkeys(refs)]


def _picture(proof: queries.InclusionProof) -> SafeString:
    head = notes.TreeHead.parse(notes.parse_note(proof.checkpoint).text)
    picture = inclusion_picture(proof.index, proof.size, proof.hashes, root=head.root)
    return mark_safe(picture)  # noqa: S308 - our own escaped SVG


def _commands(entry: Entry) -> str:
    """Hash the exact bytes and compare: with the files of this page beside it."""
    leaf = bytes(entry.leaf_hash).hex()
    page = f"{settings.DEADWAX_BASE_URL}{reverse('label:ledger-entry', args=[leaf])}"
    return (
        f"# entry.json, proof.txt and check.py: from {page}\n"
        f"(printf '\\0'; cat entry.json) | sha256sum   # {leaf}\n"
        "python3 check.py && echo it stands in the log of that checkpoint"
    )


@require_safe
def entry_body(request: HttpRequest, leaf: str) -> HttpResponse:
    """The exact bytes that were hashed."""
    entry = readable_entry(user_of(request), leaf)
    return _file(bytes(entry.body), "entry.json", "application/json")


@require_safe
def entry_proof(request: HttpRequest, leaf: str) -> HttpResponse:
    """The inclusion proof as C2SP tlog-proof@v1, with the newest checkpoint."""
    proof = queries.proof_for(readable_entry(user_of(request), leaf))
    if proof is None:
        raise Http404("This entry waits for its place in the log.")
    return _file(proof.text().encode(), "proof.txt", "text/plain; charset=utf-8")


@login_not_required
@require_safe
def check_program(request: HttpRequest) -> HttpResponse:
    """The check that the page shows, as a file: the same for every entry."""
    return _file(CHECK.encode(), "check.py", "text/x-python; charset=utf-8")


@login_not_required
@require_safe
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The newest signed checkpoint, for anybody: it says nothing about what was recorded, only how much and in which
    order, and who keeps a copy can tell later whether the log was rewritten."""
    head = queries.latest_checkpoint()
    if head is None:
        raise Http404("Nothing is in the log yet.")
    return HttpResponse(bytes(head.note), content_type="text/plain; charset=utf-8")


def _file(data: bytes, name: str, media_type: str) -> HttpResponse:
    response = HttpResponse(data, content_type=media_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _said(value: Any) -> list[str]:
    """A private value in lines: words as they are, what was said about several things one a line."""
    if isinstance(value, dict):
        return [f"{name.replace('_', ' ')}: {text}" for name, text in value.items()]
    if isinstance(value, list):
        return [", ".join(str(item) for item in value)]
    return [str(value)]
