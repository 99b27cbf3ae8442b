"""Orders at the desk: found by number or address, read whole, changed by verbs alone."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import DeskAdmin, ReadOnlyInline
from core.money import Money
from core.territories import country_name
from orders.addresses import address_lines
from orders.admin.verbs import ORDER_VERBS, PARCEL_VERBS, RETURN_VERBS, SHIPMENT_VERBS
from orders.models import (
    Document,
    Order,
    OrderLine,
    Parcel,
    Payment,
    Refund,
    Return,
    ReturnLine,
    Shipment,
    ShipmentLine,
)
from orders.timeline import timeline


def money(amount: int, currency: str) -> str:
    return Money(amount, currency).in_locale(get_language() or "en")


class LineInline(ReadOnlyInline):
    model = OrderLine
    related = ("order", "merchant", "licence")
    fields = readonly_fields = (
        "title_en", "sku", "merchant", "licence", "quantity", "shown_total", "cancelled", "shipped", "returned",
        "shown_refunded",
    )  # fmt: skip

    @admin.display(description=_("Paid"))
    def shown_total(self, line: OrderLine) -> str:
        return money(line.total_amount, line.order.currency)

    @admin.display(description=_("Refunded"))
    def shown_refunded(self, line: OrderLine) -> str:
        return money(line.refunded_amount, line.order.currency)


class ParcelInline(ReadOnlyInline):
    model = Parcel
    related = ("order", "merchant")
    fields = readonly_fields = ("merchant", "code", "arrives_from", "arrives_to", "shown_total")
    show_change_link = True

    @admin.display(description=_("Delivery"))
    def shown_total(self, parcel: Parcel) -> str:
        return money(parcel.total_amount, parcel.order.currency)


class PaymentInline(ReadOnlyInline):
    model = Payment
    related = ("order",)
    fields = readonly_fields = (
        "public_id",
        "provider",
        "method",
        "state",
        "shown_received",
        "is_applied",
        "created_at",
    )
    show_change_link = True

    @admin.display(description=_("Received"))
    def shown_received(self, payment: Payment) -> str:
        return money(payment.received_amount, payment.currency)


class RefundInline(ReadOnlyInline):
    model = Refund
    related = ("order", "requested_by")
    fields = readonly_fields = (
        "public_id", "reason", "state", "shown_amount", "note", "requested_at", "requested_by", "problem",
    )  # fmt: skip
    show_change_link = True

    @admin.display(description=_("Amount"))
    def shown_amount(self, refund: Refund) -> str:
        return money(refund.amount, refund.order.currency)


class DocumentInline(ReadOnlyInline):
    model = Document
    fields = readonly_fields = ("number", "kind", "issued_at")
    show_change_link = True


class ToLookAt(admin.SimpleListFilter):
    """Orders of whose money something has to be looked at by a person."""

    title = _("review")
    parameter_name = "review"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", _("Somebody has to look at it"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        return queryset.exclude(review="") if self.value() == "open" else queryset


@admin.register(Order)
class OrderAdmin(DeskAdmin):
    verbs = ORDER_VERBS
    inlines = (LineInline, ParcelInline, PaymentInline, RefundInline, DocumentInline)
    list_display = ("number", "email", "state", "review", "shown_total", "market", "country", "placed_at")
    list_filter = (ToLookAt, "state", "market")
    list_select_related = ("market",)
    search_fields = ("number__iexact", "email__iexact", "public_id__exact")
    search_help_text = _("A number, an e-mail address or a public id, written out.")
    sortable_by = ()
    fieldsets = (
        (None, {"fields": ("number", "state", "review", "placed_at", "paid_at", "closed_at")}),
        (_("Buyer"), {"fields": ("email", "phone", "shown_address", "user", "language", "gift_message")}),
        (_("Money"), {"fields": ("shown_total", "shown_goods", "shown_delivery", "shown_tax")}),
        (_("What happened"), {"fields": ("shown_timeline",)}),
    )
    readonly_fields = (
        "number", "shown_address", "shown_total", "shown_goods", "shown_delivery", "shown_tax", "shown_timeline",
    )  # fmt: skip

    @admin.display(description=_("Total"))
    def shown_total(self, order: Order) -> str:
        return money(order.total_amount, order.currency)

    @admin.display(description=_("Goods"))
    def shown_goods(self, order: Order) -> str:
        return money(order.goods_amount, order.currency)

    @admin.display(description=_("Delivery"))
    def shown_delivery(self, order: Order) -> str:
        return money(order.delivery_amount, order.currency)

    @admin.display(description=_("Tax"))
    def shown_tax(self, order: Order) -> str:
        return money(order.tax_amount, order.currency)

    @admin.display(description=_("Address"))
    def shown_address(self, order: Order) -> SafeString:
        lines = [*address_lines(order.address), country_name(order.country, get_language() or "en")]
        return format_html_join(mark_safe("<br>"), "{}", ((line,) for line in lines))

    @admin.display(description=_("Timeline"))
    def shown_timeline(self, order: Order) -> SafeString:
        told = timeline(order, get_language() or "en", for_buyer=False)
        rows = [(_moment(one.at), one.what, one.who) for one in told]
        return format_html_join(
            "", '<p><span class="desk-quiet">{}</span> {} <span class="desk-quiet">{}</span></p>', rows
        )


def _moment(at: Any) -> str:
    return date_format(timezone.localtime(at), "DATETIME_FORMAT")


class ParcelLineInline(LineInline):
    fields = readonly_fields = ("title_en", "sku", "quantity", "cancelled", "shipped", "returned")


class ShipmentInline(ReadOnlyInline):
    model = Shipment
    related = ("by",)
    fields = readonly_fields = ("public_id", "carrier", "tracking", "shipped_at", "delivered_at", "by")
    show_change_link = True


class ReturnInline(ReadOnlyInline):
    model = Return
    fields = readonly_fields = ("public_id", "state", "reason", "note", "requested_at", "settled_at")
    show_change_link = True


@admin.register(Parcel)
class ParcelAdmin(DeskAdmin):
    """A merchant's part of an order: here staff sends and takes back in its place."""

    verbs = PARCEL_VERBS
    inlines = (ParcelLineInline, ShipmentInline, ReturnInline)
    list_display = ("public_id", "order", "merchant", "code", "arrives_from", "arrives_to")
    list_filter = ("order__state", "merchant")
    list_select_related = ("order", "merchant")
    search_fields = ("public_id__exact", "order__number__iexact", "order__email__iexact")
    sortable_by = ()
    fields = readonly_fields = ("public_id", "order", "merchant", "code", "arrives_from", "arrives_to")


