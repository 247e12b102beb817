"""Every address of the site, for everybody: who may open it, and what a stranger is told. A new one must be added."""

from __future__ import annotations

import datetime as dt
import io
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.label.conftest import as_
from tests.scenes import SECRET_PROMPT, SECRET_REASON, Scene

pytestmark = pytest.mark.django_db

#: The order of the columns: owner, anr, release, rights, mara (the artist), collaborator (a reader), stranger.
PEOPLE = ("owner", "anr", "release", "rights", "mara", "collaborator", "stranger")
Row = tuple[int, ...]

ALL: Row = (200,) * 7
READ: Row = (200, 200, 200, 200, 200, 200, 404)  # of a project
WRITE: Row = (200, 403, 403, 403, 200, 403, 404)
MANAGE: Row = (200, 403, 403, 403, 200, 403, 404)
HOUSE: Row = (200, 200, 200, 200, 200, 404, 404)  # of a release: no collaborators
HOUSE_WRITE: Row = (200, 403, 200, 200, 403, 404, 404)
ROSTER: Row = (200, 200, 200, 200, 200, 404, 404)
ROSTER_WRITE: Row = (200, 200, 403, 403, 403, 404, 404)
OWNER: Row = (200, 403, 403, 403, 403, 403, 403)
ERASERS: Row = (200, 403, 403, 200, 403, 403, 403)

Key = Callable[[Scene], Any]


def _leaf(scene: Scene) -> str:
    return bytes(scene.take.entry.leaf_hash).hex()


def _request(scene: Scene) -> str:
    from artists.services import signing_request

    return signing_request(scene.cast.mara, scene.project.stream, "session").nonce


def _key(scene: Scene) -> Any:
    return scene.cast.mara.signing_keys.get().pk


def _document(scene: Scene) -> Any:
    from artists.services import add_document

    found = scene.cast.artist.documents.first()
    return (
        found
        or add_document(
            scene.cast.artist,
            file=io.BytesIO(b"%PDF-1.7 a fictional contract"),
            filename="contract.pdf",
            kind="contract",
            actor=scene.cast.owner,
        )
    ).pk


def _colleague(scene: Scene) -> Any:
    from artists.services import add_team_member

    found = scene.cast.artist.team.first()
    return (
        found
        or add_team_member(scene.cast.artist, role="manager", user=scene.cast.anr, actor=scene.cast.owner)
    ).pk


def _preset(scene: Scene) -> Any:
    from generation.models import Preset

    row, _ = Preset.objects.get_or_create(
        owner=scene.cast.mara, project=scene.project, name="Warm", engine="sketch", mode="text_to_music"
    )
    return row.pk


def _sweep(scene: Scene) -> Any:
    from django.db import transaction

    from generation.events import SweepRequested
    from generation.models import Sweep
    from provenance.ledger import record

    if found := scene.project.sweeps.first():
        return found.pk
    said = {"number": 1, "parameter": "density", "values": (0, 1)}
    with transaction.atomic():
        event = SweepRequested(
            stream=scene.project.stream, engine="sketch", mode="text_to_music", runs=0, **said
        )
        entry = record(event, actor=scene.cast.mara)
        return Sweep.objects.create(project=scene.project, entry=entry, **said).pk


def _consent(scene: Scene) -> Any:
    from artists.models import Consent
    from artists.services import consents

    found = Consent.objects.filter(artist=scene.cast.artist).first()
    return (
        found
        or consents.propose_consent(
            scene.cast.artist,
            kind="voice",
            giver_name="Vera Klang (fictional)",
            words="A replica of her voice.",
            starts_on=dt.date(2026, 1, 1),
            actor=scene.cast.rights,
        )
    ).pk


