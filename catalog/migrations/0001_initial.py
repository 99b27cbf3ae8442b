# The first schema.

import django.db.models.deletion
from django.db import migrations, models

import core.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("films", "0001_initial"),
        ("licensing", "0001_initial"),
        ("merchants", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Market",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=8, unique=True)),
                ("name_en", models.CharField(max_length=80)),
                ("name_zh", models.CharField(max_length=80)),
                ("currency", models.CharField(max_length=3)),
                ("countries", models.JSONField(help_text="ISO 3166-1 codes, the main one first.")),
                ("default_language", models.CharField(default="en", max_length=10)),
                ("time_zone", models.CharField(max_length=40)),
                ("prices_include_tax", models.BooleanField(default=True)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("shelf_version", models.PositiveBigIntegerField(default=1, editable=False)),
            ],
            options={
                "ordering": ["position", "id"],
            },
        ),
        migrations.CreateModel(
            name="Product",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(default=core.ids._PublicId("prd"), editable=False, max_length=24, unique=True),
                ),
                ("slug", models.SlugField(max_length=160, unique=True)),
                ("sku", models.CharField(help_text="The merchant's own code.", max_length=80)),
                ("title_en", models.CharField(max_length=200)),
                ("title_zh", models.CharField(blank=True, max_length=200)),
                ("description_en", models.TextField(blank=True)),
                ("description_zh", models.TextField(blank=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("active", "Active"), ("archived", "Archived")],
                        default="draft",
                        max_length=10,
                    ),
                ),
                (
                    "listing",
                    models.CharField(
                        choices=[
                            ("open", "Whenever rights and price allow"),
                            ("campaign", "Only while a campaign covers it"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                (
                    "reveals",
                    models.CharField(
                        choices=[("title", "Title"), ("logo", "Logo"), ("characters", "Characters"), ("plot", "Plot")],
                        default="title",
                        max_length=10,
                    ),
                ),
                ("on_sale_at", models.DateTimeField(blank=True, help_text="Before it: coming soon.", null=True)),
                (
                    "street_on",
                    models.DateField(blank=True, help_text="Before it, in each territory: pre-order.", null=True),
                ),
                ("extra", models.JSONField(blank=True, default=dict)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "category",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="products", to="licensing.category"
                    ),
                ),
                (
                    "film",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="products", to="films.film"
                    ),
                ),
                (
                    "licence",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="products",
                        to="licensing.licence",
                    ),
                ),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="products", to="merchants.merchant"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="ShelfMark",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(max_length=40, unique=True)),
                ("read_up_to", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="SearchDocument",
            fields=[
                (
                    "product",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="search_document",
                        serialize=False,
                        to="catalog.product",
                    ),
                ),
                ("terms", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="Image",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("file", models.FileField(help_text="What pages show.", max_length=200, upload_to="goods")),
                (
                    "channel_file",
                    models.FileField(
                        blank=True,
                        help_text="JPEG or PNG, for channels that take no vector art.",
                        max_length=200,
                        upload_to="goods",
                    ),
                ),
                ("width", models.PositiveIntegerField()),
                ("height", models.PositiveIntegerField()),
                ("alt_en", models.CharField(blank=True, max_length=200)),
                ("alt_zh", models.CharField(blank=True, max_length=200)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="images", to="catalog.product"
                    ),
                ),
            ],
            options={
                "ordering": ["position", "id"],
            },
        ),
        migrations.CreateModel(
            name="Promotion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(default=core.ids._PublicId("prm"), editable=False, max_length=24, unique=True),
                ),
                ("priority", models.IntegerField(default=0)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("is_published", models.BooleanField(default=False)),
                ("since", models.DateTimeField()),
                (
                    "held_markets",
                    models.ManyToManyField(blank=True, related_name="held_promotions", to="catalog.market"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Offer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("none", "Regular price"),
                            ("percent", "Percent off, in basis points"),
                            ("amount", "Amount off, in minor units"),
                            ("fixed", "Fixed price, in minor units"),
                        ],
                        max_length=8,
                    ),
                ),
                ("value", models.PositiveBigIntegerField(default=0)),
                (
                    "market",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="offers", to="catalog.market"
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="offers", to="catalog.product"
                    ),
                ),
                (
                    "promotion",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="offers", to="catalog.promotion"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ShelfBoundary",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                (
                    "market",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="boundaries",
                        to="catalog.market",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "shelf boundaries",
            },
        ),
        migrations.CreateModel(
            name="ShelfSpan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("on_sale", "On sale"), ("pre_order", "Pre-order"), ("coming_soon", "Coming soon")],
                        max_length=12,
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("amount", models.PositiveBigIntegerField(help_text="The cheapest variant's price, minor units.")),
                (
                    "top_amount",
                    models.PositiveBigIntegerField(
                        help_text="The dearest variant's price: more than the amount means “from”."
                    ),
                ),
                (
                    "was_amount",
                    models.PositiveBigIntegerField(help_text="The regular price, where an offer lowers it.", null=True),
                ),
                (
                    "low_amount",
                    models.PositiveBigIntegerField(
                        help_text="Lowest price seen in the 30 days before the reduction.", null=True
                    ),
                ),
                (
                    "category",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="spans",
                        to="licensing.category",
                    ),
                ),
                (
                    "film",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="spans",
                        to="films.film",
                    ),
                ),
                (
                    "market",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="spans",
                        to="catalog.market",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="spans",
                        to="catalog.product",
                    ),
                ),
                (
                    "promotion",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="spans",
                        to="catalog.promotion",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Variant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(default=core.ids._PublicId("var"), editable=False, max_length=24, unique=True),
                ),
                ("sku", models.CharField(max_length=80)),
                (
                    "options",
                    models.JSONField(blank=True, default=dict, help_text='{"size": "M", "colour": "Midnight"}'),
                ),
                ("gtin", models.CharField(blank=True, max_length=14)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="variants", to="catalog.product"
                    ),
                ),
            ],
            options={
                "ordering": ["position", "id"],
            },
        ),
        migrations.CreateModel(
            name="Stock",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("on_hand", models.IntegerField(default=0)),
                ("reserved", models.IntegerField(default=0)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "variant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="stock", to="catalog.variant"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "stock",
            },
        ),
        migrations.CreateModel(
            name="Price",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "amount",
                    models.PositiveBigIntegerField(
                        blank=True, help_text="Minor units of the market's currency.", null=True
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "market",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="prices", to="catalog.market"
                    ),
                ),
                (
                    "variant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="prices", to="catalog.variant"
                    ),
                ),
            ],
            options={
                "ordering": ["starts_at"],
            },
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(fields=["updated_at", "id"], name="catalog_product_updated"),
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(fields=["film", "id"], name="catalog_product_film"),
        ),
        migrations.AddConstraint(
            model_name="product",
            constraint=models.UniqueConstraint(
                fields=("merchant", "sku"), name="catalog_product_sku_once_per_merchant"
            ),
        ),
        migrations.AddConstraint(
            model_name="promotion",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                name="catalog_promotion_ends_after_it_starts",
            ),
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.UniqueConstraint(fields=("product", "market", "promotion"), name="catalog_offer_once"),
        ),
        migrations.AddConstraint(
            model_name="shelfboundary",
            constraint=models.UniqueConstraint(fields=("market", "at"), name="catalog_boundary_once"),
        ),
        migrations.AddIndex(
            model_name="shelfspan",
            index=models.Index(
                fields=["market", "category", "amount", "product"],
                include=("starts_at", "ends_at"),
                name="catalog_span_category",
            ),
        ),
        migrations.AddIndex(
            model_name="shelfspan",
            index=models.Index(
                fields=["market", "film", "product"], include=("starts_at", "ends_at"), name="catalog_span_film"
            ),
        ),
        migrations.AddIndex(
            model_name="shelfspan",
            index=models.Index(
                fields=["market", "amount", "product"], include=("starts_at", "ends_at"), name="catalog_span_amount"
            ),
        ),
        migrations.AddIndex(
            model_name="shelfspan",
            index=models.Index(
                condition=models.Q(("kind__in", ["coming_soon", "pre_order"])),
                fields=["market", "product"],
                name="catalog_span_soon",
            ),
        ),
        migrations.AddConstraint(
            model_name="shelfspan",
            constraint=models.UniqueConstraint(
                fields=("market", "product", "starts_at"), name="catalog_span_once_per_start"
            ),
        ),
        migrations.AddConstraint(
            model_name="shelfspan",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="catalog_span_ends_after_it_starts"
            ),
        ),
        migrations.AddConstraint(
            model_name="variant",
            constraint=models.UniqueConstraint(fields=("product", "sku"), name="catalog_variant_sku_once_per_product"),
        ),
        migrations.AddConstraint(
            model_name="stock",
            constraint=models.CheckConstraint(
                condition=models.Q(("on_hand__gte", models.F("reserved")), ("reserved__gte", 0)),
                name="catalog_stock_never_oversold",
            ),
        ),
        migrations.AddConstraint(
            model_name="price",
            constraint=models.UniqueConstraint(
                fields=("variant", "market", "starts_at"), name="catalog_price_once_per_start"
            ),
        ),
        migrations.AddConstraint(
            model_name="price",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__isnull", True), ("amount__gt", 0), _connector="OR"),
                name="catalog_price_amount_positive",
            ),
        ),
    ]
