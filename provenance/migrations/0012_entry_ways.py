"""Ways to the entries of a kind or a person in one of many streams, and of a person and kind together."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("provenance", "0011_fingerprint_terms")]
    operations = [
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["stream", "kind", "id"], name="entry_stream_kind"),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["stream", "actor_id", "id"], name="entry_stream_actor"),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["actor_id", "kind", "id"], name="entry_actor_kind"),
        ),
    ]