#: GET. Name -> (the arguments, a row).
PAGES: dict[str, tuple[Key | None, Row]] = {
    "label:today": (None, ALL),
    "label:ledger": (None, ALL),
    "label:ledger-feed": (None, ALL),
    "label:ledger-seal": (None, ALL),
    "label:ledger-names": (None, ALL),
    "label:ledger-health": (None, ALL),
    "label:ledger-entry": (_leaf, READ),
    "label:ledger-entry-body": (_leaf, READ),
    "label:ledger-entry-proof": (_leaf, READ),
    "label:receipts": (None, ALL),  # one's own
    "label:receipts-file": (None, ALL),
    "label:receipts-new": (None, ALL),
    "label:erasures": (None, ERASERS),
    "label:erasure": (lambda s: s.cast.mara.pk, ERASERS),
    "label:proof": (lambda s: s.master.pk, READ),
    "label:bundle": (lambda s: s.master.pk, READ),
    "label:project-bundle": (lambda s: s.project.pk, READ),
    "label:release-bundle": (lambda s: s.release.pk, HOUSE),
    "label:work-bundle": (lambda s: s.recording.work_id, HOUSE),
    "label:ledger-bundle": (None, ALL),
    "artists:roster": (None, ALL),
    "artists:artist": (lambda s: s.cast.artist.pk, ROSTER),
    "artists:artist-new": (None, (200, 200, 403, 403, 403, 403, 403)),
    "artists:artist-edit": (lambda s: s.cast.artist.pk, ROSTER_WRITE),
    "artists:person-new": (lambda s: s.cast.artist.pk, ROSTER_WRITE),
    "artists:artist-status": (lambda s: s.cast.artist.pk, ROSTER_WRITE),
    "artists:artist-merge": (lambda s: s.cast.artist.pk, ROSTER_WRITE),
    "artists:picture-new": (lambda s: s.cast.artist.pk, ROSTER_WRITE),
    "artists:picture": (lambda s: s.cast.artist.pk, (404,) * 7),  # no picture yet: tests/artists
    "artists:team-new": (lambda s: s.cast.artist.pk, ROSTER_WRITE),
    "artists:member-new": (lambda s: s.cast.artist.pk, ROSTER_WRITE),
    "artists:document-new": (lambda s: s.cast.artist.pk, ROSTER_WRITE),
    "artists:document": (_document, ROSTER),
    "artists:person-edit": (lambda s: s.house.writer.pk, (200, 200, 200, 200, 403, 404, 404)),
    "artists:roster-import": (None, (200, 200, 403, 403, 403, 403, 403)),
    "artists:roster-example": (None, ALL),
    "artists:choose": (lambda s: "artists", ALL),
    "label:board": (None, ALL),
    "label:artist-work": (lambda s: s.cast.artist.pk, ROSTER),
    "label:search": (None, ALL),
    "label:search-quick": (None, ALL),
    "artists:method": (lambda s: s.cast.artist.pk, ROSTER),
    "artists:method-summary": (lambda s: s.cast.artist.pk, ROSTER),
    "artists:method-edit": (lambda s: s.cast.artist.pk, (200, 403, 403, 403, 200, 404, 404)),
    "artists:consents": (lambda s: s.cast.artist.pk, ROSTER),
    "artists:consents-summary": (lambda s: s.cast.artist.pk, ROSTER),
    "artists:consent-new": (lambda s: s.cast.artist.pk, (200, 200, 403, 200, 200, 404, 404)),
    "artists:consent": (_consent, ROSTER),
    "artists:consent-document": (_consent, (404, 404, 404, 404, 404, 404, 404)),
    "release:consent-effects": (_consent, ROSTER),
    "generation:master-method": (lambda s: s.master.pk, READ),
    "generation:materials": (lambda s: s.project.pk, READ),
    "release:how-made-publish": (lambda s: s.master.pk, READ),
    "artists:people": (None, OWNER),
    "artists:account": (None, ALL),
    "artists:keys": (None, ALL),
    "artists:ssh-key": (None, ALL),
    "artists:signing": (None, ALL),
    "artists:sign": (
        lambda s: ("session", s.project.stream),
        ALL,
    ),  # one's own entries: nothing where there are none
    "artists:signing-payload": (_request, (404, 404, 404, 404, 200, 404, 404)),
    "generation:projects": (None, ALL),
    "generation:project-new": (None, ALL),
    "generation:project": (lambda s: s.project.pk, READ),
    "generation:brief": (lambda s: s.project.pk, READ),
    "generation:run-new": (lambda s: s.project.pk, WRITE),
    "generation:compare": (lambda s: s.project.pk, READ),
    "generation:upload-new": (lambda s: s.project.pk, WRITE),
    "generation:arrangement-new": (lambda s: s.project.pk, WRITE),
    "generation:run": (lambda s: s.run.pk, READ),
    "generation:run-status": (lambda s: s.run.pk, READ),
    "generation:run-listen": (lambda s: (s.run.pk, 1), (404,) * 7),  # nothing of this run is being made
    "generation:take-audio": (lambda s: s.take.pk, READ),
    "generation:take-peaks": (lambda s: s.take.pk, READ),
    "generation:take-midi": (lambda s: s.take.pk, (404,) * 7),  # this take has no notes
    "generation:take-musicxml": (lambda s: s.take.pk, (404,) * 7),
    "generation:take-replay": (lambda s: s.take.pk, READ),
    "generation:stem-audio": (lambda s: s.stem.pk, READ),
    "generation:stem-peaks": (lambda s: s.stem.pk, READ),
    "generation:upload-audio": (lambda s: s.upload.pk, READ),
    "generation:upload-peaks": (lambda s: s.upload.pk, READ),
    "generation:arrangement": (lambda s: s.arrangement.pk, READ),
    "generation:render": (lambda s: s.render.pk, READ),
    "generation:render-audio": (lambda s: s.render.pk, READ),
    "generation:render-peaks": (lambda s: s.render.pk, READ),
    "generation:master": (lambda s: s.master.pk, READ),
    "generation:master-audio": (lambda s: s.master.pk, READ),
    "generation:master-peaks": (lambda s: s.master.pk, READ),
    "generation:job": (lambda s: s.master.job_id, READ),
    "generation:queue": (None, ALL),
    "generation:queue-rows": (None, ALL),
    "generation:quotas": (None, (200, 200, 403, 403, 403, 403, 403)),
    "release:releases": (None, ALL),
    "release:release": (lambda s: s.release.pk, HOUSE),
    "release:release-new": (None, (200, 403, 200, 200, 403, 403, 403)),
    "release:release-edit": (lambda s: s.release.pk, HOUSE_WRITE),
    "release:artwork": (lambda s: s.release.pk, HOUSE_WRITE),
    "release:cover": (lambda s: s.release.pk, HOUSE),
    "release:package": (lambda s: s.package.pk, HOUSE),
    "release:package-status": (lambda s: s.package.pk, HOUSE),
    "release:package-file": (lambda s: (s.package.pk, "package.zip"), HOUSE),
    "release:imprints": (None, (200, 403, 200, 200, 403, 403, 403)),
    "release:declaration": (lambda s: s.master.pk, READ),
    "release:recording-new": (lambda s: s.unreleased.pk, HOUSE_WRITE),
    "release:recording": (lambda s: s.recording.pk, HOUSE),
    "release:contributions": (lambda s: s.recording.pk, HOUSE_WRITE),
}

