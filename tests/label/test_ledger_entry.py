"""An entry's page: what it concerns, what can be heard, who signed, who outside has seen it, and how to check it."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse

from label.seals import strip
from provenance import finding, ledger, queries, sequencer, standing
from provenance.events import Event, event
from provenance.models import Checkpoint, Cosignature, EntrySignature, TimestampToken
from provenance.services import Entry
from tests.label.conftest import as_
from tests.label.test_ledger_pages import leaves
from tests.scenes import Scene

pytestmark = pytest.mark.django_db


def leaf(entry: Any) -> str:
    return bytes(entry.leaf_hash).hex()


def html(user: Any, entry: Any) -> str:
    answer = as_(user).get(reverse("label:ledger-entry", args=[leaf(entry)]))
    assert answer.status_code == 200
    return answer.content.decode()


def entry_of(kind: str, **more: Any) -> Entry:
    found = queries.entries_for(kinds=[kind], **more).select_related("leaf").first()
    assert found is not None
    return found


def test_what_it_concerns_is_named_and_linked_and_sounds_can_be_played(scene: Scene) -> None:
    made = entry_of("take.generated", refs=[f"take:{scene.take.pk}"])
    page = html(scene.cast.mara, made)
    assert f'href="/projects/{scene.project.pk}/"' in page
    assert f"Take {scene.take.number} of prompt run {scene.run.number}" in page
    assert f'data-play="/takes/{scene.take.pk}/audio/"' in page
    assert f'data-peaks="/takes/{scene.take.pk}/peaks/"' in page
    assert f'data-play="/stems/{scene.stem.pk}/audio/"' in page
    rendered = entry_of("render.finished", streams=[scene.project.stream])
    assert leaf(made) in leaves(html(scene.cast.mara, rendered)) or "Made from" in html(
        scene.cast.mara, rendered
    )
    assert leaf(rendered) in leaves(
        html(scene.cast.mara, entry_of("master.finished", streams=[scene.project.stream]))
    )


def test_somebody_who_reads_one_entry_learns_no_names_of_what_is_closed_to_them(scene: Scene) -> None:
    """A collaborator reads the project, not its release and not its artist's page."""
    declared = entry_of("master.declared", refs=[f"master:{scene.master.pk}"])
    assert declared.stream == scene.project.stream
    page = html(scene.cast.collaborator, declared)
    assert scene.release.title not in page.replace(scene.project.title, "")
    added = entry_of("project.created", streams=[scene.project.stream])
    assert scene.cast.artist.name not in html(scene.cast.collaborator, added)
    assert scene.cast.artist.name in html(scene.cast.mara, added)


def test_the_next_and_the_one_before_lead_through_the_stream(scene: Scene) -> None:
    stream = list(
        queries.entries_for(streams=[scene.project.stream]).select_related("leaf").order_by("leaf__index")
    )
    page = html(scene.cast.mara, stream[3])
    assert leaf(stream[2]) in leaves(page)
    assert leaf(stream[4]) in leaves(page)
    assert "The first of its stream" in html(scene.cast.mara, stream[0])
    assert "The newest of its stream" in html(scene.cast.mara, stream[-1])


def test_a_stranger_with_the_files_alone_can_check_the_entry(scene: Scene, tmp_path: Path) -> None:
    client = as_(scene.cast.mara)
    program = as_(None).get(reverse("label:ledger-check"))
    assert program["Content-Disposition"] == 'attachment; filename="check.py"'
    (tmp_path / "check.py").write_bytes(program.content)
    for entry in queries.entries_for(streams=[scene.project.stream])[:12]:
        body = client.get(reverse("label:ledger-entry-body", args=[leaf(entry)]))
        proof = client.get(reverse("label:ledger-entry-proof", args=[leaf(entry)]))
        assert body.content == bytes(entry.body)
        (tmp_path / "entry.json").write_bytes(body.content)
        (tmp_path / "proof.txt").write_bytes(proof.content)
        done = subprocess.run([sys.executable, "check.py"], cwd=tmp_path, check=False, capture_output=True)
        assert done.returncode == 0, done.stderr
        shown = subprocess.run(
            "(printf '\\0'; cat entry.json) | sha256sum", shell=True, cwd=tmp_path, check=True, capture_output=True,
        )  # fmt: skip
        assert shown.stdout.decode().split()[0] == leaf(entry)
    (tmp_path / "entry.json").write_bytes(body.content + b" ")
    changed = subprocess.run([sys.executable, "check.py"], cwd=tmp_path, check=False, capture_output=True)
    assert changed.returncode == 1
    assert b"not in that log" in changed.stderr


@event
class _Signed(Event):
    """Stands in for a signature made elsewhere: this page only shows what such an entry says."""

    kind = "session.signed"
    version = 999
    sentence = "signed a session"

    payload: dict[str, Any]
    fingerprint: str
    method: str


def sign(scene: Scene, entry: Entry) -> Entry:
    with transaction.atomic():
        signature = ledger.record(
            _Signed(
                stream=scene.project.stream,
                payload={"purpose": "session"},
                fingerprint="ab" * 32,
                method="ssh",
            ),
            actor=scene.cast.mara,
        )
        EntrySignature.objects.create(entry=entry, signature=signature)
    sequencer.drain()
    return signature


