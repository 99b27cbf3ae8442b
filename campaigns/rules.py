"""A campaign's two small documents: the rule that selects products, and the discount.

Rule: `{"films": [slug], "categories": [code], "merchants": [slug], "licences": [number], "products": [public id],
"except": [public id]}`. Every key given narrows the choice; a rule without any selecting key is refused, because
"everything" is never meant.

Discount: `{"kind": "none"}`, `{"kind": "percent", "percent": "20"}`, or `{"kind": "amount" | "fixed",
"by_market": {"us": "5.00", …}}` in the market's currency. With `"studio_share": "25"` the studio funds 25 % of it, and the
merchant the rest; unless said, the merchant funds all of it.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import Q, QuerySet

from catalog.models import Market, Offer, Product
from core.errors import Refused
from core.money import BASIS_POINTS, Money

_LOOK_UPS = {
    "films": "film__slug__in",
    "categories": "category__code__in",
    "merchants": "merchant__slug__in",
    "licences": "licence__number__in",
    "products": "public_id__in",
}

Discount = tuple[str, int]


def check_rule(rule: Any, *, may_be_empty: bool = False) -> None:
    """Refuses `bad_rule` unless the rule has the shape above. With `may_be_empty` (a campaign that invites) it need not
    select anything itself."""
    if not isinstance(rule, dict):
        raise Refused("bad_rule", problem="it is not an object")
    for key, values in rule.items():
        if key not in (*_LOOK_UPS, "except"):
            raise Refused("bad_rule", problem=f"“{key}” is not something to select by")
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise Refused("bad_rule", problem=f"“{key}” has to be a list of names")
    if not may_be_empty and not any(rule.get(key) for key in _LOOK_UPS):
        raise Refused("bad_rule", problem="it selects nothing")


def products_of(
    rule: dict[str, list[str]], *, entries: Sequence[str] = (), merchant_id: int | None = None
) -> QuerySet[Product]:
    """The active products that a checked rule selects, and those of `entries` (public ids), in primary-key order.

    `merchant_id` is whose own campaign it is: whatever the rule says, nobody else's goods are in it.
    """
    chosen = Q()
    for key, look_up in _LOOK_UPS.items():
        if rule.get(key):
            chosen &= Q(**{look_up: rule[key]})
    if not chosen:  # a rule that selects nothing never means everything
        chosen = Q(pk__in=())
    if entries:
        chosen |= Q(public_id__in=entries)
    products = Product.objects.filter(chosen, state=Product.State.ACTIVE)
    if merchant_id is not None:
        products = products.filter(merchant=merchant_id)
    if rule.get("except"):
        products = products.exclude(public_id__in=rule["except"])
    return products.order_by("pk")


def discount_by_market(discount: Any, markets: Iterable[Market]) -> dict[int, Discount]:
    """The offer (kind, value) for each market, by its primary key. Refuses `bad_discount`, also for a bad share of the studio."""
    studio_share_of(discount)
    kind = discount.get("kind") if isinstance(discount, dict) else None
    if kind == Offer.Kind.NONE:
        return {market.pk: (kind, 0) for market in markets}
    if kind == Offer.Kind.PERCENT:
        points = _basis_points(discount.get("percent"))
        return {market.pk: (kind, points) for market in markets}
    if kind in (Offer.Kind.AMOUNT, Offer.Kind.FIXED):
        return {market.pk: (kind, _amount(discount.get("by_market"), market)) for market in markets}
    raise Refused("bad_discount", problem="its kind is none, percent, amount or fixed")


def studio_share_of(discount: Any) -> int:
    """How much of the discount the studio funds, in basis points. Refuses `bad_discount`."""
    said = discount.get("studio_share") if isinstance(discount, dict) else None
    if said is None:
        return 0
    try:
        points = Decimal(str(said)) * 100
    except InvalidOperation:
        raise Refused("bad_discount", problem="the studio's share is not a number") from None
    if isinstance(said, bool) or not points.is_finite() or points != points.to_integral_value():
        raise Refused("bad_discount", problem="the studio's share is a percentage with at most two decimals")
    if not 0 <= points <= BASIS_POINTS:
        raise Refused("bad_discount", problem="the studio's share has to lie between 0 and 100")
    if points and discount.get("kind") == Offer.Kind.NONE:
        raise Refused("bad_discount", problem="there is no discount that the studio could fund")
    return int(points)


def _basis_points(percent: Any) -> int:
    try:
        points = Decimal(str(percent)) * 100
    except InvalidOperation:
        raise Refused("bad_discount", problem="the percentage is not a number") from None
    if not points.is_finite() or points != points.to_integral_value() or not 0 < points < BASIS_POINTS:
        raise Refused("bad_discount", problem="the percentage has to lie between 0 and 100, with at most two decimals")
    return int(points)


def _amount(by_market: Any, market: Market) -> int:
    text = by_market.get(market.code) if isinstance(by_market, dict) else None
    if not isinstance(text, str):
        raise Refused("bad_discount", problem=f"there is no amount for the market {market.code.upper()}")
    try:
        amount = Money.parse(text, market.currency).amount
    except Refused as refused:
        raise Refused("bad_discount", problem=refused.sentence) from None
    if amount <= 0:
        raise Refused("bad_discount", problem=f"the amount for the market {market.code.upper()} is not above zero")
    return amount
