"""Raw SQL as the application's role against the record. Data is compared before and after."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from psycopg import errors

from label.supervisor.postgres import APP_ROLE, Postgres
from provenance import audit, grants, guards, ledger, protection, sequencer
from provenance.databases import as_owner
from provenance.models import Entry, Recorded
from provenance.tree import NodeMissing
from tests.provenance.ledger.attacks import contents, sql
from tests.provenance.ledger.helpers import ACTOR, note
from tests.provenance.ledger.test_attacks import a_body, new_artist
from tests.threats.table import threat

ROOT = Path(__file__).resolve().parents[2]
RECORD = (
    "provenance_entry",
    "provenance_vaultitem",
    "provenance_leaf",
    "provenance_node",
    "provenance_checkpoint",
    "artists_artist",
)
ENTRY_COLUMNS = 'kind, basis, "at", stream, actor_type, actor_id, refs, body, leaf_hash'


@pytest.fixture
def filled(app):
    for number in range(3):
        note(number, words="private")
    new_artist()
    sequencer.run_once()
    note(9, words="waits")
    return app


REFUSED_BY_GRANTS = [
    *(f"UPDATE {table} SET {column} = {column}" for table, column in (
        ("provenance_entry", "body"), ("provenance_entry", "recorded_at"), ("provenance_entry", "xid"),
        ("provenance_vaultitem", "content"), ("provenance_leaf", "entry_id"), ("provenance_node", "hash"),
        ("provenance_checkpoint", "note"), ("artists_artist", "id"),
    )),
    *(f"DELETE FROM {table}" for table in RECORD if table != "provenance_vaultitem"),
    *(f"TRUNCATE {table} CASCADE" for table in RECORD),
    "MERGE INTO provenance_leaf t USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE",
    "SELECT 1 FROM provenance_entry FOR UPDATE",
    # Dates and transactions are the database's own.
    f"INSERT INTO provenance_entry ({ENTRY_COLUMNS}, recorded_at) SELECT {ENTRY_COLUMNS}, now() FROM provenance_entry",
    f"INSERT INTO provenance_entry ({ENTRY_COLUMNS}, xid) SELECT {ENTRY_COLUMNS}, 7 FROM provenance_entry",
    "COPY provenance_entry FROM STDIN",
    # The guards.
    *(f"ALTER TABLE {table} DISABLE TRIGGER ALL" for table in RECORD),
    "DROP TRIGGER deadwax_append_only ON provenance_entry",
    "CREATE OR REPLACE TRIGGER deadwax_entry BEFORE INSERT ON provenance_entry EXECUTE FUNCTION deadwax_refuse()",
    "CREATE RULE sink AS ON INSERT TO provenance_entry DO INSTEAD NOTHING",
    "ALTER TABLE provenance_entry DROP COLUMN leaf_hash",
    "DROP FUNCTION deadwax_check_entry() CASCADE",
    "CREATE OR REPLACE FUNCTION deadwax_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
    "SET session_replication_role = replica",
    "SET SESSION AUTHORIZATION deadwax",
    "SET ROLE deadwax",
    "ALTER ROLE deadwax_app SUPERUSER",
    # What deceives guards that look at names.
    "CREATE TEMP TABLE provenance_entry AS SELECT 1",
    "CREATE SCHEMA mine",
    "CREATE TABLE mine AS SELECT 1",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "SELECT pg_read_file('postgresql.conf')",
    "DELETE FROM django_migrations",
]  # fmt: skip


@threat("The application edits, deletes or empties the record")
@pytest.mark.parametrize("attack", REFUSED_BY_GRANTS)
def test_the_application_may_not(filled, attack):
    before = contents(*RECORD)
    live = protection.live_triggers()
    with pytest.raises((errors.InsufficientPrivilege, errors.DuplicateTable)):
        filled.execute(attack)
    assert contents(*RECORD) == before
    assert protection.live_triggers() == live
    assert guards.missing() == []


@threat("Private content goes in silence")
@threat("The application edits, deletes or empties the record")
@pytest.mark.parametrize(
    ("attack", "said"),
    [
        ("UPDATE artists_artist SET name = 'silent'", "needs a ledger entry"),
        (
            "UPDATE artists_artist SET name = 'silent', entry_id = (SELECT min(id) FROM provenance_entry)",
            "needs a",
        ),
        ("DELETE FROM provenance_vaultitem", "erased with an entry that says so"),
        (
            "INSERT INTO provenance_vaultitem (entry_id, name, salt, content) SELECT 1, 'more', '', ''",
            "this transaction",
        ),
    ],
)
def test_what_the_rights_allow_the_triggers_refuse(filled, attack, said):
    before = contents(*RECORD)
    with pytest.raises(psycopg.DatabaseError, match=said):
        filled.execute(attack)
    assert contents(*RECORD) == before


def insert(app, body, **columns):
    data = json.dumps(body, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()
    values = {
        "kind": body["kind"], "basis": body["basis"], "at": body["at"], "stream": body["stream"],
        "actor_type": body["actor"]["type"], "actor_id": body["actor"]["id"], "refs": [], "body": data, **columns,
    }  # fmt: skip
    names = ", ".join(f'"{name}"' for name in values)
    app.execute(
        f"INSERT INTO provenance_entry ({names}, leaf_hash) VALUES ({', '.join(['%s'] * len(values))},"
        " sha256('\\x00'::bytea || %s))",
        [*values.values(), data],
    )


@threat("An entry is backdated")
def test_the_application_cannot_date_an_entry_back(filled):
    before = Entry.objects.count()
    with pytest.raises(psycopg.DatabaseError, match="dated 2001-01-01"):
        insert(filled, a_body(at="2001-01-01T00:00:00.000000Z"))
    with pytest.raises(psycopg.DatabaseError, match="columns of an entry must repeat"):
        insert(filled, a_body(), at="2001-01-01T00:00:00Z")
    with pytest.raises(errors.InsufficientPrivilege):
        insert(filled, a_body(), recorded_at="2001-01-01T00:00:00Z")
    assert Entry.objects.count() == before + 3, "only the three honest ones that a_body() itself recorded"


@threat("The application writes a wrong order")
def test_a_leaf_in_a_wrong_place_stops_the_log_and_is_found(filled):
    """The application numbers entries, so it may insert leaves: nothing is ever signed over a wrong one."""
    key, leaves = sql("SELECT max(id), (SELECT count(*) FROM provenance_leaf) FROM provenance_entry")[0]
    with (
        filled.cursor() as cursor,
        cursor.copy('COPY provenance_leaf ("index", entry_id, stream, stream_seq, prev) FROM STDIN') as copy,
    ):
        copy.write_row((leaves + 40, key, "project:1", 77, None))
    signed = contents("provenance_checkpoint")
    note(5)
    with pytest.raises((sequencer.LogTampered, NodeMissing)):
        sequencer.run_once()
    assert contents("provenance_checkpoint") == signed
    report = audit.run()
    assert not report.ok
    assert "leaf" in report.verdict


@pytest.fixture
def connected_as_app(app, settings):
    settings.DATABASE_OWNER = dict(connection.settings_dict)
    settings.DATABASE_APP_ROLE = APP_ROLE
    before = connection.settings_dict["USER"]
    connection.close()
    connection.settings_dict["USER"] = APP_ROLE
    yield
    connection.close()
    connection.settings_dict["USER"] = before


def test_the_application_records_numbers_erases_and_verifies(connected_as_app):
    entry = note(1, words="to be forgotten")
    artist = new_artist()
    assert sequencer.run_once() == 2
    ledger.shred(entry, actor=ACTOR)
    sequencer.run_once()
    assert ledger.disclose(entry) == {}
    assert artist.name
    report = audit.run()
    assert report.ok, report.verdict
    assert "it cannot change, delete or empty what is recorded" in report.notices[0]
    role = guards.role()
    assert (role.name, role.separated, role.excess) == (APP_ROLE, True, ())


def test_migrations_go_by_the_owner_and_come_back(connected_as_app):
    call_command("migrate", verbosity=0, interactive=False)
    assert sql("SELECT current_user") == [(APP_ROLE,)]
    with as_owner():
        assert sql("SELECT current_user") == [("deadwax",)]
    assert sql("SELECT current_user") == [(APP_ROLE,)]


def test_the_application_gives_itself_no_rights(connected_as_app):
    sql("GRANT ALL ON provenance_entry TO deadwax_app")  # PostgreSQL only warns
    assert guards.role().separated


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("GRANT DELETE ON provenance_leaf TO deadwax_app", "DELETE on provenance_leaf"),
        ("GRANT UPDATE (body) ON provenance_entry TO deadwax_app", "UPDATE of body on provenance_entry"),
        ("GRANT INSERT ON provenance_entry TO deadwax_app", "INSERT on provenance_entry"),
        (
            "GRANT INSERT (recorded_at) ON provenance_entry TO PUBLIC",
            "INSERT of recorded_at on provenance_entry",
        ),
        ("GRANT TRUNCATE ON artists_artist TO PUBLIC", "TRUNCATE on artists_artist"),
        ("GRANT TEMPORARY ON DATABASE {database} TO PUBLIC", "TEMPORARY on the database"),
        ("GRANT CREATE ON SCHEMA public TO deadwax_app", "CREATE in the schema"),
    ],
)
def test_a_right_too_much_is_told_and_taken_back(connected_as_app, more, said):
    with as_owner():
        sql(more.format(database=connection.settings_dict["NAME"]))
    assert said in guards.role().in_words()
    assert "database_roles --app deadwax_app" in audit.run().notices[0]
    call_command("database_roles", stdout=io.StringIO())
    assert guards.role().separated


@threat("Somebody with the owner's rights rewrites everything")
def test_an_owner_is_called_an_owner(transactional_db):
    assert "superuser" in guards.role().in_words()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE ROLE fictional_owner")
        cursor.execute("ALTER TABLE provenance_leaf OWNER TO fictional_owner")
        cursor.execute("GRANT fictional_owner TO deadwax_app")
        cursor.execute("SET LOCAL ROLE deadwax_app")
        assert "it owns the tables" in guards.role().in_words()
        transaction.set_rollback(True)


def test_rights_name_every_table_and_leave_no_way_to_delete_what_is_recorded():
    found = {one.table: one for one in grants.rights()}
    tables = {
        model._meta.db_table for model in apps.get_models(include_auto_created=True) if not model._meta.proxy
    }
    assert set(found) == tables | {"django_migrations"}
    guarded = set(protection.expected_triggers()) - {"provenance_vaultitem"}
    assert not [table for table in guarded if found[table].delete]
    recorded = {model._meta.db_table for model in apps.get_models() if issubclass(model, Recorded)}
    assert not [table for table in guarded - recorded if found[table].update != ()]
    assert not {"xid", "recorded_at", "id"} & set(found["provenance_entry"].insert)


def test_the_written_set_up_makes_an_installation_whose_owner_is_no_superuser(transactional_db, tmp_path):
    """deploy/postgres, step by step, on a database of its own."""
    settings = connection.settings_dict
    host = quote(str(settings["HOST"]), safe="")

    def superuser(database: str) -> psycopg.Connection:
        return psycopg.connect(host=settings["HOST"], dbname=database, user="deadwax", autocommit=True)

    script = (ROOT / "deploy/postgres/roles.sql").read_text()
    script = (
        script.replace(":owner_password", "'o'")
        .replace(":app_password", "'a'")
        .replace("deadwax", "fictional")
    )
    before, _, after = script.partition("\\connect fictional\n")
    with superuser("postgres") as first:
        for statement in before.split(";\n")[:-1]:
            first.execute(statement)
    try:
        with superuser("fictional") as second:
            second.execute(after)
        env = {
            **os.environ,
            "DATABASE_URL": f"postgresql://fictional_app@/fictional?host={host}",
            "DATABASE_OWNER_URL": f"postgresql://fictional@/fictional?host={host}",
            "DEADWAX_DATA": str(tmp_path),
        }
        for command, said in (
            ("migrate", ""),
            ("ledger_verify", "The database role is fictional_app; it cannot change, delete or empty"),
        ):
            done = subprocess.run(
                [sys.executable, "-m", "django", command], cwd=ROOT, env=env, capture_output=True, text=True
            )
            assert done.returncode == 0, done.stderr + done.stdout
            assert said in done.stdout
        assert (
            ask(env["DATABASE_OWNER_URL"], "SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
            is False
        )
    finally:
        with superuser("postgres") as last:
            for statement in ("DROP DATABASE fictional", "DROP ROLE fictional_app", "DROP ROLE fictional"):
                last.execute(statement)


def ask(url: str, statement: str) -> object:
    with psycopg.connect(url) as opened:
        return opened.execute(statement).fetchone()[0]


def test_a_data_folder_of_an_earlier_version_gets_its_second_role_at_the_next_start(tmp_path_factory):
    """Earlier clusters know one role, a superuser, and have their tables already."""
    data = Path(tempfile.mkdtemp(prefix="dw-old-"))
    data.chmod(0o755)
    server = Postgres(data / "postgres", throwaway=True)
    server.start()
    try:
        with psycopg.connect(server.url, autocommit=True) as old:
            old.execute("DROP ROLE deadwax_app")
        assert server.is_ready()
        assert not server.is_separated(), "until it is migrated"
        with psycopg.connect(server.url, autocommit=True) as old:
            old.execute("CREATE TABLE provenance_entry (id int)")
        env = {
            **{
                name: value
                for name, value in os.environ.items()
                if name not in {"DATABASE_URL", "DEADWAX_BROKER_URL"}
            },
            "DEADWAX_DATA": str(data),
        }
        program = (
            "from label.supervisor import session\nimport os\n"
            "with session.embedded(): print(os.environ['DATABASE_URL'], os.environ['DATABASE_OWNER_URL'])"
        )

        def urls() -> list[str]:
            done = subprocess.run(
                [sys.executable, "-c", program], cwd=ROOT, env=env, capture_output=True, text=True
            )
            assert done.returncode == 0, done.stderr
            return done.stdout.split()

        assert urls() == [server.url, server.url]
        server.start(die_with_parent=False)
        with psycopg.connect(server.url, autocommit=True) as old:
            old.execute("GRANT SELECT ON provenance_entry TO deadwax_app")
        assert urls() == [server.app_url, server.url]
    finally:
        server.stop()
        shutil.rmtree(data, ignore_errors=True)


@pytest.mark.django_db
def test_every_id_is_an_identity_column_so_that_no_sequence_needs_a_right():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = current_schema() AND column_default LIKE 'nextval%%'"
        )
        assert cursor.fetchall() == []


@pytest.mark.django_db
def test_the_command_prints_and_refuses_in_sentences(capsys):
    call_command("database_roles", app="fictional_app", print=True)
    printed = capsys.readouterr().out
    assert (
        'GRANT SELECT, INSERT ("index", "entry_id", "stream", "stream_seq", "prev") ON "provenance_leaf"'
        in printed
    )
    assert printed.count(";\n") > 60
    with pytest.raises(CommandError, match=r"no database role fictional_app.*roles\.sql"):
        call_command("database_roles", app="fictional_app")
    with pytest.raises(CommandError, match="superuser"):
        call_command("database_roles", app="deadwax")
    with pytest.raises(CommandError, match="Name the application's role"):
        call_command("database_roles")
    assert connections["default"].is_usable()
