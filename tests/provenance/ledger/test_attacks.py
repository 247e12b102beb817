"""The application's own code, by mistake or on purpose, against the record. Data is compared before and after."""

from __future__ import annotations

import datetime as dt
import hashlib
import json

import pytest
from django.db import DatabaseError, connection, transaction

from artists.models import Artist
from provenance import canonical, events, ledger, sequencer
from provenance.errors import BadEvent, NotInTransaction
from provenance.models import Entry, RecordedRowsStay, VaultItem
from tests.provenance.ledger.attacks import contents, sql
from tests.provenance.ledger.helpers import ACTOR, Noted, note

pytestmark = pytest.mark.django_db(transaction=True)

RECORD = (
    "provenance_entry",
    "provenance_vaultitem",
    "provenance_leaf",
    "provenance_node",
    "provenance_checkpoint",
)


def new_artist(name: str = "Fictional Person") -> Artist:
    with transaction.atomic():
        entry = ledger.record(Noted(stream="artist:1"), actor=ACTOR)
        return Artist.objects.create(entry=entry, **fields(name))


def fields(name: str) -> dict[str, object]:
    """Whatever Artist demands, from its own definition."""
    found: dict[str, object] = {}
    for field in Artist._meta.concrete_fields:
        if field.name == "name":
            found["name"] = name
        elif field.has_default() or field.null or field.blank or field.primary_key or field.name == "entry":
            continue
        elif field.choices:
            found[field.name] = field.choices[0][0]
    return found


@pytest.fixture
def filled():
    """Six entries, four of them in the log, and one recorded row."""
    for number in range(4):
        note(number, words="private")
    sequencer.run_once()
    note(5)
    return new_artist()


def refused(*what: str):
    return pytest.raises(DatabaseError, match="|".join(what) or "deadwax")


CHANGES = ["UPDATE {table} SET {column} = {column}", "TRUNCATE {table} CASCADE"]
DELETIONS = [
    "DELETE FROM {table}",
    "WITH gone AS (DELETE FROM {table} RETURNING 1) SELECT count(*) FROM gone",
    "MERGE INTO {table} t USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE",
]


@pytest.mark.parametrize(
    ("table", "attack"), [(table, attack) for table in RECORD for attack in CHANGES + DELETIONS]
)
@pytest.mark.parametrize("session", ["origin", "replica"])
def test_the_record_cannot_be_changed_deleted_or_emptied(filled, table, attack, session):
    column = sql(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s"
        " AND data_type IN ('bytea', 'bigint') AND is_identity = 'NO' LIMIT 1",
        table,
    )[0][0]
    before = contents(*RECORD)
    said = ("refused", "written once", "erased with an entry that says so")
    with refused(*said), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL session_replication_role = {session}")
        cursor.execute(attack.format(table=table, column=f'"{column}"'))
    assert contents(*RECORD) == before


def test_the_orm_cannot_change_the_record_either(filled):
    entry = Entry.objects.first()
    before = contents(*RECORD)
    for attack in (
        lambda: Entry.objects.update(kind="other"),
        lambda: Entry.objects.all()._raw_delete("default"),
        lambda: Entry.objects.bulk_update([Entry(id=entry.id, stream="x")], ["stream"]),
        lambda: Entry(**{f.attname: getattr(entry, f.attname) for f in Entry._meta.concrete_fields}).save(),
        lambda: VaultItem.objects.update(content=b'"another"'),
    ):
        with refused(), transaction.atomic():
            attack()
    assert contents(*RECORD) == before


# -- recorded rows -----------------------------------------------------------------------------------------------------


def test_a_row_with_an_entry_of_its_transaction_is_accepted():
    artist = new_artist()
    with transaction.atomic():
        artist.entry = ledger.record(Noted(stream="artist:1"), actor=ACTOR)
        artist.name = "Another Name"
        artist.save()
    assert Artist.objects.get().name == "Another Name"


