"""Royalties: an agreement's terms, the lines that happened under it, the statements made of them, and the journal beside them.

Nothing here is calculated: figures come from `licensing.royalties`, rows from `licensing.ledger`. What a closed statement counted
never changes; triggers of the database hold that besides the services (migration 0004_royalties).
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.ids import public_id_field
from licensing.models.licences import Licence


class RoyaltyTerms(models.Model):
    """What a licence owes by: the `agreement` of docs/royalties.md. Its row is the lock of everything the licence owes."""

    licence = models.OneToOneField(Licence, on_delete=models.PROTECT, related_name="royalty_terms")
    terms = models.JSONField(default=dict, help_text=_("The agreement, as docs/royalties.md describes it."))
    platform_rate = models.DecimalField(
        max_digits=7, decimal_places=6, default=0, help_text=_("The shop's commission on an order line: 0.15 is 15 %.")
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "royalty terms"
        constraints = [
            models.CheckConstraint(
                condition=Q(platform_rate__gte=0, platform_rate__lt=1), name="licensing_terms_platform_rate_is_a_share"
            )
        ]

    def __str__(self) -> str:
        return str(self.licence)


class FxRate(models.Model):
    """How much of `base` one unit of `currency` bought on a day, by `source`. An agreement that names the source uses it."""

    source = models.CharField(max_length=80, help_text=_("Whose rates they are, as the agreement names them."))
    base = models.CharField(max_length=3, help_text=_("The currency of the agreement."))
    currency = models.CharField(max_length=3)
    on = models.DateField()
    #: Exact, as it was published: SQLite would keep a decimal as a binary fraction.
    rate = models.CharField(max_length=30, help_text=_("How much of the base one unit of the currency buys."))
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["source", "base", "currency", "-on"]
        constraints = [
            models.UniqueConstraint(fields=["source", "base", "currency", "on"], name="licensing_fx_rate_once"),
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.currency}/{self.base} {self.rate}"


class Statement(models.Model):
    """One period of one licence. Open, it is computed again whenever asked; closed, it stands for good."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        CLOSED = "closed", _("Closed")

    public_id = public_id_field("sta")
    licence = models.ForeignKey(Licence, on_delete=models.PROTECT, related_name="statements")
    number = models.PositiveIntegerField()
    period = models.CharField(max_length=20)
    first_day = models.DateField()
    last_day = models.DateField()
    state = models.CharField(max_length=6, choices=State, default=State.OPEN)
    currency = models.CharField(max_length=3)
    figures = models.JSONField(
        default=dict, blank=True, help_text=_("The statement as docs/royalties.md describes it.")
    )
    payable = models.BigIntegerField(default=0, help_text=_("In minor units."))
    cum_payable = models.BigIntegerField(default=0, help_text=_("Everything asked for up to here, in minor units."))
    digest = models.CharField(max_length=71, blank=True)
    waiting = models.PositiveIntegerField(default=0, help_text=_("Lines that wait for the sale they point at."))
    is_stale = models.BooleanField(default=True, help_text=_("Something moved since it was computed."))
    computed_at = models.DateTimeField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)
    overdue_at = models.DateTimeField(null=True, blank=True)
    #: What it was made by, kept so that it can be made again: the agreement in full, and the rates of exchange it used.
    terms = models.JSONField(default=dict, blank=True)
    rates = models.JSONField(default=dict, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    # A closed statement does not change, so the account of who closed it stays.
    closed_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="closed_statements"
    )

    class Meta:
        ordering = ["licence", "number"]
        constraints = [
            models.UniqueConstraint(fields=["licence", "number"], name="licensing_statement_number_once"),
            models.UniqueConstraint(fields=["licence", "first_day"], name="licensing_statement_period_once"),
            models.CheckConstraint(
                condition=Q(state="open") | Q(closed_at__isnull=False, due_on__isnull=False, is_stale=False),
                name="licensing_statement_closed_is_whole",
            ),
        ]
        indexes = [models.Index(fields=["licence", "state", "number"], name="licensing_statement_state")]

    def __str__(self) -> str:
        return f"{self.licence} {self.period}"