#: A&R. Label staff read; an artist is not told that there is an inbox.
STAFF: Row = (200, 200, 200, 200, 404, 404, 404)
DECIDERS: Row = (200, 200, 403, 403, 404, 404, 404)
TERMS: Row = (200, 200, 200, 200, 200, 404, 404)  # of an agreement that was offered
MONEY: Row = (200, 200, 403, 200, 200, 404, 404)
PAGES |= {
    "artists:inbox": (None, STAFF),
    "artists:compare": (None, STAFF),
    "artists:upload-links": (None, DECIDERS),
    "artists:submission": (lambda s: s.anr.submission.pk, STAFF),
    "artists:submission-audio": (lambda s: s.anr.file.pk, STAFF),
    "artists:submission-peaks": (lambda s: s.anr.file.pk, STAFF),
    "artists:agreements": (None, ALL),  # one's own
    "artists:agreement": (lambda s: s.anr.agreement.pk, TERMS),
    "artists:agreements-summary": (lambda s: s.cast.artist.pk, ROSTER),
    "artists:agreement-document": (lambda s: s.anr.agreement.pk, MONEY),
    "artists:agreement-edit": (lambda s: s.anr.agreement.pk, (200, 200, 403, 200, 403, 404, 404)),
    "artists:agreement-new": (lambda s: s.cast.artist.pk, (200, 200, 403, 200, 404, 404, 404)),
    "label:listening-links": (None, (200, 200, 200, 403, 404, 404, 404)),
}

