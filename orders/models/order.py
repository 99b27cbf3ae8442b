"""An order: who buys what for how much. What the customer saw is copied here; no later change of a product reaches it."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from catalog.models import Market, Product, Variant
from core.ids import public_id_field
from films.models import Film
from licensing.models import Licence
from merchants.models import Merchant
from orders.models.rates import ShippingRate


class OrderQuerySet(models.QuerySet["Order"]):
    def over(self, *, at: datetime) -> "OrderQuerySet":
        """Pending ones whose time, with the grace for notices on their way, has passed: what they hold may go to others."""
        last = at - timedelta(seconds=settings.PAY_GRACE_SECONDS)
        return self.filter(state=Order.State.PENDING, expires_at__lte=last)


class Order(models.Model):
    class State(models.TextChoices):
        PENDING = "pending", _("Waiting for payment")
        PAID = "paid", _("Paid")
        EXPIRED = "expired", _("Not paid in time")
        CANCELLED = "cancelled", _("Cancelled")

    public_id = public_id_field("ord")
    number = models.CharField(max_length=12, unique=True, editable=False, help_text=_("For people."))
    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="orders")
    currency = models.CharField(max_length=3)
    country = models.CharField(max_length=2)
    language = models.CharField(max_length=10)
    # Somebody who deletes their account keeps the orders that the law keeps.
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="orders")
    email = models.EmailField()
    phone = models.CharField(max_length=40, blank=True)
    address = models.JSONField(
        help_text=_("name, street_address, postal_code, city, city_area, country_area, country_code")
    )
    # From buyer to receiver: it lies in each parcel, on a slip that names no price.
    gift_message = models.CharField(max_length=300, blank=True, default="", db_default="")
    # What was agreed to: each text with its version.
    consents = models.JSONField(default=dict)
    # Sent twice, a form makes one order.
    checkout_key = models.CharField(max_length=64, unique=True, editable=False)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    placed_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text=_("So long it may be paid; then what it holds may go to others."))
    paid_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True, help_text=_("When it expired or was cancelled."))
    prices_include_tax = models.BooleanField()
    goods_amount = models.PositiveBigIntegerField()
    delivery_amount = models.PositiveBigIntegerField()
    tax_amount = models.PositiveBigIntegerField()
    total_amount = models.PositiveBigIntegerField()
    # Something about its money has to be looked at by a person: a code of orders/results.py.
    review = models.CharField(max_length=20, blank=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(prices_include_tax=True, total_amount=F("goods_amount") + F("delivery_amount"))
                | Q(
                    prices_include_tax=False,
                    total_amount=F("goods_amount") + F("delivery_amount") + F("tax_amount"),
                ),
                name="orders_order_adds_up",
            ),
            models.CheckConstraint(
                condition=~Q(state="paid") | Q(paid_at__isnull=False), name="orders_order_paid_says_when"
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-id"], name="orders_order_user"),
            models.Index(fields=["email", "-id"], name="orders_order_email"),
            models.Index(fields=["expires_at"], condition=Q(state="pending"), name="orders_order_pending"),
        ]

    def __str__(self) -> str:
        return self.number


class Parcel(models.Model):
    """One merchant's part of an order: how it is sent, and what this costs."""

    public_id = public_id_field("par")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="parcels")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="parcels")
    # What was chosen is copied; the rate may go.
    rate = models.ForeignKey(ShippingRate, null=True, blank=True, on_delete=models.SET_NULL, related_name="parcels")
    code = models.CharField(max_length=10, choices=ShippingRate.Code, default=ShippingRate.Code.STANDARD)
    arrives_from = models.DateField(null=True, blank=True)
    arrives_to = models.DateField(null=True, blank=True)
    amount = models.PositiveBigIntegerField()
    tax_rate = models.DecimalField(max_digits=6, decimal_places=5, null=True, blank=True)
    tax_amount = models.PositiveBigIntegerField(default=0)
    total_amount = models.PositiveBigIntegerField(help_text=_("With tax."))
    refunded_amount = models.PositiveBigIntegerField(default=0)
    # When something happened to it last: `orders.moving` writes it, programs read on from it.
    updated_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["order", "merchant"], name="orders_parcel_once_per_merchant"),
            models.CheckConstraint(
                condition=Q(refunded_amount__lte=F("total_amount")), name="orders_parcel_refund_within"
            ),
        ]
        indexes = [
            models.Index(fields=["merchant", "-id"], name="orders_parcel_merchant"),
            models.Index(fields=["merchant", "updated_at", "id"], name="orders_parcel_changed"),
        ]

    def __str__(self) -> str:
        return self.public_id


