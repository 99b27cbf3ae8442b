"""What a merchant reads of campaigns: its own, those that it may join, its listings in them, and how a launch went.

Everything starts from the merchant. Of the studio's campaigns it sees those that invite it, those that it has goods in, and no
other merchant's part of any.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan

from campaigns.documents import document_of, selection_of
from campaigns.entries import refusals
from campaigns.models import Campaign, Due, Entry, Listing, Revision
from campaigns.own import own_films, own_markets
from campaigns.rules import check_rule
from catalog.facts import FactsReader
from catalog.models import Product
from core.errors import Refused
from core.paging import Page, Position, page_of
from licensing.explaining import moment
from licensing.gate import Action, Gap, decide
from licensing.models import DistributionChannel, Licence
from merchants.models import Merchant

State = Campaign.State
#: Products that a form offers for choice at once; a search leads to the others.
CHOICES = 100
#: Products up to which a diff takes about a second.
QUICK = 3_000
_OVER = (State.CANCELLED, State.ROLLED_BACK)
_LOADED = ("film", "published__promotion", "merchant")


# -- which campaigns ----------------------------------------------------------------------------


def own_campaigns(merchant: Merchant) -> QuerySet[Campaign]:
    return Campaign.objects.filter(merchant=merchant)


def own_campaign(merchant: Merchant, name: str) -> Campaign | None:
    """By the merchant's own name for it, or by public id."""
    found = own_campaigns(merchant).filter(Q(own_slug=name) | Q(public_id=name))
    return found.select_related(*_LOADED).order_by("pk").first()


def own_campaigns_page(
    merchant: Merchant, *, updated_since: datetime | None, after: Position | None, limit: int
) -> Page[Campaign]:
    """The merchant's own campaigns, oldest change first. Three queries, however many rows."""
    rows = own_campaigns(merchant)
    if updated_since is not None:
        rows = rows.filter(updated_at__gte=updated_since)
    rows = rows.select_related(*_LOADED).prefetch_related("markets", "channels", "revisions")
    return Page(*page_of(rows, after, limit))


def invitations(merchant: Merchant) -> QuerySet[Campaign]:
    """The studio's campaigns that invite the merchant, or have invited it: in a market that it may sell in, and of a film
    that it has a licence for, or of none. Whoever has no licence for a film does not learn of its campaign here."""
    markets = own_markets(merchant).filter(campaigns=OuterRef("pk"))
    return Campaign.objects.filter(
        Q(film=None) | Q(film__in=own_films(merchant)),
        Exists(markets),
        merchant=None,
        invites_until__isnull=False,
    ).exclude(state__in=_OVER)


def invitation(merchant: Merchant, name: str) -> Campaign | None:
    """By public id or slug."""
    found = invitations(merchant).filter(Q(slug=name) | Q(public_id=name))
    return found.select_related(*_LOADED).order_by("pk").first()


def invitations_page(
    merchant: Merchant, *, updated_since: datetime | None, after: Position | None, limit: int, at: datetime
) -> Page[Campaign]:
    """Those that are open at `at`, oldest change first."""
    rows = invitations(merchant).filter(invites_until__gt=at, ends_at__gt=at)
    if updated_since is not None:
        rows = rows.filter(updated_at__gte=updated_since)
    rows = rows.select_related(*_LOADED).prefetch_related("markets", "channels")
    return Page(*page_of(rows, after, limit))


def known_campaigns(merchant: Merchant, *, at: datetime) -> QuerySet[Campaign]:
    """Its own, those that invite it, those that it has joined, and those of the studio that have begun with goods of its."""
    entries = Entry.objects.filter(campaign=OuterRef("pk"), product__merchant=merchant)
    entries = entries.exclude(state=Entry.State.WITHDRAWN)
    listings = Listing.objects.filter(campaign=OuterRef("pk"), product__merchant=merchant)
    has_begun = Q(published__starts_at__lte=at)
    return Campaign.objects.filter(
        Q(merchant=merchant)
        | Q(pk__in=invitations(merchant).values("pk"))
        | (Q(merchant=None) & (Q(Exists(entries)) | (has_begun & Q(Exists(listings)))))
    )