#: The tool catalogue: everybody reads it, the owner and rights keep it.
KEEPERS: Row = (200, 403, 403, 200, 403, 403, 403)
PAGES |= {
    "generation:tools": (None, ALL),
    "generation:tool-new": (None, KEEPERS),
    "generation:tool": (lambda s: "suno-paid", ALL),
    "generation:terms-new": (lambda s: "suno-paid", KEEPERS),
    "generation:terms-snapshot": (lambda s: ("suno-paid", 1), (404,) * 7),  # none is kept: tests/generation
    "generation:upload": (lambda s: s.upload.pk, READ),
    "generation:upload-midi": (lambda s: s.upload.pk, (404,) * 7),  # it is sound
    "generation:upload-paper": (lambda s: (s.upload.pk, "receipt"), (404,) * 7),  # none came with it
    "release:master-receivers": (lambda s: s.master.pk, READ),
    "release:tool-uses": (lambda s: "fabelton-choir", ALL),
}

#: POST (or PUT) only. Name -> (the arguments, what a reader is told, what a stranger is told). Nobody else tries.
ACTIONS: dict[str, tuple[Key | None, int, int]] = {
    "artists:role-change": (lambda s: s.cast.anr.pk, 403, 403),
    "artists:account-close": (lambda s: s.cast.anr.pk, 403, 403),
    "artists:roster-bulk": (None, 403, 403),
    "artists:roster-export": (None, 403, 403),
    "artists:filter-save": (None, 302, 302),  # one's own; nothing is kept without a name
    "artists:filter-forget": (lambda s: 1, 404, 404),
    "artists:artist-separate": (lambda s: s.cast.artist.pk, 404, 404),
    "artists:person-unlink": (lambda s: (s.cast.artist.pk, s.house.writer.pk), 404, 404),
    "artists:team-remove": (_colleague, 404, 404),
    "artists:member-remove": (lambda s: s.cast.artist.memberships.get().pk, 404, 404),
    "artists:document-remove": (_document, 404, 404),
    "artists:invitation-withdraw": (lambda s: s.invitation.pk, 403, 403),
    "artists:passkey-options": (None, 200, 200),  # to enrol a key of one's own; nothing is enrolled yet
    "artists:passkey-enrol": (None, 400, 400),
    "artists:key-confirm": (_key, 404, 404),
    "artists:key-code": (_key, 404, 404),
    "artists:key-revoke": (_key, 404, 404),
    "artists:consent-answer": (_consent, 404, 404),
    "generation:run-material": (lambda s: s.run.pk, 403, 404),
    "generation:take-material": (lambda s: s.take.pk, 403, 404),
    "generation:upload-material": (lambda s: s.upload.pk, 403, 404),
    "generation:upload-terms": (lambda s: s.upload.pk, 403, 404),
    "generation:tool-licence": (lambda s: "musicgen", 403, 403),
    "generation:terms-answer": (lambda s: ("suno-paid", 1), 403, 403),
    "generation:members": (lambda s: s.project.pk, 403, 404),
    "generation:member-remove": (lambda s: (s.project.pk, s.member.pk), 403, 404),
    "generation:take-decide": (lambda s: s.take.pk, 403, 404),
    "generation:take-heard": (
        lambda s: s.take.pk,
        400,
        404,
    ),  # a reader may listen; this says nothing that was heard
    "generation:arrangement-save": (lambda s: s.arrangement.pk, 403, 404),
    "generation:version-name": (lambda s: s.version.pk, 403, 404),
    "generation:render-new": (lambda s: s.version.pk, 403, 404),
    "generation:job-cancel": (lambda s: s.master.job_id, 403, 404),
    "generation:job-retry": (lambda s: s.master.job_id, 403, 404),
    "generation:queue-turn": (lambda s: s.master.job_id, 403, 404),
    "release:track-add": (lambda s: s.release.pk, 404, 404),
    "release:approve": (lambda s: s.release.pk, 404, 404),
    "release:withdraw": (lambda s: s.release.pk, 404, 404),
    "release:package-new": (lambda s: s.release.pk, 404, 404),
    "release:track-remove": (lambda s: s.track.pk, 404, 404),
    "release:track-move": (lambda s: s.track.pk, 404, 404),
    "release:package-cancel": (lambda s: s.package.pk, 404, 404),
    "release:package-retry": (lambda s: s.package.pk, 404, 404),
    "release:resolve": (lambda s: s.declaration.pk, 403, 404),
}

