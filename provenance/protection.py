"""Triggers that make recording compulsory. The SQL functions come with migration 0002; this binds them to tables.

They stop mistakes and application code, not the database's owner: published checkpoints do that.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps as django_apps
from django.db import DEFAULT_DB_ALIAS, connections, models

#: Trigger name -> (when it fires, what it calls). All are ENABLE ALWAYS, because a plain trigger falls to
#: session_replication_role = replica.
RECORDED_TRIGGERS = {
    "deadwax_recorded": ("BEFORE INSERT OR UPDATE OR DELETE", "FOR EACH ROW", "deadwax_check_recorded"),
    "deadwax_recorded_truncate": ("BEFORE TRUNCATE", "FOR EACH STATEMENT", "deadwax_refuse"),
}
APPEND_ONLY_TRIGGERS = {
    "deadwax_append_only": ("BEFORE UPDATE OR DELETE", "FOR EACH ROW", "deadwax_refuse"),
    "deadwax_append_only_truncate": ("BEFORE TRUNCATE", "FOR EACH STATEMENT", "deadwax_refuse"),
}
ENTRY_TRIGGERS = {
    "deadwax_entry": ("BEFORE INSERT", "FOR EACH ROW", "deadwax_check_entry"),
    **APPEND_ONLY_TRIGGERS,
}
VAULT_TRIGGERS = {
    "deadwax_vault": ("BEFORE INSERT OR UPDATE", "FOR EACH ROW", "deadwax_check_vault"),
    "deadwax_vault_erase": ("BEFORE DELETE", "FOR EACH ROW", "deadwax_check_erasure"),
    "deadwax_vault_forget": ("BEFORE DELETE", "FOR EACH ROW", "deadwax_forget_words"),
    "deadwax_vault_truncate": ("BEFORE TRUNCATE", "FOR EACH STATEMENT", "deadwax_refuse"),
}


def recorded_models() -> list[type[models.Model]]:
    from provenance.models.recorded import Recorded

    return [model for model in django_apps.get_models() if issubclass(model, Recorded)]


def append_only_models() -> tuple[type[models.Model], ...]:
    """What is written once and never again, besides entries and vault."""
    from provenance import models as own

    return (
        own.Leaf,
        own.Node,
        own.Checkpoint,
        own.TimestampToken,
        own.Cosignature,
        own.Receipt,
        own.EntrySignature,
    )


def expected_triggers() -> dict[str, dict[str, tuple[str, str, str]]]:
    """Table -> the triggers it must have."""
    from provenance import models as own

    tables = {own.Entry._meta.db_table: ENTRY_TRIGGERS, own.VaultItem._meta.db_table: VAULT_TRIGGERS}
    tables |= {model._meta.db_table: APPEND_ONLY_TRIGGERS for model in append_only_models()}
    tables |= {model._meta.db_table: RECORDED_TRIGGERS for model in recorded_models()}
    return tables


def live_triggers(using: str = DEFAULT_DB_ALIAS) -> dict[str, set[str]]:
    """Table -> names of its triggers that fire always (`tgenabled = 'A'`)."""
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE NOT t.tgisinternal AND t.tgenabled = 'A' AND pg_table_is_visible(c.oid)"
        )
        found: dict[str, set[str]] = {}
        for table, name in cursor.fetchall():
            found.setdefault(table, set()).add(name)
        return found


def protect_recorded_tables(using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """Bind every missing trigger. Idempotent; tables that are not migrated yet are left for the next call."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return
    quote = connection.ops.quote_name
    tables = set(connection.introspection.table_names())
    live = live_triggers(using)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname FROM pg_proc WHERE proname LIKE 'deadwax%%' AND pg_function_is_visible(oid)"
        )
        functions = {name for (name,) in cursor.fetchall()}
        for table, triggers in expected_triggers().items():
            if table not in tables:
                continue
            for name, (when, each, function) in triggers.items():
                if name in live.get(table, set()) or function not in functions:
                    continue
                cursor.execute(f"DROP TRIGGER IF EXISTS {quote(name)} ON {quote(table)}")
                cursor.execute(
                    f"CREATE TRIGGER {quote(name)} {when} ON {quote(table)} {each} EXECUTE FUNCTION {function}()"
                )
                cursor.execute(f"ALTER TABLE {quote(table)} ENABLE ALWAYS TRIGGER {quote(name)}")
