import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import core.ids


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0003_tax"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="StockAlert",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(default=core.ids._PublicId("tel"), editable=False, max_length=24, unique=True),
                ),
                ("email", models.EmailField(max_length=254)),
                ("language", models.CharField(max_length=10)),
                ("created_at", models.DateTimeField()),
                ("claimed_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                (
                    "market",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="stock_alerts", to="catalog.market"
                    ),
                ),
                (
                    "variant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="alerts", to="catalog.variant"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["sent_at"], name="catalog_stock_alert_sent")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("sent_at__isnull", True)),
                        fields=("variant", "market", "email"),
                        name="catalog_stock_alert_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StockChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("before", models.IntegerField()),
                ("after", models.IntegerField()),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("count", "Counted"),
                            ("delivery", "Delivered by the maker"),
                            ("damage", "Damaged or lost"),
                            ("return", "Came back"),
                            ("import", "From a file"),
                        ],
                        max_length=10,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=200)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="stock_changes",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "variant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="stock_changes", to="catalog.variant"
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-id"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="stock",
            name="catalog_stock_never_oversold",
        ),
        migrations.AddField(
            model_name="stock",
            name="low_at",
            field=models.PositiveIntegerField(
                blank=True, help_text="Tell the merchant when no more than this are left.", null=True
            ),
        ),
        migrations.AddField(
            model_name="stock",
            name="pre_order_cap",
            field=models.PositiveIntegerField(default=0, help_text="Pieces that may be promised before they arrive."),
        ),
        migrations.AddField(
            model_name="stock",
            name="sold",
            field=models.PositiveIntegerField(default=0, help_text="Sent to buyers, less what came back."),
        ),
        migrations.AddField(
            model_name="stock",
            name="told_low_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name="stock",
            index=models.Index(
                condition=models.Q(("low_at__isnull", False)),
                fields=["told_low_at"],
                name="catalog_stock_watched",
            ),
        ),
        migrations.AlterField(
            model_name="stock",
            name="reserved",
            field=models.IntegerField(default=0, help_text="Promised to orders, still here."),
        ),
        migrations.AddConstraint(
            model_name="stock",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("on_hand__gte", 0),
                    ("reserved__gte", 0),
                    (
                        "reserved__lte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("on_hand"), "+", models.F("pre_order_cap")
                        ),
                    ),
                ),
                name="catalog_stock_never_oversold",
            ),
        ),
    ]
