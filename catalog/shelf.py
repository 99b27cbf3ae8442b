"""The shelf: what one market sees of one product at an instant, and the spans that say it ahead of time.

Pure functions of facts. `shelf_state` is the pointwise answer, asked by the checkout and by `check_invariants`;
`compile_spans` gives the same answer for all of time as the steps of a step function. That the two agree at every
instant is the law of the shelf (tests/catalog/test_law_of_the_shelf.py).
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from catalog.models import Offer, ShelfSpan
from core.clock import ALWAYS, FOREVER
from core.money import less_basis_points
from licensing.gate import Article, Stage, stage_in_market, turning_points

#: The regular price of one variant over time: (from, minor units or None for "not sold"), in order of time.
PriceSteps = Sequence[tuple[datetime, int | None]]
#: How far an article is in a market over time, from ALWAYS on, in order of time.
RightsSteps = list[tuple[datetime, Stage | None]]

#: A reduction names the lowest price of this long before it (EU Directive 98/6/EC, article 6a).
LOW_PRICE_WINDOW = timedelta(days=30)

KIND_OF_STAGE = {
    Stage.COMING_SOON: ShelfSpan.Kind.COMING_SOON.value,
    Stage.PRE_ORDER: ShelfSpan.Kind.PRE_ORDER.value,
    Stage.ON_SALE: ShelfSpan.Kind.ON_SALE.value,
}


@dataclass(frozen=True, slots=True)
class OfferTerms:
    """One published promotion's offer for the product in the market."""

    promotion_id: int
    priority: int
    since: datetime
    starts_at: datetime
    ends_at: datetime
    kind: str
    value: int


class PastOffer(NamedTuple):
    """What a promotion that was taken away since had made of the prices, and when."""

    starts_at: datetime
    ends_at: datetime
    kind: str
    value: int


class ShelfState(NamedTuple):
    """What a shopper sees: amounts in minor units of the market's currency."""

    kind: str
    amount: int
    top_amount: int
    was_amount: int | None
    promotion_id: int | None


class Span(NamedTuple):
    starts_at: datetime
    ends_at: datetime
    state: ShelfState
    low_amount: int | None


def offered_amount(regular: int, kind: str, value: int) -> int:
    """The price that an offer makes of a regular price. An offer never raises a price and never gives goods away."""
    if kind == Offer.Kind.PERCENT:
        amount = less_basis_points(regular, value)
    elif kind == Offer.Kind.AMOUNT:
        amount = regular - value
    elif kind == Offer.Kind.FIXED:
        amount = value
    else:
        return regular
    return amount if 0 < amount < regular else regular


def best_offer(offers: Sequence[OfferTerms], regular: Sequence[int], at: datetime) -> OfferTerms | None:
    """Which of several campaigns counts: higher priority, then lower price, then the older campaign."""
    running = [offer for offer in offers if offer.starts_at <= at < offer.ends_at]
    if len(running) < 2:
        return running[0] if running else None
    return min(running, key=lambda offer: _rank(offer, regular))


def _rank(offer: OfferTerms, regular: Sequence[int]) -> tuple[int, int, datetime, int]:
    amount = min(offered_amount(price, offer.kind, offer.value) for price in regular)
    return (-offer.priority, amount, offer.since, offer.promotion_id)


def price_state(
    stage: Stage, prices: Sequence[PriceSteps], offers: Sequence[OfferTerms], *, needs_campaign: bool, at: datetime
) -> ShelfState | None:
    """What is seen of a product that may be listed at `stage`; None without a price, or without a campaign it needs."""
    regular = [amount for steps in prices if (amount := _amount_at(steps, at)) is not None]
    if not regular:
        return None
    was = min(regular)
    offer = best_offer(offers, regular, at) if offers else None
    if offer is None:
        if needs_campaign:
            return None
        return ShelfState(KIND_OF_STAGE[stage], was, max(regular), None, None)
    amounts = [offered_amount(amount, offer.kind, offer.value) for amount in regular]
    amount = min(amounts)
    return ShelfState(KIND_OF_STAGE[stage], amount, max(amounts), was if amount < was else None, offer.promotion_id)


