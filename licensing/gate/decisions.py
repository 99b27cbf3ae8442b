"""The decision itself: each row of the table in docs/gate.md, asked of one article at one instant.

While it is made, a finding is a bit of a number, and so is a flag: they need no sorting, cost next to nothing, and equal
answers are one object.
"""

from datetime import date, datetime
from functools import lru_cache

from core.clock import ALWAYS, start_of_day_in
from core.territories import EEA, normalise_country
from films.models import Tier
from licensing.gate.terms import (
    Action,
    Article,
    Decision,
    Finding,
    Flag,
    Gap,
    GrantTerms,
    LicenceTerms,
    Reason,
    Stage,
)
from licensing.models import EVERY, Licence
from merchants.models import Merchant

#: The first reason is the lowest bit; the flags follow the last.
_BIT: dict[Reason | Flag, int] = {word: 1 << place for place, word in enumerate([*Reason, *Flag])}
#: Of what any finding or flag makes: the findings alone.
REASONS = (1 << len(Reason)) - 1

RECALLED = _BIT[Reason.ARTICLE_RECALLED]
SUSPENDED = _BIT[Reason.LICENCE_SUSPENDED]
NOT_STARTED = _BIT[Reason.TERM_NOT_STARTED]
EXPIRED = _BIT[Reason.TERM_EXPIRED]
NO_INVENTORY = _BIT[Reason.SELL_OFF_NO_INVENTORY_STATEMENT]
OVERDUE = _BIT[Reason.SELL_OFF_PAYMENTS_OVERDUE]
EXHAUSTED = _BIT[Reason.SELL_OFF_QUANTITY_EXHAUSTED]
SELL_OFF_ENDED = _BIT[Reason.SELL_OFF_ENDED]
EXCLUDED = _BIT[Reason.TERRITORY_EXCLUDED]
NOT_GRANTED = _BIT[Reason.TERRITORY_NOT_LICENSED]
NOT_THE_ARTICLE = _BIT[Reason.ARTICLE_NOT_LICENSED]
NOT_THE_CATEGORY = _BIT[Reason.CATEGORY_NOT_LICENSED]
NOT_THE_CHANNEL = _BIT[Reason.CHANNEL_NOT_LICENSED]
UNAPPROVED = _BIT[Reason.APPROVAL_INCOMPLETE]
REVOKED = _BIT[Reason.APPROVAL_REVOKED]
PAGE_UNAPPROVED = _BIT[Reason.ASSET_NOT_APPROVED]
EMBARGO = _BIT[Reason.EMBARGO_ACTIVE]
NOT_ON_SALE = _BIT[Reason.BEFORE_ON_SALE_DATE]
BEFORE_STREET = _BIT[Reason.BEFORE_STREET_DATE]
UNLABELLED = _BIT[Reason.AUTH_LABEL_MISSING]
NOT_AUTHORISED = _BIT[Reason.MERCHANT_NOT_AUTHORISED]
SELLING_OFF = _BIT[Flag.SELL_OFF]
PASSIVE = _BIT[Flag.EEA_PASSIVE_SALE]

#: That a licence is EXPIRED is for people: its dates decide, so that an answer about the past stays true.
_OF_STATE = {
    Licence.State.EXECUTED.value: 0,
    Licence.State.EXPIRED.value: 0,
    Licence.State.TERMINATED.value: _BIT[Reason.LICENCE_TERMINATED],
    Licence.State.SUSPENDED.value: SUSPENDED,
    Licence.State.DRAFT.value: _BIT[Reason.LICENCE_NOT_EXECUTED],
}
#: A licence of something else says nothing about this article: none of its other terms is looked at.
FOREIGN = frozenset({Gap.NO_LICENCE, Gap.OTHER_FILM, Gap.OTHER_MERCHANT})
_TIERS_UP_TO = {tier: frozenset(Tier.up_to(tier)) for tier in Tier.values}
_APPROVED = Merchant.State.APPROVED.value