ACTIONS |= {
    "artists:upload-link-revoke": (lambda s: s.anr.link.pk, 404, 404),
    **{
        f"artists:submission-{word}": (lambda s: s.anr.submission.pk, 404, 404)
        for word in ("score", "unblind", "note", "vote", "snooze", "decide", "answer")
    },
    "artists:submission-heard": (lambda s: s.anr.file.pk, 404, 404),
    "artists:agreement-move": (lambda s: s.anr.agreement.pk, 404, 404),
    "artists:agreement-sign": (lambda s: s.anr.agreement.pk, 404, 404),
    "artists:agreement-option": (lambda s: s.anr.option.pk, 404, 404),
    "label:listening-revoke": (lambda s: s.anr.listening.pk, 404, 404),
}

#: For anybody. Name -> (the arguments, the status without an account).
PUBLIC: dict[str, tuple[Key | None, int]] = {
    "label:check": (None, 200),
    "label:health": (None, 200),
    "label:checkpoint": (None, 200),
    "label:ledger-check": (None, 200),
    "label:receipts-check": (None, 200),
    "artists:login": (None, 200),
    "artists:invitation": (lambda s: s.secret, 200),
    "release:how-made": (lambda s: "nothing-is-here", 404),
    "api:schema": (None, 200),
    "api:docs": (None, 200),
    "api:tokens": (None, 405),
    "api:checkpoint": (None, 200),
    "api:receipt-check": (None, 405),
}
PUBLIC |= {
    "artists:submit": (lambda s: s.anr.secret, 200),
    "artists:submit-files": (lambda s: s.anr.secret, 405),
    "artists:incoming": (lambda s: s.anr.incoming_secret, 405),
    "artists:submitted": (lambda s: s.anr.own_secret, 200),
    "label:listen": (lambda s: s.anr.listen_secret, 200),
    "label:listen-audio": (lambda s: (s.anr.listen_secret, 1), 200),
    "label:listen-peaks": (lambda s: (s.anr.listen_secret, 1), 200),
    "label:listen-heard": (lambda s: (s.anr.listen_secret, 1), 405),
    "label:listen-take": (lambda s: (s.anr.listen_secret, 1), 405),
}
ELSEWHERE = {"artists:logout"}  # tests/artists

