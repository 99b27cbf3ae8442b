"""The gate over time, for the shelf: how far an article is in a market, and when that can change."""

from collections.abc import Collection, Iterable
from datetime import datetime

from licensing.gate.decisions import (
    FOREIGN,
    REASONS,
    embargo_lifts_at,
    narrowed,
    of_article,
    of_licence,
    of_territory,
    stage_in,
    street_at,
)
from licensing.gate.terms import Action, Article, LicenceTerms, Stage
from licensing.models import DistributionChannel

_OWN_SHOP = DistributionChannel.OWN_SHOP.value


def stage_in_market(article: Article, countries: Collection[str], *, at: datetime) -> Stage | None:
    """How far `article` is on the shelf of a market of `countries`; None when it may not be seen there.

    A licence for one country of the market is enough to be listed (delivery is decided per country), but an
    embargo in any of them hides the article in all: a page cannot be shown to half a market.
    """
    if article.embargoes and any(at < embargo_lifts_at(article, country) for country in countries):
        return None
    # What decide() asks, with what is the same in every country asked once.
    if of_article(article, at):
        return None
    granted = []
    for terms in article.licences:
        of_grants, candidates = narrowed(terms, article.category_id, _OWN_SHOP)
        if (of_grants | of_licence(terms, Action.LIST, at, None, 1)) & REASONS:
            return None
        granted.append((terms, candidates))
    best: Stage | None = None
    for country in countries:
        if any(of_territory(terms, candidates, Action.LIST, country) for terms, candidates in granted):
            continue
        stage = stage_in(article, country, at)
        if best is None or stage.value > best.value:
            best = stage
    return best


def turning_points(article: Article, countries: Iterable[str]) -> set[datetime]:
    """Every instant at which `stage_in_market` can change its answer."""
    points = {embargo.lifts_at for embargo in article.embargoes}
    for terms in article.licences:
        points |= _of_licence(terms)
    for hold in article.holds:
        points |= _known(hold.starts_at, hold.released_at)
    points |= _known(article.recalled_at, article.on_sale_at, article.papers_end_at)
    if article.street_on is not None:
        points |= {street_at(article.street_on, country) for country in countries}
    return points


def is_sold_off_during(article: Article, starts_at: datetime, ends_at: datetime) -> bool:
    """Whether any of these instants, the end left out, falls into the sell-off of a licence: no campaign may begin then."""
    return any(
        terms.ends_at < ends_at and starts_at < terms.sell_off_ends_at
        for terms in article.licences
        if terms.has_sell_off
    )


def _of_licence(terms: LicenceTerms) -> set[datetime]:
    if terms.gap in FOREIGN:
        return set()
    points = _known(terms.starts_at, terms.ends_at, terms.papers_end_at)
    if terms.has_sell_off:
        points |= _known(terms.sell_off_ends_at, terms.payments_overdue_since)
    if terms.needs_approval:
        for approval in terms.approvals:
            points |= _known(approval.issued_at, approval.revoked_at)
    if terms.needs_page_approval and terms.page is not None:
        points |= _known(*terms.page)
    for hold in terms.holds:
        points |= _known(hold.starts_at, hold.released_at)
    return points


def _known(*instants: datetime | None) -> set[datetime]:
    return {at for at in instants if at is not None}
