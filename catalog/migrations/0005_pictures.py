from django.db import migrations, models

import core.media


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0004_stock"),
    ]

    operations = [
        migrations.AddField(
            model_name="image",
            name="attempts",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="image",
            name="colour",
            field=models.CharField(blank=True, help_text="Shown while the picture comes: #rrggbb.", max_length=7),
        ),
        migrations.AddField(
            model_name="image",
            name="digest",
            field=models.CharField(blank=True, db_index=True, help_text="Of the bytes that came.", max_length=64),
        ),
        migrations.AddField(
            model_name="image",
            name="refusal",
            field=models.CharField(blank=True, help_text="Why it was refused: a code of core.errors.", max_length=40),
        ),
        migrations.AddField(
            model_name="image",
            name="source",
            field=models.URLField(blank=True, help_text="Where the merchant's file says it is.", max_length=1000),
        ),
        migrations.AddField(
            model_name="image",
            name="state",
            field=models.CharField(
                choices=[("waiting", "Waiting"), ("ready", "Ready"), ("refused", "Refused")],
                default="ready",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="image",
            name="try_at",
            field=models.DateTimeField(blank=True, help_text="When it is looked at next.", null=True),
        ),
        migrations.AddField(
            model_name="image",
            name="upload",
            field=models.FileField(
                blank=True,
                help_text="Until it has been looked at.",
                max_length=200,
                storage=core.media.private_storage,
                upload_to="pictures",
            ),
        ),
        migrations.AddField(
            model_name="image",
            name="widths",
            field=models.JSONField(blank=True, default=list, help_text="Of the renditions in AVIF, WebP and JPEG."),
        ),
        migrations.AlterField(
            model_name="image",
            name="file",
            field=models.FileField(blank=True, help_text="What pages show.", max_length=200, upload_to="goods"),
        ),
        migrations.AlterField(
            model_name="image",
            name="height",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name="image",
            name="width",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddIndex(
            model_name="image",
            index=models.Index(
                condition=models.Q(("state", "waiting")), fields=["try_at"], name="catalog_image_waiting"
            ),
        ),
        migrations.AddConstraint(
            model_name="image",
            constraint=models.CheckConstraint(
                condition=~models.Q(state="waiting") | models.Q(try_at__isnull=False),
                name="catalog_image_waits_until",
            ),
        ),
        migrations.AddConstraint(
            model_name="image",
            constraint=models.CheckConstraint(
                condition=~models.Q(state="waiting") | ~models.Q(source="") | ~models.Q(upload=""),
                name="catalog_image_waits_for_something",
            ),
        ),
    ]
