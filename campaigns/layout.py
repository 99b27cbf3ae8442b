"""What a page of products becomes under a campaign: which listings, at what price, and who is refused and why.

One home for the plan that a person looks at and the staging that follows it, so the two cannot differ.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from campaigns.documents import Terms
from catalog.facts import FactsReader, ProductFacts
from catalog.models import Market, Offer
from catalog.shelf import OfferTerms, PriceSteps, RightsSteps, ShelfState, offered_amount, price_state
from core.ids import letters_of
from licensing.gate import Action, Stage, decide, is_sold_off_during
from licensing.models import DistributionChannel

NO_PRICE = "NO_PRICE"
OFFER_LOWERS_NOTHING = "OFFER_LOWERS_NOTHING"
NOT_ACTIVE = "NOT_ACTIVE"
#: The licence sells its stock off during the window: what is listed may stay, but no campaign begins.
IN_SELL_OFF = "IN_SELL_OFF"
PRICE_BELOW_FLOOR = "PRICE_BELOW_FLOOR"

#: What a campaign without a promotion yet (a plan) counts as in the comparison of offers: younger than all others.
_UNBORN = 2**62


class Entry(NamedTuple):
    """A product that will be listed in a market: from when on within the window, and what is seen then."""

    product_id: int
    market_id: int
    visible_at: datetime
    state: ShelfState
    #: Sixteen bytes in hex: changes exactly when the listing has something new to say.
    digest: str


class Refusal(NamedTuple):
    product_id: int
    market_id: int
    reasons: tuple[str, ...]


@dataclass
class Layout:
    entries: list[Entry] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)


def lay_out(reader: FactsReader, page: Sequence[ProductFacts], terms: Terms) -> Layout:
    """What `terms` makes of a page of products. No writes, and one query for a reader's first page: the price floors."""
    layout = Layout()
    markets = [(market, own_offer(terms, market.pk)) for market in terms.markets]
    for product in page:
        for market, own in markets:
            found = _first_seen(reader, product, market, own, terms)
            if isinstance(found, Refusal):
                layout.refusals.append(found)
            else:
                layout.entries.append(found)
    return layout


def page_digest(reader: FactsReader, page: Sequence[ProductFacts], terms: Terms) -> str:
    """A digest of everything `lay_out` looks at. The same digest: the same listings, nothing to do."""
    digest = hashlib.blake2b(digest_size=20)
    scope = (
        terms.starts_at,
        terms.ends_at,
        terms.priority,
        sorted(terms.discounts.items()),
        [c.pk for c in terms.channels],
    )
    digest.update(repr(scope).encode())
    market_ids = [market.pk for market in terms.markets]
    for product in page:
        offers = [
            [offer for offer in product.offers.get(market_id, ()) if not _is_own(offer, terms)]
            for market_id in market_ids
        ]
        seen = (
            product.product_id,
            product.updated_at,
            product.is_active,
            product.needs_campaign,
            product.prices,
            offers,
            [reader.floor(product, market) for market in terms.markets],
        )
        digest.update(repr(seen).encode())
        digest.update(reader.article_digest(product))
    return digest.hexdigest()


def listing_ids(terms: Terms, entry: Entry) -> Iterator[tuple[int, str]]:
    """(channel id, public id) of the entry's listings. The ids follow from campaign, product, market and channel, so
    staging again after a kill makes the same rows."""
    name = f"{terms.campaign.public_id}/{entry.product_id}/{entry.market_id}"
    for channel in terms.channels:
        channel_id = channel.pk
        raw = hashlib.blake2b(f"{name}/{channel_id}".encode(), digest_size=10).digest()
        yield channel_id, "lst_" + letters_of(int.from_bytes(raw))


def own_offer(terms: Terms, market_id: int) -> OfferTerms:
    kind, value = terms.discounts[market_id]
    promotion_id = terms.promotion_id or _UNBORN
    return OfferTerms(promotion_id, terms.priority, terms.since, terms.starts_at, terms.ends_at, kind, value)


