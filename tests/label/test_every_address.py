"""Every address of the site, for everybody: who may open it, and what a stranger is told.

The tables are in tests/label/matrix/. A new address must be added there.
"""

from __future__ import annotations

import pytest
from django.db import transaction

from artists import services as people
from generation import services as studio
from tests.label.conftest import as_
from tests.label.matrix import ACTIONS, ELSEWHERE, PAGES, PUBLIC
from tests.label.matrix.actors import ACTORS, EDITS, FOR_ANY_ARTIST, INSIDERS, OWN_FOREVER
from tests.label.matrix.addresses import api_names, api_path, names, path
from tests.label.matrix.api import API_ERASERS, API_ORDERERS, API_SHARED, API_SUBJECTS
from tests.label.matrix.rows import PEOPLE
from tests.scenes import SECRET_PROMPT, SECRET_REASON, Scene

pytestmark = pytest.mark.django_db


def test_every_address_is_in_this_matrix() -> None:
    named = {name for name, _ in names()}
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
        answer = nobody.get(path(scene, name, key))
        assert (answer.status_code, answer.get("Location", "").partition("?")[0]) == (302, "/login/"), name
    for name, (key, _, _) in ACTIONS.items():
        answer = nobody.post(path(scene, name, key))
        assert (answer.status_code, answer.get("Location", "").partition("?")[0]) == (302, "/login/"), name
    for name, (key, status) in PUBLIC.items():
        assert nobody.get(path(scene, name, key)).status_code == status, name


@pytest.mark.parametrize("person", PEOPLE)
def test_each_page_opens_for_whom_it_is_and_for_nobody_else(scene: Scene, person: str) -> None:
    client, column = as_(getattr(scene.cast, person)), PEOPLE.index(person)
    wrong = {}
    for name, (key, row) in PAGES.items():
        status = client.get(path(scene, name, key)).status_code
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
            status = client.post(path(scene, name, row[0])).status_code
            if status != row[column]:
                wrong[f"{person} {name}"] = (status, row[column])
            assert client.get(path(scene, name, row[0])).status_code in (403, 404, 405), name
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
        answer = client.get(path(scene, name, key))
        body = b"".join(answer) if answer.streaming else answer.content
        asked = str(key(scene)) if key else ""
        for words in private:
            if words == asked or words in asked:
                continue  # what was in the address may be in the answer
            assert words not in body.decode(errors="replace"), f"{name} tells {words}"


def test_the_api_answers_nobody_without_a_token(scene: Scene) -> None:
    nobody = as_(None)
    for name, arguments in api_names():
        address = api_path(scene, name, arguments)
        for method in ("get", "post", "put", "patch", "delete"):
            answer = getattr(nobody, method)(address, content_type="application/json")
            assert answer.status_code == 401, f"{method} {name}"
            assert answer["Content-Type"].startswith("application/json"), name


def test_the_api_tells_a_stranger_nothing(scene: Scene) -> None:
    from provenance.models import Entry

    client = as_(scene.cast.stranger)
    # Some subjects are made when they are first asked for.
    ids = {str(key(scene)) for key in API_SUBJECTS.values()}
    before = set(Entry.objects.values_list("pk", flat=True))
    for name, arguments in api_names():
        if name.removeprefix("api:").partition("-")[0] in API_SHARED | API_ERASERS | API_ORDERERS:
            continue
        address = api_path(scene, name, arguments)
        for method in ("get", "post", "put", "patch", "delete"):
            answer = getattr(client, method)(address, {}, content_type="application/json")
            allowed = (403, 404, 405) if arguments else (200, 400, 403, 405)
            assert answer.status_code in allowed, f"{method} {name}: {answer.status_code}"
            if answer.status_code == 200:
                text = answer.content.decode()
                assert not any(pk in text for pk in ids), f"{name} lists what is not his"
    assert list(Entry.objects.exclude(pk__in=before).values_list("kind", flat=True)) == []


@pytest.mark.parametrize("person", INSIDERS)
def test_an_act_about_people_is_let_through_to_whom_it_is_and_refused_to_others(
    scene: Scene, person: str
) -> None:
    """Nothing is sent along: who is let through is told what is missing, or it is done."""
    client, wrong = as_(getattr(scene.cast, person)), {}
    for name, allowed in ACTORS.items():
        address = path(scene, name, ACTIONS[name][0])
        before = transaction.savepoint()
        through = client.post(address).status_code not in (403, 404)
        transaction.savepoint_rollback(before)
        if through != (person in allowed):
            wrong[name] = f"{'let through' if through else 'refused'}"
    assert wrong == {}


def test_a_collaborator_who_may_edit_opens_the_studio_s_forms_and_nothing_of_the_house(scene: Scene) -> None:
    studio.add_member(scene.project, user=scene.cast.collaborator, can_edit=True, actor=scene.cast.mara)
    client, column = as_(scene.cast.collaborator), PEOPLE.index("collaborator")
    wrong = {}
    for name, (key, row) in PAGES.items():
        wanted = 200 if name in EDITS else row[column]
        status = client.get(path(scene, name, key)).status_code
        if status != wanted and not (status == 202 and name.endswith("-peaks")):
            wrong[name] = (status, wanted)
    assert wrong == {}, "name: (is, should be)"


def test_who_acts_for_the_artist_no_more_is_a_stranger(scene: Scene) -> None:
    membership = scene.cast.artist.memberships.get(user=scene.cast.mara, active=True)
    people.remove_artist_member(membership, actor=scene.cast.owner)
    client, column = as_(scene.cast.mara), PEOPLE.index("stranger")
    wrong = {}
    for name, (key, row) in PAGES.items():
        status = client.get(path(scene, name, key)).status_code
        wanted = 403 if name in FOR_ANY_ARTIST else row[column]
        if name not in OWN_FOREVER and status != wanted:
            wrong[name] = (status, wanted)
    assert wrong == {}, "name: (is, should be)"
