"""One statement for an entry and its vault: planned once per session, one round trip. Triggers check it as any insert."""

from django.db import migrations

RECORD = r"""
CREATE OR REPLACE FUNCTION deadwax_record(
    p_kind text, p_basis text, p_at timestamptz, p_stream text, p_actor_type text, p_actor_id text, p_refs text[],
    p_body bytea, p_leaf_hash bytea, p_names text[], p_salts bytea[], p_contents bytea[],
    OUT o_id bigint, OUT o_xid bigint, OUT o_recorded_at timestamptz
) LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO provenance_entry (kind, basis, "at", stream, actor_type, actor_id, refs, body, leaf_hash)
    VALUES (p_kind, p_basis, p_at, p_stream, p_actor_type, p_actor_id, p_refs, p_body, p_leaf_hash)
    RETURNING id, xid, recorded_at INTO o_id, o_xid, o_recorded_at;
    IF cardinality(p_names) > 0 THEN
        INSERT INTO provenance_vaultitem (entry_id, name, salt, content)
        SELECT o_id, v.name, v.salt, v.content FROM unnest(p_names, p_salts, p_contents) AS v(name, salt, content);
    END IF;
END $$;
"""


def create(apps, schema_editor):
    schema_editor.execute(RECORD, params=None)


def drop(apps, schema_editor):
    schema_editor.execute("DROP FUNCTION IF EXISTS deadwax_record", params=None)


class Migration(migrations.Migration):
    dependencies = [("provenance", "0003_entry_xid")]
    operations = [migrations.RunPython(create, drop)]
