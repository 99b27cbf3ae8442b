import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import core.ids
from licensing.migrations._royalty_triggers import create, drop


class Migration(migrations.Migration):
    dependencies = [
        ("licensing", "0003_approvals"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Adjustment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(default=core.ids._PublicId("adj"), editable=False, max_length=24, unique=True),
                ),
                ("amount", models.BigIntegerField(help_text="In minor units, with its sign.")),
                ("currency", models.CharField(max_length=3)),
                ("reason", models.CharField(max_length=300)),
                ("dimensions", models.JSONField(blank=True, default=dict)),
                ("counted_on", models.DateField()),
                ("created_at", models.DateTimeField()),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="adjustments",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "licence",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="adjustments", to="licensing.licence"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="FxRate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "source",
                    models.CharField(help_text="Whose rates they are, as the agreement names them.", max_length=80),
                ),
                ("base", models.CharField(help_text="The currency of the agreement.", max_length=3)),
                ("currency", models.CharField(max_length=3)),
                ("on", models.DateField()),
                (
                    "rate",
                    models.CharField(help_text="How much of the base one unit of the currency buys.", max_length=30),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["source", "base", "currency", "-on"],
                "constraints": [
                    models.UniqueConstraint(fields=("source", "base", "currency", "on"), name="licensing_fx_rate_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Journal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(default=core.ids._PublicId("jrn"), editable=False, max_length=24, unique=True),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("sale", "Order line split"),
                            ("return", "Return of an order line split"),
                            ("statement", "Statement closed"),
                            ("advance", "Advance"),
                            ("payment", "Payment"),
                            ("adjustment", "Adjustment"),
                        ],
                        max_length=10,
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "adjustment",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="journal",
                        to="licensing.adjustment",
                    ),
                ),
                (
                    "licence",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="journals", to="licensing.licence"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="LineGoods",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(max_length=64)),
                ("shares", models.JSONField(help_text="Properties with their basis points.")),
                ("properties", models.TextField(blank=True)),
                ("category", models.TextField(blank=True)),
                ("territory", models.TextField(blank=True)),
                ("channel", models.TextField(blank=True)),
                ("basis", models.CharField(blank=True, max_length=10)),
                ("currency", models.CharField(max_length=3)),
                ("is_sell_off", models.BooleanField(default=False)),
                ("article", models.TextField(blank=True, help_text="Only where each article has a line of its own.")),
                (
                    "licence",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="line_goods", to="licensing.licence"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "line goods",
            },
        ),
        migrations.CreateModel(
            name="Posting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "account",
                    models.CharField(
                        choices=[
                            ("customer", "Paid by customers"),
                            ("merchant", "Owed to the merchant"),
                            ("platform", "The shop's commission"),
                            ("licensor", "Set aside for the licensor"),
                            ("tax", "Owed to the tax office"),
                            ("licensee", "Owed by the licensee"),
                            ("cash", "Received"),
                            ("advances", "Advances not worked off"),
                            ("royalties", "Royalties earned"),
                            ("shortfalls", "Shortfalls of guarantees"),
                            ("fund", "Marketing fund"),
                            ("adjustments", "Adjustments not yet stated"),
                            ("carried", "Earned and not due, or due before"),
                        ],
                        max_length=11,
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("amount", models.BigIntegerField()),
                (
                    "journal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="postings", to="licensing.journal"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="RoyaltyPayment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(default=core.ids._PublicId("rpy"), editable=False, max_length=24, unique=True),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("STATEMENT", "For statements"), ("ADVANCE", "Advance")],
                        default="STATEMENT",
                        max_length=9,
                    ),
                ),
                ("amount", models.BigIntegerField(help_text="In minor units.")),
                ("currency", models.CharField(max_length=3)),
                ("paid_on", models.DateField()),
                ("counted_on", models.DateField()),
                (
                    "reference",
                    models.CharField(help_text="What the bank calls it. The same one counts once.", max_length=120),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="royalty_payments",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "licence",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="royalty_payments",
                        to="licensing.licence",
                    ),
                ),
            ],
            options={
                "ordering": ["-paid_on", "-id"],
            },
        ),
        migrations.AddField(
            model_name="journal",
            name="payment",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="journal",
                to="licensing.royaltypayment",
            ),
        ),
        migrations.CreateModel(
            name="RoyaltyTerms",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "terms",
                    models.JSONField(default=dict, help_text="The agreement, as docs/royalties.md describes it."),
                ),
                (
                    "platform_rate",
                    models.DecimalField(
                        decimal_places=6,
                        default=0,
                        help_text="The shop's commission on an order line: 0.15 is 15 %.",
                        max_digits=7,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "licence",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="royalty_terms",
                        to="licensing.licence",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "royalty terms",
            },
        ),
        migrations.CreateModel(
            name="SaleLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(default=core.ids._PublicId("sal"), editable=False, max_length=24, unique=True),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("sale", "Sale"), ("return", "Return"), ("deduction", "Deduction")], max_length=9
                    ),
                ),
                (
                    "source",
                    models.CharField(choices=[("order", "Order"), ("csv", "File"), ("api", "API")], max_length=5),
                ),
                ("external_id", models.CharField(max_length=200)),
                ("day", models.DateField()),
                ("counted_on", models.DateField()),
                ("article", models.CharField(blank=True, max_length=200)),
                ("quantity", models.BigIntegerField(default=0)),
                (
                    "amount",
                    models.BigIntegerField(
                        blank=True,
                        help_text="Of the whole line, in minor units; blank: so many at the price of the sale.",
                        null=True,
                    ),
                ),
                (
                    "exact_amount",
                    models.CharField(
                        blank=True, help_text="Where a line comes to parts of a minor unit.", max_length=80
                    ),
                ),
                ("currency", models.CharField(blank=True, max_length=3)),
                (
                    "tax_rate",
                    models.CharField(default="0", help_text="The tax that is in the amount: 0.19.", max_length=30),
                ),
                ("fx", models.CharField(blank=True, help_text="A rate of the line's own.", max_length=30)),
                ("of", models.CharField(blank=True, help_text="The sale it points at.", max_length=200)),
                ("said", models.JSONField()),
                ("digest", models.CharField(max_length=64)),
                ("recorded_at", models.DateTimeField()),
                (
                    "goods",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="licensing.linegoods",
                    ),
                ),
                (
                    "licence",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="sale_lines", to="licensing.licence"
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="recorded_sale_lines",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.AddField(
            model_name="journal",
            name="line",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="journal",
                to="licensing.saleline",
            ),
        ),
        migrations.CreateModel(
            name="Statement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(default=core.ids._PublicId("sta"), editable=False, max_length=24, unique=True),
                ),
                ("number", models.PositiveIntegerField()),
                ("period", models.CharField(max_length=20)),
                ("first_day", models.DateField()),
                ("last_day", models.DateField()),
                (
                    "state",
                    models.CharField(choices=[("open", "Open"), ("closed", "Closed")], default="open", max_length=6),
                ),
                ("currency", models.CharField(max_length=3)),
                (
                    "figures",
                    models.JSONField(
                        blank=True, default=dict, help_text="The statement as docs/royalties.md describes it."
                    ),
                ),
                ("payable", models.BigIntegerField(default=0, help_text="In minor units.")),
                (
                    "cum_payable",
                    models.BigIntegerField(default=0, help_text="Everything asked for up to here, in minor units."),
                ),
                ("digest", models.CharField(blank=True, max_length=71)),
                (
                    "waiting",
                    models.PositiveIntegerField(default=0, help_text="Lines that wait for the sale they point at."),
                ),
                ("is_stale", models.BooleanField(default=True, help_text="Something moved since it was computed.")),
                ("computed_at", models.DateTimeField(blank=True, null=True)),
                ("due_on", models.DateField(blank=True, null=True)),
                ("overdue_at", models.DateTimeField(blank=True, null=True)),
                ("terms", models.JSONField(blank=True, default=dict)),
                ("rates", models.JSONField(blank=True, default=dict)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "closed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="closed_statements",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "licence",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="statements", to="licensing.licence"
                    ),
                ),
            ],
            options={
                "ordering": ["licence", "number"],
            },
        ),
        migrations.AddField(
            model_name="saleline",
            name="statement",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="licensing.statement"
            ),
        ),
        migrations.AddField(
            model_name="royaltypayment",
            name="statement",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="payments", to="licensing.statement"
            ),
        ),
        migrations.AddField(
            model_name="journal",
            name="statement",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="journals",
                to="licensing.statement",
            ),
        ),
        migrations.AddField(
            model_name="adjustment",
            name="statement",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="adjustments", to="licensing.statement"
            ),
        ),
        migrations.CreateModel(
            name="StatementGroup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.TextField()),
                ("since", models.DateField(help_text="The first day of the part of the period that it lies in.")),
                ("own_fx", models.CharField(blank=True, max_length=30)),
                ("fx", models.TextField()),
                ("gross", models.TextField()),
                ("returns", models.TextField()),
                ("parts", models.JSONField(help_text="For each property: rate, and the floor where it decided.")),
                (
                    "goods",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="groups", to="licensing.linegoods"
                    ),
                ),
                (
                    "statement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="groups", to="licensing.statement"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="LateCredit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("net", models.TextField()),
                (
                    "statement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="late_credits",
                        to="licensing.statement",
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="late_credits",
                        to="licensing.statementgroup",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="linegoods",
            constraint=models.UniqueConstraint(fields=("licence", "digest"), name="licensing_line_goods_once"),
        ),
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(fields=["account", "currency"], name="licensing_posting_account"),
        ),
        migrations.AddConstraint(
            model_name="posting",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount", 0), _negated=True), name="licensing_posting_not_nothing"
            ),
        ),
        migrations.AddConstraint(
            model_name="royaltyterms",
            constraint=models.CheckConstraint(
                condition=models.Q(("platform_rate__gte", 0), ("platform_rate__lt", 1)),
                name="licensing_terms_platform_rate_is_a_share",
            ),
        ),
        migrations.AddIndex(
            model_name="statement",
            index=models.Index(fields=["licence", "state", "number"], name="licensing_statement_state"),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.UniqueConstraint(fields=("licence", "number"), name="licensing_statement_number_once"),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.UniqueConstraint(fields=("licence", "first_day"), name="licensing_statement_period_once"),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state", "open"),
                    models.Q(("closed_at__isnull", False), ("due_on__isnull", False), ("is_stale", False)),
                    _connector="OR",
                ),
                name="licensing_statement_closed_is_whole",
            ),
        ),
        migrations.AddIndex(
            model_name="saleline",
            index=models.Index(fields=["statement", "goods", "counted_on", "id"], name="licensing_sale_line_goods"),
        ),
        migrations.AddIndex(
            model_name="saleline",
            index=models.Index(
                condition=models.Q(("of", ""), _negated=True), fields=["licence", "of"], name="licensing_sale_line_of"
            ),
        ),
        migrations.AddConstraint(
            model_name="saleline",
            constraint=models.UniqueConstraint(
                fields=("licence", "kind", "external_id"), name="licensing_sale_line_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="saleline",
            constraint=models.CheckConstraint(
                condition=models.Q(("quantity__gte", 0)), name="licensing_sale_line_quantity_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="saleline",
            constraint=models.CheckConstraint(
                condition=models.Q(("external_id", ""), _negated=True), name="licensing_sale_line_has_an_id"
            ),
        ),
        migrations.AddConstraint(
            model_name="royaltypayment",
            constraint=models.UniqueConstraint(
                fields=("licence", "reference"), name="licensing_payment_reference_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="royaltypayment",
            constraint=models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="licensing_payment_positive"),
        ),
        migrations.AddConstraint(
            model_name="journal",
            constraint=models.UniqueConstraint(
                condition=models.Q(("statement__isnull", False)),
                fields=("statement", "kind"),
                name="licensing_journal_of_statement_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="adjustment",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount", 0), _negated=True), name="licensing_adjustment_not_nothing"
            ),
        ),
        migrations.AddConstraint(
            model_name="statementgroup",
            constraint=models.UniqueConstraint(
                fields=("statement", "goods", "since", "own_fx"), name="licensing_group_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="latecredit",
            constraint=models.UniqueConstraint(fields=("statement", "group"), name="licensing_late_credit_once"),
        ),
        migrations.RunPython(create, drop),
    ]
