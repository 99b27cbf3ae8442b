"""Variants at the desk: their prices and their stock, and the verbs that move them."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import DeskAdmin, ReadOnlyInline, Verb, VerbForm, plausible_moment
from catalog.admin.prices import PriceInline
from catalog.models import Market, Price, Stock, StockChange, Variant
from catalog.prices import set_price, withdraw_price
from catalog.stock import correct_stock, set_stock_terms
from core.money import Money


class PriceForm(VerbForm):
    market = forms.ModelChoiceField(Market.objects.order_by("position", "pk"), label=_("Market"))
    amount = forms.CharField(
        label=_("Price"),
        max_length=20,
        required=False,
        help_text=_("With a point: 19.90. Empty: it is not sold in this market."),
    )
    starts_at = forms.DateTimeField(
        label=_("From"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S"),
        validators=[plausible_moment],
        help_text=_("UTC. Empty: from now on."),
    )


class WithdrawForm(VerbForm):
    price = forms.ModelChoiceField(Price.objects.none(), label=_("Planned price"))

    def __init__(self, *args: Any, row: Variant, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        planned = row.prices.filter(starts_at__gt=timezone.now()).select_related("variant", "market")
        self.fields["price"].queryset = planned  # type: ignore[attr-defined]


class CorrectForm(VerbForm):
    expected = forms.IntegerField(label=_("Pieces as you know them"), min_value=0)
    to = forms.IntegerField(label=_("Pieces as they are"), min_value=0, max_value=2_000_000_000)
    reason = forms.ChoiceField(label=_("Reason"), choices=StockChange.Reason.choices)
    note = forms.CharField(label=_("Note"), max_length=200, required=False)

    def __init__(self, *args: Any, row: Variant, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        self.fields["expected"].initial = _stock_of(row).on_hand


class TermsForm(VerbForm):
    pre_order_cap = forms.IntegerField(label=_("Pieces that may be promised before they arrive"), min_value=0)
    low_at = forms.IntegerField(
        label=_("Tell the merchant when no more than this are left"), min_value=0, required=False
    )

    def __init__(self, *args: Any, row: Variant, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        stock = _stock_of(row)
        self.fields["pre_order_cap"].initial, self.fields["low_at"].initial = stock.pre_order_cap, stock.low_at


def _stock_of(variant: Variant) -> Stock:
    return Stock.objects.filter(variant=variant).first() or Stock(variant=variant)


def _set_price(
    variant: Variant, *, by: Any, at: datetime, market: Market, amount: str, starts_at: datetime | None
) -> None:
    money = Money.parse(amount, market.currency) if amount.strip() else None
    set_price(variant, market, money, starts_at=starts_at or at, by=by, at=at)


def _withdraw(_variant: Variant, *, by: Any, at: datetime, price: Price) -> None:
    withdraw_price(price, by=by, at=at)


def _is_planned(variant: Variant, at: datetime) -> bool:
    return variant.prices.filter(starts_at__gt=at).exists()


VERBS = (
    Verb(
        "set-price",
        _("Set a price"),
        _("The price is set."),
        _set_price,
        lambda _variant, _at: True,
        consequence=_("The shelf shows it from its instant on. What was asked before stays as history."),
        form=PriceForm,
        is_main=True,
    ),
    Verb(
        "withdraw-price",
        _("Withdraw a planned price"),
        _("The planned price is withdrawn."),
        _withdraw,
        _is_planned,
        consequence=_("The price before it goes on."),
        form=WithdrawForm,
    ),
    Verb(
        "correct-stock",
        _("Correct the stock"),
        _("The stock is corrected."),
        correct_stock,
        lambda _variant, _at: True,
        consequence=_("Refused if somebody moved the stock since you looked."),
        form=CorrectForm,
    ),
    Verb(
        "stock-terms",
        _("Pre-orders and low stock"),
        _("The terms of the stock are set."),
        set_stock_terms,
        lambda _variant, _at: True,
        form=TermsForm,
    ),
)


class StockInline(ReadOnlyInline):
    model = Stock
    related = ("variant",)
    fields = readonly_fields = ("on_hand", "reserved", "sold", "pre_order_cap", "low_at", "updated_at")


class StockChangeInline(ReadOnlyInline):
    model = StockChange
    related = ("variant", "by")
    fields = readonly_fields = ("at", "before", "after", "reason", "note", "by")


@admin.register(Variant)
class VariantAdmin(DeskAdmin):
    list_display = ("sku", "product", "options", "gtin")
    list_select_related = ("product",)
    search_fields = ("sku__exact", "public_id__exact", "gtin__exact", "product__sku__exact")
    search_help_text = _("A code, written out.")
    sortable_by = ()
    inlines = (PriceInline, StockInline, StockChangeInline)
    readonly_fields = ("public_id",)
    verbs = VERBS


@admin.register(Stock)
class StockAdmin(DeskAdmin):
    list_display = ("variant", "on_hand", "reserved", "sold", "pre_order_cap", "low_at", "updated_at")
    list_select_related = ("variant",)
    search_fields = ("variant__sku__exact", "variant__public_id__exact", "variant__product__sku__exact")
    search_help_text = _("A code, written out.")
    sortable_by = ()