class LineGoods(models.Model):
    """The dimensions by which sales are grouped. Lines and groups that agree in all of them share one row."""

    licence = models.ForeignKey(Licence, on_delete=models.PROTECT, related_name="line_goods")
    digest = models.CharField(max_length=64)
    shares = models.JSONField(help_text=_("Properties with their basis points."))
    properties = models.TextField(blank=True)
    category = models.TextField(blank=True)
    territory = models.TextField(blank=True)
    channel = models.TextField(blank=True)
    basis = models.CharField(max_length=10, blank=True)
    currency = models.CharField(max_length=3)
    is_sell_off = models.BooleanField(default=False)
    article = models.TextField(blank=True, help_text=_("Only where each article has a line of its own."))

    class Meta:
        verbose_name_plural = "line goods"
        constraints = [models.UniqueConstraint(fields=["licence", "digest"], name="licensing_line_goods_once")]

    def __str__(self) -> str:
        names = (self.properties, self.category, self.territory, self.channel, self.basis, self.currency)
        return " / ".join(name or "–" for name in names)


class SaleLine(models.Model):
    """One fact: a sale, a return or a deduction, as it was told. It counts in one statement, on one day of its period."""

    class Kind(models.TextChoices):
        SALE = "sale", _("Sale")
        RETURN = "return", _("Return")
        DEDUCTION = "deduction", _("Deduction")

    class Source(models.TextChoices):
        ORDER = "order", _("Order")
        CSV = "csv", _("File")
        API = "api", _("API")

    public_id = public_id_field("sal")
    licence = models.ForeignKey(Licence, on_delete=models.PROTECT, related_name="sale_lines")
    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="lines")
    kind = models.CharField(max_length=9, choices=Kind)
    source = models.CharField(max_length=5, choices=Source)
    external_id = models.CharField(max_length=200)
    #: The day it happened, and the day of the statement's period on which it counts: the first one, when it came late.
    day = models.DateField()
    counted_on = models.DateField()
    article = models.CharField(max_length=200, blank=True)
    goods = models.ForeignKey(LineGoods, null=True, blank=True, on_delete=models.PROTECT, related_name="lines")
    quantity = models.BigIntegerField(default=0)
    amount = models.BigIntegerField(
        null=True,
        blank=True,
        help_text=_("Of the whole line, in minor units; blank: so many at the price of the sale."),
    )
    exact_amount = models.CharField(
        max_length=80, blank=True, help_text=_("Where a line comes to parts of a minor unit.")
    )
    currency = models.CharField(max_length=3, blank=True)
    tax_rate = models.CharField(max_length=30, default="0", help_text=_("The tax that is in the amount: 0.19."))
    fx = models.CharField(max_length=30, blank=True, help_text=_("A rate of the line's own."))
    of = models.CharField(max_length=200, blank=True, help_text=_("The sale it points at."))
    #: The line as it was told, under the names of docs/royalties.md; what the calculation reads.
    said = models.JSONField()
    digest = models.CharField(max_length=64)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="recorded_sale_lines"
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["licence", "kind", "external_id"], name="licensing_sale_line_once"),
            models.CheckConstraint(condition=Q(quantity__gte=0), name="licensing_sale_line_quantity_not_negative"),
            models.CheckConstraint(condition=~Q(external_id=""), name="licensing_sale_line_has_an_id"),
        ]
        indexes = [
            models.Index(fields=["statement", "goods", "counted_on", "id"], name="licensing_sale_line_goods"),
            models.Index(fields=["licence", "of"], condition=~Q(of=""), name="licensing_sale_line_of"),
        ]

    def __str__(self) -> str:
        return f"{self.licence}: {self.kind} {self.external_id}"


class StatementGroup(models.Model):
    """A group of a closed statement as later returns need it: what it was, and at what rates. Exact numbers are text."""

    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="groups")
    name = models.TextField()
    goods = models.ForeignKey(LineGoods, on_delete=models.PROTECT, related_name="groups")
    since = models.DateField(help_text=_("The first day of the part of the period that it lies in."))
    own_fx = models.CharField(max_length=30, blank=True)
    fx = models.TextField()
    gross = models.TextField()
    returns = models.TextField()
    parts = models.JSONField(help_text=_("For each property: rate, and the floor where it decided."))

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["statement", "goods", "since", "own_fx"], name="licensing_group_once")
        ]

    def __str__(self) -> str:
        return self.name


class LateCredit(models.Model):
    """What a closed statement credited to a group of an earlier one; a cap on returns counts them all."""

    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="late_credits")
    group = models.ForeignKey(StatementGroup, on_delete=models.PROTECT, related_name="late_credits")
    net = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["statement", "group"], name="licensing_late_credit_once")]

    def __str__(self) -> str:
        return f"{self.statement}: {self.group}"


