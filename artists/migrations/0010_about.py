"""`Artist.method`, a plain text beside the recorded methods, is what it reads like: public words about the artist.

Its text stays where it was, in the column `method`; only the field's name changes, so nothing is lost and processes of
the release before still find their column.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("artists", "0009_listening_and_amendments"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField(model_name="artist", old_name="method", new_name="about"),
                migrations.AlterField(
                    model_name="artist",
                    name="about",
                    field=models.TextField(
                        blank=True,
                        db_column="method",
                        help_text="Who they are, in public words. How they work is a Method, in versions of its own.",
                    ),
                ),
            ],
        ),
    ]