class OrderLine(models.Model):
    """So many pieces of one thing at one price. Goods name their variant; a seat will name its seat."""

    class Kind(models.TextChoices):
        GOODS = "goods", _("Goods")
        SEAT = "seat", _("Seat")

    public_id = public_id_field("oli")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines")
    parcel = models.ForeignKey(Parcel, null=True, on_delete=models.PROTECT, related_name="lines")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="order_lines")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.GOODS)
    variant = models.ForeignKey(Variant, null=True, on_delete=models.PROTECT, related_name="order_lines")
    product = models.ForeignKey(Product, null=True, on_delete=models.PROTECT, related_name="order_lines")
    film = models.ForeignKey(Film, null=True, on_delete=models.PROTECT, related_name="order_lines")
    licence = models.ForeignKey(Licence, null=True, on_delete=models.PROTECT, related_name="order_lines")
    sku = models.CharField(max_length=80, help_text=_("The article's code: what licences and royalties know."))
    title_en = models.CharField(max_length=200)
    title_zh = models.CharField(max_length=200, blank=True)
    options = models.JSONField(default=dict)
    image = models.CharField(max_length=200, blank=True)
    quantity = models.PositiveIntegerField()
    regular_amount = models.PositiveBigIntegerField(help_text=_("Of one piece, without the promotion."))
    unit_amount = models.PositiveBigIntegerField(help_text=_("Of one piece, as it was asked."))
    amount = models.PositiveBigIntegerField(help_text=_("Of all pieces, as it was asked."))
    tax_rate = models.DecimalField(max_digits=6, decimal_places=5, null=True, blank=True)
    tax_amount = models.PositiveBigIntegerField(default=0)
    total_amount = models.PositiveBigIntegerField(help_text=_("What was paid for it: with tax."))
    # Who gave the discount: the merchant, less what the studio funds of it.
    promotion = models.CharField(max_length=24, blank=True)
    discount_amount = models.PositiveBigIntegerField(default=0)
    studio_discount = models.PositiveBigIntegerField(default=0)
    is_pre_order = models.BooleanField(default=False)
    street_on = models.DateField(null=True, blank=True)
    # Every licence that counts the units: of an article of several properties, several.
    licence_ids = models.JSONField(default=list)
    # Units count under the licences from this instant on; empty when they were given back.
    units_taken_at = models.DateTimeField(null=True, blank=True, editable=False)
    cancelled = models.PositiveIntegerField(default=0)
    shipped = models.PositiveIntegerField(default=0)
    returned = models.PositiveIntegerField(default=0)
    refunded_quantity = models.PositiveIntegerField(default=0)
    refunded_amount = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="orders_line_once_per_position"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="orders_line_quantity_positive"),
            models.CheckConstraint(
                condition=Q(amount=F("unit_amount") * F("quantity")), name="orders_line_amount_adds_up"
            ),
            models.CheckConstraint(
                condition=~Q(kind="goods") | Q(variant__isnull=False, product__isnull=False, parcel__isnull=False),
                name="orders_line_of_goods_names_them",
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=F("cancelled") + F("shipped"), shipped__gte=F("returned")),
                name="orders_line_pieces_add_up",
            ),
            models.CheckConstraint(
                condition=Q(refunded_amount__lte=F("total_amount"), refunded_quantity__lte=F("quantity")),
                name="orders_line_refund_within",
            ),
            models.CheckConstraint(
                condition=Q(studio_discount__lte=F("discount_amount")), name="orders_line_discount_shared"
            ),
        ]
        indexes = [models.Index(fields=["merchant", "-id"], name="orders_line_merchant")]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.title_en}"

    def title_in(self, language: str) -> str:
        return (self.title_zh if language.startswith("zh") else "") or self.title_en

    @property
    def to_ship(self) -> int:
        """Pieces that were neither sent nor cancelled."""
        return self.quantity - self.cancelled - self.shipped


class Reservation(models.Model):
    """Pieces that an order holds: exactly those that catalog's Stock counts as reserved. No row: none.

    It ends when they are sent, cancelled, or taken over by others once the order may no longer be paid.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="reservations")
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="reservations")
    pieces = models.PositiveIntegerField()
    is_pre_order = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "variant"], name="orders_reservation_once_per_variant"),
            models.CheckConstraint(condition=Q(pieces__gte=1), name="orders_reservation_pieces_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.pieces} × {self.variant_id}"


class PersonCount(models.Model):
    """How many pieces of a product one person holds or has bought, where each may only have so many. `person` is a member or
    the hash of an address: see orders/limits.py."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="person_counts")
    person = models.CharField(max_length=80)
    pieces = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["product", "person"], name="orders_person_count_once")]

    def __str__(self) -> str:
        return f"{self.product_id} {self.pieces}"
