"""The API's description is true, its tokens work, and no input of any kind breaks it."""

from __future__ import annotations

import json
import re
import zlib
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from django.test import Client, override_settings

from tests.cast import PASSWORD
from tests.label.conftest import as_
from tests.label.matrix.api import API_SUBJECTS
from tests.scenes import Scene

pytestmark = pytest.mark.django_db

#: Cases for each operation: one of its description and one that breaks it, at random.
EXAMPLES = 2


def test_the_description_is_valid_and_complete(tmp_path: Path) -> None:
    target = tmp_path / "schema.json"
    call_command(
        "spectacular", "--validate", "--fail-on-warn", "--format", "openapi-json", "--file", str(target)
    )
    document = json.loads(target.read_text())
    assert document["info"]["title"] == "Deadwax"
    assert len(document["paths"]) > 60


def test_the_description_can_be_read_by_people_too(scene: Scene) -> None:
    page = as_(None).get("/api/docs/")
    assert page.status_code == 200
    script = as_(None).get("/api/docs/?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert "<script>" not in page.content.decode(), (
        "the content security policy forbids scripts inside of a page"
    )
    assert as_(None).get("/api/schema/").status_code == 200


def test_a_token_is_made_used_and_revoked(scene: Scene) -> None:
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        made = Client().post(
            "/api/tokens/",
            {"email": "Mara@label.invalid", "password": PASSWORD},
            content_type="application/json",
        )
    assert made.status_code == 201
    token = {"HTTP_AUTHORIZATION": f"Token {made.json()['token']}"}
    mine = Client().get("/api/projects/", **token).json()
    assert str(scene.project.pk) in json.dumps(mine)
    assert Client().post("/api/tokens/revoke/", **token).status_code == 204
    assert Client().get("/api/projects/", **token).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {"email": "mara@label.invalid", "password": "wrong"},
        {"email": "nobody@label.invalid", "password": PASSWORD},
        {"email": "mara@label.invalid"},
        {"email": None, "password": None},
        {"email": "mara@label.invalid", "password": "\x00"},
        [],
        "text",
    ],
)
def test_no_token_for_what_does_not_belong_together(scene: Scene, body: Any) -> None:
    answer = Client().post("/api/tokens/", json.dumps(body), content_type="application/json")
    assert answer.status_code in (400, 401)
    assert "token" not in answer.json()
    assert answer.json()["error"]["message"]


def test_guessing_passwords_over_the_api_locks_as_on_the_page(scene: Scene) -> None:
    for _ in range(10):
        Client().post(
            "/api/tokens/",
            {"email": "anr@label.invalid", "password": "guess"},
            content_type="application/json",
        )
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        right = Client().post(
            "/api/tokens/",
            {"email": "anr@label.invalid", "password": PASSWORD},
            content_type="application/json",
        )
    assert right.status_code == 429
    assert right.json()["error"]["code"] == "locked"


@pytest.mark.parametrize(
    "body", [b"{", b"\xff\xfe", b'{"a":1e999}', b"[" * 5000, b'{"title":"\\u0000"}', b"nul", b""]
)
def test_a_body_that_is_no_json_is_refused_in_words(scene: Scene, body: bytes) -> None:
    answer = as_(scene.cast.mara).post("/api/projects/", body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


def test_no_input_breaks_the_api(scene: Scene, request: pytest.FixtureRequest) -> None:
    """Every operation with values of its description and values that break it: refusals, never a fault of ours."""
    import schemathesis
    from django.core.wsgi import get_wsgi_application
    from hypothesis import HealthCheck, Phase, given, settings
    from knox.models import AuthToken
    from schemathesis import GenerationMode
    from schemathesis.config import SchemathesisConfig

    # As Django's own test client does: the test's connection lives longer than one request.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
        request.addfinalizer(lambda signal=signal: signal.connect(close_old_connections))
    _, token = AuthToken.objects.create(user=scene.cast.owner)
    headers = {"Authorization": f"Token {token}"}
    config = SchemathesisConfig()
    config.projects.default.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
    schema = schemathesis.openapi.from_wsgi(
        "/api/schema/?format=json",
        get_wsgi_application(),
        headers={"Accept": "application/json"},
        config=config,
    )
    seen, broken = 0, []
    for result in schema.get_all_operations():
        operation = result.ok()

        @settings(
            max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def attack(case: Any) -> None:
            _aim(scene, case)
            with transaction.atomic():
                answer = case.call(headers=headers)
                transaction.set_rollback(True)
            if answer.status_code >= 500:
                broken.append(
                    f"{case.method} {case.formatted_path}: {answer.status_code} for {case.body!r:.200}"
                )

        attack()
        seen += 1
    assert broken == []
    assert seen > 100


def _aim(scene: Scene, case: Any) -> None:
    """Half of the time at something that is there: random ids find nothing but the door."""
    word = re.match(r"/api/(\w+?)s?/", case.path)
    subject = word and API_SUBJECTS.get(word[1])
    ids = [name for name in case.path_parameters or {} if name in ("id", "pk")]
    if subject and ids and zlib.crc32(str(case.body).encode()) % 2 == 0:
        case.path_parameters[ids[0]] = str(subject(scene))