#: What of a licence's grants is left for a category and channel.
Candidates = tuple[GrantTerms, ...]


def decide(
    article: Article,
    action: Action,
    *,
    country: str,
    channel: str,
    at: datetime,
    paid_at: datetime | None = None,
    quantity: int = 1,
    is_labelled: bool = False,
) -> Decision:
    """May `action` happen to `article` for a buyer in `country` at `at`? Refuses `unknown_country`.

    `paid_at` matters for SHIP: what was paid before an end ships within the grace days after it, and its units are
    taken already. `quantity` matters in the sell-off, `is_labelled` for SHIP where units carry labels.
    """
    if len(country) != 2:
        country = normalise_country(country)
    of_licences = []
    for terms in article.licences:
        bits = of_licence(terms, action, at, paid_at, quantity)
        if terms.gap not in FOREIGN:
            of_grants, candidates = narrowed(terms, article.category_id, channel)
            bits |= of_grants | of_territory(terms, candidates, action, country)
            if terms.needs_labels and action is Action.SHIP and not is_labelled:
                bits |= UNLABELLED
        of_licences.append((terms.number, bits))
    stage = stage_in(article, country, at)
    bits = of_article(article, at)
    if action is not Action.LIST and stage is Stage.COMING_SOON:
        bits |= NOT_ON_SALE
    if action is Action.SHIP:
        if is_before_street_date(article, country, at):
            bits |= BEFORE_STREET
    elif article.embargoes and at < embargo_lifts_at(article, country):
        bits |= EMBARGO
    return _decision(bits, tuple(of_licences), stage)


@lru_cache(maxsize=10_000)
def _decision(of_article: int, of_licences: tuple[tuple[str, int], ...], stage: Stage) -> Decision:
    """The answer that bits stand for: by reason in the order of the table, then by licence."""
    sources = [("", of_article), *of_licences]
    findings = [Finding(reason, number) for reason in Reason for number, bits in sources if bits & _BIT[reason]]
    reasons = tuple(dict.fromkeys(finding.reason for finding in findings))
    flags = tuple(flag for flag in Flag if any(bits & _BIT[flag] for _number, bits in of_licences))
    return Decision(not findings, reasons, stage, flags, tuple(findings))


def embargo_lifts_at(article: Article, country: str) -> datetime:
    """The instant from which nothing the article reveals is under embargo in `country`.

    An article that reveals a tier reveals those before it too, so the last of their embargoes decides.
    """
    if not article.embargoes:
        return ALWAYS
    tiers = _TIERS_UP_TO[article.reveals]
    lifts = [e.lifts_at for e in article.embargoes if e.tier in tiers and (not e.country or e.country == country)]
    return max(lifts, default=ALWAYS)


def stage_in(article: Article, country: str, at: datetime) -> Stage:
    if article.on_sale_at is not None and at < article.on_sale_at:
        return Stage.COMING_SOON
    return Stage.PRE_ORDER if is_before_street_date(article, country, at) else Stage.ON_SALE


def is_before_street_date(article: Article, country: str, at: datetime) -> bool:
    return article.street_on is not None and at < street_at(article.street_on, country)


@lru_cache(maxsize=10_000)
def street_at(on: date, country: str) -> datetime:
    """When the street date begins in `country`. Few dates are asked for again and again."""
    return start_of_day_in(on, country)


def of_article(article: Article, at: datetime) -> int:
    """What holds in every country and under every licence: a recall, a takedown, a merchant that may not trade."""
    bits = 0
    if article.recalled_at is not None and article.recalled_at <= at:
        bits |= RECALLED
    if article.holds and any(hold.holds(at) for hold in article.holds):
        bits |= SUSPENDED
    if article.merchant_state != _APPROVED or (article.papers_end_at is not None and article.papers_end_at <= at):
        bits |= NOT_AUTHORISED
    return bits


