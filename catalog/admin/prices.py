"""Prices and tax at the desk: the history to look at, the rates to keep."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import DeskAdmin, ReadOnlyInline
from catalog.models import Market, Price, TaxRate
from catalog.tax import set_tax_rate
from core.money import Money


def money(amount: int | None, market: Market) -> str:
    """An amount as the desk reads it, or a dash."""
    return Money(amount, market.currency).in_locale("en") if amount is not None else "–"


class PriceInline(ReadOnlyInline):
    """The history of a variant's prices, the latest of each market first."""

    model = Price
    related = ("variant", "market")
    ordering = ("market__position", "market", "-starts_at")
    fields = readonly_fields = ("market", "shown_amount", "starts_at", "shown_state", "created_at")

    @admin.display(description=_("Price"))
    def shown_amount(self, price: Price) -> str:
        return money(price.amount, price.market)

    @admin.display(description=_("State"))
    def shown_state(self, price: Price) -> str:
        """A price to come is planned, and can still be changed. Of those that have begun the latest is in force."""
        return gettext("Planned") if price.starts_at > timezone.now() else gettext("Begun")


@admin.register(Price)
class PriceAdmin(DeskAdmin):
    list_display = ("variant", "market", "shown_amount", "starts_at")
    list_filter = ("market",)
    list_select_related = ("variant", "market")
    search_fields = ("variant__sku__exact", "variant__product__sku__exact", "variant__product__public_id__exact")
    search_help_text = _("A code, written out.")
    sortable_by = ()

    @admin.display(description=_("Price"))
    def shown_amount(self, price: Price) -> str:
        return money(price.amount, price.market)


@admin.register(TaxRate)
class TaxRateAdmin(DeskAdmin):
    """A new rate is a new row from its day on; the one before it stays as history."""

    can_add = True
    fields = ("market", "country", "tax_class", "rate", "starts_on", "name_en", "name_zh")
    list_display = ("country", "tax_class", "rate", "starts_on", "market", "name_en", "name_zh")
    list_filter = ("market", "tax_class")
    list_select_related = ("market",)
    search_fields = ("country",)
    sortable_by = ()

    def save_by_service(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> TaxRate:
        told = dict(form.cleaned_data)
        return set_tax_rate(told.pop("market"), told.pop("country"), told.pop("rate"), by=request.user, **told)