def test_it_says_who_signed_it_with_what_and_when_and_not_yet_before(scene: Scene) -> None:
    entry = Entry.objects.get(pk=scene.take.entry_id)
    assert "Not signed yet" in html(scene.cast.mara, entry)
    signature = sign(scene, entry)
    page = html(scene.cast.mara, entry)
    assert "Not signed yet" not in page
    assert "an ssh key" in page
    assert leaf(signature) in leaves(page)
    assert leaf(entry) in leaves(html(scene.cast.mara, signature)), "and what it signs stands on its own page"
    listed = as_(scene.cast.mara).get(reverse("label:ledger"), {"kind": "take.shortlisted"}).content.decode()
    assert '<span class="chip good">signed</span>' in listed
    told = as_(scene.cast.mara).get(reverse("api:ledger-entry", args=[leaf(entry)])).json()
    assert (told["signed"], told["signature"]) == (True, leaf(signature))


def stamp(name: str, size: int, at: dt.datetime) -> None:
    TimestampToken.objects.create(
        checkpoint=Checkpoint.objects.get(size=size), authority=name, token=b"t", gen_time=at
    )


def test_the_earliest_word_of_each_outside_place_covers_it(scene: Scene) -> None:
    entry = Entry.objects.select_related("leaf").get(pk=scene.take.entry_id)
    assert "Not timestamped yet" in html(scene.cast.mara, entry)
    first = dt.datetime(2026, 3, 12, 14, 2, tzinfo=dt.UTC)
    head = queries.latest_checkpoint()
    assert head is not None
    stamp("dfn", head.size, first)
    sign(scene, entry)
    newer = queries.latest_checkpoint()
    assert newer is not None
    assert newer.size > head.size
    stamp("dfn", newer.size, first + dt.timedelta(days=1))
    Cosignature.objects.create(
        checkpoint=newer, witness="witness.example/w", key="k", line="l", at=first + dt.timedelta(hours=1)
    )
    covers = standing.covers(entry.leaf.index)
    assert [(cover.kind, cover.name, cover.size) for cover in covers] == [
        ("timestamp", "dfn", head.size),
        ("witness", "witness.example/w", newer.size),
    ]
    page = html(scene.cast.mara, entry)
    assert "existed before 12 March 2026, 14:02 UTC, says dfn" in page
    assert "witness.example/w" in page


def test_the_seal_strip_says_what_stands_and_what_does_not_yet(scene: Scene) -> None:
    unsigned = finding.entries(finding.Wanted(refs=(scene.project.stream,), kinds=("brief.saved",)))
    assert [seal.title for seal in strip(unsigned)] == [
        f"{unsigned.count()} entr{'y' if unsigned.count() == 1 else 'ies'}",
        "Not signed yet",
        "Not timestamped yet",
        "No witness yet",
    ]
    about = finding.entries(finding.Wanted(refs=(scene.project.stream,)))
    head = queries.latest_checkpoint()
    assert head is not None
    stamp("dfn", head.size, dt.datetime(2026, 3, 12, 14, 2, tzinfo=dt.UTC))
    sign(scene, Entry.objects.get(pk=scene.take.entry_id))
    log, signed, stamped, seen = strip(about)
    assert log.words.startswith("all proven")
    assert (signed.title, scene.cast.mara.full_name in signed.words) == ("Signed in part", True)
    assert stamped.title == "Timestamped in part", "the signature itself came after the token"
    assert "not yet" in stamped.words
    assert seen.title == "No witness yet"
    newer = queries.latest_checkpoint()
    assert newer is not None
    stamp("other", newer.size, dt.datetime(2026, 3, 13, 14, 2, tzinfo=dt.UTC))
    assert strip(about)[2].title == "Timestamped"
    assert "before 13 March 2026, 14:02 UTC, says other" in strip(about)[2].words
    nothing = strip(finding.entries(finding.Wanted(streams=frozenset())))
    assert nothing[0].words == "nothing is recorded yet"


def test_the_seal_of_what_one_may_not_open_counts_nothing(scene: Scene) -> None:
    path = reverse("label:ledger-seal")
    for about in (scene.project.stream, scene.release.stream, f"artist:{scene.cast.artist.pk}"):
        shown = as_(scene.cast.stranger).get(path, {"about": about}).content.decode()
        assert "<b>0 entries" in shown
    assert (
        "<b>0 entries" not in as_(scene.cast.mara).get(path, {"about": scene.project.stream}).content.decode()
    )
    assert "<b>0 entries" in as_(scene.cast.owner).get(path).content.decode()


def test_an_entrys_page_costs_the_same_however_much_it_concerns(
    scene: Scene, django_assert_max_num_queries: Any
) -> None:
    client = as_(scene.cast.mara)
    for kind in ("master.finished", "take.generated", "brief.saved"):
        address = reverse("label:ledger-entry", args=[leaf(entry_of(kind, streams=[scene.project.stream]))])
        with django_assert_max_num_queries(48):
            client.get(address)
