"""What really guards this database: triggers as they stand, their functions' source, the rights of our own role."""

from __future__ import annotations

import importlib
import pkgutil
import re
from dataclasses import dataclass

from django.db import connection

from provenance import migrations
from provenance.protection import expected_triggers, recorded_models

# pg_trigger.tgtype, as PostgreSQL's catalog documents it.
_BITS = {"INSERT": 4, "DELETE": 8, "UPDATE": 16, "TRUNCATE": 32}
_ROW, _BEFORE = 1, 2
_FUNCTION = re.compile(r"FUNCTION (\w+)\(\) RETURNS trigger LANGUAGE plpgsql AS \$\$(.*?)\$\$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Role:
    """The role that the application connects as."""

    name: str
    superuser: bool
    owner: bool
    may_change_entries: bool
    may_set_time: bool

    def in_words(self) -> str:
        if self.superuser:
            power = "it is a superuser: the triggers stop mistakes, not this role. Only a checkpoint kept outside does"
        elif self.owner:
            power = "it owns the tables: it could take the triggers off. Only a checkpoint kept outside shows that"
        elif self.may_change_entries or self.may_set_time:
            power = "it has more rights on entries than INSERT of their own columns: narrow its grants"
        else:
            power = "it may insert and read entries, nothing else"
        return f"The database role is {self.name}; {power}."


def role() -> Role:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user, r.rolsuper, pg_has_role(c.relowner, 'USAGE'),"
            " has_table_privilege(c.oid, 'UPDATE') OR has_table_privilege(c.oid, 'DELETE')"
            "   OR has_table_privilege(c.oid, 'TRUNCATE'),"
            " has_column_privilege(c.oid, 'recorded_at', 'INSERT')"
            " FROM pg_class c, pg_roles r WHERE c.oid = 'provenance_entry'::regclass AND r.rolname = current_user"
        )
        return Role(*cursor.fetchone())


def count() -> int:
    return sum(len(triggers) for triggers in expected_triggers().values())


def recorded_tables() -> list[str]:
    return sorted(model._meta.db_table for model in recorded_models())


def missing() -> list[str]:
    """Sentences about every trigger that is not there, not always on, or not what it should be."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, t.tgname, t.tgenabled::text, t.tgtype, p.proname, t.tgqual IS NULL, t.tgattr::text = ''"
            " FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE NOT t.tgisinternal AND pg_table_is_visible(c.oid)"
        )
        standing = {(table, name): rest for table, name, *rest in cursor.fetchall()}
        cursor.execute("SELECT proname, prosrc FROM pg_proc WHERE proname = ANY(%s)", [list(_sources())])
        sources = dict(cursor.fetchall())
    found = []
    for table, triggers in sorted(expected_triggers().items()):
        for name, (when, each, function) in triggers.items():
            bits = _BEFORE | (_ROW if each == "FOR EACH ROW" else 0)
            bits |= sum(bit for word, bit in _BITS.items() if word in when)
            got = standing.get((table, name))
            if got is None:
                found.append(f"the trigger {name} is missing on {table}")
            elif got[0] != "A":
                found.append(f"the trigger {name} on {table} is not always on")
            elif got[1:] != [bits, function, True, True]:
                found.append(f"the trigger {name} on {table} is not the one that was installed")
    for function, source in sorted(_sources().items()):
        if sources.get(function) != source:
            found.append(f"the function {function} is missing or was changed")
    return found


def _sources() -> dict[str, str]:
    """Function -> source, as the newest migration that defines it wrote it."""
    found: dict[str, str] = {}
    for module in sorted(pkgutil.iter_modules(migrations.__path__), key=lambda item: item.name):
        text = getattr(importlib.import_module(f"{migrations.__name__}.{module.name}"), "FUNCTIONS", "")
        found |= dict(_FUNCTION.findall(text))
    return found
