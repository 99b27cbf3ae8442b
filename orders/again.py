"""Ordering the same again: what an order held goes into a basket, as far as it is sold now."""

from collections import Counter
from datetime import datetime

from django.db import transaction

from catalog.queries.sale import sale_terms
from orders import baskets
from orders.models import Basket, BasketLine, Order, OrderLine


def put_again(basket: Basket, order: Order, *, country: str, at: datetime) -> None:
    """As many pieces of each thing as the order had, at today's price; a basket that holds that many or more keeps them, so
    that a second click changes nothing. What has no price now, or may not be sold to `country`, is left out: `left_out`
    says so. A constant number of queries."""
    wanted: Counter[int] = Counter()
    for variant_id, quantity in order.lines.filter(kind=OrderLine.Kind.GOODS).values_list("variant_id", "quantity"):
        wanted[variant_id] += quantity
    terms = sale_terms(list(wanted), basket.market, country=country, at=at)
    with transaction.atomic():
        Basket.objects.select_for_update(no_key=True).get(pk=basket.pk)
        Basket.objects.filter(pk=basket.pk).update(updated_at=at)
        held = {line.variant_id: line for line in basket.lines.all()}
        for variant_id, quantity in wanted.items():
            found = terms.get(variant_id)
            if found is None or found.amount is None or not found.decision.allowed:
                continue
            line = held.get(variant_id)
            if line is None:
                if len(held) >= baskets.MOST_LINES:
                    continue
                line = held[variant_id] = BasketLine(basket=basket, variant_id=variant_id, quantity=0, added_at=at)
            line.quantity = max(line.quantity, min(quantity, baskets.MOST_PIECES))
            line.seen_amount = found.amount
        BasketLine.objects.bulk_update([one for one in held.values() if one.pk], ["quantity", "seen_amount"])
        BasketLine.objects.bulk_create([one for one in held.values() if one.pk is None])


def left_out(basket: Basket | None, order: Order) -> list[OrderLine]:
    """The lines of the order of which nothing is in the basket. One query."""
    lines = order.lines.filter(kind=OrderLine.Kind.GOODS)
    return list(lines.exclude(variant__in=basket.lines.values("variant")) if basket is not None else lines)
