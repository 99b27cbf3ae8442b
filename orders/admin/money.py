"""Payments with what providers said of them, refunds and papers: to look at. A failed refund can be tried again."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import DeskAdmin, ReadOnlyInline
from orders.admin.orders import money
from orders.admin.verbs import REFUND_VERBS
from orders.models import Document, Payment, PaymentEvent, Refund, RefundLine


class EventInline(ReadOnlyInline):
    model = PaymentEvent
    fields = readonly_fields = ("at", "source", "status", "verdict", "amount", "currency", "key")


@admin.register(Payment)
class PaymentAdmin(DeskAdmin):
    inlines = (EventInline,)
    list_display = ("public_id", "order", "provider", "method", "state", "shown_amount", "shown_received", "created_at")
    list_filter = ("state", "provider")
    list_select_related = ("order",)
    search_fields = ("public_id__exact", "provider_reference__exact", "order__number__iexact")
    sortable_by = ()
    fields = readonly_fields = (
        "public_id", "order", "provider", "method", "state", "shown_amount", "shown_received", "shown_refunded",
        "is_applied", "provider_reference", "created_at", "succeeded_at", "ask_at", "asked",
    )  # fmt: skip

    @admin.display(description=_("Amount"))
    def shown_amount(self, payment: Payment) -> str:
        return money(payment.amount, payment.currency)

    @admin.display(description=_("Received"))
    def shown_received(self, payment: Payment) -> str:
        return money(payment.received_amount, payment.currency)

    @admin.display(description=_("Refunded"))
    def shown_refunded(self, payment: Payment) -> str:
        return money(payment.refunded_amount, payment.currency)


@admin.register(PaymentEvent)
class PaymentEventAdmin(DeskAdmin):
    """Of a payment that nobody knows, an event is all there is."""

    list_display = ("at", "provider", "payment", "source", "status", "verdict", "amount", "currency")
    list_filter = ("verdict", "provider", "source")
    list_select_related = ("payment",)
    search_fields = ("key__exact", "payment__public_id__exact")
    sortable_by = ()


class RefundLineInline(ReadOnlyInline):
    model = RefundLine
    related = ("line", "parcel")
    fields = readonly_fields = ("line", "parcel", "quantity", "amount", "tax_amount")


@admin.register(Refund)
class RefundAdmin(DeskAdmin):
    verbs = REFUND_VERBS
    inlines = (RefundLineInline,)
    list_display = ("public_id", "order", "reason", "state", "shown_amount", "requested_at", "requested_by", "problem")
    list_filter = ("state", "reason")
    list_select_related = ("order", "requested_by")
    search_fields = ("public_id__exact", "order__number__iexact")
    sortable_by = ()
    fields = readonly_fields = (
        "public_id", "order", "payment", "reason", "note", "state", "shown_amount", "requested_by", "requested_at",
        "finished_at", "try_at", "attempts", "provider_reference", "problem",
    )  # fmt: skip

    @admin.display(description=_("Amount"))
    def shown_amount(self, refund: Refund) -> str:
        return money(refund.amount, refund.order.currency)


@admin.register(Document)
class DocumentAdmin(DeskAdmin):
    list_display = ("number", "kind", "order", "issued_at")
    list_filter = ("kind",)
    list_select_related = ("order",)
    search_fields = ("number__exact", "order__number__iexact")
    sortable_by = ()
    fields = readonly_fields = ("number", "kind", "order", "refund", "issued_at", "content")
