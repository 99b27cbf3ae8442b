"""Forms of the panel's products: shapes alone, what may be is for the services to say."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.models import Market, Product, SizeGuide, Variant
from core.clock import plausible
from core.errors import Refused
from core.money import Money, minor_digits
from films.models import Film
from licensing.models import Category
from licensing.queries.licences import own_licences
from merchants.models import Merchant

_PATTERNS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
_MOST_PIECES = 1_000_000
#: What a choice says before anything is chosen.
CHOOSE = gettext_lazy("Choose one")


class InstantField(forms.CharField):
    """An instant as clocks in `zone` show it. Empty: none."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def __init__(self, *, zone: str = "UTC", **options: Any) -> None:
        super().__init__(required=options.pop("required", False), **options)
        self.zone = zone

    def prepare_value(self, value: Any) -> Any:
        return f"{value.astimezone(ZoneInfo(self.zone)):%Y-%m-%dT%H:%M}" if isinstance(value, datetime) else value

    def clean(self, value: Any) -> datetime | None:
        text = super().clean(value)
        if not text:
            return None
        for pattern in _PATTERNS:
            try:
                found = datetime.strptime(text, pattern)  # noqa: DTZ007 the zone follows
            except ValueError:
                continue
            try:
                return plausible(found.replace(tzinfo=ZoneInfo(self.zone)))
            except Refused as refusal:
                raise forms.ValidationError(refusal.sentence) from None
        raise forms.ValidationError(_("Enter a valid date/time."))


