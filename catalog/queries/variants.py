"""The variants of a product as its page shows them: price, lowest price before a reduction, and what can be had."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery

from catalog.lows import Stretch, lowest_before
from catalog.models import Market, Offer, Price, Product, PromotionRun, ShelfSpan, Variant
from catalog.shelf import PastOffer, PriceSteps, offered_amount
from catalog.stock import LOW_BY_DEFAULT
from core.money import Money
from core.prepared import Prepared, columns_of, instances


class Availability(StrEnum):
    """Whether a variant can be had. `LOW` is a fact, not urgency: so few are left."""

    IN_STOCK = "in_stock"
    LOW = "low"
    SOLD_OUT = "sold_out"
    PRE_ORDER = "pre_order"
    COMING_SOON = "coming_soon"


@dataclass(frozen=True, slots=True)
class VariantChoice:
    """`available` is how many pieces could be ordered now, pre-orders from the cap until the street date; `low` the lowest
    price of the variant in the thirty days before its reduction, None where it was not to be had then."""

    variant: Variant
    label: str
    price: Money
    was: Money | None
    low: Money | None
    available: int
    availability: Availability
    street_on: date | None

    @property
    def can_be_had(self) -> bool:
        return self.availability in (Availability.IN_STOCK, Availability.LOW, Availability.PRE_ORDER)


def variants_of(
    product: Product, market: Market, *, kind: str, promotion_id: int | None, at: datetime
) -> list[VariantChoice]:
    """The variants with a price in the market at `at`, on a shelf that says `kind` and, reduced, whose promotion it is.

    One query, and three more while a promotion is on.
    """
    rows = [row for row in _VARIANTS(product=product.pk, market=market.pk, at=at) if row[-5] is not None]
    if promotion_id is None:
        return [_choice(row, None, None, kind, product.street_on, market.currency) for row in rows]
    stretches = _stretches(_SPANS(product=product.pk, market=market.pk, at=at))
    rule = stretches[-1].rule if stretches else None
    steps = _steps(_HISTORY(product=product.pk, market=market.pk, at=at))
    past = [PastOffer(*run) for run in _PAST(product=product.pk, market=market.pk)]
    found = []
    for row in rows:
        amount = offered_amount(row[-5], *rule) if rule else row[-5]
        low = lowest_before(steps[row[0]], stretches, past, at=at) if amount < row[-5] else None
        found.append(_choice(row, amount, low, kind, product.street_on, market.currency))
    return found


def availability_of(kind: str, on_hand: int, reserved: int, cap: int, low_at: int | None) -> tuple[Availability, int]:
    """What a page says of a variant on a shelf of this `kind`, and how many pieces could be ordered."""
    if kind == ShelfSpan.Kind.COMING_SOON:
        return Availability.COMING_SOON, 0
    is_pre_order = kind == ShelfSpan.Kind.PRE_ORDER
    left = max(0, on_hand - reserved + (cap if is_pre_order else 0))
    if not left:
        return Availability.SOLD_OUT, 0
    if is_pre_order:
        return Availability.PRE_ORDER, left
    return (
        Availability.LOW if left <= (low_at if low_at is not None else LOW_BY_DEFAULT) else Availability.IN_STOCK
    ), left


def _choice(
    row: tuple[Any, ...], amount: int | None, low: int | None, kind: str, street_on: date | None, currency: str
) -> VariantChoice:
    *cells, regular, on_hand, reserved, cap, low_at = row
    [variant] = instances(Variant, _VARIANT, [cells])
    amount = regular if amount is None else amount
    availability, left = availability_of(kind, on_hand or 0, reserved or 0, cap or 0, low_at)
    return VariantChoice(
        variant=variant,
        label=", ".join(str(value) for value in variant.options.values()) or variant.sku,
        price=Money(amount, currency),
        was=Money(regular, currency) if amount < regular else None,
        low=Money(low, currency) if low is not None else None,
        available=left,
        availability=availability,
        street_on=street_on if kind == ShelfSpan.Kind.PRE_ORDER else None,
    )


def _stretches(rows: Sequence[tuple[Any, ...]]) -> list[Stretch]:
    return [Stretch(starts_at, ends_at, (kind, value) if kind else None) for starts_at, ends_at, kind, value in rows]


def _steps(rows: Sequence[tuple[Any, ...]]) -> dict[int, PriceSteps]:
    steps: dict[int, list[tuple[datetime, int | None]]] = {}
    for variant_id, starts_at, amount in rows:
        steps.setdefault(variant_id, []).append((starts_at, amount))
    return dict(steps)


_VARIANT = columns_of(Variant)
assert _VARIANT[0] == "id"


def _variants(*, product: int, market: int, at: datetime) -> QuerySet[Any, Any]:
    latest = Price.objects.filter(variant=OuterRef("pk"), market=market, starts_at__lte=at).order_by("-starts_at")
    stock = [F(f"stock__{name}") for name in ("on_hand", "reserved", "pre_order_cap", "low_at")]
    return Variant.objects.filter(product=product).values_list(*_VARIANT, Subquery(latest.values("amount")[:1]), *stock)


def _spans(*, product: int, market: int, at: datetime) -> QuerySet[Any, Any]:
    """What was on this shelf until now, and which rule made its prices."""
    offers = Offer.objects.filter(product=product, market=market, promotion=OuterRef("promotion"))
    spans = ShelfSpan.objects.filter(product=product, market=market, starts_at__lte=at).order_by("starts_at")
    return spans.values_list(
        "starts_at", "ends_at", Subquery(offers.values("kind")[:1]), Subquery(offers.values("value")[:1])
    )


def _history(*, product: int, market: int, at: datetime) -> QuerySet[Any, Any]:
    prices = Price.objects.filter(variant__product=product, market=market, starts_at__lte=at)
    return prices.order_by("starts_at").values_list("variant_id", "starts_at", "amount")


def _past(*, product: int, market: int) -> QuerySet[Any, Any]:
    runs = PromotionRun.objects.filter(
        market=market, promotion__offers__product=product, promotion__offers__market=market
    )
    return runs.values_list("starts_at", "ends_at", "promotion__offers__kind", "promotion__offers__value")


_VARIANTS = Prepared(_variants)
_SPANS = Prepared(_spans)
_HISTORY = Prepared(_history)
_PAST = Prepared(_past)
