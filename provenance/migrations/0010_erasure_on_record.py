"""Private content goes only with an entry of its erasure; the guards look at the real tables.

A temporary table hides the real one of the same name from unqualified SQL: whoever may make one could show the guards
entries that do not exist. So their tables are named with their schema.
"""

from django.db import migrations

FUNCTIONS = r"""
CREATE OR REPLACE FUNCTION deadwax_check_recorded() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    entry_xid bigint;
    entry_time timestamptz;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'deadwax: DELETE on % is refused: change its state instead', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    SELECT xid, recorded_at INTO entry_xid, entry_time FROM public.provenance_entry WHERE id = NEW.entry_id;
    -- The minute is for a clock that is set back.
    IF entry_xid IS DISTINCT FROM pg_current_xact_id()::text::bigint
       OR entry_time < transaction_timestamp() - interval '1 minute' THEN
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
    entry_time timestamptz;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        RAISE EXCEPTION 'deadwax: the vault is written once and then only erased' USING ERRCODE = 'restrict_violation';
    END IF;
    SELECT xid, recorded_at INTO entry_xid, entry_time FROM public.provenance_entry WHERE id = NEW.entry_id;
    IF entry_xid IS DISTINCT FROM pg_current_xact_id()::text::bigint
       OR entry_time < transaction_timestamp() - interval '1 minute' THEN
        RAISE EXCEPTION 'deadwax: private content belongs to an entry of this transaction'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION deadwax_check_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    erased_leaf text;
BEGIN
    SELECT encode(leaf_hash, 'hex') INTO erased_leaf FROM public.provenance_entry WHERE id = OLD.entry_id;
    -- The search in the bytes only spares the parsing of most bodies of a large transaction.
    IF NOT EXISTS (
        SELECT 1 FROM public.provenance_entry
        WHERE xid = pg_current_xact_id()::text::bigint AND kind = 'vault.erased'
          AND recorded_at >= transaction_timestamp() - interval '1 minute'
          AND position(convert_to(erased_leaf, 'UTF8') IN body) > 0
          AND convert_from(body, 'UTF8')::jsonb->'public'->>'entry_leaf' = erased_leaf
          AND convert_from(body, 'UTF8')::jsonb->'public'->'names' ? OLD.name
    ) THEN
        RAISE EXCEPTION 'deadwax: private content is erased with an entry that says so, in one transaction'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;
"""


def create(apps, schema_editor):
    schema_editor.execute(FUNCTIONS, params=None)


def drop(apps, schema_editor):
    schema_editor.execute("DROP FUNCTION IF EXISTS deadwax_check_erasure CASCADE", params=None)


class Migration(migrations.Migration):
    dependencies = [("provenance", "0009_search")]
    operations = [migrations.RunPython(create, drop)]
