"""Tax by market and class: the rate of a country on a day, and what of an amount is tax. Figures are never guessed: where
no rate is known, none is named."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from accounts.models import User
from accounts.services import record
from catalog.models import Market, Product, TaxClass, TaxRate
from catalog.shelf_store import turn_epoch
from core.clock import plausible, start_of_day_in
from core.errors import Refused
from core.money import rounded
from core.territories import normalise_country, zone_of

#: Rates have five decimals.
_SCALE = 100_000


def tax_of(amount: int, rate: Decimal, *, included: bool) -> int:
    """The tax in minor units: within `amount` where it is included, on top of it where not. Exact, half to even."""
    points = int(rate * _SCALE)
    return rounded(amount * points, _SCALE + points if included else _SCALE)


def rate_of(rates: Iterable[TaxRate], country: str, *, at: datetime, region: str = "") -> TaxRate | None:
    """Of a market's rates of one class the one in force in `country` at `at`, by the country's own calendar: of `region`
    where that has one of its own, else the whole country's."""
    today = at.astimezone(ZoneInfo(zone_of(country))).date()
    begun = [
        rate for rate in rates if rate.country == country and rate.region in ("", region) and rate.starts_on <= today
    ]
    return max(begun, key=lambda rate: (rate.region, rate.starts_on), default=None)


def tax_rate(market: Market, country: str, tax_class: str, *, at: datetime, region: str = "") -> TaxRate | None:
    """The rate in force, None when none is known. One query."""
    rates = TaxRate.objects.filter(market=market, country=country, tax_class=tax_class)
    return rate_of(rates, country, at=at, region=region)


@transaction.atomic(durable=True)
def set_tax_rate(
    market: Market,
    country: str,
    rate: Decimal,
    *,
    starts_on: date,
    by: User | None,
    tax_class: str = TaxClass.STANDARD,
    region: str = "",
    name_en: str = "VAT",
    name_zh: str = "增值税",
) -> TaxRate:
    """From `starts_on` on, in the country's own calendar, goods of `tax_class` are taxed at `rate` (0.19 is 19 %);
    with a `region` (as addresses write it: "NY") only there.

    The market's pages turn on that day. Refuses a country that is not the market's, and a rate outside 0 to 1."""
    plausible(starts_on)
    country = normalise_country(country)
    if country not in market.countries:
        raise Refused("country_elsewhere")
    if not 0 <= rate < 1 or rate != rate.quantize(Decimal(1) / _SCALE):
        raise Refused("bad_tax_rate")
    key: dict[str, Any] = {
        "market": market, "country": country, "region": region.strip().upper(), "tax_class": tax_class, "starts_on": starts_on,
    }  # fmt: skip
    old = TaxRate.objects.select_for_update().filter(**key).values_list("rate", flat=True).first()
    row, _created = TaxRate.objects.update_or_create(
        **key, defaults={"rate": rate, "name_en": name_en, "name_zh": name_zh}
    )
    record(
        "market.tax_rate_set", market, by=by, rate=[None if old is None else str(old), str(rate)], country=country,
        region=key["region"], tax_class=tax_class, starts_on=starts_on.isoformat(),
    )  # fmt: skip
    turn_epoch([market], at=[start_of_day_in(starts_on, country)])
    return row


@transaction.atomic(durable=True)
def set_tax_class(product: Product, tax_class: str, *, by: User | None) -> Product:
    """What kind of goods tax law sees in the product. Refuses what is no class."""
    if tax_class not in TaxClass.values:
        raise Refused("bad_tax_class")
    product = Product.objects.select_for_update(no_key=True).get(pk=product.pk)
    if product.tax_class != tax_class:
        record("product.tax_class_set", product, by=by, tax_class=[product.tax_class, tax_class])
        product.tax_class = tax_class
        product.save(update_fields=["tax_class", "updated_at"])
        turn_epoch(Market.objects.order_by("pk"))
    return product
