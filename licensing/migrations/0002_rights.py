import django.db.models.deletion
from django.db import migrations, models

import core.ids
import core.media


class Migration(migrations.Migration):
    dependencies = [
        ("films", "0001_initial"),
        ("licensing", "0001_initial"),
        ("merchants", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="ApprovedAsset",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sha256", models.CharField(max_length=64)),
                ("approved_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="ArticleProperty",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ],
            options={
                "verbose_name_plural": "article properties",
            },
        ),
        migrations.CreateModel(
            name="Certificate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(default=core.ids._PublicId("crt"), editable=False, max_length=24, unique=True),
                ),
                ("version", models.PositiveSmallIntegerField()),
                ("issued_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                ("revoke_reason", models.CharField(blank=True, max_length=300)),
            ],
            options={
                "ordering": ["article", "licence", "version"],
            },
        ),
        migrations.CreateModel(
            name="InventoryLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sku", models.CharField(max_length=80)),
                ("declared", models.PositiveIntegerField()),
                ("sold", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="InventoryStatement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(default=core.ids._PublicId("inv"), editable=False, max_length=24, unique=True),
                ),
                ("stated_on", models.DateField()),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-created_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="LicenceDocument",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(default=core.ids._PublicId("doc"), editable=False, max_length=24, unique=True),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("agreement", "Agreement"),
                            ("amendment", "Amendment"),
                            ("insurance", "Insurance certificate"),
                            ("factory_audit", "Factory audit"),
                            ("safety", "Product safety"),
                            ("other", "Other"),
                        ],
                        max_length=20,
                    ),
                ),
                ("title", models.CharField(max_length=160)),
                ("file", models.FileField(blank=True, storage=core.media.private_storage, upload_to="licences/")),
                ("sha256", models.CharField(blank=True, editable=False, max_length=64)),
                ("expires_on", models.DateField(blank=True, help_text="The last day on which it is valid.", null=True)),
                (
                    "is_required",
                    models.BooleanField(default=False, help_text="The merchant is authorised only while it is valid."),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["expires_on", "id"],
            },
        ),
        migrations.CreateModel(
            name="LicenceNotice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "subject",
                    models.CharField(
                        choices=[("term", "Term"), ("sell_off", "Sell-off"), ("document", "Document")], max_length=10
                    ),
                ),
                ("ends_on", models.DateField()),
                ("days_before", models.PositiveSmallIntegerField()),
                ("sent_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="LicensedArticle",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(default=core.ids._PublicId("art"), editable=False, max_length=24, unique=True),
                ),
                ("sku", models.CharField(max_length=80)),
                ("recalled_at", models.DateTimeField(blank=True, null=True)),
                ("recall_reason", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "ordering": ["merchant", "sku"],
            },
        ),
        migrations.CreateModel(
            name="PriceFloor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("currency", models.CharField(max_length=3)),
                ("amount", models.PositiveBigIntegerField(help_text="In minor units.")),
            ],
        ),
        migrations.CreateModel(
            name="Takedown",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(default=core.ids._PublicId("tkd"), editable=False, max_length=24, unique=True),
                ),
                ("claimant", models.CharField(max_length=160)),
                ("reason", models.CharField(max_length=500)),
                ("starts_at", models.DateTimeField()),
                ("released_at", models.DateTimeField(blank=True, null=True)),
                ("outcome", models.CharField(blank=True, max_length=500)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "ordering": ["-starts_at", "-id"],
            },
        ),
        migrations.AddField(
            model_name="licence",
            name="calendar",
            field=models.CharField(
                default="CN",
                help_text="Whose business days count: an ISO country, or country-subdivision.",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="licence",
            name="needs_approval",
            field=models.BooleanField(default=False, help_text="Articles need a final approval."),
        ),
        migrations.AddField(
            model_name="licence",
            name="needs_labels",
            field=models.BooleanField(default=False, help_text="Each unit carries an authenticity label."),
        ),
        migrations.AddField(
            model_name="licence",
            name="needs_page_approval",
            field=models.BooleanField(default=False, help_text="Pictures and texts of the page do too."),
        ),
        migrations.AddField(
            model_name="licence",
            name="review_days",
            field=models.PositiveSmallIntegerField(
                default=10, help_text="Business days in which a submission is decided."
            ),
        ),
        migrations.AddField(
            model_name="licence",
            name="sell_off_days",
            field=models.PositiveSmallIntegerField(
                default=0, help_text="Calendar days after the term in which declared stock may still be sold. 0: none."
            ),
        ),
        migrations.AddField(
            model_name="licence",
            name="silence_rule",
            field=models.CharField(
                choices=[
                    ("deemed_disapproved", "Deemed disapproved"),
                    ("deemed_approved", "Deemed approved"),
                    ("escalated", "Escalated"),
                ],
                default="deemed_disapproved",
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="licence",
            name="unit_cap",
            field=models.PositiveIntegerField(blank=True, help_text="Most units in all. Blank: no limit.", null=True),
        ),
        migrations.AddField(
            model_name="licence",
            name="units_used",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AlterField(
            model_name="licence",
            name="state",
            field=models.CharField(
                choices=[
                    ("draft", "Draft"),
                    ("executed", "Executed"),
                    ("suspended", "Suspended"),
                    ("expired", "Expired"),
                    ("terminated", "Terminated"),
                ],
                default="draft",
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="licence",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("unit_cap__isnull", True), ("units_used__lte", models.F("unit_cap")), _connector="OR"
                ),
                name="licensing_licence_units_within_cap",
            ),
        ),
        migrations.AddField(
            model_name="approvedasset",
            name="licence",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="approved_assets", to="licensing.licence"
            ),
        ),
        migrations.AddField(
            model_name="articleproperty",
            name="film",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="article_properties", to="films.film"
            ),
        ),
        migrations.AddField(
            model_name="articleproperty",
            name="licence",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="article_properties", to="licensing.licence"
            ),
        ),
        migrations.AddField(
            model_name="certificate",
            name="licence",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="certificates", to="licensing.licence"
            ),
        ),
        migrations.AddField(
            model_name="inventorystatement",
            name="licence",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="inventory_statements", to="licensing.licence"
            ),
        ),
        migrations.AddField(
            model_name="inventoryline",
            name="statement",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="licensing.inventorystatement"
            ),
        ),
        migrations.AddField(
            model_name="licencedocument",
            name="licence",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="documents", to="licensing.licence"
            ),
        ),
        migrations.AddField(
            model_name="licencenotice",
            name="document",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notices",
                to="licensing.licencedocument",
            ),
        ),
        migrations.AddField(
            model_name="licencenotice",
            name="licence",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="notices", to="licensing.licence"
            ),
        ),
        migrations.AddField(
            model_name="licensedarticle",
            name="merchant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="articles", to="merchants.merchant"
            ),
        ),
        migrations.AddField(
            model_name="certificate",
            name="article",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="certificates", to="licensing.licensedarticle"
            ),
        ),
        migrations.AddField(
            model_name="articleproperty",
            name="article",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="properties", to="licensing.licensedarticle"
            ),
        ),
        migrations.AddField(
            model_name="approvedasset",
            name="article",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="approved_assets",
                to="licensing.licensedarticle",
            ),
        ),
        migrations.AddField(
            model_name="pricefloor",
            name="licence",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="price_floors", to="licensing.licence"
            ),
        ),
        migrations.AddField(
            model_name="takedown",
            name="article",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="takedowns",
                to="licensing.licensedarticle",
            ),
        ),
        migrations.AddField(
            model_name="takedown",
            name="film",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="takedowns",
                to="films.film",
            ),
        ),
        migrations.AddField(
            model_name="takedown",
            name="licence",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="takedowns",
                to="licensing.licence",
            ),
        ),
        migrations.AddField(
            model_name="takedown",
            name="merchant",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="takedowns",
                to="merchants.merchant",
            ),
        ),
        migrations.AddConstraint(
            model_name="inventoryline",
            constraint=models.UniqueConstraint(fields=("statement", "sku"), name="licensing_inventory_sku_once"),
        ),
        migrations.AddConstraint(
            model_name="inventoryline",
            constraint=models.CheckConstraint(
                condition=models.Q(("sold__lte", models.F("declared"))), name="licensing_inventory_sold_within_declared"
            ),
        ),
        migrations.AddConstraint(
            model_name="licencenotice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("document__isnull", True)),
                fields=("licence", "subject", "ends_on", "days_before"),
                name="licensing_notice_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="licencenotice",
            constraint=models.UniqueConstraint(
                fields=("document", "ends_on", "days_before"), name="licensing_notice_of_document_once"
            ),
        ),
        migrations.AddIndex(
            model_name="licensedarticle",
            index=models.Index(fields=["updated_at", "id"], name="licensing_article_updated"),
        ),
        migrations.AddConstraint(
            model_name="licensedarticle",
            constraint=models.UniqueConstraint(fields=("merchant", "sku"), name="licensing_article_once"),
        ),
        migrations.AddConstraint(
            model_name="certificate",
            constraint=models.UniqueConstraint(
                fields=("article", "licence", "version"), name="licensing_certificate_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="articleproperty",
            constraint=models.UniqueConstraint(fields=("article", "film"), name="licensing_article_property_once"),
        ),
        migrations.AddConstraint(
            model_name="approvedasset",
            constraint=models.UniqueConstraint(
                fields=("article", "licence", "sha256"), name="licensing_approved_asset_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="pricefloor",
            constraint=models.UniqueConstraint(fields=("licence", "currency"), name="licensing_floor_once"),
        ),
        migrations.AddIndex(
            model_name="takedown",
            index=models.Index(fields=["updated_at", "id"], name="licensing_takedown_updated"),
        ),
        migrations.AddConstraint(
            model_name="takedown",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("article__isnull", True),
                        ("film__isnull", False),
                        ("licence__isnull", True),
                        ("merchant__isnull", True),
                    ),
                    models.Q(
                        ("article__isnull", True),
                        ("film__isnull", True),
                        ("licence__isnull", True),
                        ("merchant__isnull", False),
                    ),
                    models.Q(
                        ("article__isnull", True),
                        ("film__isnull", True),
                        ("licence__isnull", False),
                        ("merchant__isnull", True),
                    ),
                    models.Q(
                        ("article__isnull", False),
                        ("film__isnull", True),
                        ("licence__isnull", True),
                        ("merchant__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="licensing_takedown_touches_one",
                violation_error_message="A takedown touches one film, merchant, licence or article.",
            ),
        ),
        migrations.AddConstraint(
            model_name="takedown",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("released_at__isnull", True), ("released_at__gte", models.F("starts_at")), _connector="OR"
                ),
                name="licensing_takedown_released_after_it_starts",
            ),
        ),
        # Licences that stood before approvals were kept here go on as they are; a new one asks for them.
        migrations.AlterField(
            model_name="licence",
            name="needs_approval",
            field=models.BooleanField(default=True, help_text="Articles need a final approval."),
        ),
    ]
