from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("merchants", "0004_onboarding")]

    operations = [
        migrations.AddField(
            model_name="webhookendpoint",
            name="failing_since",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
