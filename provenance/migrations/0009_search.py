"""The index of words, derived from entries and vault, and what an erasure does to it."""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.db import migrations, models

#: An erasure takes the words out of the index in its own transaction. The lock orders it against the reader that fills
#: the index (provenance/search.py): whoever comes second sees what the first one did.
FUNCTIONS = r"""
CREATE OR REPLACE FUNCTION deadwax_forget_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(28262367168555365);
    UPDATE provenance_searchtext SET words = NULL WHERE entry_id = OLD.entry_id;
    RETURN OLD;
END $$;
"""
DROP = "DROP FUNCTION IF EXISTS deadwax_forget_words CASCADE"


def create(apps, schema_editor):
    schema_editor.execute(FUNCTIONS, params=None)


def drop(apps, schema_editor):
    schema_editor.execute(DROP, params=None)


class Migration(migrations.Migration):

    dependencies = [
        ('provenance', '0008_outside'),
    ]

    operations = [
        migrations.RunPython(create, drop),
        migrations.CreateModel(
            name='SearchText',
            fields=[
                ('entry', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='provenance.entry')),
                ('leaf_index', models.BigIntegerField(help_text='Entries are read in the order of the log.', unique=True)),
                ('words', django.contrib.postgres.search.SearchVectorField(help_text='Null: to be read again.', null=True)),
            ],
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(condition=models.Q(('basis', 'observed'), _negated=True), fields=['basis', 'id'], name='entry_basis'),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=django.contrib.postgres.indexes.BrinIndex(fields=['at'], name='entry_at', pages_per_range=16),
        ),
        migrations.AddIndex(
            model_name='searchtext',
            index=django.contrib.postgres.indexes.GinIndex(fields=['words'], name='search_words'),
        ),
        migrations.AddIndex(
            model_name='searchtext',
            index=models.Index(condition=models.Q(('words', None)), fields=['entry'], name='search_again'),
        ),
    ]