def test_nested_savepoints_are_accepted_and_a_rolled_back_one_takes_its_entry_along():
    with transaction.atomic():
        with transaction.atomic():
            entry = ledger.record(Noted(stream="artist:1"), actor=ACTOR)
            with transaction.atomic():
                artist = Artist.objects.create(entry=entry, **fields("One"))

        def change_and_fail():
            with transaction.atomic():
                artist.entry = ledger.record(Noted(stream="artist:1"), actor=ACTOR)
                artist.name = "Two"
                artist.save()
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            change_and_fail()
    assert Artist.objects.get().name == "One"
    assert Entry.objects.count() == 1


def in_session(session, attack):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL session_replication_role = {session}")
        attack()


@pytest.mark.parametrize("session", ["origin", "replica"])
def test_no_path_changes_a_recorded_row_without_a_new_entry(filled, session):
    stale = Entry.objects.first()
    tables = (Artist._meta.db_table, *RECORD)
    before = contents(*tables)

    def save_as_it_is():
        filled.name = "Silent"
        filled.save()

    def save_with_a_stale_entry():
        filled.entry = stale
        filled.save()

    def two_changes_for_one_entry():
        filled.entry = ledger.record(Noted(stream="artist:1"), actor=ACTOR)
        filled.save()
        filled.name = "Silent"
        filled.save()

    attacks = [
        save_as_it_is,
        save_with_a_stale_entry,
        two_changes_for_one_entry,
        lambda: Artist.objects.update(name="Silent"),
        lambda: Artist.objects.bulk_update([Artist(id=filled.id, name="Silent")], ["name"]),
        lambda: Artist.objects.bulk_create([Artist(**fields("New"))]),
        lambda: Artist.objects.bulk_create([Artist(entry=stale, **fields("New"))]),
        lambda: Artist.objects.filter(id=filled.id)._raw_delete("default"),
        lambda: connection.cursor().execute(f"DELETE FROM {tables[0]}"),
        lambda: connection.cursor().execute(f"TRUNCATE {tables[0]} CASCADE"),
        lambda: connection.cursor().execute(f"UPDATE {tables[0]} SET name = 'Silent'"),
        lambda: connection.cursor().execute(f"UPDATE {tables[0]} SET entry_id = NULL"),
        lambda: connection.cursor().execute(f"UPDATE {tables[0]} SET entry_id = -1"),
    ]
    for attack in attacks:
        with pytest.raises(DatabaseError):
            in_session(session, attack)
        filled.refresh_from_db()
    with pytest.raises(RecordedRowsStay, match="change their state"):
        filled.delete()
    assert contents(*tables) == before


def test_an_entry_of_another_transaction_that_runs_at_the_same_time_does_not_count(filled):
    import threading

    ids, go = [], threading.Event()
    written = threading.Event()

    def other():
        with transaction.atomic():
            ids.append(ledger.record(Noted(stream="artist:1"), actor=ACTOR).id)
            written.set()
            go.wait(20)
        connection.close()

    thread = threading.Thread(target=other)
    thread.start()
    written.wait(20)
    try:
        with pytest.raises(DatabaseError), transaction.atomic():
            Artist.objects.filter(id=filled.id).update(entry_id=ids[0], name="Silent")
    finally:
        go.set()
        thread.join()


def test_an_old_entry_whose_transaction_id_comes_again_does_not_count(filled):
    """Transaction ids start again when a dump is restored into a new server."""
    old = Entry.objects.first()
    sql("ALTER TABLE provenance_entry DISABLE TRIGGER deadwax_append_only")

    def change():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE provenance_entry SET xid = pg_current_xact_id()::text::bigint,"
                " recorded_at = recorded_at - interval '1 day' WHERE id = %s",
                [old.id],
            )
            Artist.objects.filter(id=filled.id).update(entry_id=old.id, name="Silent")

    try:
        with refused("needs a ledger entry of this transaction"):
            change()
    finally:
        sql("ALTER TABLE provenance_entry ENABLE ALWAYS TRIGGER deadwax_append_only")


# -- forged entries ----------------------------------------------------------------------------------------------------