def shelf_state(
    article: Article,
    countries: Sequence[str],
    prices: Sequence[PriceSteps],
    offers: Sequence[OfferTerms],
    *,
    needs_campaign: bool,
    at: datetime,
) -> ShelfState | None:
    """The pointwise answer: what a market of `countries` sees of an active product at `at`, from the facts alone."""
    stage = stage_in_market(article, countries, at=at)
    return None if stage is None else price_state(stage, prices, offers, needs_campaign=needs_campaign, at=at)


def compile_rights(article: Article, countries: Sequence[str]) -> RightsSteps:
    """How far the article is in a market of `countries`, over all of time. Shared by all products of the article."""
    steps: RightsSteps = []
    for at in sorted(turning_points(article, countries) | {ALWAYS}):
        stage = stage_in_market(article, countries, at=at)
        if not steps or steps[-1][1] != stage:
            steps.append((at, stage))
    return steps


def compile_spans(
    rights: RightsSteps,
    prices: Sequence[PriceSteps],
    offers: Sequence[OfferTerms],
    *,
    needs_campaign: bool,
    past: Sequence[PastOffer] = (),
) -> list[Span]:
    """The shelf of one product in one market over all of time: where there is no span, it is absent. `past` offers are on
    it no more; they count for the lowest price before a reduction."""
    instants = [at for at, _stage in rights]
    points = {*instants}
    for steps in prices:
        points.update([at for at, _amount in steps])
    for offer in offers:
        points.update((offer.starts_at, offer.ends_at))
    seen: list[tuple[datetime, ShelfState | None]] = []
    for at in sorted(points):
        stage = rights[bisect_right(instants, at) - 1][1]
        state = None if stage is None else price_state(stage, prices, offers, needs_campaign=needs_campaign, at=at)
        if not seen or seen[-1][1] != state:
            seen.append((at, state))
    return _with_low_prices(seen, prices, past)


def _with_low_prices(
    seen: list[tuple[datetime, ShelfState | None]], prices: Sequence[PriceSteps], past: Sequence[PastOffer]
) -> list[Span]:
    spans: list[Span] = []
    reduced_since: datetime | None = None
    for i, (starts_at, state) in enumerate(seen):
        ends_at = seen[i + 1][0] if i + 1 < len(seen) else FOREVER
        if state is None or state.was_amount is None:
            reduced_since = None
        elif reduced_since is None:
            reduced_since = starts_at
        if state is not None:
            low = _lowest_before(spans, prices, past, reduced_since) if reduced_since else None
            spans.append(Span(starts_at, ends_at, state, low))
    return spans


def _lowest_before(
    spans: list[Span], prices: Sequence[PriceSteps], past: Sequence[PastOffer], reduced_since: datetime
) -> int | None:
    """The lowest price seen in the window before the reduction began; None when the product was not seen then."""
    opens = reduced_since - LOW_PRICE_WINDOW
    seen = [state.amount for starts_at, ends_at, state, _low in spans if ends_at > opens and starts_at < reduced_since]
    for steps in prices if past else ():
        seen += asked_in_the_past(steps, past, opens, reduced_since)
    return min(seen, default=None)


def asked_in_the_past(steps: PriceSteps, past: Sequence[PastOffer], opens: datetime, closes: datetime) -> Iterator[int]:
    """What promotions that were taken away asked for one variant between two instants."""
    for offer in past:
        starts_at, ends_at = max(offer.starts_at, opens), min(offer.ends_at, closes)
        if starts_at < ends_at:
            standing = [_amount_at(steps, starts_at)]
            standing += [amount for at, amount in steps if starts_at < at < ends_at]
            yield from (offered_amount(amount, offer.kind, offer.value) for amount in standing if amount is not None)


def _amount_at(steps: PriceSteps, at: datetime) -> int | None:
    amount = None
    for starts_at, value in steps:
        if starts_at > at:
            break
        amount = value
    return amount
