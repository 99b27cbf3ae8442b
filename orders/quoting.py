"""What a basket costs right now, and what of it cannot be had and why: for its page, the checkout, and the order itself.

Goods of one merchant travel together: a parcel, with its own delivery. Amounts are minor units of the market's currency; `amount`
is what is asked, `total_amount` what is paid: the same where prices include tax, else with the tax on top.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from catalog.models import Market, TaxClass, TaxRate
from catalog.queries.sale import SaleTerms, sale_terms
from catalog.tax import rate_of, tax_of
from core.errors import Refused
from core.money import BASIS_POINTS, rounded
from core.prepared import Prepared, columns_of, instances
from core.territories import zone_of
from merchants.models import Merchant
from orders.holding import lapsed_pieces
from orders.models import ShippingRate

#: Working days are Monday to Friday; carriers' holidays differ too much to promise more.
_WEEKEND = (5, 6)


@dataclass(frozen=True, slots=True)
class Wanted:
    variant_id: int
    quantity: int


@dataclass(slots=True)
class QuoteLine:
    """`problem` says why these pieces cannot be bought as they are; then they are in no sum."""

    wanted: Wanted
    terms: SaleTerms | None
    unit_amount: int = 0
    regular_amount: int = 0
    amount: int = 0
    tax_rate: Decimal | None = None
    tax_amount: int = 0
    total_amount: int = 0
    discount_amount: int = 0
    studio_discount: int = 0
    problem: Refused | None = None
    #: Pieces that orders hold which nobody paid in time.
    lapsed: int = 0

    @property
    def left(self) -> int:
        return self.terms.left + self.lapsed if self.terms else 0


@dataclass(frozen=True, slots=True)
class RateChoice:
    rate: ShippingRate
    amount: int
    arrives_from: date
    arrives_to: date


@dataclass(slots=True)
class QuoteParcel:
    """What one merchant sends. `problem`: nothing that is offered reaches the country."""

    merchant: Merchant
    lines: list[QuoteLine] = field(default_factory=list)
    rates: list[RateChoice] = field(default_factory=list)
    chosen: RateChoice | None = None
    tax_rate: Decimal | None = None
    tax_amount: int = 0
    total_amount: int = 0
    problem: Refused | None = None

    @property
    def amount(self) -> int:
        return self.chosen.amount if self.chosen else 0


@dataclass(slots=True)
class Quote:
    market: Market
    country: str
    lines: list[QuoteLine]
    parcels: list[QuoteParcel]

    @property
    def currency(self) -> str:
        return self.market.currency

    @property
    def prices_include_tax(self) -> bool:
        return self.market.prices_include_tax

    @property
    def goods_amount(self) -> int:
        return sum(line.amount for line in self._counted)

    @property
    def delivery_amount(self) -> int:
        return sum(parcel.amount for parcel in self.parcels)

    @property
    def tax_amount(self) -> int:
        return sum(line.tax_amount for line in self._counted) + sum(parcel.tax_amount for parcel in self.parcels)

    @property
    def total_amount(self) -> int:
        return self.goods_amount + self.delivery_amount + (0 if self.prices_include_tax else self.tax_amount)

    @property
    def problems(self) -> list[Refused]:
        """Every reason why this cannot be ordered as it is."""
        found = [line.problem for line in self.lines] + [parcel.problem for parcel in self.parcels]
        return [problem for problem in found if problem is not None]

    @property
    def is_sellable(self) -> bool:
        return bool(self.lines) and not self.problems

    @property
    def _counted(self) -> list[QuoteLine]:
        return [line for line in self.lines if line.problem is None]


def quote(
    wanted: Sequence[Wanted],
    market: Market,
    *,
    country: str,
    region: str = "",
    chosen: Mapping[int, str] | None = None,
    at: datetime,
) -> Quote:
    """Decide and add up. `chosen`: merchant id → public id of a shipping rate; else the cheapest. Refuses
    `country_elsewhere`; everything else that is wrong is said at its line or parcel. Six queries for one product, a
    constant number for several."""
    if country not in market.countries:
        raise Refused("country_elsewhere")
    # In a sell-off, declared units are counted where they are taken: the gate is asked for one.
    terms = sale_terms([one.variant_id for one in wanted], market, country=country, at=at)
    rates = instances(TaxRate, _TAX_COLUMNS, _TAXES(market=market.pk, country=country)) if wanted else []
    taxes = {
        tax_class: rate_of((rate for rate in rates if rate.tax_class == tax_class), country, region=region, at=at)
        for tax_class in {TaxClass.STANDARD.value, *(rate.tax_class for rate in rates)}
    }
    lines = [_line(one, terms.get(one.variant_id), taxes, market) for one in wanted]
    _check_stock(lines, at)
    parcels = _parcels([line for line in lines if line.problem is None])
    merchants = sorted(parcel.merchant.pk for parcel in parcels)
    offered = _RATES(market=market.pk, merchants=merchants) if merchants else []
    by_merchant: dict[int, list[ShippingRate]] = {}
    for rate in instances(ShippingRate, _RATE_COLUMNS, offered):
        by_merchant.setdefault(rate.merchant_id, []).append(rate)
    for parcel in parcels:
        _deliver(parcel, by_merchant.get(parcel.merchant.pk, []), country, (chosen or {}).get(parcel.merchant.pk), at)
        _tax(parcel, taxes[TaxClass.STANDARD.value], market)
    return Quote(market, country, lines, parcels)


def _line(wanted: Wanted, terms: SaleTerms | None, taxes: Mapping[str, TaxRate | None], market: Market) -> QuoteLine:
    line = QuoteLine(wanted, terms)
    if terms is None or terms.amount is None or terms.regular is None:
        line.problem = Refused("not_for_sale", title=terms.product.title_en if terms else "")
        return line
    line.unit_amount, line.regular_amount = terms.amount, terms.regular
    line.amount = terms.amount * wanted.quantity
    line.discount_amount = (terms.regular - terms.amount) * wanted.quantity
    line.studio_discount = rounded(line.discount_amount * terms.studio_share, BASIS_POINTS)
    rate = taxes.get(terms.product.tax_class)
    if rate is not None:
        line.tax_rate = rate.rate
        line.tax_amount = tax_of(line.amount, rate.rate, included=market.prices_include_tax)
    line.total_amount = line.amount + (0 if market.prices_include_tax else line.tax_amount)
    if not terms.decision.allowed:
        reason = terms.decision.reasons[0].value
        line.problem = Refused("not_to_this_country", title=terms.product.title_en, reason=reason)
    return line


def _check_stock(lines: Sequence[QuoteLine], at: datetime) -> None:
    """Two lines of one variant ask for their sum. What lapsed orders hold is there for whoever orders; it is looked at only
    where something is short."""
    asked: dict[int, int] = {}
    for line in lines:
        asked[line.wanted.variant_id] = asked.get(line.wanted.variant_id, 0) + line.wanted.quantity
    short = [line for line in lines if line.problem is None and asked[line.wanted.variant_id] > line.left]
    lapsed = lapsed_pieces([line.wanted.variant_id for line in short], at=at) if short else {}
    for line in short:
        line.lapsed = lapsed.get(line.wanted.variant_id, 0)
        if asked[line.wanted.variant_id] > line.left and line.terms is not None:
            line.problem = Refused("out_of_stock", variant=line.terms.variant.public_id, left=line.left)


def _parcels(lines: Sequence[QuoteLine]) -> list[QuoteParcel]:
    found: dict[int, QuoteParcel] = {}
    for line in lines:
        assert line.terms is not None  # what has none has a problem
        merchant = line.terms.product.merchant
        found.setdefault(merchant.pk, QuoteParcel(merchant)).lines.append(line)
    return list(found.values())


def _deliver(
    parcel: QuoteParcel, rates: Sequence[ShippingRate], country: str, wanted: str | None, at: datetime
) -> None:
    """The ways to send this parcel, the cheapest of each kind, and the one that is taken."""
    pieces = sum(line.wanted.quantity for line in parcel.lines)
    goods = sum(line.amount for line in parcel.lines)
    best: dict[str, RateChoice] = {}
    for rate in rates:
        if rate.countries and country not in rate.countries:
            continue
        is_free = rate.free_from is not None and goods >= rate.free_from
        amount = 0 if is_free else rate.amount + rate.further_amount * (pieces - 1)
        if rate.code not in best or amount < best[rate.code].amount:
            best[rate.code] = RateChoice(rate, amount, *_arrival(parcel, rate, country, at))
    parcel.rates = sorted(best.values(), key=lambda choice: (choice.amount, choice.rate.pk))
    if not parcel.rates:
        parcel.problem = Refused("no_delivery", merchant=parcel.merchant.name)
        return
    parcel.chosen = next((one for one in parcel.rates if one.rate.public_id == wanted), parcel.rates[0])


def _arrival(parcel: QuoteParcel, rate: ShippingRate, country: str, at: datetime) -> tuple[date, date]:
    """From which day to which; pre-ordered goods leave on their street date."""
    leaves = at.astimezone(ZoneInfo(zone_of(country))).date()
    for line in parcel.lines:
        if line.terms is not None and line.terms.street_on is not None:
            leaves = max(leaves, line.terms.street_on)
    return _working_days_after(leaves, rate.min_days), _working_days_after(leaves, rate.max_days)


def _working_days_after(day: date, days: int) -> date:
    while days:
        day += timedelta(days=1)
        days -= day.weekday() not in _WEEKEND
    return day


def _tax(parcel: QuoteParcel, rate: TaxRate | None, market: Market) -> None:
    """Delivery is taxed at the standard rate."""
    if rate is not None:
        parcel.tax_rate = rate.rate
        parcel.tax_amount = tax_of(parcel.amount, rate.rate, included=market.prices_include_tax)
    parcel.total_amount = parcel.amount + (0 if market.prices_include_tax else parcel.tax_amount)


_TAX_COLUMNS, _RATE_COLUMNS = columns_of(TaxRate), columns_of(ShippingRate)
_TAXES = Prepared(
    lambda *, market, country: TaxRate.objects.filter(market=market, country=country).values_list(*_TAX_COLUMNS)
)
_RATES = Prepared(
    lambda *, market, merchants: (
        ShippingRate.objects.filter(market=market, merchant__in=merchants, is_active=True)
        .order_by("amount", "pk")
        .values_list(*_RATE_COLUMNS)
    )
)
