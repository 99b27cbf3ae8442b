"""What was sold in a stretch of time: for a merchant that wants to know what something has done for its goods."""

from datetime import datetime
from typing import NamedTuple

from django.db.models import F, QuerySet, Sum

from catalog.models import Product
from merchants.models import Merchant
from orders.models import Order, OrderLine


class Sold(NamedTuple):
    """Pieces that were paid and not cancelled, and what was asked for them, in the currency's smallest unit."""

    currency: str
    pieces: int
    amount: int


def sold_by_market(
    merchant: Merchant, products: QuerySet[Product], *, since: datetime, until: datetime
) -> dict[str, Sold]:
    """Of these products of the merchant, paid from `since` until before `until`, by the market's code. One query."""
    lines = OrderLine.objects.filter(
        merchant=merchant,
        product__in=products.order_by().values("pk"),
        order__state=Order.State.PAID,
        order__paid_at__gte=since,
        order__paid_at__lt=until,
    )
    left = F("quantity") - F("cancelled")
    rows = lines.values("order__market__code", "order__currency").annotate(
        pieces=Sum(left), amount=Sum(F("unit_amount") * left)
    )
    return {row["order__market__code"]: Sold(row["order__currency"], row["pieces"], row["amount"]) for row in rows}
