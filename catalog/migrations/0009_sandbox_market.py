from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0008_orders_need")]

    operations = [
        migrations.AddField(
            model_name="market", name="is_public", field=models.BooleanField(default=True, editable=False)
        ),
    ]
