# The first schema.

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import core.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("catalog", "0001_initial"),
        ("films", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Channel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=20, unique=True)),
                ("name", models.CharField(max_length=80)),
                ("adapter", models.CharField(max_length=40)),
                (
                    "distribution",
                    models.CharField(
                        choices=[
                            ("own_shop", "Own shop"),
                            ("marketplace", "Marketplace"),
                            ("wholesale", "Wholesale"),
                            ("export", "Export"),
                            ("cinema_counter", "Cinema counter"),
                        ],
                        default="own_shop",
                        max_length=20,
                    ),
                ),
                ("is_enabled", models.BooleanField(default=True)),
                ("batch_size", models.PositiveIntegerField(default=500)),
                ("batches_per_minute", models.PositiveIntegerField(default=0, help_text="0: no limit.")),
                ("not_before", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Campaign",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(default=core.ids._PublicId("cmp"), editable=False, max_length=24, unique=True),
                ),
                ("slug", models.SlugField(max_length=80, unique=True)),
                ("name_en", models.CharField(max_length=120)),
                ("name_zh", models.CharField(blank=True, max_length=120)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("awaiting_approval", "Awaiting approval"),
                            ("scheduled", "Scheduled"),
                            ("paused", "Paused"),
                            ("cancelled", "Cancelled"),
                            ("rolled_back", "Rolled back"),
                        ],
                        default="draft",
                        max_length=20,
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("time_zone", models.CharField(default="Asia/Shanghai", max_length=40)),
                ("rule", models.JSONField(default=dict)),
                ("discount", models.JSONField(default=dict)),
                ("priority", models.IntegerField(default=0)),
                ("needs_approval", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="campaigns",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "film",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="campaigns",
                        to="films.film",
                    ),
                ),
                ("markets", models.ManyToManyField(related_name="campaigns", to="catalog.market")),
                ("channels", models.ManyToManyField(related_name="campaigns", to="campaigns.channel")),
            ],
            options={
                "ordering": ["-starts_at"],
            },
        ),
        migrations.CreateModel(
            name="Revision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("document", models.JSONField()),
                ("digest", models.CharField(max_length=40)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("awaiting_approval", "Awaiting approval"),
                            ("staging", "Staging"),
                            ("published", "Published"),
                            ("superseded", "Superseded"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        max_length=20,
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("approved_at", models.DateTimeField(blank=True, null=True)),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="revisions", to="campaigns.campaign"
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "promotion",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.promotion"
                    ),
                ),
                (
                    "replaces",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="campaigns.revision",
                    ),
                ),
            ],
            options={
                "ordering": ["-number"],
            },
        ),
        migrations.CreateModel(
            name="Due",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("launch", "Push every channel"),
                            ("verify", "See that it is visible"),
                            ("end", "Take down from the channels"),
                        ],
                        max_length=10,
                    ),
                ),
                ("due_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                ("result", models.JSONField(blank=True, default=dict)),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="due", to="campaigns.campaign"
                    ),
                ),
                (
                    "revision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="due", to="campaigns.revision"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "due transitions",
                "ordering": ["due_at", "id"],
            },
        ),
        migrations.AddField(
            model_name="campaign",
            name="published",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="campaigns.revision",
            ),
        ),
        migrations.CreateModel(
            name="StagedPage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first_product_id", models.BigIntegerField()),
                ("last_product_id", models.BigIntegerField()),
                ("digest", models.CharField(max_length=40)),
                ("listings", models.PositiveIntegerField()),
                ("refused", models.PositiveIntegerField()),
                (
                    "revision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="pages", to="campaigns.revision"
                    ),
                ),
            ],
            options={
                "ordering": ["first_product_id"],
            },
        ),
        migrations.CreateModel(
            name="SyncRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(default=core.ids._PublicId("run"), editable=False, max_length=24, unique=True),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("stage", "Staging"),
                            ("push", "Push"),
                            ("rehearsal", "Rehearsal"),
                            ("rollback", "Rollback"),
                            ("verify", "Verification"),
                            ("reconcile", "Reconciliation"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("cursor", models.BigIntegerField(default=0)),
                ("planned", models.PositiveIntegerField(default=0)),
                ("staged", models.PositiveIntegerField(default=0)),
                ("unchanged", models.PositiveIntegerField(default=0)),
                ("refused", models.PositiveIntegerField(default=0)),
                ("pushed", models.PositiveIntegerField(default=0)),
                ("failed", models.PositiveIntegerField(default=0)),
                ("report", models.JSONField(blank=True, default=dict)),
                ("problem", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("heartbeat_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="runs", to="campaigns.campaign"
                    ),
                ),
                (
                    "channel",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
                        to="campaigns.channel",
                    ),
                ),
                (
                    "revision",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="runs",
                        to="campaigns.revision",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Listing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.CharField(editable=False, max_length=24, unique=True)),
                ("revision_number", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("staged", "Waits for the launch"),
                            ("retry", "To be sent again"),
                            ("sent", "Acknowledged"),
                            ("refused", "Refused by the channel"),
                            ("dead", "Given up"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="staged",
                        max_length=10,
                    ),
                ),
                ("is_wanted", models.BooleanField(default=True, help_text="False: to be taken down from the channel.")),
                ("digest", models.CharField(max_length=32)),
                ("acknowledged_digest", models.CharField(blank=True, max_length=32)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("next_try_at", models.DateTimeField(blank=True, null=True)),
                ("problem", models.CharField(blank=True, max_length=300)),
                ("acknowledged_at", models.DateTimeField(blank=True, null=True)),
                ("seen_at", models.DateTimeField(blank=True, null=True)),
                (
                    "campaign",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="listings",
                        to="campaigns.campaign",
                    ),
                ),
                (
                    "channel",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="listings",
                        to="campaigns.channel",
                    ),
                ),
                (
                    "market",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="listings",
                        to="catalog.market",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="listings", to="catalog.product"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["campaign", "channel", "state", "id"], name="campaigns_listing_work")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("campaign", "product", "market", "channel"), name="campaigns_listing_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Placement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "slot",
                    models.CharField(
                        choices=[("home_hero", "Top of the home page"), ("film_top", "Top of the film's page")],
                        max_length=20,
                    ),
                ),
                ("headline_en", models.CharField(max_length=120)),
                ("headline_zh", models.CharField(blank=True, max_length=120)),
                ("lede_en", models.CharField(blank=True, max_length=300)),
                ("lede_zh", models.CharField(blank=True, max_length=300)),
                ("announced_at", models.DateTimeField(help_text="From here to the start it counts down.")),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="placements", to="campaigns.campaign"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(fields=("campaign", "slot"), name="campaigns_placement_once_per_slot")
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="revision",
            constraint=models.UniqueConstraint(fields=("campaign", "number"), name="campaigns_revision_number_once"),
        ),
        migrations.AddIndex(
            model_name="due",
            index=models.Index(condition=models.Q(("done_at", None)), fields=["due_at"], name="campaigns_due_open"),
        ),
        migrations.AddConstraint(
            model_name="due",
            constraint=models.UniqueConstraint(fields=("revision", "kind", "due_at"), name="campaigns_due_once"),
        ),
        migrations.AddIndex(
            model_name="campaign",
            index=models.Index(fields=["updated_at", "id"], name="campaigns_campaign_updated"),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                name="campaigns_campaign_ends_after_it_starts",
            ),
        ),
        migrations.AddConstraint(
            model_name="stagedpage",
            constraint=models.UniqueConstraint(
                fields=("revision", "first_product_id"), name="campaigns_staged_page_once"
            ),
        ),
    ]
