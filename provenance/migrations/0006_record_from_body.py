"""`deadwax_record` takes the look-up columns from the body itself, so that they cannot disagree; the triggers still check."""

from django.db import migrations

RECORD = r"""
CREATE FUNCTION deadwax_record(
    p_body text, p_leaf_hash text, p_vault jsonb,
    OUT o_id bigint, OUT o_xid bigint, OUT o_recorded_at timestamptz
) LANGUAGE plpgsql AS $$
DECLARE
    said jsonb := p_body::jsonb;
BEGIN
    INSERT INTO provenance_entry (kind, basis, "at", stream, actor_type, actor_id, refs, body, leaf_hash)
    VALUES (
        said->>'kind', said->>'basis', (said->>'at')::timestamptz, said->>'stream',
        said->'actor'->>'type', said->'actor'->>'id',
        ARRAY(SELECT jsonb_array_elements_text(said->'subjects')) || ARRAY(
            SELECT 'asset:' || (ref->>'sha256')
            FROM jsonb_array_elements((said->'inputs') || (said->'outputs')) WITH ORDINALITY AS r(ref, place)
            GROUP BY 1 ORDER BY min(place)
        ),
        convert_to(p_body, 'UTF8'), decode(p_leaf_hash, 'hex')
    )
    RETURNING id, xid, recorded_at INTO o_id, o_xid, o_recorded_at;
    IF p_vault IS NOT NULL THEN
        INSERT INTO provenance_vaultitem (entry_id, name, salt, content)
        SELECT o_id, v.key, decode(v.value->>0, 'hex'), convert_to(v.value->>1, 'UTF8') FROM jsonb_each(p_vault) AS v;
    END IF;
END $$;
"""
DROP = "DROP FUNCTION IF EXISTS deadwax_record(text, text, jsonb)"
DROP_OLD = (
    "DROP FUNCTION IF EXISTS deadwax_record"
    "(text, text, timestamptz, text, text, text, text[], bytea, bytea, text[], bytea[], bytea[])"
)


def create(apps, schema_editor):
    schema_editor.execute(DROP_OLD, params=None)
    schema_editor.execute(RECORD, params=None)


def drop(apps, schema_editor):
    schema_editor.execute(DROP, params=None)


class Migration(migrations.Migration):
    dependencies = [("provenance", "0005_vault_index")]
    operations = [migrations.RunPython(create, drop)]
