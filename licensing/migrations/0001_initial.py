# The first schema.

import django.db.models.deletion
from django.db import migrations, models

import core.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("films", "0001_initial"),
        ("merchants", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Category",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=40, unique=True)),
                ("name_en", models.CharField(max_length=80)),
                ("name_zh", models.CharField(blank=True, max_length=80)),
                ("position", models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                "verbose_name_plural": "categories",
                "ordering": ["position", "id"],
            },
        ),
        migrations.CreateModel(
            name="Licence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(default=core.ids._PublicId("lic"), editable=False, max_length=24, unique=True),
                ),
                ("number", models.CharField(max_length=40, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("executed", "Executed"),
                            ("suspended", "Suspended"),
                            ("terminated", "Terminated"),
                        ],
                        default="draft",
                        max_length=10,
                    ),
                ),
                ("starts_on", models.DateField()),
                ("ends_on", models.DateField(help_text="The last day of the term.")),
                ("time_zone", models.CharField(default="Asia/Shanghai", max_length=40)),
                ("is_exclusive", models.BooleanField(default=False)),
                (
                    "is_scheduled",
                    models.BooleanField(default=False, help_text="Only articles on its schedule are licensed."),
                ),
                (
                    "grace_days",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="Days after the term to ship what was paid before."
                    ),
                ),
                ("legal_line_en", models.CharField(blank=True, max_length=300)),
                ("legal_line_zh", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "film",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="licences", to="films.film"
                    ),
                ),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="licences", to="merchants.merchant"
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
            },
        ),
        migrations.CreateModel(
            name="Grant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("countries", models.JSONField(default=list, help_text='ISO codes, or ["*"] for the world.')),
                ("excluded_countries", models.JSONField(blank=True, default=list)),
                ("channels", models.JSONField(default=list, help_text='Channels of distribution, or ["*"].')),
                (
                    "category",
                    models.ForeignKey(
                        blank=True,
                        help_text="Blank: every category.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="grants",
                        to="licensing.category",
                    ),
                ),
                (
                    "licence",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="grants", to="licensing.licence"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="ScheduleLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sku", models.CharField(max_length=80)),
                (
                    "licence",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="schedule", to="licensing.licence"
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="licence",
            index=models.Index(fields=["updated_at", "id"], name="licensing_licence_updated"),
        ),
        migrations.AddConstraint(
            model_name="licence",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_on__gte", models.F("starts_on"))),
                name="licensing_licence_ends_after_it_starts",
            ),
        ),
        migrations.AddConstraint(
            model_name="scheduleline",
            constraint=models.UniqueConstraint(fields=("licence", "sku"), name="licensing_schedule_sku_once"),
        ),
    ]
