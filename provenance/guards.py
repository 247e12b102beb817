"""What really guards this database: triggers as they stand, their functions' source, the rights of our own role."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection
from django.db.backends.utils import CursorWrapper

from provenance import grants, migrations
from provenance.protection import expected_triggers, recorded_models

# pg_trigger.tgtype, as PostgreSQL's catalog documents it.
_BITS = {"INSERT": 4, "DELETE": 8, "UPDATE": 16, "TRUNCATE": 32}
_ROW, _BEFORE = 1, 2
_FUNCTION = re.compile(r"FUNCTION (\w+)\(\) RETURNS trigger LANGUAGE plpgsql AS \$\$(.*?)\$\$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Role:
    """The role that this process is connected as, and what it could do to the record."""

    name: str
    superuser: bool
    owner: bool
    #: Rights beyond those in provenance.grants, as "DELETE on provenance_leaf".
    excess: tuple[str, ...] = ()

    @property
    def separated(self) -> bool:
        """Whether the database itself keeps this role from changing the record."""
        return not (self.superuser or self.owner or self.excess)

    def in_words(self) -> str:
        if self.superuser:
            power = "it is a superuser: the triggers stop mistakes, not this role. Only a checkpoint kept outside does"
        elif self.owner:
            power = "it owns the tables: it could take the triggers off. Only a checkpoint kept outside shows that"
        elif self.excess:
            more = f" and {len(self.excess) - 3} more" if len(self.excess) > 3 else ""
            power = (
                f"it has rights that it does not need ({', '.join(self.excess[:3])}{more}):"
                f" run database_roles --app {self.name} as the owner"
            )
        else:
            power = (
                "it cannot change, delete or empty what is recorded, nor take a guard off:"
                " the tables belong to another role"
            )
        return f"The database role is {self.name}; {power}."


def role() -> Role:
    """Asks the database, not the settings."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolname, rolsuper FROM pg_roles WHERE rolname = current_user")
        name, superuser = cursor.fetchone()
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM pg_class c WHERE c.relname = ANY(%s) AND pg_table_is_visible(c.oid)"
            " AND pg_has_role(c.relowner, 'MEMBER'))"
            " OR EXISTS (SELECT 1 FROM pg_proc p WHERE p.proname LIKE 'deadwax%%'"
            "            AND pg_has_role(p.proowner, 'MEMBER'))",
            [sorted(expected_triggers())],
        )
        owner = cursor.fetchone()[0]
        excess = () if superuser or owner else tuple(_excess(cursor))
    return Role(name, superuser, owner, excess)


def _excess(cursor: CursorWrapper) -> Iterator[str]:
    """What the current role may do beyond its rights."""
    cursor.execute(
        "SELECT has_database_privilege(current_database(), 'TEMPORARY'),"
        " has_schema_privilege(current_schema(), 'CREATE')"
    )
    for held, sentence in zip(
        cursor.fetchone(), ("TEMPORARY on the database", "CREATE in the schema"), strict=True
    ):
        if held:
            yield sentence
    wanted = {one.table: one for one in grants.rights()}
    guarded = sorted(expected_triggers())
    cursor.execute(
        "SELECT c.relname, w.word FROM pg_class c,"
        " unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS w(word)"
        " WHERE c.relname = ANY(%s) AND pg_table_is_visible(c.oid) AND has_table_privilege(c.oid, w.word)"
        " ORDER BY 1, 2",
        [guarded],
    )
    for table, word in cursor.fetchall():
        if word not in wanted[table].allowed():
            yield f"{word} on {table}"
    cursor.execute(
        "SELECT c.relname, w.word, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
        " AND NOT a.attisdropped, unnest(ARRAY['INSERT', 'UPDATE']) AS w(word)"
        " WHERE c.relname = ANY(%s) AND pg_table_is_visible(c.oid) AND NOT has_table_privilege(c.oid, w.word)"
        " AND has_column_privilege(c.oid, a.attnum, w.word) ORDER BY 1, 2, 3",
        [guarded],
    )
    for table, word, column in cursor.fetchall():
        allowed = wanted[table].insert if word == "INSERT" else wanted[table].update
        if allowed is not None and column not in allowed:
            yield f"{word} of {column} on {table}"


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