#: The API's subjects by the first word of their names. Lists hold only what their reader may see.
API_SUBJECTS: Mapping[str, Key] = {
    "preset": _preset,
    "sweep": _sweep,
    "agreement": lambda s: s.anr.agreement.pk,
    "artist": lambda s: s.cast.artist.pk,
    "person": lambda s: s.house.writer.pk,
    "method": lambda s: s.cast.artist.pk,
    "consent": _consent,
    "training": lambda s: s.cast.artist.pk,
    "check": lambda s: s.master.pk,
    "material": lambda s: s.project.pk,
    "project": lambda s: s.project.pk,
    "run": lambda s: s.run.pk,
    "take": lambda s: s.take.pk,
    "stem": lambda s: s.stem.pk,
    "upload": lambda s: s.upload.pk,
    "arrangement": lambda s: s.arrangement.pk,
    "version": lambda s: s.version.pk,
    "render": lambda s: s.render.pk,
    "master": lambda s: s.master.pk,
    "job": lambda s: s.master.job_id,
    "imprint": lambda s: s.house.imprint.pk,
    "recording": lambda s: s.recording.pk,
    "evidence": lambda s: s.master.pk,
    "declaration": lambda s: s.declaration.pk,
    "resolution": lambda s: s.declaration.pk,
    "release": lambda s: s.release.pk,
    "track": lambda s: s.track.pk,
    "package": lambda s: s.package.pk,
    "ledger": _leaf,
    "key": _key,
    "signing": _request,
    "submission": lambda s: s.anr.submission.pk,
    "uploadlink": lambda s: s.anr.link.pk,
    "signature": lambda s: s.cast.mara.signing_keys.get().signatures.first().pk,
}
#: The same for everybody who is logged in: the tool catalogue, the engines, oneself.
API_SHARED = {"board", "filter", "search", "tool", "engine", "me", "token", "receipts", "receipt"}
#: For owners and the rights team alone: tests/release/test_erasure.py.
API_ERASERS = {"erasure"}
#: For the owner and A&R alone: tests/generation/test_queue.py.
API_ORDERERS = {"quota"}