class Adjustment(models.Model):
    """A sum that the studio adds to the royalties or takes off them, with its reason."""

    public_id = public_id_field("adj")
    licence = models.ForeignKey(Licence, on_delete=models.PROTECT, related_name="adjustments")
    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="adjustments")
    amount = models.BigIntegerField(help_text=_("In minor units, with its sign."))
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=300)
    #: By which a guarantee takes it: property, category, territory, channel, basis.
    dimensions = models.JSONField(default=dict, blank=True)
    counted_on = models.DateField()
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="adjustments")

    class Meta:
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=~Q(amount=0), name="licensing_adjustment_not_nothing")]

    def __str__(self) -> str:
        return f"{self.public_id}: {self.reason}"


class RoyaltyPayment(models.Model):
    """Money that came in: for statements, or an advance."""

    class Kind(models.TextChoices):
        STATEMENT = "STATEMENT", _("For statements")
        ADVANCE = "ADVANCE", _("Advance")

    public_id = public_id_field("rpy")
    licence = models.ForeignKey(Licence, on_delete=models.PROTECT, related_name="royalty_payments")
    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="payments")
    kind = models.CharField(max_length=9, choices=Kind, default=Kind.STATEMENT)
    amount = models.BigIntegerField(help_text=_("In minor units."))
    currency = models.CharField(max_length=3)
    paid_on = models.DateField()
    counted_on = models.DateField()
    reference = models.CharField(max_length=120, help_text=_("What the bank calls it. The same one counts once."))
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="royalty_payments"
    )

    class Meta:
        ordering = ["-paid_on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["licence", "reference"], name="licensing_payment_reference_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="licensing_payment_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.public_id}: {self.reference}"


class Journal(models.Model):
    """An entry of the double-entry ledger. Its postings add up to nothing in each currency; it is never changed."""

    class Kind(models.TextChoices):
        SALE = "sale", _("Order line split")
        RETURN = "return", _("Return of an order line split")
        STATEMENT = "statement", _("Statement closed")
        ADVANCE = "advance", _("Advance")
        PAYMENT = "payment", _("Payment")
        ADJUSTMENT = "adjustment", _("Adjustment")

    public_id = public_id_field("jrn")
    licence = models.ForeignKey(Licence, on_delete=models.PROTECT, related_name="journals")
    kind = models.CharField(max_length=10, choices=Kind)
    at = models.DateTimeField()
    line = models.OneToOneField(SaleLine, null=True, blank=True, on_delete=models.PROTECT, related_name="journal")
    statement = models.ForeignKey(Statement, null=True, blank=True, on_delete=models.PROTECT, related_name="journals")
    payment = models.OneToOneField(
        RoyaltyPayment, null=True, blank=True, on_delete=models.PROTECT, related_name="journal"
    )
    adjustment = models.OneToOneField(
        Adjustment, null=True, blank=True, on_delete=models.PROTECT, related_name="journal"
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["statement", "kind"],
                condition=Q(statement__isnull=False),
                name="licensing_journal_of_statement_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.public_id}: {self.kind}"


class Posting(models.Model):
    """One side of an entry: what an account receives (above zero) or gives (below)."""

    class Account(models.TextChoices):
        CUSTOMER = "customer", _("Paid by customers")
        MERCHANT = "merchant", _("Owed to the merchant")
        PLATFORM = "platform", _("The shop's commission")
        LICENSOR = "licensor", _("Set aside for the licensor")
        TAX = "tax", _("Owed to the tax office")
        LICENSEE = "licensee", _("Owed by the licensee")
        CASH = "cash", _("Received")
        ADVANCES = "advances", _("Advances not worked off")
        ROYALTIES = "royalties", _("Royalties earned")
        SHORTFALLS = "shortfalls", _("Shortfalls of guarantees")
        FUND = "fund", _("Marketing fund")
        ADJUSTMENTS = "adjustments", _("Adjustments not yet stated")
        CARRIED = "carried", _("Earned and not due, or due before")

    journal = models.ForeignKey(Journal, on_delete=models.PROTECT, related_name="postings")
    account = models.CharField(max_length=11, choices=Account)
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=~Q(amount=0), name="licensing_posting_not_nothing")]
        indexes = [models.Index(fields=["account", "currency"], name="licensing_posting_account")]

    def __str__(self) -> str:
        return f"{self.account} {self.amount} {self.currency}"
