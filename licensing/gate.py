"""The rights gate: may this article be seen, sold or shipped in this country, through this channel, at this instant?

`decide` is a pure function of facts (licensing/facts.py loads them) and gives every failing reason in the order of
the table in docs/gate.md; the first is the main one. Terms are whole days in the licence's zone, half-open as
instants. Asked for LIST by the shelf, and again for SELL and SHIP where the sale happens.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, StrEnum

from core.clock import ALWAYS, start_of_day_in
from films.models import Tier
from licensing.models import EVERY, DistributionChannel, Licence
from merchants.models import Merchant


class Action(StrEnum):
    LIST = "LIST"
    SELL = "SELL"
    SHIP = "SHIP"


class Reason(StrEnum):
    """Why not, in the order in which reasons are given."""

    LICENCE_TERMINATED = "LICENCE_TERMINATED"
    LICENCE_SUSPENDED = "LICENCE_SUSPENDED"
    LICENCE_NOT_EXECUTED = "LICENCE_NOT_EXECUTED"
    TERM_NOT_STARTED = "TERM_NOT_STARTED"
    TERM_EXPIRED = "TERM_EXPIRED"
    TERRITORY_EXCLUDED = "TERRITORY_EXCLUDED"
    TERRITORY_NOT_LICENSED = "TERRITORY_NOT_LICENSED"
    ARTICLE_NOT_LICENSED = "ARTICLE_NOT_LICENSED"
    CATEGORY_NOT_LICENSED = "CATEGORY_NOT_LICENSED"
    CHANNEL_NOT_LICENSED = "CHANNEL_NOT_LICENSED"
    EMBARGO_ACTIVE = "EMBARGO_ACTIVE"
    BEFORE_ON_SALE_DATE = "BEFORE_ON_SALE_DATE"
    BEFORE_STREET_DATE = "BEFORE_STREET_DATE"
    MERCHANT_NOT_AUTHORISED = "MERCHANT_NOT_AUTHORISED"


_RANK = {reason: rank for rank, reason in enumerate(Reason)}


class Stage(Enum):
    """How far the article is in a country. A higher number is further."""

    COMING_SOON = 1
    PRE_ORDER = 2
    ON_SALE = 3


@dataclass(frozen=True, slots=True)
class GrantTerms:
    category_id: int | None
    countries: frozenset[str]
    excluded_countries: frozenset[str]
    channels: frozenset[str]


@dataclass(frozen=True, slots=True)
class LicenceTerms:
    """A licence as the gate reads it; `ends_at` is the first instant after the term, `grace_ends_at` after the grace."""

    number: str
    film_id: int
    merchant_id: int
    state: str
    starts_at: datetime
    ends_at: datetime
    grace_ends_at: datetime
    grants: tuple[GrantTerms, ...]


@dataclass(frozen=True, slots=True)
class EmbargoTerms:
    tier: str
    country: str
    lifts_at: datetime


@dataclass(frozen=True, slots=True)
class Article:
    """Everything about a product that rights depend on. Many products share one article's answer."""

    film_id: int
    merchant_id: int
    category_id: int
    reveals: str
    on_sale_at: datetime | None
    street_on: date | None
    is_on_schedule: bool
    licence: LicenceTerms | None
    merchant_state: str
    papers_end_at: datetime | None
    embargoes: tuple[EmbargoTerms, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """`reasons` is empty exactly when `allowed`. `stage` says how far the article is, whatever the licence says."""

    allowed: bool
    reasons: tuple[Reason, ...]
    stage: Stage


def decide(
    article: Article, action: Action, *, country: str, channel: str, at: datetime, paid_at: datetime | None = None
) -> Decision:
    """May `action` happen to `article` for a buyer in `country` (ISO 3166-1, normalised) at `at`?

    `paid_at` matters for SHIP after the term: what was paid before its end ships within the grace days.
    """
    found = _licence_reasons(article, action, country, channel, at, paid_at)
    if action is not Action.SHIP and at < embargo_lifts_at(article, country):
        found.add(Reason.EMBARGO_ACTIVE)
    stage = _stage(article, country, at)
    if stage is Stage.COMING_SOON and action is not Action.LIST:
        found.add(Reason.BEFORE_ON_SALE_DATE)
    if action is Action.SHIP and _is_before_street_date(article, country, at):
        found.add(Reason.BEFORE_STREET_DATE)
    if not _merchant_is_authorised(article, at):
        found.add(Reason.MERCHANT_NOT_AUTHORISED)
    return Decision(not found, tuple(sorted(found, key=_RANK.__getitem__)), stage)


def embargo_lifts_at(article: Article, country: str) -> datetime:
    """The instant from which nothing the article reveals is under embargo in `country`.

    An article that reveals a tier reveals those before it too, so the last of their embargoes decides.
    """
    if not article.embargoes:
        return ALWAYS
    tiers = Tier.up_to(article.reveals)
    lifts = [e.lifts_at for e in article.embargoes if e.country in ("", country) and e.tier in tiers]
    return max(lifts, default=ALWAYS)


def stage_in_market(article: Article, countries: Collection[str], *, at: datetime) -> Stage | None:
    """How far `article` is on the shelf of a market of `countries`; None when it may not be seen there.

    A licence for one country of the market is enough to be listed (delivery is decided per country), but an
    embargo in any of them hides the article in all: a page cannot be shown to half a market.
    """
    best: Stage | None = None
    for country in countries:
        if at < embargo_lifts_at(article, country):
            return None
        decision = decide(article, Action.LIST, country=country, channel=DistributionChannel.OWN_SHOP, at=at)
        if decision.allowed and (best is None or decision.stage.value > best.value):
            best = decision.stage
    return best


def turning_points(article: Article, countries: Iterable[str]) -> set[datetime]:
    """Every instant at which `stage_in_market` can change its answer."""
    points = {embargo.lifts_at for embargo in article.embargoes}
    if article.licence is not None:
        points |= {article.licence.starts_at, article.licence.ends_at}
    if article.on_sale_at is not None:
        points.add(article.on_sale_at)
    if article.papers_end_at is not None:
        points.add(article.papers_end_at)
    if article.street_on is not None:
        points |= {start_of_day_in(article.street_on, country) for country in countries}
    return points


def _licence_reasons(
    article: Article, action: Action, country: str, channel: str, at: datetime, paid_at: datetime | None
) -> set[Reason]:
    licence = article.licence
    if licence is None or licence.film_id != article.film_id or licence.merchant_id != article.merchant_id:
        return {Reason.ARTICLE_NOT_LICENSED}
    found = _grant_reasons(licence.grants, article.category_id, country, channel)
    if not article.is_on_schedule:
        found.add(Reason.ARTICLE_NOT_LICENSED)
    if licence.state in _STATE_REASONS:
        found.add(_STATE_REASONS[licence.state])
    if at < licence.starts_at:
        found.add(Reason.TERM_NOT_STARTED)
    if at >= licence.ends_at and not (action is Action.SHIP and _ships_in_grace(licence, at, paid_at)):
        found.add(Reason.TERM_EXPIRED)
    return found


def _ships_in_grace(licence: LicenceTerms, at: datetime, paid_at: datetime | None) -> bool:
    return paid_at is not None and paid_at < licence.ends_at and at < licence.grace_ends_at


def _grant_reasons(grants: tuple[GrantTerms, ...], category_id: int, country: str, channel: str) -> set[Reason]:
    """Narrow the grants down: by category, then channel, then territory, where an exclusion beats an inclusion.

    When a step leaves none, the next one looks at those before it, so that every failing reason is named.
    """
    found: set[Reason] = set()
    of_category = [g for g in grants if g.category_id is None or g.category_id == category_id]
    if not of_category:
        found.add(Reason.CATEGORY_NOT_LICENSED)
    of_channel = [g for g in of_category or grants if channel in g.channels or EVERY in g.channels]
    if not of_channel:
        found.add(Reason.CHANNEL_NOT_LICENSED)
    candidates = of_channel or of_category or grants
    if any(country in g.excluded_countries for g in candidates):
        found.add(Reason.TERRITORY_EXCLUDED)
    elif not any(country in g.countries or EVERY in g.countries for g in candidates):
        found.add(Reason.TERRITORY_NOT_LICENSED)
    return found


def _stage(article: Article, country: str, at: datetime) -> Stage:
    if article.on_sale_at is not None and at < article.on_sale_at:
        return Stage.COMING_SOON
    return Stage.PRE_ORDER if _is_before_street_date(article, country, at) else Stage.ON_SALE


def _is_before_street_date(article: Article, country: str, at: datetime) -> bool:
    return article.street_on is not None and at < start_of_day_in(article.street_on, country)


def _merchant_is_authorised(article: Article, at: datetime) -> bool:
    if article.merchant_state != Merchant.State.APPROVED:
        return False
    return article.papers_end_at is None or at < article.papers_end_at


_STATE_REASONS = {
    Licence.State.TERMINATED.value: Reason.LICENCE_TERMINATED,
    Licence.State.SUSPENDED.value: Reason.LICENCE_SUSPENDED,
    Licence.State.DRAFT.value: Reason.LICENCE_NOT_EXECUTED,
}
