from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('artists', '0010_about'),
    ]

    operations = [
        migrations.AddField(
            model_name='consent',
            name='whose',
            field=models.CharField(choices=[('artist', "The artist's own"), ('other', "Somebody else's, that the artist works with")], default='artist', help_text='Whose catalogue it is. Somebody else\'s covers only the uploads that are said to stand on it.', max_length=6),
        ),
        migrations.AddField(
            model_name='consent',
            name='captions',
            field=models.BooleanField(default=False, help_text='Training: briefs and prompts may go along as captions.'),
        ),
    ]
