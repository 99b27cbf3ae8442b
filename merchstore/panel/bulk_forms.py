"""The form that changes many products at once."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.models import Market
from core.errors import Refused
from core.money import Money
from licensing.models import Category
from merchants.models import Merchant
from merchstore.panel.goods_forms import CHOOSE, InstantField

WHAT = (
    ("percent", gettext_lazy("Price: change by percent")),
    ("amount", gettext_lazy("Price: change by an amount")),
    ("fixed", gettext_lazy("Price: set to")),
    ("category", gettext_lazy("Category")),
    ("activate", gettext_lazy("Activate")),
    ("archive", gettext_lazy("Archive")),
    ("low_at", gettext_lazy("Low stock from")),
)
_PRICES = ("percent", "amount", "fixed")


class BulkForm(forms.Form):
    """What to do with the rows that are ticked, or with all that the filter finds."""

    what = forms.ChoiceField(label=gettext_lazy("Change"), choices=WHAT)
    value = forms.DecimalField(
        label=gettext_lazy("By or to"), required=False, max_digits=12, decimal_places=3,
        help_text=gettext_lazy("Percent, an amount or a number of pieces. A minus takes away."),
    )  # fmt: skip
    market = forms.ChoiceField(label=gettext_lazy("Market of the price"), required=False)
    starts_at = InstantField(
        label=gettext_lazy("Price from"), help_text=gettext_lazy("In the market's time. Empty: now.")
    )
    category = forms.ModelChoiceField(
        Category.objects.all(),
        label=gettext_lazy("New category"),
        required=False,
        to_field_name="code",
        empty_label=CHOOSE,
    )
    whole = forms.BooleanField(label=gettext_lazy("All products that the filter finds"), required=False)

    def __init__(self, data: Any, *, merchant: Merchant, language: str, filters: Mapping[str, str]) -> None:
        super().__init__(data, prefix="bulk", auto_id="bulk-%s")
        self.filters = filters
        markets = Market.objects.filter(is_public=not merchant.is_sandbox).order_by("position", "pk")
        self.by_code = {market.code: market for market in markets}
        self.fields["market"].choices = [  # type: ignore[attr-defined]
            (code, f"{market.name_in(language)}, {market.currency}") for code, market in self.by_code.items()
        ]
        self.fields["category"].label_from_instance = lambda row: row.name_in(language)  # type: ignore[attr-defined]
        if market := self.by_code.get(str((data or {}).get("bulk-market", ""))):
            self.fields["starts_at"].zone = market.time_zone  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        what, value = told.get("what"), told.get("value")
        if what in (*_PRICES, "low_at") and value is None and "value" not in self.errors:
            self.add_error("value", _("Say how much."))
        elif what == "category" and not told.get("category"):
            self.add_error("category", _("Say which."))
        elif what == "low_at" and value is not None and (value < 0 or value != int(value)):
            self.add_error("value", _("Enter a whole number."))
        elif what in _PRICES and not told.get("market"):
            self.add_error("market", _("Say which."))
        return told

    def edit(self) -> dict[str, Any]:
        """The change as plain values, which a run keeps (catalog/bulk.py)."""
        told = self.cleaned_data
        what = told["what"]
        if what in ("activate", "archive"):
            return {"what": what}
        if what == "category":
            return {"what": what, "category": told["category"].code}
        if what == "low_at":
            return {"what": what, "value": int(told["value"])}
        market, starts_at = self.by_code[told["market"]], told["starts_at"]
        value: Decimal = told["value"]
        if what != "percent":
            try:
                value = Decimal(Money.parse(str(value), market.currency).amount)
            except Refused as refusal:
                self.add_error("value", refusal.sentence)
        else:
            value = value * 100
        return {
            "what": what, "market": market.code, "value": int(value),
            "starts_at": starts_at.isoformat() if starts_at else None,
        }  # fmt: skip
