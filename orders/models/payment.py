"""Money that comes and goes: payments, what providers said of them, refunds."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.ids import public_id_field
from orders.models.order import Order, OrderLine, Parcel


class Payment(models.Model):
    """One attempt to pay an order. Its public id is the number under which the provider knows it."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        SUCCEEDED = "succeeded", _("Paid")
        FAILED = "failed", _("Refused")
        CLOSED = "closed", _("Closed")

    public_id = public_id_field("pay")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="payments")
    provider = models.CharField(max_length=12)
    method = models.CharField(max_length=20, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    currency = models.CharField(max_length=3)
    amount = models.PositiveBigIntegerField()
    received_amount = models.PositiveBigIntegerField(default=0)
    refunded_amount = models.PositiveBigIntegerField(default=0, help_text=_("What successful refunds gave back."))
    # It is what made the order paid; any other one that succeeds is given back.
    is_applied = models.BooleanField(default=False)
    provider_reference = models.CharField(max_length=200, blank=True, help_text=_("The provider's own number."))
    # What the provider answered when it was opened: where to pay.
    pay_url = models.CharField(max_length=2000, blank=True)
    qr_text = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    succeeded_at = models.DateTimeField(null=True, blank=True)
    # When the provider is asked next, and how often it was.
    ask_at = models.DateTimeField(null=True, blank=True)
    asked = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["order"], condition=Q(is_applied=True), name="orders_payment_one_applied_per_order"
            ),
            models.CheckConstraint(
                condition=Q(refunded_amount__lte=F("received_amount")), name="orders_payment_refund_within"
            ),
            models.CheckConstraint(
                condition=~Q(is_applied=True) | Q(state="succeeded", received_amount=F("amount")),
                name="orders_payment_applied_is_whole",
            ),
        ]
        indexes = [models.Index(fields=["ask_at"], condition=Q(ask_at__isnull=False), name="orders_payment_to_ask")]

    def __str__(self) -> str:
        return self.public_id


class PaymentEvent(models.Model):
    """What a provider said of a payment, and what was made of it. The same said again is one row."""

    class Source(models.TextChoices):
        NOTICE = "notice", _("It told us")
        QUERY = "query", _("We asked")
        RECONCILIATION = "reconciliation", _("Reconciliation")

    provider = models.CharField(max_length=12)
    payment = models.ForeignKey(Payment, null=True, on_delete=models.PROTECT, related_name="events")
    source = models.CharField(max_length=16, choices=Source)
    key = models.CharField(max_length=120, help_text=_("Same key, same news."))
    status = models.CharField(max_length=12)
    currency = models.CharField(max_length=3, blank=True)
    amount = models.BigIntegerField(null=True)
    said = models.JSONField(default=dict)
    verdict = models.CharField(max_length=20)
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["provider", "key"], name="orders_payment_event_once")]

    def __str__(self) -> str:
        return f"{self.provider} {self.status} {self.verdict}"


class Refund(models.Model):
    """Money to be given back, and whether it was. A worker does it; the public id is its number with the provider, so that
    doing it twice gives back once."""

    class State(models.TextChoices):
        REQUESTED = "requested", _("Being given back")
        SUCCEEDED = "succeeded", _("Given back")
        FAILED = "failed", _("Has to be looked at")

    class Reason(models.TextChoices):
        LATE = "late", _("Paid when the goods had gone")
        DOUBLE = "double", _("Paid twice")
        WRONG_AMOUNT = "wrong_amount", _("Not the amount that was asked")
        CANCELLED = "cancelled", _("Cancelled")
        RETURNED = "returned", _("Came back")
        GOODWILL = "goodwill", _("Goodwill")

    public_id = public_id_field("rfd")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="refunds")
    amount = models.PositiveBigIntegerField()
    reason = models.CharField(max_length=12, choices=Reason)
    note = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.REQUESTED)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="refunds_requested"
    )
    requested_at = models.DateTimeField()
    try_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)
    provider_reference = models.CharField(max_length=200, blank=True)
    problem = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=Q(amount__gte=1), name="orders_refund_amount_positive")]
        indexes = [models.Index(fields=["try_at"], condition=Q(state="requested"), name="orders_refund_to_do")]

    def __str__(self) -> str:
        return self.public_id


class RefundLine(models.Model):
    """What a refund is for: pieces of a line, or a parcel's delivery. Amounts with their tax."""

    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, related_name="lines")
    line = models.ForeignKey(OrderLine, null=True, blank=True, on_delete=models.PROTECT, related_name="refund_lines")
    parcel = models.ForeignKey(Parcel, null=True, blank=True, on_delete=models.PROTECT, related_name="refund_lines")
    quantity = models.PositiveIntegerField(default=0)
    amount = models.PositiveBigIntegerField()
    tax_amount = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(line__isnull=False, parcel__isnull=True) | Q(line__isnull=True, parcel__isnull=False),
                name="orders_refund_line_of_one_thing",
            )
        ]

    def __str__(self) -> str:
        return f"{self.amount}"


class SandboxTrade(models.Model):
    """What the sandbox's cashier knows of a payment: its own books, as a real provider keeps them apart from the shop's."""

    reference = models.CharField(max_length=64, unique=True, help_text=_("The shop's number."))
    trade = models.CharField(max_length=32, unique=True, help_text=_("The cashier's number."))
    subject = models.CharField(max_length=200)
    currency = models.CharField(max_length=3)
    amount = models.PositiveBigIntegerField()
    paid_amount = models.PositiveBigIntegerField(default=0)
    state = models.CharField(max_length=16, default="WAIT_BUYER_PAY")
    return_url = models.CharField(max_length=500, blank=True)
    # Refund number → minor units.
    refunds = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)
    notify_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.trade
