"""What the application's database role may do, derived from the models: a new table cannot be forgotten.

Two roles: the owner migrates, the application works. The application's role owns nothing, so it cannot take triggers
off, and its rights end where the record begins:

- append-only tables: read, and insert the columns that the application fills. `xid` and `recorded_at` of an entry are
  the database's own;
- the vault: the same, and delete, which a trigger ties to an entry that says so;
- recorded tables: read, insert, update; triggers demand the entry;
- all other tables of ours: what rows need. Django's own book-keeping: read.

`deadwax_record` runs with the caller's rights (SECURITY INVOKER): it saves a round trip and grants nothing. Run with
its owner's it would be a way around the grants that only its own source guards.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps as django_apps
from django.db import connection, models, transaction

from provenance import protection
from provenance.errors import SystemFault

#: Django's book-keeping: written by migrations only.
READ_ONLY = frozenset(
    {
        "auth_group",
        "auth_group_permissions",
        "auth_permission",
        "artists_user_groups",
        "artists_user_user_permissions",
        "django_content_type",
        "django_migrations",
    }
)
#: Columns that the database fills by itself, whatever the statement says.
_DATABASE_FILLS = {"provenance_entry": frozenset({"xid", "recorded_at"})}


class NoSuchRole(SystemFault):
    code = "no_such_role"


@dataclass(frozen=True, slots=True)
class Rights:
    """Rights on one table. `insert` and `update` name columns; None means all, empty none."""

    table: str
    insert: tuple[str, ...] | None = ()
    update: tuple[str, ...] | None = ()
    delete: bool = False

    def allowed(self) -> Iterator[str]:
        """The privileges as GRANT names them."""
        yield "SELECT"
        for word, columns in (("INSERT", self.insert), ("UPDATE", self.update)):
            if columns is None:
                yield word
            elif columns:
                yield f"{word} ({', '.join(_quoted(name) for name in columns)})"
        if self.delete:
            yield "DELETE"


def rights() -> list[Rights]:
    """Every table's rights, sorted by table."""
    from provenance import models as own
    from provenance.models.recorded import Recorded

    append_only = {own.Entry, *protection.append_only_models()}
    found = {"django_migrations": Rights("django_migrations")}
    for model in django_apps.get_models(include_auto_created=True):
        meta = model._meta
        if meta.proxy or not meta.managed:
            continue
        table = meta.db_table
        if table in READ_ONLY:
            found[table] = Rights(table)
        elif model in append_only:
            found[table] = Rights(table, insert=_filled(model))
        elif model is own.VaultItem:
            found[table] = Rights(table, insert=_filled(model), delete=True)
        elif issubclass(model, Recorded):
            found[table] = Rights(table, insert=None, update=_changed(model))
        else:
            found[table] = Rights(table, insert=None, update=None, delete=True)
    return [found[table] for table in sorted(found)]


def _filled(model: type[models.Model]) -> tuple[str, ...]:
    spared = _DATABASE_FILLS.get(model._meta.db_table, frozenset())
    return tuple(
        str(field.column)
        for field in model._meta.concrete_fields
        if field.column not in spared and not isinstance(field, models.AutoField)
    )


def _changed(model: type[models.Model]) -> tuple[str, ...]:
    return tuple(str(field.column) for field in model._meta.concrete_fields if not field.primary_key)


def statements(app: str) -> list[str]:
    """SQL that gives `app` exactly these rights and takes all others, of everybody's too. Run by the owner."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema(), current_database()")
        schema, database = (_quoted(name) for name in cursor.fetchone())
        cursor.execute(
            "SELECT p.oid::regprocedure::text, p.prorettype = 'trigger'::regtype FROM pg_proc p"
            " WHERE p.proname LIKE 'deadwax\\_%%' AND p.pronamespace = current_schema()::regnamespace ORDER BY 1"
        )
        functions = cursor.fetchall()
        tables = set(connection.introspection.table_names(cursor))
    role = _quoted(app)
    found = [
        f"REVOKE CREATE, TEMPORARY ON DATABASE {database} FROM PUBLIC",
        f"REVOKE ALL ON DATABASE {database} FROM {role}",
        f"GRANT CONNECT ON DATABASE {database} TO {role}",
        f"REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC",
        f"REVOKE ALL ON SCHEMA {schema} FROM {role}",
        f"GRANT USAGE ON SCHEMA {schema} TO {role}",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}, PUBLIC",
        # Ids are identity columns, which need no right on their sequence.
        f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA {schema} FROM {role}, PUBLIC",
    ]
    for one in rights():
        if one.table in tables:
            found.append(f"GRANT {', '.join(one.allowed())} ON {_quoted(one.table)} TO {role}")
    for function, is_trigger in functions:
        found.append(f"REVOKE ALL ON FUNCTION {function} FROM {role}, PUBLIC")
        if not is_trigger:  # a trigger's function is called whoever may call it
            found.append(f"GRANT EXECUTE ON FUNCTION {function} TO {role}")
    return found


def apply(app: str) -> int:
    """Run `statements` in one transaction as the owner; returns how many. Raises NoSuchRole."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = %s", [app])
        row = cursor.fetchone()
        if row is None:
            raise NoSuchRole(
                f"There is no database role {app}. Make it first, as deploy/postgres/roles.sql does."
            )
        if row[0]:
            raise NoSuchRole(f"The role {app} is a superuser, whom no grant can hold. Name another one.")
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('deadwax grants'))")
        found = statements(app)
        for statement in found:
            cursor.execute(statement)
    return len(found)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
