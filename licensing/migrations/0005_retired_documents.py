from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("licensing", "0004_royalties")]

    operations = [
        migrations.AddField(
            model_name="licencedocument",
            name="retired_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
