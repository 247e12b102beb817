"""The inbox's first list comes in its order from an index, and whether a sender asks for erasure is seen at once."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('artists', '0012_anr_rules'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='submission',
            index=models.Index(condition=models.Q(('duplicate_of', None), ('stage__in', ['unheard', 'heard', 'more', 'meet', 'offer'])), fields=['promised_by', 'number'], name='submission_open'),
        ),
        migrations.AddIndex(
            model_name='submission',
            index=models.Index(condition=models.Q(('erasure_asked_at__isnull', False)), fields=['erasure_asked_at'], name='submission_asked'),
        ),
    ]
