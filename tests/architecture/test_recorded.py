"""The test that counts: no table of ours is outside the record without a reason."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection, models

from provenance import guards, protection
from provenance.models import Recorded

OURS = ("artists", "generation", "label", "provenance", "release")

UNRECORDED = {
    "artists.User": "log-in and password; a person's standing (role, active) is recorded in artists.Standing",
    "artists.User_groups": "comes with Django's permissions and is not used: rights follow from the recorded role",
    "artists.User_user_permissions": "comes with Django's permissions and is not used, like groups",
    "artists.Incoming": "a file on its way in, before anything is submitted; what was submitted is recorded",
    "artists.SavedFilter": "a person's own shortcut to a list; says nothing about anybody",
    "artists.SigningRequest": "what somebody is asked to sign; what was signed is an entry",
    "generation.Preset": "settings under a name, for the next time; what is asked for with them is recorded as a run",
    "generation.EngineOffer": "what the workers can do right now; written anew at each start of a worker",
    "provenance.AssetAnalysis": "measured from an asset's bytes and can be measured again",
    "provenance.Checkpoint": "the log itself: append-only, signed, checked by ledger_verify",
    "provenance.Cosignature": "a witness's own line: append-only, verified against the witness's key",
    "provenance.Entry": "the record itself: append-only",
    "provenance.EntrySignature": "points from an entry to the entry of its signature: append-only",
    "provenance.Job": "progress changes all the time; what a job did is recorded by its own events",
    "provenance.Leaf": "the log itself: append-only, checked by ledger_verify",
    "provenance.Node": "the log itself: append-only, checked by ledger_verify",
    "provenance.OutsidePlace": "how far an outside place has come; changes with each try",
    "provenance.Receipt": "the log's own signed promise: append-only, audited against the log",
    "provenance.SearchText": "derived from entries and the vault; emptied with every erasure, can be made again",
    "provenance.TimestampToken": "an authority's own token: append-only, verified against its chain",
    "provenance.VaultItem": "private content: written with its entry, erasable, bound by commitments",
}

#: What happens to a row when the row it points to is deleted: it must hold on, never go along or change silently.
HOLDS = {models.PROTECT, models.RESTRICT, models.DO_NOTHING}


def our_models() -> list[type[models.Model]]:
    found = apps.get_models(include_auto_created=True)
    return [model for model in found if model._meta.app_label in OURS and not model._meta.proxy]


def unaccounted(found: list[type[models.Model]]) -> list[str]:
    return sorted(
        model._meta.label
        for model in found
        if not issubclass(model, Recorded) and model._meta.label not in UNRECORDED
    )


def test_every_model_is_recorded_or_says_why_not():
    assert unaccounted(our_models()) == []


def test_the_list_of_exceptions_has_no_dead_names_and_a_reason_each():
    labels = {model._meta.label for model in our_models() if not issubclass(model, Recorded)}
    assert sorted(UNRECORDED) == sorted(labels)
    assert all(len(reason) > 20 for reason in UNRECORDED.values())


def test_a_model_that_forgot_is_noticed():
    from django.apps.registry import Apps

    class Forgotten(models.Model):
        class Meta:
            apps = Apps()
            app_label = "release"

    assert unaccounted([Forgotten]) == ["release.Forgotten"]


@pytest.mark.django_db
def test_every_recorded_table_has_live_triggers():
    tables = {model._meta.db_table for model in our_models() if issubclass(model, Recorded)}
    assert len(tables) > 20
    assert set(guards.recorded_tables()) == tables
    live = protection.live_triggers()
    for table in tables:
        assert set(protection.RECORDED_TRIGGERS) <= live.get(table, set()), table
    assert guards.missing() == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("weakening", "told"),
    [
        ("ALTER TABLE {table} DISABLE TRIGGER deadwax_recorded", "not always on"),
        ("ALTER TABLE {table} ENABLE TRIGGER deadwax_recorded", "not always on"),
        ("DROP TRIGGER deadwax_recorded ON {table}", "missing"),
    ],
)
def test_a_guard_that_was_taken_off_is_noticed_and_put_back_by_migrate(weakening, told):
    table = guards.recorded_tables()[0]
    with connection.cursor() as cursor:
        cursor.execute(weakening.format(table=table))
    assert [told in sentence for sentence in guards.missing()] == [True]
    protection.protect_recorded_tables()
    assert guards.missing() == []


HOLLOW_TRIGGER = """
CREATE OR REPLACE TRIGGER deadwax_recorded BEFORE INSERT ON {table}
FOR EACH ROW EXECUTE FUNCTION deadwax_check_recorded();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER deadwax_recorded
"""
HOLLOW_FUNCTION = """
CREATE OR REPLACE FUNCTION deadwax_check_recorded() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$
"""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("weakening", "told"),
    [(HOLLOW_TRIGGER, "not the one that was installed"), (HOLLOW_FUNCTION, "was changed")],
)
def test_a_guard_that_only_looks_the_same_is_noticed(weakening, told):
    with connection.cursor() as cursor:
        cursor.execute(weakening.format(table=guards.recorded_tables()[0]))
    assert [told in sentence for sentence in guards.missing()] == [True]


def test_no_recorded_row_goes_along_when_another_is_deleted():
    loose = [
        f"{model._meta.label}.{field.name}"
        for model in our_models()
        if issubclass(model, Recorded)
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey) and field.remote_field.on_delete not in HOLDS
    ]
    assert loose == []


def test_recorded_models_have_no_hidden_tables():
    """A many-to-many field makes a table of its own, which no entry would guard."""
    hidden = [
        f"{model._meta.label}.{field.name}"
        for model in our_models()
        if issubclass(model, Recorded)
        for field in model._meta.many_to_many
    ]
    assert hidden == []
