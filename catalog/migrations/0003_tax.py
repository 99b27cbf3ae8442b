import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0002_search_index"),
    ]

    operations = [
        migrations.CreateModel(
            name="TaxRate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("country", models.CharField(help_text="ISO 3166-1 code, one of the market's.", max_length=2)),
                (
                    "tax_class",
                    models.CharField(
                        choices=[("standard", "Standard rate"), ("reduced", "Reduced rate"), ("zero", "No tax")],
                        default="standard",
                        max_length=10,
                    ),
                ),
                ("rate", models.DecimalField(decimal_places=5, help_text="0.19 is 19 percent.", max_digits=6)),
                ("name_en", models.CharField(default="VAT", max_length=40)),
                ("name_zh", models.CharField(default="增值税", max_length=40)),
                ("starts_on", models.DateField(help_text="Local to the country.")),
                (
                    "market",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="tax_rates", to="catalog.market"
                    ),
                ),
            ],
            options={
                "ordering": ["market", "country", "tax_class", "starts_on"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("market", "country", "tax_class", "starts_on"), name="catalog_tax_rate_once_per_start"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rate__gte", 0), ("rate__lt", 1)), name="catalog_tax_rate_between_0_and_1"
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="product",
            name="tax_class",
            field=models.CharField(
                choices=[("standard", "Standard rate"), ("reduced", "Reduced rate"), ("zero", "No tax")],
                default="standard",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="promotion",
            name="published_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name="PromotionRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                (
                    "market",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="promotion_runs",
                        to="catalog.market",
                    ),
                ),
                (
                    "promotion",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="runs", to="catalog.promotion"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                        name="catalog_promotion_run_ends_after_it_starts",
                    )
                ],
            },
        ),
    ]
