import django.db.models.functions.datetime
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="parcel",
            name="updated_at",
            # The database's own default, too: code of the release before writes parcels without it.
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(),
                default=django.utils.timezone.now,
                editable=False,
            ),
        ),
        migrations.AddIndex(
            model_name="parcel",
            index=models.Index(fields=["merchant", "updated_at", "id"], name="orders_parcel_changed"),
        ),
    ]