class ShipmentLineInline(ReadOnlyInline):
    model = ShipmentLine
    related = ("line",)
    fields = readonly_fields = ("line", "quantity")


@admin.register(Shipment)
class ShipmentAdmin(DeskAdmin):
    verbs = SHIPMENT_VERBS
    inlines = (ShipmentLineInline,)
    list_display = ("public_id", "parcel", "carrier", "tracking", "shipped_at", "delivered_at")
    list_select_related = ("parcel",)
    search_fields = ("public_id__exact", "tracking__exact", "parcel__order__number__iexact")
    sortable_by = ()
    fields = readonly_fields = (
        "public_id", "parcel", "carrier", "tracking", "tracking_url", "shipped_at", "delivered_at", "by",
    )  # fmt: skip


class ReturnLineInline(ReadOnlyInline):
    model = ReturnLine
    related = ("line",)
    fields = readonly_fields = ("line", "quantity", "received", "resaleable")


@admin.register(Return)
class ReturnAdmin(DeskAdmin):
    verbs = RETURN_VERBS
    inlines = (ReturnLineInline,)
    list_display = ("public_id", "parcel", "state", "reason", "requested_at", "settled_at")
    list_filter = ("state", "reason")
    list_select_related = ("parcel",)
    search_fields = ("public_id__exact", "parcel__order__number__iexact")
    sortable_by = ()
    fields = readonly_fields = (
        "public_id", "parcel", "state", "reason", "note", "answer", "requested_at", "settled_at",
    )  # fmt: skip
