"""Price floors: the least that a licence allows its articles to be offered for, in one currency.

Every licence of an article counts, those of its further properties too; the highest floor decides.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from catalog.models import Market, Offer, Product
from catalog.shelf import offered_amount
from core.errors import Refused
from core.money import Money
from licensing.models import PriceFloor

#: (licence id, currency) → minor units.
Floors = dict[tuple[int, str], int]


def read_floors(licence_ids: Collection[int] | QuerySet[Any, Any] | None = None) -> Floors:
    """Of these licences, or of all: there are a few for each licence that has any. One query."""
    floors = PriceFloor.objects.all() if licence_ids is None else PriceFloor.objects.filter(licence__in=licence_ids)
    rows = floors.values_list("licence_id", "currency", "amount")
    return {(licence_id, currency): amount for licence_id, currency, amount in rows}


def highest(floors: Floors, licence_ids: Iterable[int | None], currency: str) -> int | None:
    """The floor of an article under these licences."""
    found = [floors[pk, currency] for pk in licence_ids if pk is not None and (pk, currency) in floors]
    return max(found, default=None)


def check_price(product: Product, market: Market, amount: int, *, starts_at: datetime) -> None:
    """Refuses `price_below_floor` for a regular price from `starts_at` on that lies below a licence's floor, or that an
    offer which still runs then would bring below it. One query, two where there is a floor."""
    further = Q(
        licence__article_properties__article__merchant=product.merchant_id,
        licence__article_properties__article__sku=product.sku,
    )
    of_article = PriceFloor.objects.filter(Q(licence=product.licence_id) | further, currency=market.currency)
    floor = of_article.order_by("-amount", "licence__number").values("amount", "licence__number").first()
    if floor is None:
        return
    running = Offer.objects.filter(
        product=product, market=market, promotion__is_published=True, promotion__ends_at__gt=starts_at
    ).exclude(promotion__held_markets=market)
    asked = [amount, *(offered_amount(amount, kind, value) for kind, value in running.values_list("kind", "value"))]
    if min(asked) < floor["amount"]:
        raise Refused(
            "price_below_floor", price=_written(min(asked), market), floor=_written(floor["amount"], market),
            licence=floor["licence__number"],
        )  # fmt: skip


def _written(amount: int, market: Market) -> str:
    return f"{Money(amount, market.currency)} {market.currency}"
