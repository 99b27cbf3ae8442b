# The first schema.

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import core.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Film",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(default=core.ids._PublicId("flm"), editable=False, max_length=24, unique=True),
                ),
                ("slug", models.SlugField(max_length=120, unique=True)),
                ("title_en", models.CharField(max_length=200)),
                ("title_zh", models.CharField(blank=True, max_length=200)),
                ("title_original", models.CharField(blank=True, max_length=200)),
                ("original_language", models.CharField(blank=True, max_length=35)),
                ("lede_en", models.CharField(blank=True, max_length=300)),
                ("lede_zh", models.CharField(blank=True, max_length=300)),
                ("synopsis_en", models.TextField(blank=True)),
                ("synopsis_zh", models.TextField(blank=True)),
                ("year", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("runtime_minutes", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("countries", models.JSONField(blank=True, default=list)),
                ("genres", models.JSONField(blank=True, default=list)),
                ("palette", models.JSONField(blank=True, default=list)),
                (
                    "ground",
                    models.CharField(
                        default="#17130E",
                        max_length=7,
                        validators=[
                            django.core.validators.RegexValidator("^#[0-9A-Fa-f]{6}$", "A colour looks like #10172B.")
                        ],
                    ),
                ),
                (
                    "ink",
                    models.CharField(
                        default="#F8EED2",
                        max_length=7,
                        validators=[
                            django.core.validators.RegexValidator("^#[0-9A-Fa-f]{6}$", "A colour looks like #10172B.")
                        ],
                    ),
                ),
                (
                    "voice",
                    models.CharField(
                        choices=[
                            ("cond", "Condensed"),
                            ("wide", "Wide"),
                            ("thin", "Thin"),
                            ("soft", "Soft"),
                            ("didone", "Didone"),
                        ],
                        default="wide",
                        max_length=10,
                    ),
                ),
                ("position", models.PositiveIntegerField(default=1000)),
                ("source_key", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "ordering": ["position", "id"],
                "indexes": [models.Index(fields=["updated_at", "id"], name="films_film_updated")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("source_key", ""), _negated=True),
                        fields=("source_key",),
                        name="films_film_source_key_unique",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Embargo",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "tier",
                    models.CharField(
                        choices=[("title", "Title"), ("logo", "Logo"), ("characters", "Characters"), ("plot", "Plot")],
                        max_length=10,
                    ),
                ),
                (
                    "country",
                    models.CharField(
                        blank=True,
                        help_text="Blank: everywhere.",
                        max_length=2,
                        validators=[
                            django.core.validators.RegexValidator("^[A-Z]{2}$", "A country is two capitals, like CN.")
                        ],
                    ),
                ),
                ("lifts_at", models.DateTimeField()),
                (
                    "zone",
                    models.CharField(default="UTC", help_text="The zone the instant was meant in.", max_length=40),
                ),
                (
                    "film",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="embargoes", to="films.film"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "embargoes",
                "ordering": ["lifts_at", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("film", "tier", "country"), name="films_embargo_once_per_tier_and_country"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Credit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("director", "Director"),
                            ("producer", "Producer"),
                            ("writer", "Writer"),
                            ("cast", "Cast"),
                            ("music", "Music"),
                        ],
                        max_length=10,
                    ),
                ),
                ("name_en", models.CharField(max_length=200)),
                ("name_zh", models.CharField(blank=True, max_length=200)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "film",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="credits", to="films.film"
                    ),
                ),
            ],
            options={
                "ordering": ["position", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("film", "role", "name_en"), name="films_credit_person_once_per_role"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Artwork",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("poster", "Poster, 2:3"),
                            ("wide", "Wide, for the hero"),
                            ("square", "Square"),
                            ("mark", "Mark"),
                        ],
                        max_length=10,
                    ),
                ),
                ("file", models.FileField(max_length=200, upload_to="art")),
                (
                    "reveals",
                    models.CharField(
                        choices=[("title", "Title"), ("logo", "Logo"), ("characters", "Characters"), ("plot", "Plot")],
                        default="logo",
                        max_length=10,
                    ),
                ),
                ("width", models.PositiveIntegerField()),
                ("height", models.PositiveIntegerField()),
                ("alt_en", models.CharField(blank=True, max_length=200)),
                ("alt_zh", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "film",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="artworks", to="films.film"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("film", "kind"), name="films_artwork_once_per_kind")],
            },
        ),
        migrations.CreateModel(
            name="Release",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "country",
                    models.CharField(
                        max_length=2,
                        validators=[
                            django.core.validators.RegexValidator("^[A-Z]{2}$", "A country is two capitals, like CN.")
                        ],
                    ),
                ),
                ("opens_on", models.DateField()),
                ("zone", models.CharField(max_length=40)),
                (
                    "film",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="releases", to="films.film"
                    ),
                ),
            ],
            options={
                "ordering": ["opens_on", "country"],
                "constraints": [
                    models.UniqueConstraint(fields=("film", "country"), name="films_release_once_per_country")
                ],
            },
        ),
    ]
