"""The ledger's pages and feed: sentences, bytes and proofs for those who may see them, and nothing for others."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.urls import reverse

from provenance import finding, queries
from tests.label.conftest import as_
from tests.scenes import SECRET_PROMPT, SECRET_REASON, Scene

pytestmark = pytest.mark.django_db


def leaves(html: str) -> list[str]:
    """The entries that a page links to, in its order."""
    return re.findall(r'href="/ledger/([0-9a-f]{64})/"', html)


def streams(html: str) -> set[str]:
    found = (queries.entry_by_leaf(leaf) for leaf in leaves(html))
    return {entry.stream for entry in found if entry is not None}


def page(user: Any, **query: str) -> str:
    answer = as_(user).get(reverse("label:ledger"), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_owner_reads_everything_and_an_artist_only_what_is_theirs(scene: Scene) -> None:
    theirs = streams(page(scene.cast.mara))
    assert scene.project.stream in theirs
    assert not any(stream.startswith(("tool", "label", "account", "imprint")) for stream in theirs)
    assert streams(page(scene.cast.stranger)) <= {f"artist:{scene.cast.other_artist.pk}"}
    assert streams(page(scene.cast.collaborator)) == {scene.project.stream}
    everything, kinds = set(), ("arrangement.saved", "imprint.created", "tool.added", "release.approved")
    for kind in kinds:
        everything |= streams(page(scene.cast.owner, kind=kind))
    assert scene.project.stream in everything
    assert scene.release.stream in everything
    assert len(everything) >= 4


def test_the_list_pages_through_all_entries_once_and_newest_first(scene: Scene) -> None:
    seen: list[str] = []
    before = ""
    for _ in range(20):
        html = page(scene.cast.mara, **({"before": before} if before else {}))
        seen += leaves(html)
        older = re.search(r'href="\?before=(\d+)', html)
        if older is None:
            break
        before = older[1]
    assert len(seen) == len(set(seen)) > finding.PAGE
    ids = [entry.pk for leaf in seen if (entry := queries.entry_by_leaf(leaf))]
    assert ids == sorted(ids, reverse=True)


@pytest.mark.parametrize(
    "query",
    [
        {"kind": "nothing.known"},
        {"before": "-1"},
        {"before": "9" * 30},
        {"before": "x"},
        {"until": "2026-13-45"},
        {"until": "0001-01-01"},
        {"until": "9999-12-31"},
        {"about": "project:" + "x" * 500},
        {"about": "\x00"},
        {"about": "{}[]'\";--"},
    ],
)
def test_a_filter_that_makes_no_sense_shows_something_and_breaks_nothing(
    scene: Scene, query: dict[str, str]
) -> None:
    allowed = (400,) if "\x00" in query.get("about", "") else (200,)
    assert as_(scene.cast.mara).get(reverse("label:ledger"), query).status_code in allowed
    assert as_(scene.cast.mara).get(reverse("label:ledger-feed"), query).status_code in allowed


def test_filters_show_only_what_they_say(scene: Scene) -> None:
    kept = leaves(page(scene.cast.mara, kind="take.shortlisted"))
    assert kept
    for leaf in kept:
        entry = queries.entry_by_leaf(leaf)
        assert entry is not None
        assert entry.kind == "take.shortlisted"
    about = page(scene.cast.mara, about=f"take:{scene.take.pk}")
    assert 0 < len(leaves(about)) < len(leaves(page(scene.cast.mara)))


def test_an_entry_shows_its_sentence_its_bytes_and_a_proof_that_holds(scene: Scene) -> None:
    entry = scene.take.entry
    html = as_(scene.cast.mara).get(f"/ledger/{bytes(entry.leaf_hash).hex()}/").content.decode()
    assert SECRET_REASON in html, "the artist reads her own reason"
    assert "Kept take 1" in html
    body = json.loads(bytes(entry.body))
    assert body["private"]["reason"][:6] in html
    proof = queries.proof_for(entry)
    assert proof is not None
    assert proof.text().splitlines()[0] in html
    shown = json.loads(
        re.search(r"<pre[^>]*>(\{.*?\})</pre>", html, re.DOTALL)[1]  # type: ignore[index]
        .replace("&quot;", '"').replace("&#x27;", "'").replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
    )  # fmt: skip
    assert shown == body


def test_erased_words_are_gone_from_every_page_and_the_commitment_stays(scene: Scene) -> None:
    from provenance.ledger import shred

    entry = scene.take.entry
    leaf = bytes(entry.leaf_hash).hex()
    commitment = json.loads(bytes(entry.body))["private"]["reason"]
    shred(entry, actor=scene.cast.owner)
    mara = as_(scene.cast.mara)
    for path in (
        f"/ledger/{leaf}/",
        reverse("label:ledger"),
        f"{reverse('label:ledger-feed')}?about=take:{scene.take.pk}",
        f"/runs/{scene.run.pk}/",
        f"/masters/{scene.master.pk}/proof/",
        f"/api/ledger/{leaf}/",
    ):
        answer = mara.get(path)
        assert answer.status_code == 200, path
        assert SECRET_REASON not in answer.content.decode(), path
    html = mara.get(f"/ledger/{leaf}/").content.decode()
    assert "erased; the commitment stays" in html
    assert commitment[:6] in html


def test_private_words_never_stand_in_the_body_of_an_entry(scene: Scene) -> None:
    from provenance.models import Entry

    for body in Entry.objects.values_list("body", flat=True):
        text = bytes(body).decode()
        assert SECRET_REASON not in text
        assert SECRET_PROMPT not in text
        assert scene.cast.rights.full_name not in text
        assert scene.cast.mara.email not in text
        assert "Mara Sealed Lindqvist" not in text  # a legal name, beside the credit name that is public


def test_the_feed_is_a_fragment_of_the_newest_about_one_thing(scene: Scene) -> None:
    html = (
        as_(scene.cast.mara)
        .get(reverse("label:ledger-feed"), {"about": scene.project.stream})
        .content.decode()
    )
    assert html.startswith("<ol")
    assert len(leaves(html)) == 8
    nothing = as_(scene.cast.stranger).get(reverse("label:ledger-feed"), {"about": scene.project.stream})
    assert leaves(nothing.content.decode()) == []
    assert "Nothing yet." in nothing.content.decode()


@pytest.mark.parametrize("leaf", ["0" * 64, "zz", "é", "0" * 63, "0" * 4096])
def test_an_entry_that_is_none_is_not_found(scene: Scene, leaf: str) -> None:
    assert as_(scene.cast.owner).get(f"/ledger/{leaf}/").status_code == 404


def test_the_checkpoint_is_public_and_its_signature_holds(scene: Scene) -> None:
    answer = as_(None).get(reverse("label:checkpoint"))
    head = queries.latest_checkpoint()
    assert head is not None
    assert answer.content == bytes(head.note)
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.decode().splitlines()[1] == str(head.size)
