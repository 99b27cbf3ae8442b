"""One product as a market would see it at an instant: from the shelf that is compiled ahead, so that tomorrow's page can be
looked at today. Asked about a merchant's own product alone, so nothing of anybody else's is seen early.

Pieces are today's: nobody knows what will be sold until then.
"""

from dataclasses import dataclass
from datetime import datetime

from catalog.facts import FactsReader
from catalog.models import Image, Market, Product, ShelfSpan
from catalog.queries.cards import Card, as_cards, card_of
from catalog.queries.listing import ListingReason, in_market
from catalog.queries.variants import VariantChoice, variants_of
from core.clock import FOREVER
from core.money import Money

#: Turning points that are named.
MOST_TURNS = 12


@dataclass(frozen=True, slots=True)
class Turn:
    """An instant at which something changes: what is seen from then on; no kind: it is absent."""

    at: datetime
    kind: str
    price: Money | None
    was: Money | None


@dataclass(frozen=True, slots=True)
class Preview:
    """`card` is what a list shows, None where the product is absent for these `reasons`."""

    card: Card | None
    images: list[Image]
    variants: list[VariantChoice]
    reasons: list[ListingReason]
    turns: list[Turn]


def preview_of(product: Product, market: Market, language: str, *, at: datetime) -> Preview:
    """A constant number of queries."""
    span = ShelfSpan.objects.at(at).in_market(market).for_products([product.pk])
    row = as_cards(span).first()
    card: Card | None = None
    variants: list[VariantChoice] = []
    reasons: list[ListingReason] = []
    if row is not None:
        card = card_of(row, market, language)
        promotion = span.values_list("promotion_id", flat=True).first()
        variants = variants_of(product, market, kind=card.kind, promotion_id=promotion, at=at)
    else:
        [facts] = FactsReader([market]).read([product.pk], lock=False)
        reasons = in_market(facts, market, at).reasons
    images = list(product.images.ready().order_by("position", "pk"))
    return Preview(card, images, variants, reasons, turns_of(product, market, after=at))


def turns_of(product: Product, market: Market, *, after: datetime) -> list[Turn]:
    """When it changes next, in order of time: the steps of the shelf. One query."""
    spans = ShelfSpan.objects.in_market(market).filter(product=product, ends_at__gt=after)
    found: list[Turn] = []
    for span in spans.order_by("starts_at")[: MOST_TURNS + 1]:
        if span.starts_at > after:
            if found and found[-1].at == span.starts_at:
                found.pop()
            was = None if span.was_amount is None else Money(span.was_amount, market.currency)
            found.append(Turn(span.starts_at, span.kind, Money(span.amount, market.currency), was))
        if span.ends_at < FOREVER:
            found.append(Turn(span.ends_at, "", None, None))
    return found[:MOST_TURNS]
