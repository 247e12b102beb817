"""What a page shows can be done: for no role does a link, a form or a part of a page lead to a refusal.

`test_every_address` asks each address what it tells everybody. Here the pages themselves are read, as each role sees
them, and everything that they offer is tried.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from urllib.parse import urldefrag, urljoin, urlsplit

import lxml.html
import pytest
from django.db import transaction
from django.test import Client
from django.urls import Resolver404, resolve, reverse

from tests.label.conftest import as_
from tests.label.matrix import PAGES
from tests.label.matrix.rows import PEOPLE
from tests.scenes import Scene

pytestmark = pytest.mark.django_db

REFUSED = (403, 404, 405, 410, 500)
#: Bytes, not pages: who may have them is in test_every_address.
BYTES = ("bundle", "audio", "peaks", "file", "report", "export", "dossier", "document", "picture", "archive")
#: Ends the visit.
NEVER = {"artists:logout"}
#: Of links to the same kind of page, such as the entries of a feed, the first of each page.
SOME = 6


def _offers(page: str, html: bytes) -> Iterator[tuple[str, str, dict[str, str]]]:
    """(method, address, fields) of everything a page offers."""
    tree = lxml.html.fromstring(html)
    for one in tree.iter("a"):
        yield "get", one.get("href", ""), {}
    for attribute in ("hx-get", "poll"):
        for one in tree.iterfind(f".//*[@{attribute}]"):
            yield "get", one.get(attribute), {}
    for one in tree.iterfind(".//*[@formaction]"):
        yield "post", one.get("formaction"), {}
    for form in tree.iter("form"):
        method = form.get("method", "get").lower()
        fields = {
            one.get("name"): one.get("value", "")
            for one in form.iter("input")
            if one.get("type") == "hidden" and one.get("name")
        }
        sends = [one for one in form.iterfind(".//button") if one.get("type", "submit") == "submit"]
        if method in ("get", "post") and any(not one.get("formaction") for one in sends):
            yield method, form.get("action") or page, fields if method == "post" else {}


def _name(path: str) -> str:
    try:
        return resolve(path).view_name
    except Resolver404:
        return ""


def _try(client: Client, method: str, path: str, fields: dict[str, str]) -> int:
    if method == "get":
        return client.get(path).status_code
    with transaction.atomic():  # what it does is taken back
        status = client.post(path, fields).status_code
        transaction.set_rollback(True)
    return status


def _pages(scene: Scene, column: int) -> Iterator[tuple[str, str]]:
    """(name, address) of what this column of the matrix may open."""
    for name, (key, row) in PAGES.items():
        if row[column] == 200 and not any(word in name for word in BYTES):
            found = key(scene) if key else ()
            yield name, reverse(name, args=found if isinstance(found, tuple) else (found,))
            if name == "generation:master":
                yield name, reverse(name, args=(scene.unreleased.pk,))
            if name == "release:release":
                yield name, reverse(name, args=(scene.draft.pk,))


@pytest.mark.parametrize("who", PEOPLE[:-1])
def test_whatever_a_page_offers_is_given(scene: Scene, who: str) -> None:
    client = as_(getattr(scene.cast, who))
    client.raise_request_exception = False
    answers = {}
    for name, page in _pages(scene, PEOPLE.index(who)):
        answer = client.get(page)
        if answer.get("Content-Type", "").startswith("text/html") and answer.content.strip():
            answers[page] = (name, answer.content)
    tried = {("get", page) for page in answers}
    wrong = set()
    for page, (name, html) in answers.items():
        alike: Counter[tuple[str, str]] = Counter()
        for method, address, fields in _offers(page, html):
            path = urldefrag(urljoin(page, address))[0]
            bare = urlsplit(path).path
            if urlsplit(path).netloc or not bare.startswith("/") or bare.startswith("/static/"):
                continue
            there = _name(bare)
            alike[method, there] += 1
            if alike[method, there] > SOME or there in NEVER or (method, bare) in tried:
                continue
            if any(word in there for word in BYTES):
                continue
            tried.add((method, bare))
            status = _try(client, method, path, fields)
            if status in REFUSED:
                wrong.add(f"{status} {method} {there or bare} on {name}")
    assert not wrong, "\n".join(sorted(wrong))
