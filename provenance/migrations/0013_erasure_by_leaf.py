"""An erasure's entry is found by the leaf that it names, so that erasing much in one transaction takes linear time."""

from django.db import migrations

# The cost keeps the planner from any other index: by kind or transaction it would look at all erasures of a transaction,
# and it cannot know that they are many.
INDEX = r"""
CREATE FUNCTION deadwax_erased_leaf(body bytea) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000000 AS $$
    SELECT pg_catalog.convert_from(body, 'UTF8')::pg_catalog.jsonb->'public'->>'entry_leaf'
$$;
CREATE INDEX entry_erased_leaf ON provenance_entry (deadwax_erased_leaf(body), xid) WHERE kind = 'vault.erased';
"""

FUNCTIONS = r"""
CREATE OR REPLACE FUNCTION deadwax_check_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    erased_leaf text;
BEGIN
    SELECT encode(leaf_hash, 'hex') INTO erased_leaf FROM public.provenance_entry WHERE id = OLD.entry_id;
    -- The first three conditions are the index; the body has the last word.
    IF NOT EXISTS (
        SELECT 1 FROM public.provenance_entry
        WHERE kind = 'vault.erased' AND public.deadwax_erased_leaf(body) = erased_leaf
          AND xid = pg_current_xact_id()::text::bigint
          AND recorded_at >= transaction_timestamp() - interval '1 minute'
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
    schema_editor.execute(INDEX, params=None)
    schema_editor.execute(FUNCTIONS, params=None)


def drop(apps, schema_editor):
    from importlib import import_module

    before = import_module("provenance.migrations.0010_erasure_on_record")
    schema_editor.execute(before.FUNCTIONS, params=None)
    schema_editor.execute("DROP INDEX entry_erased_leaf", params=None)
    schema_editor.execute("DROP FUNCTION deadwax_erased_leaf(bytea)", params=None)


class Migration(migrations.Migration):
    dependencies = [("provenance", "0012_entry_ways")]
    operations = [migrations.RunPython(create, drop)]
