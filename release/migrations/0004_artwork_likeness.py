from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('release', '0003_title_words'),
    ]

    operations = [
        migrations.AddField(
            model_name='artwork',
            name='likeness',
            field=models.BooleanField(default=False, help_text='It shows a likeness of somebody that a model made.'),
        ),
    ]
