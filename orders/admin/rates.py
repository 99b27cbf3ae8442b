"""What merchants ask for sending: kept at the desk, by one service."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import DeskAdmin
from orders.admin.orders import money
from orders.models import ShippingRate
from orders.rates import save_rate


class RateForm(forms.ModelForm):
    countries = forms.CharField(
        label=_("Countries"), required=False, max_length=400, help_text=_("Of the market: DE FR. None: all of them.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["countries"] = " ".join(self.instance.countries)

    def clean_countries(self) -> list[str]:
        said: str = self.cleaned_data["countries"]
        return said.upper().replace(",", " ").split()


@admin.register(ShippingRate)
class ShippingRateAdmin(DeskAdmin):
    is_editable = can_add = True
    form = RateForm
    fields = (
        "merchant", "market", "code", "countries", "amount", "further_amount", "free_from", "min_days", "max_days",
        "is_active",
    )  # fmt: skip
    list_display = (
        "merchant",
        "market",
        "code",
        "shown_amount",
        "shown_countries",
        "min_days",
        "max_days",
        "is_active",
    )
    list_filter = ("market", "code", "is_active")
    list_select_related = ("merchant", "market")
    search_fields = ("merchant__name", "merchant__slug")
    sortable_by = ()

    def get_readonly_fields(self, request: HttpRequest, obj: ShippingRate | None = None) -> Any:
        return ("merchant", "market") if obj else ()

    @admin.display(description=_("First piece"))
    def shown_amount(self, rate: ShippingRate) -> str:
        return money(rate.amount, rate.market.currency)

    @admin.display(description=_("Countries"))
    def shown_countries(self, rate: ShippingRate) -> str:
        return ", ".join(rate.countries) or "–"

    def save_by_service(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> ShippingRate:
        return save_rate(form.instance, by=request.user)