def known_campaign(merchant: Merchant, name: str, *, at: datetime) -> Campaign | None:
    """By public id, the studio's slug, or the merchant's own name."""
    named = Q(public_id=name) | Q(slug=name, merchant=None) | Q(own_slug=name, merchant=merchant)
    found = known_campaigns(merchant, at=at).filter(named).select_related(*_LOADED)
    # The merchant's own name wins over the studio's slug.
    return found.order_by(F("merchant").asc(nulls_last=True), "pk").first()


# -- joining ------------------------------------------------------------------------------------


def entry_rows(campaign: Campaign, merchant: Merchant) -> list[Entry]:
    """The merchant's goods in the campaign, but for what it took back. One query."""
    entries = campaign.entries.filter(product__merchant=merchant).exclude(state=Entry.State.WITHDRAWN)
    return list(entries.select_related("product").order_by("product__title_en", "pk"))


@dataclass(frozen=True, slots=True)
class Choice:
    """A product that could be offered, or the reasons why it could be listed in none of the campaign's markets."""

    product: Product
    reasons: tuple[str, ...]


def choices(campaign: Campaign, merchant: Merchant, *, search: str = "") -> tuple[list[Choice], bool]:
    """Active products of the merchant that the campaign has not got yet, and whether there are more than are shown. A
    constant number of queries."""
    taken = campaign.entries.filter(product__merchant=merchant, state__in=(Entry.State.OFFERED, Entry.State.ACCEPTED))
    products = Product.objects.filter(merchant=merchant, state=Product.State.ACTIVE).exclude(
        pk__in=taken.values("product")
    )
    if campaign.film_id is not None:
        products = products.filter(film=campaign.film_id)
    if search:
        products = products.filter(
            Q(title_en__icontains=search) | Q(title_zh__icontains=search) | Q(sku__icontains=search)
        )
    try:
        check_rule(campaign.rule, may_be_empty=True)
        products = products.exclude(pk__in=selection_of(campaign, document_of(campaign)).values("pk"))
        found = list(products.order_by("title_en", "pk")[: CHOICES + 1])
        refused = refusals(campaign, found[:CHOICES])
    except Refused:  # the studio's draft is not in order yet; offering says what is wrong with a product
        found, refused = list(products.order_by("title_en", "pk")[: CHOICES + 1]), {}
    return [Choice(p, refused.get(p.public_id, ())) for p in found[:CHOICES]], len(found) > CHOICES


def diff_is_quick(campaign: Campaign, merchant: Merchant) -> bool:
    """Whether the diff is read along with a page, or only when somebody asks for it."""
    try:
        check_rule(campaign.rule, may_be_empty=True)
    except Refused:
        return True  # then it is one sentence
    products = selection_of(campaign, document_of(campaign)).filter(merchant=merchant)
    return products[: QUICK + 1].count() <= QUICK


def offered_ids(campaign: Campaign, merchant: Merchant) -> list[str]:
    """What the merchant has offered and nobody has decided on."""
    offered = campaign.entries.filter(product__merchant=merchant, state=Entry.State.OFFERED)
    return list(offered.values_list("product__public_id", flat=True))


# -- listings -----------------------------------------------------------------------------------


class OwnListingPosition(NamedTuple):
    """Where a page of listings ended."""

    campaign_id: int
    product_id: int
    market_id: int
    channel_id: int


@dataclass(frozen=True, slots=True)
class OwnListing:
    """`rights`: the licences that cover the listing, where of its market, until when, with what is left."""

    listing: Listing
    countries: list[str]
    reasons: list[str]
    covered_by: list[dict[str, Any]]


def own_listings(
    merchant: Merchant,
    *,
    at: datetime,
    campaign: Campaign | None = None,
    state: str | None = None,
    channel: str | None = None,
    market: str | None = None,
    after: OwnListingPosition | None,
    limit: int,
) -> Page[OwnListing]:
    """The merchant's listings in campaigns that it knows of, by campaign, product, market and channel. A constant number of
    queries."""
    rows = Listing.objects.filter(product__merchant=merchant)
    if campaign is not None:
        rows = rows.filter(campaign=campaign)
    else:
        rows = rows.filter(campaign__in=known_campaigns(merchant, at=at).values("pk"))
    if state is not None:
        rows = rows.filter(state=state)
    if channel is not None:
        rows = rows.filter(channel__code=channel)
    if market is not None:
        rows = rows.filter(market__code=market)
    if after is not None:
        rows = rows.filter(TupleGreaterThan(Tuple(*map(F, OwnListingPosition._fields)), tuple(after)))
    rows = rows.select_related("campaign", "product", "market", "channel").order_by(*OwnListingPosition._fields)
    found = list(rows[: limit + 1])
    told = _with_rights(found[:limit], at)
    if len(found) <= limit:
        return Page(told, None)
    last = found[limit - 1]
    return Page(told, OwnListingPosition(last.campaign_id, last.product_id, last.market_id, last.channel_id))


