"""The index of words knows each entry's stream by itself, so that a search of one family joins nothing."""

from django.db import migrations, models

FILL = """
UPDATE provenance_searchtext AS found SET stream = entry.stream, family = split_part(entry.stream, ':', 1)
FROM provenance_entry AS entry WHERE entry.id = found.entry_id
"""


class Migration(migrations.Migration):

    dependencies = [
        ('provenance', '0014_job_shares'),
    ]

    operations = [
        migrations.AddField(
            model_name='searchtext',
            name='family',
            field=models.CharField(default='', help_text='What the stream begins with.', max_length=32),
        ),
        migrations.AddField(
            model_name='searchtext',
            name='stream',
            field=models.TextField(default='', help_text="The entry's, so that a search need not join."),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name='searchtext',
            index=models.Index(fields=['family', 'entry'], name='search_family'),
        ),
        migrations.AddIndex(
            model_name='searchtext',
            index=models.Index(fields=['stream'], name='search_stream'),
        ),
    ]
