# Keys of partners' programs, and what they asked for under an Idempotency-Key.

import django.db.models.deletion
from django.db import migrations, models

import core.ids


class Migration(migrations.Migration):
    dependencies = [
        ("merchants", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="IdempotentRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=255)),
                ("fingerprint", models.CharField(max_length=64)),
                ("run", models.CharField(max_length=32)),
                ("started_at", models.DateTimeField()),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("headers", models.JSONField(default=dict)),
                ("body", models.BinaryField(default=b"")),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="idempotent_requests",
                        to="merchants.merchant",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["started_at"], name="merchants_idempotency_started")],
                "constraints": [
                    models.UniqueConstraint(fields=("merchant", "key"), name="merchants_idempotency_key_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="PartnerKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(default=core.ids._PublicId("key"), editable=False, max_length=24, unique=True),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="What uses it. Two keys of one name may be live, so that one can replace the other.",
                        max_length=60,
                    ),
                ),
                ("prefix", models.CharField(editable=False, max_length=24, unique=True)),
                ("secret_hash", models.CharField(editable=False, max_length=64)),
                ("scopes", models.JSONField(default=list)),
                ("created_at", models.DateTimeField()),
                ("last_used_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "expires_at",
                    models.DateTimeField(blank=True, help_text="Blank: it stays valid until it is revoked.", null=True),
                ),
                ("revoked_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="partner_keys",
                        to="merchants.merchant",
                    ),
                ),
            ],
            options={
                "ordering": ["merchant", "name", "-created_at", "-id"],
                "indexes": [models.Index(fields=["merchant", "name"], name="merchants_partnerkey_name")],
            },
        ),
    ]
