"""All private content of a person goes, the log stays sound, and nothing of others is touched."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection, models, transaction
from knox.models import AuthToken

from artists import services as people
from artists.models import Invitation, PersonKey, Standing, User
from generation import services as studio
from generation.models import Upload
from provenance import audit, blobcheck, full_audit, ledger, search, sequencer
from provenance.events import registered, sealed_names
from provenance.models import Entry, Job, VaultItem
from release import erasing
from release.errors import BadField
from release.services import erasure
from tests.label.conftest import as_, scene  # noqa: F401 - a fixture
from tests.release.conftest import cover  # noqa: F401 - a fixture
from tests.scenes import SECRET_PROMPT, SECRET_REASON, Scene

pytestmark = pytest.mark.django_db
FULL_NAME = "Fictional Name On The Account"
OTHERS_PROMPT = "what the owner wrote into the same project"


# -- the table of copies -----------------------------------------------------------------------------------------------


def can_hold_words(field: Any) -> bool:
    kinds = (models.TextField, models.JSONField, models.BinaryField, models.EmailField)
    if isinstance(field, kinds) or type(field).__name__ in {"SearchVectorField", "ArrayField"}:
        return True
    text = isinstance(field, models.CharField) and not isinstance(field, models.SlugField)
    return text and not field.choices and (field.max_length or 999) >= 60


def test_every_field_that_can_hold_words_says_what_an_erasure_does_about_it():
    found = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if can_hold_words(field)
    }
    assert sorted(found - set(erasing.FIELDS)) == [], (
        "enter these in release/erasing.py, and erase what is private"
    )
    assert sorted(set(erasing.FIELDS) - found) == [], "these are gone"
    assert {fate for fate, _ in erasing.FIELDS.values()} == {erasing.ERASED, erasing.STAYS, erasing.NONE}
    assert all(len(why) > 4 for _, why in erasing.FIELDS.values())


# -- the deed ----------------------------------------------------------------------------------------------------------


def everything() -> str:
    """The whole database as text, the vault's content and the search index with it."""
    with connection.cursor() as cursor:
        tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
        parts = []
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            parts += [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT convert_from(content, 'UTF8') FROM provenance_vaultitem")
        parts += [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT convert_from(body, 'UTF8') FROM provenance_entry")
        parts += [row[0] for row in cursor.fetchall()]
    return "\n".join(parts)


@pytest.fixture
def mara(scene: Scene) -> User:  # noqa: F811
    """With a session, a token, a failed log-in and a failed job that quotes her."""
    account = User.objects.get(pk=scene.cast.mara.pk)
    as_(account).get("/")
    AuthToken.objects.create(user=account)
    AccessAttempt.objects.create(
        username=account.email, ip_address="127.0.0.1", user_agent="Fictional/1", failures_since_start=1
    )
    Job.objects.filter(requested_by=account.pk).update(
        error_message=f"cannot read {SECRET_PROMPT}", note="Tide.wav"
    )
    with transaction.atomic():
        from provenance.jobs import events

        job = Job.objects.filter(requested_by=account.pk).first()
        ledger.record(
            events.Failed(
                stream=job.stream, job=str(job.pk), job_kind=job.kind, title=job.title, attempts=3, code="x",
                message=SECRET_PROMPT,
            ),
            actor=ledger.Actor.worker("tests"),
        )  # fmt: skip
    User.objects.filter(pk=account.pk).update(full_name=FULL_NAME)
    account.refresh_from_db()
    values = studio.brief_values(scene.project.briefs.first())
    studio.save_brief(scene.project, values=replace(values, prompt=OTHERS_PROMPT), actor=scene.cast.owner)
    search.refresh()
    return account


def test_all_of_it_goes_from_the_whole_database(scene: Scene, mara: User):  # noqa: F811
    others = VaultItem.objects.filter(entry__actor_type="human").exclude(entry__actor_id=str(mara.pk))
    others = set(others.exclude(entry__refs__contains=[f"user:{mara.pk}"]).values_list("pk", flat=True))
    uploads = [upload.name for upload in Upload.objects.filter(uploaded_by=mara)]
    words = [SECRET_PROMPT, SECRET_REASON, mara.full_name, mara.email, "Tide.wav"]
    before = everything()
    for word in words:
        assert word in before, word
    bodies = dict(Entry.objects.values_list("pk", "body"))
    shown = erasure.preview_erasure(mara)

    done = erasure.erase_person(mara, actor=scene.cast.rights)

    after = everything()
    for word in words:
        assert word not in after, word
    assert OTHERS_PROMPT in after
    assert done.values == sum(line.count for line in shown.goes if line.what.startswith("in the vault"))
    assert done.entries > 5
    assert uploads
    assert all(upload.name.startswith("Upload ") for upload in Upload.objects.filter(uploaded_by=mara))
    assert others <= set(VaultItem.objects.values_list("pk", flat=True)), "nothing of others is touched"
    assert all(
        bytes(body) == bytes(Entry.objects.get(pk=key).body) for key, body in list(bodies.items())[::7]
    )
    sequencer.drain()
    report = full_audit.run(plan=blobcheck.Plan(percent=1))
    assert report.ok, report.verdict
    assert ledger.body_of(done.entry)["public"]["values"] == done.values
    mara.refresh_from_db()
    assert (mara.full_name, mara.is_active, mara.has_usable_password()) == ("Erased person", False, False)
    assert not Standing.objects.get(user=mara).active
    assert {key.state for key in PersonKey.objects.filter(user=mara)} <= {"revoked"}
    assert not AuthToken.objects.filter(user=mara).exists()
    assert not [s for s in Session.objects.all() if s.get_decoded().get("_auth_user_id") == str(mara.pk)]
    with pytest.raises(BadField, match="erased already"):
        erasure.erase_person(mara, actor=scene.cast.rights)


def test_the_house_still_works_without_the_words(scene: Scene, mara: User):  # noqa: F811
    erasure.erase_person(mara, actor=scene.cast.owner)
    owner = as_(scene.cast.owner)
    for address in (
        f"/projects/{scene.project.pk}/", f"/projects/{scene.project.pk}/brief/", f"/runs/{scene.run.pk}/",
        f"/masters/{scene.master.pk}/proof/", f"/releases/{scene.release.pk}/", f"/recordings/{scene.recording.pk}/",
        "/ledger/", "/people/", "/", f"/masters/{scene.master.pk}/",
    ):  # fmt: skip
        answer = owner.get(address)
        assert answer.status_code == 200, address
        assert SECRET_REASON not in answer.content.decode()
    assert owner.get("/ledger/", {"q": "Visby"}).status_code == 200


def test_the_page_shows_first_and_erases_on_the_typed_address(scene: Scene, mara: User):  # noqa: F811
    rights = as_(scene.cast.rights)
    page = rights.get(f"/erasure/{mara.pk}/")
    for said in (
        "Stays, and why",
        "other people in the same projects",
        "Backups still hold",
        "private values of",
    ):
        assert said.lower() in page.content.decode().lower(), said
    wrong = rights.post(f"/erasure/{mara.pk}/", {"address": "somebody@else.invalid"})
    assert wrong.status_code == 422
    assert User.objects.get(pk=mara.pk).is_active
    person = scene.house.writer
    answer = rights.post(f"/erasure/{mara.pk}/", {"address": mara.email.upper(), "person": [str(person.pk)]})
    assert answer.status_code == 302, answer.content.decode()[:2000]
    assert not User.objects.get(pk=mara.pk).is_active
    assert rights.get(f"/erasure/{mara.pk}/").content.decode().count("erased already") == 1


def test_the_api_does_the_same_for_the_same_people(scene: Scene, mara: User):  # noqa: F811
    address, send = f"/api/erasure/{mara.pk}/", {"content_type": "application/json"}
    for person in (scene.cast.anr, scene.cast.release, scene.cast.stranger, mara):
        assert as_(person).get(address).status_code == 403
        assert as_(person).post(address, {"address": mara.email}, **send).status_code == 403
    rights = as_(scene.cast.rights)
    shown = rights.get(address).json()
    assert any("prompts" in line["what"] for line in shown["goes"])
    assert "Backups" in shown["beyond"][0]
    assert rights.post(address, {"address": "x"}, **send).status_code == 400
    assert rights.post(address, {"address": mara.email, "people": [str(mara.pk)]}, **send).status_code == 400
    done = rights.post(address, {"address": mara.email}, **send).json()
    assert done["values"] > 5
    assert ledger.body_of(Entry.objects.get(leaf_hash=bytes.fromhex(done["leaf"])))["kind"] == "person.erased"
    assert SECRET_PROMPT not in everything()


def test_legal_names_go_with_the_contributor_that_was_named(scene: Scene):  # noqa: F811
    cast = scene.cast
    one, _ = (
        people.create_person(
            credit_name=f"Fictional Writer {n}",
            legal_name=f"Legally Fictional {n}",
            artist=cast.artist,
            actor=cast.owner,
        )
        for n in (1, 2)
    )
    erasure.erase_person(cast.mara, people=[one], actor=cast.rights)
    after = everything()
    assert "Legally Fictional 1" not in after
    assert "Legally Fictional 2" in after
    assert one.credit_name in after, "credits are public"


def test_an_address_in_an_invitation_goes_too(scene: Scene):  # noqa: F811
    cast = scene.cast
    _, secret = people.invite_user(email="later@label.invalid", role="anr", actor=cast.owner)
    account = people.accept_invitation(
        secret=secret, full_name="Late Comer (fictional)", password="a-Long-passphrase-9"
    )
    assert "later@label.invalid" in everything()
    erasure.erase_person(account, actor=cast.owner)
    assert "later@label.invalid" not in everything()
    assert Invitation.objects.filter(accepted_by=account).get().email.endswith("@erased.invalid")


def test_the_last_owner_stays(scene: Scene):  # noqa: F811
    with pytest.raises(BadField, match="last owner"):
        erasure.erase_person(scene.cast.owner, actor=scene.cast.rights)
    assert "last owner" in as_(scene.cast.owner).get(f"/erasure/{scene.cast.owner.pk}/").content.decode()


def test_it_is_all_or_nothing(scene: Scene, mara: User, monkeypatch: pytest.MonkeyPatch):  # noqa: F811
    before = everything()

    def broken(account: User) -> list[str]:
        raise ZeroDivisionError

    monkeypatch.setattr(erasure, "_sessions", broken)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        erasure.erase_person(mara, actor=scene.cast.rights)
    assert everything() == before


def test_the_command_shows_and_then_erases(scene: Scene, mara: User):  # noqa: F811
    out = io.StringIO()
    call_command("person_erase", mara.email, stdout=out)
    assert "Nothing was changed" in out.getvalue()
    assert "in the vault: briefs" in out.getvalue()
    with pytest.raises(CommandError, match="an owner or one of the rights team"):
        call_command("person_erase", mara.email, "--yes", "--by", scene.cast.anr.email)
    with pytest.raises(CommandError, match="no account"):
        call_command("person_erase", "nobody@label.invalid")
    call_command("person_erase", mara.email, "--yes", "--by", scene.cast.rights.email, stdout=out)
    assert "are erased, and their copies" in out.getvalue()
    assert SECRET_PROMPT not in everything()
    assert audit.run().ok


def test_who_submitted_from_the_same_address_loses_that_too_and_outsiders_are_found_by_theirs(scene: Scene):  # noqa: F811
    from artists.models import Submission
    from artists.services.clearing import sent_from
    from tests.artists.anr.conftest import ANSWERS
    from tests.support import run_jobs

    submission, address = scene.anr.submission, ANSWERS["contact_email"]
    shown = io.StringIO()
    call_command("person_erase", address, stdout=shown)
    assert "1 files" in shown.getvalue()
    page = as_(scene.cast.rights).get("/erasure/", {"address": address})
    assert f"/submissions/{submission.pk}/erase/" in page.content.decode()
    with pytest.raises(CommandError, match="owner"):
        call_command("person_erase", address, "--yes", "--by", scene.cast.anr.email)
    User.objects.filter(pk=scene.cast.stranger.pk).update(email=address)
    erasure.erase_person(User.objects.get(pk=scene.cast.stranger.pk), actor=scene.cast.owner)
    run_jobs()
    assert Submission.objects.get(pk=submission.pk).cleared_why == "asked"
    assert sent_from(address) == []
    assert address not in everything()


def test_every_kind_that_seals_has_its_words():
    sealing = {
        event.kind
        for event in registered()
        if sealed_names(event) and not event.kind.startswith(("test.", "chaos."))
    }
    assert sealing == set(erasure._PRIVATE)


def test_an_owner_is_erased_by_owners_alone(scene: Scene):  # noqa: F811
    """It closes the account and cannot be undone: nobody below an owner does that to one."""
    owner = scene.cast.owner
    rights = as_(scene.cast.rights)
    assert owner.email not in rights.get("/erasure/").content.decode()
    assert owner.email in as_(owner).get("/erasure/").content.decode()
    for address in (f"/erasure/{owner.pk}/", f"/api/erasure/{owner.pk}/"):
        assert rights.get(address).status_code == 404
        assert rights.post(address, {"address": owner.email}).status_code == 404
    assert User.objects.get(pk=owner.pk).is_active
