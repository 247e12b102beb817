"""Titles of releases, recordings and works are found by their words (artists/finding.py)."""

from django.db import migrations

INDEXES = (
    ("release_release", "release_words", "title"),
    ("release_recording", "recording_words", "title || ' ' || version_title"),
    ("release_work", "work_words", "title"),
)


def create(apps, schema_editor):
    for table, name, columns in INDEXES:
        schema_editor.execute(
            f"CREATE INDEX {name} ON {table} USING gin (to_tsvector('simple', deadwax_words({columns})))",
            params=None,
        )


def drop(apps, schema_editor):
    for _, name, _ in INDEXES:
        schema_editor.execute(f"DROP INDEX IF EXISTS {name}", params=None)


class Migration(migrations.Migration):
    dependencies = [
        ("artists", "0007_words"),
        ("release", "0002_how_made"),
    ]

    operations = [migrations.RunPython(create, drop)]
