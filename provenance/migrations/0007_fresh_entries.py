"""An entry of this transaction is also a fresh one: transaction ids start again when a dump is restored elsewhere."""

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
    SELECT xid, recorded_at INTO entry_xid, entry_time FROM provenance_entry WHERE id = NEW.entry_id;
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
    SELECT xid, recorded_at INTO entry_xid, entry_time FROM provenance_entry WHERE id = NEW.entry_id;
    IF entry_xid IS DISTINCT FROM pg_current_xact_id()::text::bigint
       OR entry_time < transaction_timestamp() - interval '1 minute' THEN
        RAISE EXCEPTION 'deadwax: private content belongs to an entry of this transaction'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""


def create(apps, schema_editor):
    schema_editor.execute(FUNCTIONS, params=None)


class Migration(migrations.Migration):
    dependencies = [("provenance", "0006_record_from_body")]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
