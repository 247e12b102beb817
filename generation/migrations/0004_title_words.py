"""Titles of projects are found by their words (artists/finding.py)."""

from django.db import migrations


def create(apps, schema_editor):
    schema_editor.execute(
        "CREATE INDEX project_words ON generation_project USING gin (to_tsvector('simple', deadwax_words(title)))",
        params=None,
    )


def drop(apps, schema_editor):
    schema_editor.execute("DROP INDEX IF EXISTS project_words", params=None)


class Migration(migrations.Migration):
    dependencies = [
        ("artists", "0007_words"),
        ("generation", "0003_methods"),
    ]

    operations = [migrations.RunPython(create, drop)]