def of_licence(terms: LicenceTerms, action: Action, at: datetime, paid_at: datetime | None, quantity: int) -> int:
    """What one licence says in every country, whatever it grants."""
    bits = NOT_THE_ARTICLE if terms.gap else 0
    if terms.gap in FOREIGN:
        return bits
    bits |= _OF_STATE[terms.state] | _of_approvals(terms, action, at)
    if terms.holds and any(hold.holds(at) for hold in terms.holds):
        bits |= SUSPENDED
    if at < terms.starts_at:
        bits |= NOT_STARTED
    elif at >= terms.ends_at:
        bits |= _after_term(terms, at, paid_at if action is Action.SHIP else None, quantity)
    if terms.papers_end_at is not None and terms.papers_end_at <= at:
        bits |= NOT_AUTHORISED
    return bits


def _after_term(terms: LicenceTerms, at: datetime, paid_at: datetime | None, quantity: int) -> int:
    """Rows 5 to 10. What was paid before an end ships within the grace days after that end."""
    if at >= terms.sell_off_ends_at:
        if paid_at is not None and paid_at < terms.sell_off_ends_at and at < terms.sell_off_grace_ends_at:
            return 0
        return SELL_OFF_ENDED if terms.has_sell_off else EXPIRED
    if paid_at is not None and paid_at < terms.ends_at and at < terms.grace_ends_at:
        return 0
    bits = 0
    if terms.inventory is None:
        bits |= NO_INVENTORY
    # What is paid has taken its units: the last of them would never be shipped if they were counted again.
    elif paid_at is None and quantity > terms.inventory:
        bits |= EXHAUSTED
    if terms.payments_overdue_since is not None and terms.payments_overdue_since <= at:
        bits |= OVERDUE
    return bits or SELLING_OFF


def _of_approvals(terms: LicenceTerms, action: Action, at: datetime) -> int:
    """Rows 17 to 19. The last certificate issued by then counts: it has superseded those before it."""
    bits = 0
    if terms.needs_approval:
        last = None
        for approval in terms.approvals:
            if approval.issued_at <= at:
                last = approval
        if last is None:
            bits |= UNAPPROVED
        elif last.revoked_at is not None and last.revoked_at <= at:
            bits |= REVOKED
    if terms.needs_page_approval and action is Action.LIST and (terms.page is None or not terms.page.holds(at)):
        bits |= PAGE_UNAPPROVED
    return bits


def narrowed(terms: LicenceTerms, category_id: int, channel: str) -> tuple[int, Candidates]:
    """The grants of the category, of those the ones of the channel. A step that leaves none is a reason, and the next
    one looks at those before it, so that every failing reason is named."""
    bits = 0
    of_category = tuple([g for g in terms.grants if g.category_id is None or g.category_id == category_id])
    if not of_category:
        bits, of_category = NOT_THE_CATEGORY, terms.grants
    of_channel = tuple([g for g in of_category if channel in g.channels or EVERY in g.channels])
    if not of_channel:
        return bits | NOT_THE_CHANNEL, of_category
    return bits, of_channel


def of_territory(terms: LicenceTerms, candidates: Candidates, action: Action, country: str) -> int:
    """Rows 11 to 13. An exclusion beats an inclusion, in whichever of the grants they stand."""
    is_granted = False
    for grant in candidates:
        if grant.excluded_countries and (country in grant.excluded_countries or EVERY in grant.excluded_countries):
            return EXCLUDED
        is_granted = is_granted or country in grant.countries or EVERY in grant.countries
    if is_granted:
        return 0
    if action is not Action.LIST and country in EEA and not terms.is_exclusive and _holds_in_the_eea(candidates):
        return PASSIVE
    return NOT_GRANTED


def _holds_in_the_eea(candidates: Candidates) -> bool:
    """Whether goods may be put on sale in at least one state of the EEA. A grant of the world would cover the country
    that is asked for, so it is not met here."""
    excluded = frozenset[str]().union(*[grant.excluded_countries for grant in candidates])
    return any(not EEA.isdisjoint(grant.countries - excluded) for grant in candidates)