def competing_offers(product: ProductFacts, market_id: int, terms: Terms) -> list[OfferTerms]:
    """Published offers of other campaigns for the product whose window meets this one's."""
    return [
        offer
        for offer in product.offers.get(market_id, ())
        if not _is_own(offer, terms) and offer.starts_at < terms.ends_at and offer.ends_at > terms.starts_at
    ]


def _is_own(offer: OfferTerms, terms: Terms) -> bool:
    return offer.promotion_id in (terms.promotion_id, terms.replaced_promotion_id)


def _first_seen(
    reader: FactsReader, product: ProductFacts, market: Market, own: OfferTerms, terms: Terms
) -> Entry | Refusal:
    """What the market sees from the first instant of the window on at which it sees the product; or why it never does."""
    product_id, market_id = product.product_id, market.pk
    if not product.is_active:
        return Refusal(product_id, market_id, (NOT_ACTIVE,))
    if is_sold_off_during(product.article, terms.starts_at, terms.ends_at):
        return Refusal(product_id, market_id, (IN_SELL_OFF,))
    rights = reader.rights_steps(product, market_id)
    prices = product.prices.get(market_id, [])
    offers = [own, *competing_offers(product, market_id, terms)]
    for at in _moments(rights, prices, terms):
        stage = _stage_at(rights, at)
        state = stage and price_state(stage, prices, offers, needs_campaign=product.needs_campaign, at=at)
        if state:
            if own.kind != Offer.Kind.NONE and not _lowers(own, prices, at):
                return Refusal(product_id, market_id, (OFFER_LOWERS_NOTHING,))
            floor = reader.floor(product, market)
            if floor is not None and _lowest(own, prices, terms) < floor:
                return Refusal(product_id, market_id, (PRICE_BELOW_FLOOR,))
            return Entry(product_id, market_id, at, state, _digest(product, market, state, terms))
    return Refusal(product_id, market_id, _reasons(product, market, terms) or (NO_PRICE,))


def _moments(rights: RightsSteps, prices: Sequence[PriceSteps], terms: Terms) -> Iterator[datetime]:
    """The start of the window, then every later instant within it at which rights or price turn."""
    yield terms.starts_at
    turns = {at for at, _stage in rights} | {at for steps in prices for at, _amount in steps}
    yield from sorted(at for at in turns if terms.starts_at < at < terms.ends_at)


def _stage_at(rights: RightsSteps, at: datetime) -> Stage | None:
    found = None
    for starts_at, stage in rights:
        if starts_at > at:
            break
        found = stage
    return found


def _lowers(offer: OfferTerms, prices: Sequence[PriceSteps], at: datetime) -> bool:
    amounts = [value for steps in prices for starts_at, value in steps if starts_at <= at and value]
    return any(offered_amount(amount, offer.kind, offer.value) < amount for amount in amounts)


def _lowest(offer: OfferTerms, prices: Sequence[PriceSteps], terms: Terms) -> int:
    """The least that the offer asks for a variant within the window."""
    regular = []
    for steps in prices:
        before = [amount for at, amount in steps if at <= terms.starts_at]
        regular += [*before[-1:], *(amount for at, amount in steps if terms.starts_at < at < terms.ends_at)]
    return min(offered_amount(amount, offer.kind, offer.value) for amount in regular if amount is not None)


def _reasons(product: ProductFacts, market: Market, terms: Terms) -> tuple[str, ...]:
    """Why the gate says no at the start, over the countries of the market, each reason once."""
    found: dict[str, None] = {}
    for country in market.countries:
        decision = decide(
            product.article, Action.LIST, country=country, channel=DistributionChannel.OWN_SHOP, at=terms.starts_at
        )
        found |= dict.fromkeys(str(reason) for reason in decision.reasons)
    return tuple(found)


def _digest(product: ProductFacts, market: Market, state: ShelfState, terms: Terms) -> str:
    said = (
        product.product_id, product.updated_at.timestamp(), market.code, state.kind, state.amount, state.top_amount,
        state.was_amount, terms.starts_at.timestamp(), terms.ends_at.timestamp(),
    )  # fmt: skip
    return hashlib.blake2b(repr(said).encode(), digest_size=16).hexdigest()