def insert(body: dict, *, leaf_hash: bytes | None = None, columns: dict | None = None) -> None:
    """An entry by raw SQL, honest but for what is asked for."""
    data = canonical.dumps(body)
    values = {
        "kind": body["kind"],
        "basis": body["basis"],
        "at": body["at"],
        "stream": body["stream"],
        "actor_type": body["actor"]["type"],
        "actor_id": body["actor"]["id"],
        "refs": [],
        "body": data,
        "leaf_hash": leaf_hash or hashlib.sha256(b"\0" + data).digest(),
        **(columns or {}),
    }
    names = ", ".join(f'"{name}"' for name in values)
    marks = ", ".join(["%s"] * len(values))
    sql(f"INSERT INTO provenance_entry ({names}) VALUES ({marks})", *values.values())


def a_body(**changes) -> dict:
    now = canonical.timestamp(dt.datetime.now(dt.UTC))
    body = json.loads(bytes(note().body))
    return {**body, "at": now, **changes}


def test_raw_sql_can_write_an_honest_entry_only():
    insert(a_body())
    assert Entry.objects.count() == 2


def test_a_backdated_entry_is_refused():
    with refused("dated 2001-01-01"):
        insert(a_body(at="2001-01-01T00:00:00.000000Z"))


def test_the_database_sets_its_own_clock_and_transaction_whatever_the_application_says():
    insert(a_body(), columns={"recorded_at": "2001-01-01T00:00:00Z", "xid": 1})
    entry = Entry.objects.order_by("-id").first()
    assert abs((dt.datetime.now(dt.UTC) - entry.recorded_at).total_seconds()) < 60
    assert entry.xid > 1


@pytest.mark.parametrize(
    "columns",
    [
        {"kind": "take.kept"},
        {"basis": "declared"},
        {"stream": "project:other"},
        {"at": "2026-01-01T00:00:00Z"},
        {"actor_type": "human"},
        {"actor_id": "somebody else"},
    ],
)
def test_columns_that_disagree_with_the_body_are_refused(columns):
    body = a_body()
    with refused("columns of an entry must repeat its body"):
        insert(body, columns=columns)


def test_a_wrong_leaf_hash_is_refused():
    with refused("leaf hash"):
        insert(a_body(), leaf_hash=b"\0" * 32)


def test_private_content_belongs_to_an_entry_of_the_transaction():
    entry = note(words="the truth")
    with refused("this transaction"), transaction.atomic():
        VaultItem.objects.create(entry=entry, name="another", salt=bytes(32), content=b'"later"')
    with refused("written once"), transaction.atomic():
        VaultItem.objects.update(content=b'"a lie"')
    assert ledger.disclose(entry) == {"words": "the truth"}


def test_recording_outside_a_transaction_is_refused():
    with pytest.raises(NotInTransaction, match="in the transaction of the change"):
        ledger.record(Noted(stream="project:1"), actor=ACTOR)
    assert Entry.objects.count() == 0


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("a\0b", "NUL"),
        ("\ud800", "surrogate"),
        ({"\udfff": 1}, "surrogate"),
        (1.5, "float"),
        (float("nan"), "float"),
        (float("inf"), "float"),
        (2**53, "too large"),
        (-(2**60), "too large"),
        ([[{"deep": 0.1}]], "float"),
        (b"bytes", "bytes"),
        (object(), "object"),
        (dt.datetime(2026, 1, 1), "time zone"),  # noqa: DTZ001 - that is the point
    ],
)
@pytest.mark.parametrize("place", ["number", "words"])
def test_what_canonical_json_cannot_hold_is_refused_with_a_sentence(value, message, place):
    with pytest.raises(BadEvent, match=message):
        note(**{place: value})
    assert Entry.objects.count() == 0


def test_a_value_nested_without_end_is_refused():
    value: list = []
    value.append(value)
    with pytest.raises(BadEvent, match="nested too deeply"):
        note(value)


# -- private text ------------------------------------------------------------------------------------------------------