def _names(
    patterns: list[Any] | None = None, space: str = "", lead: str = ""
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every named address with the names of its arguments."""
    for item in get_resolver().url_patterns if patterns is None else patterns:
        text = lead + str(item.pattern)
        if isinstance(item, URLResolver):
            inner = ":".join(filter(None, (space, item.namespace)))
            yield from _names(item.url_patterns, inner, text)
        elif isinstance(item, URLPattern):
            assert item.name, f"{text} has no name"
            arguments = re.findall(r"<(?:\w+:)?(\w+)>", text)
            yield ":".join(filter(None, (space, item.name))), tuple(arguments)


def _path(scene: Scene, name: str, key: Key | None) -> str:
    if key is None:
        return reverse(name)
    value = key(scene)
    return reverse(name, args=value if isinstance(value, tuple) else [value])


def test_every_address_is_in_this_matrix() -> None:
    named = {name for name, _ in _names()}
    pages = {name for name in named if not name.startswith("api:")}
    listed = {*PAGES, *ACTIONS, *PUBLIC, *ELSEWHERE}
    assert pages - listed == set(), "say here who may open it"
    assert {name for name in listed if name not in named} == set(), "gone, take it off the matrix"
    words = {name.removeprefix("api:").partition("-")[0] for name in named - pages} - {
        name.removeprefix("api:") for name in PUBLIC
    }
    assert words - set(API_SUBJECTS) - API_SHARED - API_ERASERS - API_ORDERERS == set(), (
        "say here what a stranger must not see of it"
    )


def test_without_an_account_only_the_public_pages_open(scene: Scene) -> None:
    nobody = as_(None)
    for name, (key, _) in PAGES.items():
        answer = nobody.get(_path(scene, name, key))
        assert (answer.status_code, answer.get("Location", "").partition("?")[0]) == (302, "/login/"), name
    for name, (key, _, _) in ACTIONS.items():
        answer = nobody.post(_path(scene, name, key))
        assert (answer.status_code, answer.get("Location", "").partition("?")[0]) == (302, "/login/"), name
    for name, (key, status) in PUBLIC.items():
        assert nobody.get(_path(scene, name, key)).status_code == status, name


@pytest.mark.parametrize("person", PEOPLE)
def test_each_page_opens_for_whom_it_is_and_for_nobody_else(scene: Scene, person: str) -> None:
    client, column = as_(getattr(scene.cast, person)), PEOPLE.index(person)
    wrong = {}
    for name, (key, row) in PAGES.items():
        status = client.get(_path(scene, name, key)).status_code
        if name.endswith("-peaks") and status == 202:
            status = 200  # not drawn yet: nothing but the right to see it was asked
        if status != row[column]:
            wrong[name] = (status, row[column])
    assert wrong == {}, "name: (is, should be)"


def test_readers_and_strangers_change_nothing(scene: Scene) -> None:
    from provenance.models import Entry

    for key, *_ in ACTIONS.values():
        if key is not None:
            key(scene)  # some are made when they are first asked for
    before = Entry.objects.count()
    wrong = {}
    for person, column in (("collaborator", 1), ("stranger", 2)):
        client = as_(getattr(scene.cast, person))
        for name, row in ACTIONS.items():
            status = client.post(_path(scene, name, row[0])).status_code
            if status != row[column]:
                wrong[f"{person} {name}"] = (status, row[column])
            assert client.get(_path(scene, name, row[0])).status_code in (403, 404, 405), name
    assert wrong == {}, "name: (is, should be)"
    assert Entry.objects.count() == before


def test_what_a_stranger_may_open_tells_nothing_of_others(scene: Scene) -> None:
    client = as_(scene.cast.stranger)
    private = [
        SECRET_REASON,
        SECRET_PROMPT,
        scene.project.title,
        scene.cast.artist.name,
        scene.recording.isrc,
    ]
    private += [str(key(scene)) for key in API_SUBJECTS.values()]
    for name, (key, _) in PAGES.items():
        answer = client.get(_path(scene, name, key))
        body = b"".join(answer) if answer.streaming else answer.content
        asked = str(key(scene)) if key else ""
        for words in private:
            if words == asked or words in asked:
                continue  # what was in the address may be in the answer
            assert words not in body.decode(errors="replace"), f"{name} tells {words}"


def test_the_api_answers_nobody_without_a_token(scene: Scene) -> None:
    nobody = as_(None)
    for name, arguments in _api_names():
        path = _api_path(scene, name, arguments)
        for method in ("get", "post", "put", "patch", "delete"):
            answer = getattr(nobody, method)(path, content_type="application/json")
            assert answer.status_code == 401, f"{method} {name}"
            assert answer["Content-Type"].startswith("application/json"), name


def test_the_api_tells_a_stranger_nothing(scene: Scene) -> None:
    from provenance.models import Entry

    client = as_(scene.cast.stranger)
    # Some subjects are made when they are first asked for.
    ids = {str(key(scene)) for key in API_SUBJECTS.values()}
    before = set(Entry.objects.values_list("pk", flat=True))
    for name, arguments in _api_names():
        if name.removeprefix("api:").partition("-")[0] in API_SHARED | API_ERASERS | API_ORDERERS:
            continue
        path = _api_path(scene, name, arguments)
        for method in ("get", "post", "put", "patch", "delete"):
            answer = getattr(client, method)(path, {}, content_type="application/json")
            allowed = (403, 404, 405) if arguments else (200, 400, 403, 405)
            assert answer.status_code in allowed, f"{method} {name}: {answer.status_code}"
            if answer.status_code == 200:
                text = answer.content.decode()
                assert not any(pk in text for pk in ids), f"{name} lists what is not his"
    assert list(Entry.objects.exclude(pk__in=before).values_list("kind", flat=True)) == []


def _api_names() -> list[tuple[str, tuple[str, ...]]]:
    return sorted({(name, args) for name, args in _names() if name.startswith("api:") and name not in PUBLIC})


def _api_path(scene: Scene, name: str, arguments: tuple[str, ...]) -> str:
    if not arguments:
        return reverse(name)
    word = name.removeprefix("api:").partition("-")[0]
    own = API_SUBJECTS[word](scene) if word in API_SUBJECTS else uuid.uuid4()
    values = [own, *["package.zip", "x", "x"]][: len(arguments)]
    return reverse(name, kwargs=dict(zip(arguments, values, strict=True)))
