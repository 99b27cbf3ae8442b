"""Why a product is on the shelf of each market, or why not: for the desk, the panel and the API alike."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from catalog.facts import FactsReader, ProductFacts
from catalog.models import Market, Product
from catalog.queries.markets import markets_of
from catalog.shelf import shelf_state
from licensing.gate import Action, Article, Reason, decide, embargo_lifts_at
from licensing.models import DistributionChannel

#: Why not, in the order in which reasons are given: first what the merchant can do something about.
SENTENCES = {
    "not_active": _("The product is not active."),
    "no_price": _("It has no price in this market."),
    "price_later": _("Its price in this market begins on %(from)s."),
    "no_campaign": _("It is listed only while a campaign covers it, and none does."),
    Reason.ARTICLE_RECALLED: _("The article has been recalled."),
    Reason.ARTICLE_NOT_LICENSED: _("No licence covers this article."),
    Reason.CATEGORY_NOT_LICENSED: _("The licence does not cover goods of this category."),
    Reason.CHANNEL_NOT_LICENSED: _("The licence does not cover the studio's own shop."),
    Reason.TERRITORY_EXCLUDED: _("The licence leaves out every country of this market."),
    Reason.TERRITORY_NOT_LICENSED: _("The licence covers no country of this market."),
    Reason.LICENCE_NOT_EXECUTED: _("The licence has not been executed."),
    Reason.LICENCE_SUSPENDED: _("The licence is suspended, or a dispute has the article frozen."),
    Reason.LICENCE_TERMINATED: _("The licence has been terminated."),
    Reason.TERM_NOT_STARTED: _("The term of the licence has not begun."),
    Reason.TERM_EXPIRED: _("The term of the licence is over."),
    Reason.SELL_OFF_NO_INVENTORY_STATEMENT: _("The licence is in its sell-off, and no inventory has been declared."),
    Reason.SELL_OFF_PAYMENTS_OVERDUE: _("The licence is in its sell-off, and payments are overdue."),
    Reason.SELL_OFF_QUANTITY_EXHAUSTED: _("All the stock that was declared for the sell-off is sold."),
    Reason.SELL_OFF_ENDED: _("The sell-off of the licence is over."),
    Reason.APPROVAL_INCOMPLETE: _("The article has no final approval."),
    Reason.APPROVAL_REVOKED: _("The approval of the article was revoked."),
    Reason.ASSET_NOT_APPROVED: _("A picture or text of its page is not approved."),
    Reason.EMBARGO_ACTIVE: _("What it reveals of the film is under embargo until %(until)s."),
    Reason.MERCHANT_NOT_AUTHORISED: _("The merchant is not approved, or their papers have run out."),
}


@dataclass(frozen=True, slots=True)
class ListingReason:
    """One reason against. `code` is stable; the sentence is in the reader's language."""

    code: str
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        facts = {name: f"{at:%Y-%m-%d %H:%M} UTC" for name, at in self.facts.items()}
        return str(SENTENCES[self.code]) % facts


@dataclass(frozen=True, slots=True)
class MarketListing:
    """A market, and whether the product is on its shelf. `kind` and `reasons`: one of the two is empty."""

    market: Market
    kind: str
    reasons: list[ListingReason]

    @property
    def is_listed(self) -> bool:
        return not self.reasons


def listing_reasons(product: Product, *, at: datetime) -> list[MarketListing]:
    """Every market that is the merchant's, in its order. Decided from the facts, as the shelf is; a constant number of queries."""
    markets = list(markets_of(product.merchant_id))
    [facts] = FactsReader(markets).read([product.pk], lock=False)
    return [in_market(facts, market, at) for market in markets]


def in_market(facts: ProductFacts, market: Market, at: datetime) -> MarketListing:
    """One market of those that the facts were read for."""
    prices, offers = facts.prices.get(market.pk, []), facts.offers.get(market.pk, [])
    state = shelf_state(facts.article, market.countries, prices, offers, needs_campaign=facts.needs_campaign, at=at)
    if state is not None and facts.is_active:
        return MarketListing(market, state.kind, [])
    return MarketListing(market, "", list(_reasons(facts, market, at)))


def _reasons(facts: ProductFacts, market: Market, at: datetime) -> Iterator[ListingReason]:
    if not facts.is_active:
        yield ListingReason("not_active")
    yield from _price_reasons(facts, market, at)
    running = any(offer.starts_at <= at < offer.ends_at for offer in facts.offers.get(market.pk, []))
    if facts.needs_campaign and not running:
        yield ListingReason("no_campaign")
    yield from _rights_reasons(facts.article, market, at)


def _price_reasons(facts: ProductFacts, market: Market, at: datetime) -> Iterator[ListingReason]:
    planned = []
    for steps in facts.prices.get(market.pk, []):
        begun = [amount for starts_at, amount in steps if starts_at <= at]
        if begun and begun[-1] is not None:
            return
        planned += [starts_at for starts_at, amount in steps if starts_at > at and amount is not None]
    yield ListingReason("price_later", {"from": min(planned)}) if planned else ListingReason("no_price")


def _rights_reasons(article: Article, market: Market, at: datetime) -> Iterator[ListingReason]:
    """An embargo in one country hides it in all of the market; of anything else, one country that allows it is enough."""
    lifts_at = max(embargo_lifts_at(article, country) for country in market.countries)
    if at < lifts_at:
        yield ListingReason(Reason.EMBARGO_ACTIVE, {"until": lifts_at})
    decisions = [
        decide(article, Action.LIST, country=country, channel=DistributionChannel.OWN_SHOP, at=at)
        for country in market.countries
    ]
    if not any(decision.allowed for decision in decisions):
        found = {reason for decision in decisions for reason in decision.reasons} - {Reason.EMBARGO_ACTIVE}
        yield from (ListingReason(reason) for reason in Reason if reason in found)
