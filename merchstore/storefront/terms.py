"""What a product's page says of stock and tax: words, with no decision left."""

from collections.abc import Sequence

from babel.numbers import format_percent
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalog.models import TaxRate
from catalog.queries.variants import Availability, VariantChoice
from catalog.tax import rate_of
from merchstore.storefront.templatetags.storefront import day
from merchstore.storefront.visit import Visit

_TONES = {
    Availability.IN_STOCK: "ok",
    Availability.PRE_ORDER: "ok",
    Availability.LOW: "warn",
    Availability.SOLD_OUT: "bad",
}


def words_of_stock(left: Sequence[VariantChoice], language: str) -> tuple[str, str]:
    """Tone and words for what can be had of the variants that are left to choose from. Of several nothing is said, but
    that all of them are gone."""
    said = {one.availability for one in left}
    if len(left) != 1 and said != {Availability.SOLD_OUT}:
        return "", ""
    return _TONES.get(left[0].availability, ""), _words(left[0], language)


def _words(choice: VariantChoice, language: str) -> str:
    count = {"left": choice.available}
    if choice.availability is Availability.SOLD_OUT:
        return _("Sold out")
    if choice.availability is Availability.COMING_SOON:
        return _("Coming soon")
    if choice.availability is Availability.LOW:
        return ngettext("%(left)s left", "%(left)s left", choice.available) % count
    if choice.availability is Availability.IN_STOCK:
        return _("In stock")
    if choice.street_on is None:
        return ngettext("Pre-order, %(left)s piece left", "Pre-order, %(left)s pieces left", choice.available) % count
    return ngettext(
        "Pre-order for %(day)s, %(left)s piece left", "Pre-order for %(day)s, %(left)s pieces left", choice.available
    ) % (count | {"day": day(choice.street_on, language)})


def words_of_tax(rates: Sequence[TaxRate], country: str, visit: Visit) -> str:
    """What the price holds of tax for a buyer in `country`. A figure is named where it is known, and never guessed."""
    if not visit.market.prices_include_tax:
        return _("Plus sales tax, worked out at checkout.")
    rate = rate_of(rates, country, at=visit.at)
    if rate is None:
        return _("Tax included.")
    name = rate.name_in(visit.language)
    if not rate.rate:
        return _("Free of %(tax)s.") % {"tax": name}
    locale = visit.language.replace("-", "_")
    percent = format_percent(rate.rate, locale=locale, decimal_quantization=False)
    return _("Including %(percent)s %(tax)s.") % {"percent": percent, "tax": name}


def asked_for(left: Sequence[VariantChoice]) -> VariantChoice | None:
    """The one variant that a reader may ask to be told of: it cannot be had now."""
    return left[0] if len(left) == 1 and not left[0].can_be_had else None
