"""What orders leave on paper and in the books: invoices, letters, sale facts, payouts."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.ids import public_id_field
from merchants.models import Merchant
from orders.models.order import Order, OrderLine
from orders.models.payment import Refund


class DocumentSeries(models.Model):
    """The last number that was given to a document of a series: they follow each other without a gap."""

    code = models.CharField(max_length=20, unique=True)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "document series"

    def __str__(self) -> str:
        return f"{self.code} {self.last}"


class Document(models.Model):
    """An invoice or a credit note, as it was issued. Its content never changes; pages and PDF are drawn from it."""

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("Invoice")
        CREDIT_NOTE = "credit_note", _("Credit note")

    public_id = public_id_field("doc")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="documents")
    refund = models.OneToOneField(Refund, null=True, blank=True, on_delete=models.PROTECT, related_name="document")
    kind = models.CharField(max_length=12, choices=Kind)
    number = models.CharField(max_length=24, unique=True)
    issued_at = models.DateTimeField()
    content = models.JSONField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["order"], condition=Q(kind="invoice"), name="orders_document_one_invoice_per_order"
            ),
            models.CheckConstraint(
                condition=Q(kind="invoice", refund__isnull=True) | Q(kind="credit_note", refund__isnull=False),
                name="orders_document_credits_a_refund",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class Letter(models.Model):
    """A mail to a buyer that has to go out, and whether it has. Written with the change that it tells of."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="letters")
    template = models.CharField(max_length=40)
    # What it is about, so that it is told once: a shipment's or a refund's public id; empty: the order itself.
    about = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["order", "template", "about"], name="orders_letter_once"),
        ]
        indexes = [models.Index(fields=["id"], condition=Q(sent_at__isnull=True), name="orders_letter_to_send")]

    def __str__(self) -> str:
        return f"{self.template} {self.order}"


class SaleFact(models.Model):
    """A sale or a return that licensing has to be told: written when money moved, told by a worker, once."""

    class Kind(models.TextChoices):
        SALE = "sale", _("Sale")
        RETURN = "return", _("Return")

    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="facts")
    refund = models.ForeignKey(Refund, null=True, blank=True, on_delete=models.PROTECT, related_name="facts")
    kind = models.CharField(max_length=8, choices=Kind)
    quantity = models.PositiveIntegerField()
    amount = models.PositiveBigIntegerField(help_text=_("With tax, of all pieces."))
    happened_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)
    try_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["line"], condition=Q(kind="sale"), name="orders_fact_one_sale_per_line"),
            models.UniqueConstraint(
                fields=["line", "refund"], condition=Q(kind="return"), name="orders_fact_one_return_per_refund"
            ),
        ]
        indexes = [models.Index(fields=["try_at"], condition=Q(told_at__isnull=True), name="orders_fact_to_tell")]

    def __str__(self) -> str:
        return f"{self.kind} {self.line}"


class Payout(models.Model):
    """What a merchant is paid for goods that were sent, less commission, royalty and tax."""

    public_id = public_id_field("out")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="payouts")
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    reference = models.CharField(max_length=80, help_text=_("Of the bank transfer."))
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="payouts_made"
    )

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["merchant", "reference"], name="orders_payout_reference_once")]

    def __str__(self) -> str:
        return self.public_id


class PayoutLine(models.Model):
    """What a payout holds of an order line: a sale adds, a return takes off."""

    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="lines")
    fact = models.OneToOneField(SaleFact, on_delete=models.PROTECT, related_name="payout_line")
    amount = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.amount}"