def test_a_dictionary_does_not_find_a_short_prompt():
    """The commitment of a guessable text is as silent as that of a random one; an unsalted digest would have told."""
    words = ["rain", "sun", "a sad song", "a happy song", "drums"]
    entry = note(words="a sad song")
    body = json.loads(bytes(entry.body))
    seen = json.dumps(body).encode()
    for guess in words:
        content = canonical.dumps(guess)
        for digest in (
            hashlib.sha256(guess.encode()).hexdigest(),
            hashlib.sha256(content).hexdigest(),
            canonical.commitment("test.noted", "words", content, b""),
            canonical.commitment("test.noted", "words", content, bytes(32)),
        ):
            assert digest.encode() not in seen
    salt = bytes(entry.vault.get().salt)
    assert len(salt) == 32
    found = [
        guess
        for guess in words
        if canonical.commitment("test.noted", "words", canonical.dumps(guess), salt)
        == body["private"]["words"]
    ]
    assert found == ["a sad song"]


def test_the_same_text_twice_has_two_commitments():
    one, two = (json.loads(bytes(note(words="rain").body))["private"]["words"] for _ in range(2))
    assert one != two


def test_a_commitment_is_bound_to_its_kind_and_name():
    salt, content = bytes(32), b'"rain"'
    assert (
        len({canonical.commitment(*names, content, salt) for names in (("a", "bc"), ("ab", "c"), ("a", "b"))})
        == 3
    )


def test_shredding_erases_content_and_salt_and_keeps_every_proof():
    from provenance import keys, merkle, notes, queries

    entry = note(words="to be forgotten")
    body = bytes(entry.body)
    sequencer.run_once()
    before = queries.proof_for(entry)
    erased = ledger.shred(entry, actor=ACTOR)
    sequencer.run_once()
    assert not VaultItem.objects.filter(entry=entry).exists()
    assert b"to be forgotten" not in b"".join(str(rows).encode() for rows in contents(*RECORD).values())
    entry.refresh_from_db()
    assert bytes(entry.body) == body
    head = notes.open_checkpoint(before.checkpoint, keys.verifier_key())
    merkle.verify_inclusion(before.index, head.size, merkle.leaf_hash(body), before.hashes, head.root)
    assert queries.proof_for(entry).size == 2
    assert ledger.disclose(entry) == {}
    assert ledger.in_words(erased) == "erased the private content of an entry of kind test.noted: words"


def test_private_content_does_not_go_in_silence_nor_with_an_erasure_of_something_else():
    entry, other = note(words="stays"), note(words="goes")
    before = contents(*RECORD)
    with refused("with an entry that says so"), transaction.atomic():
        VaultItem.objects.filter(entry=entry).delete()
    with refused("with an entry that says so"), transaction.atomic():
        ledger.shred(other, actor=ACTOR)
        VaultItem.objects.filter(entry=entry).delete()
    assert contents(*RECORD) == before


def test_a_temporary_table_of_the_same_name_does_not_deceive_the_guards():
    """It hides the real one from unqualified SQL, and could show the guards an entry of this transaction."""
    artist, stale = new_artist(), note()
    with refused("needs a ledger entry of this transaction"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE TEMP TABLE provenance_entry ON COMMIT DROP AS"
                " SELECT id, pg_current_xact_id()::text::bigint AS xid, now() AS recorded_at FROM provenance_entry"
            )
        Artist.objects.filter(pk=artist.pk).update(name="Silent", entry=stale)


def test_empty_private_values_are_not_committed_to():
    assert json.loads(bytes(note(words="").body))["private"] == {}
    assert not VaultItem.objects.exists()


# -- rules of events ---------------------------------------------------------------------------------------------------


def test_an_event_that_seals_must_say_how_it_is_shredded():
    class Careless(events.Event):
        kind = "test.careless"
        sentence = "did something"
        secret: str = events.sealed(default="")

    with pytest.raises(BadEvent, match="how that is erased"):
        events.event(Careless)


def test_a_sentence_may_only_name_fields():
    class Boastful(events.Event):
        kind = "test.boastful"
        sentence = "made {nothing}"

    with pytest.raises(BadEvent, match="not its fields"):
        events.event(Boastful)


def test_two_events_cannot_share_a_kind_and_version():
    class Impostor(events.Event):
        kind = "vault.erased"
        sentence = "did nothing"

    with pytest.raises(BadEvent, match="Two events"):
        events.event(Impostor)