def _with_rights(listings: Sequence[Listing], at: datetime) -> list[OwnListing]:
    markets = list({listing.market_id: listing.market for listing in listings}.values())
    reader = FactsReader(markets)
    facts = reader.read({listing.product_id for listing in listings}, lock=False) if listings else []
    articles = {row.product_id: row.article for row in facts}
    numbers = {terms.number for article in articles.values() for terms in article.licences if terms.number}
    caps = Licence.objects.filter(number__in=numbers, unit_cap__isnull=False)
    counts = caps.values_list("number", "unit_cap", "units_used")
    left = {number: cap - used for number, cap, used in counts if cap is not None}
    return [_own_listing(listing, articles[listing.product_id], left, at) for listing in listings]


def _own_listing(listing: Listing, article: Any, left: dict[str, int], at: datetime) -> OwnListing:
    """Decided for the listing's channel and each country of its market."""
    channel = listing.channel.distribution or DistributionChannel.OWN_SHOP
    countries: list[str] = []
    reasons: dict[str, None] = {}
    failing: set[str] | None = None
    for country in listing.market.countries:
        decision = decide(article, Action.LIST, country=country, channel=channel, at=at)
        if decision.allowed:
            countries.append(country)
        reasons.update(dict.fromkeys(str(reason) for reason in decision.reasons))
        told = {finding.licence for finding in decision.findings}
        failing = told if failing is None else failing & told
    covered_by = [
        {
            "licence": terms.number,
            "starts_at": moment(terms.starts_at),
            "ends_at": moment(terms.ends_at),
            "sell_off_until": moment(terms.sell_off_ends_at) if terms.has_sell_off else None,
            "sell_off_units_left": terms.inventory,
            "units_left": left.get(terms.number),
        }
        for terms in article.licences
        if terms.gap is Gap.NONE and terms.number not in (failing or ())
    ]
    return OwnListing(listing, countries, list(reasons), covered_by)


# -- how the launch went ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LaunchStory:
    """Instants of the published revision, and of the merchant's listings; None: not yet, or never."""

    revision: Revision | None
    first_seen_at: datetime | None
    last_taken_at: datetime | None
    seen: int
    listings: int
    verified_at: datetime | None


def launch_story(campaign: Campaign, merchant: Merchant) -> LaunchStory:
    """Two queries."""
    told = Listing.objects.filter(campaign=campaign, product__merchant=merchant, is_wanted=True).aggregate(
        first_seen=Min("seen_at"), last_taken=Max("acknowledged_at"), seen=Count("seen_at"), listings=Count("pk")
    )
    verified = Due.objects.filter(revision=campaign.published_id, kind=Due.Kind.VERIFY, done_at__isnull=False)
    last = verified.exclude(result={}).order_by("-due_at").values_list("done_at", flat=True).first()
    return LaunchStory(campaign.published, told["first_seen"], told["last_taken"], told["seen"], told["listings"], last)


def refused_reasons(campaign: Campaign, merchant: Merchant, *, most: int = 5) -> list[tuple[str, str, int]]:
    """(channel, what it said, how many listings) of what was refused or given up, the commonest first."""
    failed = Listing.objects.filter(
        campaign=campaign, product__merchant=merchant, state__in=(Listing.State.REFUSED, Listing.State.DEAD)
    )
    rows = (
        failed.values_list("channel__name", "problem")
        .annotate(n=Count("pk"))
        .order_by("-n", "channel__name", "problem")
    )
    return list(rows[:most])


def listed_products(campaign: Campaign, merchant: Merchant) -> QuerySet[Product]:
    """The merchant's products that the campaign has listed, whether they still are or not."""
    listings = Listing.objects.filter(campaign=campaign, product=OuterRef("pk"))
    return Product.objects.filter(Exists(listings), merchant=merchant)
