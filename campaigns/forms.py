"""The form of a merchant's own campaign: what people choose, as the whole document that a program would put."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.validators import RegexValidator
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from campaigns.models import Campaign
from campaigns.own import OwnDocument, own_channels, own_films, own_markets
from catalog.models import Offer
from core.clock import known_zone, plausible
from core.errors import Refused
from licensing.models import Category
from merchants.models import Merchant

#: What the form says; the other parts of a rule stay as a program has put them.
_KEYS = ("films", "categories", "products")
_MOST_CODES = 1_000
_KINDS = (
    (Offer.Kind.PERCENT.value, gettext_lazy("Per cent off")),
    (Offer.Kind.AMOUNT.value, gettext_lazy("An amount off, in each market")),
    (Offer.Kind.FIXED.value, gettext_lazy("One price, in each market")),
    (Offer.Kind.NONE.value, gettext_lazy("No discount")),
)


class OwnCampaignForm(forms.Form):
    own_slug = forms.CharField(
        label=gettext_lazy("Short name"),
        max_length=60,
        help_text=gettext_lazy(
            "Small letters, digits and hyphens. It stays as it is; programs know the campaign by it."
        ),
        validators=[RegexValidator(r"^[a-z0-9][a-z0-9-]*\Z", gettext_lazy("Small letters, digits and hyphens only."))],
    )
    name_en = forms.CharField(label=gettext_lazy("Name in English"), max_length=120)
    name_zh = forms.CharField(label=gettext_lazy("Name in Chinese"), max_length=120, required=False)
    film = forms.ChoiceField(
        label=gettext_lazy("Film that it is about"),
        required=False,
        help_text=gettext_lazy("One that you have a licence for."),
    )
    starts_at = forms.DateTimeField(label=gettext_lazy("Starts"))
    ends_at = forms.DateTimeField(label=gettext_lazy("Ends"))
    time_zone = forms.CharField(
        label=gettext_lazy("Time zone"), max_length=40, help_text=gettext_lazy("Of the two times above: Asia/Shanghai.")
    )
    markets = forms.MultipleChoiceField(label=gettext_lazy("Markets"), widget=forms.CheckboxSelectMultiple)
    channels = forms.MultipleChoiceField(label=gettext_lazy("Channels"), widget=forms.CheckboxSelectMultiple)
    films = forms.MultipleChoiceField(
        label=gettext_lazy("Goods of these films"), required=False, widget=forms.CheckboxSelectMultiple
    )
    categories = forms.MultipleChoiceField(
        label=gettext_lazy("Of these categories"), required=False, widget=forms.CheckboxSelectMultiple
    )
    codes = forms.CharField(
        label=gettext_lazy("Only these products"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy(
            "Your product codes, one to a line. Blank: everything of yours that fits what is chosen above."
        ),
    )
    kind = forms.ChoiceField(label=gettext_lazy("Discount"), choices=_KINDS)
    percent = forms.CharField(label=gettext_lazy("Per cent off"), max_length=8, required=False)

    def __init__(self, merchant: Merchant, *args: Any, campaign: Campaign | None = None, **kwargs: Any) -> None:
        self.merchant, self.campaign = merchant, campaign
        kwargs["initial"] = _initial(campaign) if campaign else {"time_zone": "Asia/Shanghai"}
        super().__init__(*args, **kwargs)
        language = get_language() or "en"
        films = [(film.slug, film.title_in(language)) for film in own_films(merchant).order_by("title_en", "pk")]
        categories = Category.objects.filter(products__merchant=merchant).distinct().order_by("name_en", "pk")
        self.own_markets = list(own_markets(merchant))
        self._choose("film", [("", _("None in particular")), *films])
        self._choose("films", films)
        self._choose("categories", [(category.code, category.name_in(language)) for category in categories])
        self._choose(
            "markets",
            [(market.code, f"{market.code.upper()}, {market.name_in(language)}") for market in self.own_markets],
        )
        self._choose("channels", [(channel.code, channel.name) for channel in own_channels()])
        for name in ("starts_at", "ends_at"):
            self.fields[name].widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        if campaign is not None:
            del self.fields["own_slug"]
        for market in self.own_markets:
            label = _("Amount in %(currency)s (%(market)s)") % {
                "currency": market.currency,
                "market": market.code.upper(),
            }
            self.fields[f"amount_{market.code}"] = forms.CharField(label=label, max_length=20, required=False)
        amounts = campaign.discount.get("by_market", {}) if campaign else {}
        for code, amount in amounts.items():
            self.initial[f"amount_{code}"] = amount

    def full_clean(self) -> None:
        """What is written is meant in the campaign's own zone."""
        try:
            zone = ZoneInfo(known_zone(str(self.data.get("time_zone", "")) or "UTC"))
        except Refused:
            zone = ZoneInfo("UTC")  # the field says what is wrong with it
        with timezone.override(zone):
            super().full_clean()

    def clean_time_zone(self) -> str:
        try:
            return known_zone(self.cleaned_data["time_zone"])
        except Refused as refusal:
            raise forms.ValidationError(refusal.sentence) from None

    def clean_starts_at(self) -> datetime:
        return _plausible(self.cleaned_data["starts_at"])

    def clean_ends_at(self) -> datetime:
        return _plausible(self.cleaned_data["ends_at"])

    def clean_codes(self) -> list[str]:
        """Public ids of the products."""
        codes = list(dict.fromkeys(line.strip() for line in self.cleaned_data["codes"].splitlines() if line.strip()))
        if len(codes) > _MOST_CODES:
            raise forms.ValidationError(_("That is more than %(most)s codes.") % {"most": _MOST_CODES})
        found = dict(self.merchant.products.filter(sku__in=codes).values_list("sku", "public_id"))
        missing = [code for code in codes if code not in found]
        if missing:
            raise forms.ValidationError(_("You have no product %(codes)s.") % {"codes": ", ".join(missing[:5])})
        return [found[code] for code in codes]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if not self.errors and found["kind"] == Offer.Kind.PERCENT and not found["percent"].strip():
            self.add_error("percent", _("Say how much."))
        return found

    def document(self) -> OwnDocument:
        """Of a valid form."""
        given = self.cleaned_data
        rule = dict(self.campaign.rule) if self.campaign is not None else {}
        rule = {key: value for key, value in rule.items() if key not in _KEYS}
        chosen = {"films": given["films"], "categories": given["categories"], "products": given["codes"]}
        return OwnDocument(
            name_en=given["name_en"],
            name_zh=given["name_zh"],
            film=given["film"] or None,
            starts_at=given["starts_at"],
            ends_at=given["ends_at"],
            time_zone=given["time_zone"],
            markets=given["markets"],
            channels=given["channels"],
            rule=rule | {key: value for key, value in chosen.items() if value},
            discount=self._discount(),
        )

    def _discount(self) -> dict[str, Any]:
        given, kind = self.cleaned_data, self.cleaned_data["kind"]
        if kind == Offer.Kind.PERCENT:
            return {"kind": kind, "percent": given["percent"].strip()}
        if kind == Offer.Kind.NONE:
            return {"kind": kind}
        return {"kind": kind, "by_market": {code: given[f"amount_{code}"].strip() for code in given["markets"]}}

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]


def _plausible(value: datetime) -> datetime:
    try:
        return plausible(value)
    except Refused as refusal:
        raise forms.ValidationError(refusal.sentence) from None


def _initial(campaign: Campaign) -> dict[str, Any]:
    """The campaign as the form writes it, its times on its own clock."""
    zone, rule = ZoneInfo(campaign.time_zone), campaign.rule
    products = campaign.merchant.products.filter(public_id__in=rule.get("products", ())) if campaign.merchant else ()
    return {
        "name_en": campaign.name_en,
        "name_zh": campaign.name_zh,
        "film": campaign.film.slug if campaign.film else "",
        "starts_at": campaign.starts_at.astimezone(zone).replace(tzinfo=None),
        "ends_at": campaign.ends_at.astimezone(zone).replace(tzinfo=None),
        "time_zone": campaign.time_zone,
        "markets": list(campaign.markets.values_list("code", flat=True)),
        "channels": list(campaign.channels.values_list("code", flat=True)),
        "films": rule.get("films", []),
        "categories": rule.get("categories", []),
        "codes": "\n".join(sorted(product.sku for product in products)),
        "kind": campaign.discount.get("kind", Offer.Kind.NONE),
        "percent": campaign.discount.get("percent", ""),
    }
