"""The checking functions of the ledger. Triggers are bound to tables after every migrate (provenance.protection)."""

from django.db import migrations

FUNCTIONS = r"""
CREATE OR REPLACE FUNCTION deadwax_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'deadwax: % on % is refused: the record is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE OR REPLACE FUNCTION deadwax_check_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    body jsonb;
BEGIN
    NEW.xid := pg_current_xact_id()::text::bigint;
    NEW.recorded_at := clock_timestamp();
    IF NEW.leaf_hash <> sha256('\x00'::bytea || NEW.body) THEN
        RAISE EXCEPTION 'deadwax: the leaf hash is not that of the body' USING ERRCODE = 'check_violation';
    END IF;
    body := convert_from(NEW.body, 'UTF8')::jsonb;
    IF body->>'kind' IS DISTINCT FROM NEW.kind OR body->>'basis' IS DISTINCT FROM NEW.basis
       OR body->>'stream' IS DISTINCT FROM NEW.stream OR (body->>'at')::timestamptz IS DISTINCT FROM NEW.at
       OR body->'actor'->>'type' IS DISTINCT FROM NEW.actor_type
       OR body->'actor'->>'id' IS DISTINCT FROM NEW.actor_id THEN
        RAISE EXCEPTION 'deadwax: the columns of an entry must repeat its body' USING ERRCODE = 'check_violation';
    END IF;
    IF abs(extract(epoch FROM NEW.recorded_at - NEW.at)) > 3600 AND NEW.basis <> 'backfilled' THEN
        RAISE EXCEPTION 'deadwax: an entry dated % cannot be written at %', NEW.at, NEW.recorded_at
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION deadwax_check_recorded() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    entry_xid bigint;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'deadwax: DELETE on % is refused: change its state instead', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    SELECT xid INTO entry_xid FROM provenance_entry WHERE id = NEW.entry_id;
    IF entry_xid IS DISTINCT FROM pg_current_xact_id()::text::bigint THEN
        RAISE EXCEPTION 'deadwax: % on % needs a ledger entry of this transaction', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.entry_id = OLD.entry_id THEN
        RAISE EXCEPTION 'deadwax: a change of % needs a new ledger entry', TG_TABLE_NAME
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION deadwax_check_vault() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    entry_xid bigint;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        RAISE EXCEPTION 'deadwax: the vault is written once and then only erased' USING ERRCODE = 'restrict_violation';
    END IF;
    SELECT xid INTO entry_xid FROM provenance_entry WHERE id = NEW.entry_id;
    IF entry_xid IS DISTINCT FROM pg_current_xact_id()::text::bigint THEN
        RAISE EXCEPTION 'deadwax: private content belongs to an entry of this transaction'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""

DROP = """
DROP FUNCTION IF EXISTS deadwax_refuse CASCADE;
DROP FUNCTION IF EXISTS deadwax_check_entry CASCADE;
DROP FUNCTION IF EXISTS deadwax_check_recorded CASCADE;
DROP FUNCTION IF EXISTS deadwax_check_vault CASCADE;
"""


def create(apps, schema_editor):
    # No parameters: the text holds % signs that are not placeholders.
    schema_editor.execute(FUNCTIONS, params=None)


def drop(apps, schema_editor):
    schema_editor.execute(DROP, params=None)


class Migration(migrations.Migration):
    dependencies = [("provenance", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
