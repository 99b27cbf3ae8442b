# What happened to merchants' things, and who is told of it.

import django.db.models.deletion
from django.db import migrations, models

import core.ids


class Migration(migrations.Migration):
    dependencies = [
        ("merchants", "0002_partner_keys"),
    ]

    operations = [
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(default=core.ids._PublicId("dlv"), editable=False, max_length=24, unique=True),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("delivered", "Delivered"), ("given_up", "Given up")],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("due_at", models.DateTimeField()),
                ("claimed_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.AddField(
            model_name="merchant",
            name="is_sandbox",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.AlterField(
            model_name="merchant",
            name="state",
            field=models.CharField(
                choices=[
                    ("applied", "Applied"),
                    ("in_review", "In review"),
                    ("approved", "Approved"),
                    ("suspended", "Suspended"),
                    ("closed", "Closed"),
                ],
                default="applied",
                max_length=10,
            ),
        ),
        migrations.CreateModel(
            name="DeliveryAttempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("status", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("problem", models.CharField(blank=True, max_length=40)),
                ("milliseconds", models.PositiveIntegerField()),
                ("answer", models.CharField(blank=True, max_length=1000)),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tries", to="merchants.delivery"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(default=core.ids._PublicId("evt"), editable=False, max_length=24, unique=True),
                ),
                ("position", models.PositiveBigIntegerField(editable=False, null=True)),
                ("kind", models.CharField(max_length=40)),
                ("subject", models.CharField(help_text="The public id of what it happened to.", max_length=24)),
                ("data", models.JSONField(default=dict)),
                ("at", models.DateTimeField()),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="events", to="merchants.merchant"
                    ),
                ),
            ],
            options={
                "ordering": ["merchant", "position"],
            },
        ),
        migrations.AddField(
            model_name="delivery",
            name="event",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="deliveries", to="merchants.event"
            ),
        ),
        migrations.CreateModel(
            name="WebhookEndpoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(default=core.ids._PublicId("whe"), editable=False, max_length=24, unique=True),
                ),
                ("url", models.URLField(max_length=500)),
                ("description", models.CharField(blank=True, max_length=120)),
                ("kinds", models.JSONField(default=list, help_text="Which events; empty: all.")),
                (
                    "state",
                    models.CharField(
                        choices=[("enabled", "Enabled"), ("disabled", "Disabled")], default="enabled", max_length=10
                    ),
                ),
                ("disabled_reason", models.CharField(blank=True, max_length=40)),
                ("secret", models.TextField(editable=False)),
                ("previous_secret", models.TextField(blank=True, editable=False)),
                ("previous_until", models.DateTimeField(blank=True, editable=False, null=True)),
                ("not_before", models.DateTimeField(blank=True, editable=False, null=True)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="webhook_endpoints",
                        to="merchants.merchant",
                    ),
                ),
            ],
            options={
                "ordering": ["merchant", "id"],
            },
        ),
        migrations.AddField(
            model_name="delivery",
            name="endpoint",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="deliveries", to="merchants.webhookendpoint"
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(("position__isnull", True)),
                fields=["merchant", "id"],
                name="merchants_event_unnumbered",
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["at"], name="merchants_event_at"),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.UniqueConstraint(fields=("merchant", "position"), name="merchants_event_position_once"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", "waiting")), fields=["due_at", "id"], name="merchants_delivery_waiting"
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(fields=("endpoint", "event"), name="merchants_delivery_once"),
        ),
    ]
