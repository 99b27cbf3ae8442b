"""How goods travel: what merchants sent, and what came back."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.ids import public_id_field
from orders.models.order import OrderLine, Parcel


class Shipment(models.Model):
    """What a merchant sent at once: all or some of a parcel."""

    public_id = public_id_field("shp")
    parcel = models.ForeignKey(Parcel, on_delete=models.PROTECT, related_name="shipments")
    carrier = models.CharField(max_length=60, blank=True)
    tracking = models.CharField(max_length=80, blank=True)
    tracking_url = models.URLField(max_length=500, blank=True)
    shipped_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="shipments"
    )

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.public_id


class ShipmentLine(models.Model):
    shipment = models.ForeignKey(Shipment, on_delete=models.PROTECT, related_name="lines")
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="shipment_lines")
    quantity = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shipment", "line"], name="orders_shipment_line_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="orders_shipment_line_quantity_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.line_id}"


class Return(models.Model):
    """Goods that a buyer wants to send back, or has."""

    class State(models.TextChoices):
        REQUESTED = "requested", _("Announced")
        RECEIVED = "received", _("Received")
        REFUSED = "refused", _("Refused")

    class Reason(models.TextChoices):
        WITHDRAWAL = "withdrawal", _("Changed my mind")
        FAULTY = "faulty", _("Faulty or damaged")
        WRONG = "wrong", _("Not what was ordered")

    public_id = public_id_field("ret")
    parcel = models.ForeignKey(Parcel, on_delete=models.PROTECT, related_name="returns")
    state = models.CharField(max_length=10, choices=State, default=State.REQUESTED)
    reason = models.CharField(max_length=12, choices=Reason)
    note = models.CharField(max_length=500, blank=True)
    answer = models.CharField(max_length=500, blank=True, help_text=_("Why it was refused."))
    requested_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.public_id


class ReturnLine(models.Model):
    """So many pieces of a line; `received` of them came, `resaleable` of those can be sold again."""

    of = models.ForeignKey(Return, on_delete=models.PROTECT, related_name="lines")
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="return_lines")
    quantity = models.PositiveIntegerField()
    received = models.PositiveIntegerField(default=0)
    resaleable = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["of", "line"], name="orders_return_line_once"),
            models.CheckConstraint(
                condition=Q(quantity__gte=1, received__lte=F("quantity"), resaleable__lte=F("received")),
                name="orders_return_line_adds_up",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.line_id}"
