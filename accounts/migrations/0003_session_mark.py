from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_letters_and_merchants")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="session_mark",
            field=models.CharField(blank=True, default="", editable=False, max_length=16),
        ),
    ]