class ProductForm(forms.Form):
    """What a product is. `zone` is the merchant's, in which its instants are written."""

    title_en = forms.CharField(label=gettext_lazy("Title"), max_length=200)
    title_zh = forms.CharField(label=gettext_lazy("Title in Chinese"), max_length=200, required=False)
    sku = forms.CharField(label=gettext_lazy("SKU"), max_length=80, help_text=gettext_lazy("Your own code."))
    film = forms.ModelChoiceField(
        Film.objects.none(), label=gettext_lazy("Film"), to_field_name="slug", empty_label=CHOOSE
    )
    category = forms.ModelChoiceField(
        Category.objects.all(), label=gettext_lazy("Category"), to_field_name="code", empty_label=CHOOSE
    )
    licence = forms.ModelChoiceField(
        None, label=gettext_lazy("Licence"), to_field_name="number", required=False, empty_label=gettext_lazy("No licence yet"),
        help_text=gettext_lazy("Without one it can be prepared and not sold."),
    )  # fmt: skip
    description_en = forms.CharField(
        label=gettext_lazy("Description"), required=False, max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "true"}),
    )  # fmt: skip
    description_zh = forms.CharField(
        label=gettext_lazy("Description in Chinese"), required=False, max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "true"}),
    )  # fmt: skip
    listing = forms.ChoiceField(
        label=gettext_lazy("Listed"), choices=Product.Listing.choices, initial=Product.Listing.OPEN
    )
    on_sale_at = InstantField(label=gettext_lazy("On sale from"), help_text=gettext_lazy("Before it: coming soon."))
    street_on = forms.DateField(
        label=gettext_lazy("Street date"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("Before it, in each territory: pre-order."),
    )  # fmt: skip

    size_guide = forms.ModelChoiceField(
        SizeGuide.objects.none(), label=gettext_lazy("Size guide"), to_field_name="public_id", required=False,
        empty_label=gettext_lazy("None"),
    )  # fmt: skip

    def __init__(
        self, data: Any, merchant: Merchant, *, zone: str, language: str, product: Product | None = None
    ) -> None:
        initial = {}
        if product is not None:
            initial = {name: getattr(product, name) for name in self.base_fields}
        super().__init__(data, initial=initial)
        licences = own_licences(merchant)
        films = Film.objects.filter(licences__in=licences)
        if product is not None:
            films = films | Film.objects.filter(pk=product.film_id)
        self.fields["film"].queryset = films.distinct()  # type: ignore[attr-defined]
        self.fields["film"].label_from_instance = lambda film: film.title_in(language)  # type: ignore[attr-defined]
        self.fields["category"].label_from_instance = lambda row: row.name_in(language)  # type: ignore[attr-defined]
        self.fields["licence"].queryset = licences.select_related("film")  # type: ignore[attr-defined]
        self.fields["licence"].label_from_instance = (  # type: ignore[attr-defined]
            lambda row: f"{row.number} · {row.film.title_in(language)}"
        )
        self.fields["size_guide"].queryset = merchant.size_guides.all()  # type: ignore[attr-defined]
        self.fields["size_guide"].label_from_instance = lambda row: row.name_in(language)  # type: ignore[attr-defined]
        self.fields["on_sale_at"].zone = zone  # type: ignore[attr-defined]

    def clean_street_on(self) -> Any:
        return _plausible(self.cleaned_data["street_on"])


def _plausible(day: Any) -> Any:
    try:
        return plausible(day) if day else day
    except Refused as refusal:
        raise forms.ValidationError(refusal.sentence) from None


class NewProductForm(ProductForm):
    """A product with its first variant: stock and a price per market; empty: not sold there."""

    stock = forms.IntegerField(label=gettext_lazy("Pieces in stock"), min_value=0, max_value=_MOST_PIECES, initial=0)

    def __init__(self, data: Any, merchant: Merchant, *, markets: Sequence[Market], **options: Any) -> None:
        super().__init__(data, merchant, **options)
        self.markets = markets
        for market in markets:
            label = _("Price in %(market)s (%(currency)s)") % {
                "market": market.name_in(options["language"]), "currency": market.currency,
            }  # fmt: skip
            self.fields[f"price_{market.code}"] = _amount_field(market.currency, label=label, required=False)

    def prices(self) -> dict[Market, int | None]:
        told = {market: self.cleaned_data[f"price_{market.code}"] for market in self.markets}
        return {market: minor(amount, market.currency) for market, amount in told.items() if amount is not None}


def _amount_field(currency: str, **options: Any) -> forms.DecimalField:
    digits = minor_digits(currency)
    return forms.DecimalField(min_value=Decimal(1).scaleb(-digits), max_digits=14, decimal_places=digits, **options)


def minor(amount: Decimal, currency: str) -> int:
    return Money.parse(str(amount), currency).amount


class StockForm(forms.Form):
    """So many pieces are there, not as many as the page said."""

    expected = forms.IntegerField(min_value=0, max_value=_MOST_PIECES * 1000, widget=forms.HiddenInput)
    to = forms.IntegerField(label=gettext_lazy("Pieces"), min_value=0, max_value=_MOST_PIECES * 1000)


class StockTermsForm(forms.Form):
    pre_order_cap = forms.IntegerField(
        label=gettext_lazy("Pre-orders at most"), min_value=0, max_value=_MOST_PIECES,
        help_text=gettext_lazy("Pieces that may be promised before they arrive."),
    )  # fmt: skip
    low_at = forms.IntegerField(
        label=gettext_lazy("Low stock from"), min_value=0, max_value=_MOST_PIECES, required=False,
        help_text=gettext_lazy("You are told when no more than this are left. Empty: never."),
    )  # fmt: skip


class PriceForm(forms.Form):
    """A price of one variant, or of all, in a market from an instant in the market's time. No amount: not sold there."""

    variant = forms.ChoiceField(label=gettext_lazy("Variant"), required=False)
    market = forms.ChoiceField(label=gettext_lazy("Market"))
    amount = forms.DecimalField(
        label=gettext_lazy("Price"), min_value=Decimal("0.001"), max_digits=14, decimal_places=3, required=False,
        help_text=gettext_lazy("In the market's currency. Empty: not sold there."),
    )  # fmt: skip
    starts_at = InstantField(label=gettext_lazy("From"), help_text=gettext_lazy("In the market's time. Empty: now."))

    def __init__(self, data: Any, *, variants: Sequence[Any], markets: Sequence[Market], language: str) -> None:
        super().__init__(data)
        self.by_code = {market.code: market for market in markets}
        choices = [(row.public_id, row.sku) for row in variants]
        self.fields["variant"].choices = [("", _("Every variant")), *choices]  # type: ignore[attr-defined]
        self.fields["market"].choices = [  # type: ignore[attr-defined]
            (market.code, f"{market.name_in(language)}, {market.currency}") for market in markets
        ]
        if market := self.by_code.get(str((data or {}).get("market", ""))):
            self.fields["starts_at"].zone = market.time_zone  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        market = self.by_code.get(told.get("market", ""))
        told["money"] = None
        if market is not None and told.get("amount") is not None:
            try:
                told["money"] = Money.parse(str(told["amount"]), market.currency)
            except Refused as refusal:
                self.add_error("amount", refusal.sentence)
        told["market"] = market
        return told


def _written(options: Mapping[str, str]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in options.items())


class VariantForm(forms.Form):
    """A variant: its code, and what tells it from the others. `standing` is one that is there already."""

    sku = forms.CharField(label=gettext_lazy("SKU of the variant"), max_length=80)
    options = forms.CharField(
        label=gettext_lazy("Options"), required=False, max_length=400,
        help_text=gettext_lazy("Such as: size: M, colour: midnight"),
    )  # fmt: skip
    gtin = forms.RegexField(r"^[0-9]{8,14}$", label=gettext_lazy("Barcode"), required=False)

    def __init__(self, *args: Any, standing: Variant | None = None, **kwargs: Any) -> None:
        self.standing = dict(standing.options) if standing else {}
        if standing is not None:
            kwargs["initial"] = {"sku": standing.sku, "options": _written(self.standing), "gtin": standing.gtin}
        super().__init__(*args, **kwargs)

    def clean_options(self) -> dict[str, str]:
        if self.cleaned_data["options"] == _written(self.standing):
            return self.standing  # a file may have brought in signs that cannot be written here
        found = {}
        for part in filter(None, (part.strip() for part in self.cleaned_data["options"].split(","))):
            name, colon, value = (piece.strip() for piece in part.partition(":"))
            if not (colon and name and value):
                raise forms.ValidationError(_("Write each option as a name, a colon and a value."))
            found[name[:40]] = value[:80]
        return found


class ImageForm(forms.Form):
    """A picture: the file, and what is said of it."""

    file = forms.FileField(label=gettext_lazy("Picture (JPEG, PNG, WebP or AVIF)"))
    alt_en = forms.CharField(label=gettext_lazy("What it shows"), max_length=200, required=False)
    alt_zh = forms.CharField(label=gettext_lazy("What it shows, in Chinese"), max_length=200, required=False)


class ImageWordsForm(forms.Form):
    alt_en = forms.CharField(label=gettext_lazy("What it shows"), max_length=200, required=False)
    alt_zh = forms.CharField(label=gettext_lazy("What it shows, in Chinese"), max_length=200, required=False)
    position = forms.IntegerField(label=gettext_lazy("Place"), min_value=1, max_value=999)
