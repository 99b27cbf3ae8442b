"""What a stranger may know of campaigns: those that are announced or live, and their listings while they are live.

Everything is read from the published revision: what is being edited, or staged for later, is not there yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Exists, F, OuterRef, Q
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan

from campaigns.models import Campaign, Listing, Revision
from catalog.models import Market, Offer, Product, ShelfSpan
from catalog.queries.lists import ProductOnShelf, shelf_rows
from core.paging import Page, Position
from films.models import Embargo, Film, Tier
from merchants.models import Merchant


@dataclass(frozen=True, slots=True)
class PublicCampaign:
    """`markets` are those in which it is not held back and its film may be known; `placements` the announced ones."""

    campaign: Campaign
    revision: Revision
    film: Film | None
    markets: tuple[str, ...]
    placements: tuple[dict[str, Any], ...]
    announced_at: datetime | None
    is_live: bool


class ListingPosition(NamedTuple):
    """Where a page of listings ended."""

    campaign_id: int
    product_id: int
    market_id: int
    channel_id: int


@dataclass(frozen=True, slots=True)
class LiveListing:
    listing: Listing
    campaign: Campaign
    revision: Revision
    seen: ProductOnShelf


def public_campaigns(
    *,
    at: datetime,
    market: Market | None,
    updated_since: datetime | None,
    after: Position | None,
    limit: int,
    merchant: Merchant | None = None,
) -> Page[PublicCampaign]:
    """Campaigns announced or live at `at` in `market` (or in any), oldest change first; of all, or a merchant's own."""
    rows = [
        row
        for row in _all_public(at, market, merchant)
        if (updated_since is None or row.campaign.updated_at >= updated_since)
        and (after is None or _position(row) > after)
    ]
    return Page(rows[:limit], _position(rows[limit - 1]) if len(rows) > limit else None)


def _position(row: PublicCampaign) -> Position:
    return Position(row.campaign.updated_at, row.campaign.pk)


def _all_public(at: datetime, market: Market | None, merchant: Merchant | None = None) -> list[PublicCampaign]:
    """Five queries, however many. Whole, because what is announced is in documents, and campaigns that have not ended
    are as many as people can run at a time."""
    campaigns = (
        Campaign.objects.filter(
            state=Campaign.State.SCHEDULED,
            published__state=Revision.State.PUBLISHED,
            published__ends_at__gt=at,
        )
        .exclude(**({} if market is not None and not market.is_public else {"merchant__is_sandbox": True}))
        .select_related("published__promotion")
        .prefetch_related("published__promotion__held_markets")
        .order_by("updated_at", "pk")
    )
    if merchant is not None:
        campaigns = campaigns.filter(merchant=merchant)
    markets = [market] if market is not None else list(Market.objects.filter(is_public=True))
    rows = list(campaigns)
    films = {film.slug: film for film in Film.objects.filter(slug__in=[_document(row)["film"] for row in rows])}
    secrets = Embargo.objects.filter(film__in=films.values(), tier=Tier.TITLE, lifts_at__gt=at)
    secret = set(secrets.values_list("film_id", "country"))
    public = (_as_public(row, films.get(_document(row)["film"]), markets, secret, at) for row in rows)
    return [row for row in public if row is not None]


def public_campaign(name: str, *, at: datetime, market: Market | None = None) -> PublicCampaign | None:
    """The campaign of this public id or slug, when it is public."""
    found = (row for row in _all_public(at, market) if name in (row.campaign.slug, row.campaign.public_id))
    return next(found, None)


def live_promotions(name: str, market: Market, *, at: datetime) -> list[int]:
    """The promotion of the campaign of this public id or slug, when it is live in the market; else none."""
    row = public_campaign(name, at=at, market=market)
    return [row.revision.promotion_id] if row is not None and row.is_live else []


def live_listings(
    market: Market,
    *,
    campaign: str | None,
    channel: str | None,
    at: datetime,
    after: ListingPosition | None,
    limit: int,
    merchant: Merchant | None = None,
) -> Page[LiveListing]:
    """Listings of live campaigns whose product is on the market's shelf at `at`: by campaign, product and channel.

    That is the order of their unique index, so a page costs the same however many listings there are or were.
    """
    live = {
        row.campaign.pk: row
        for row in _all_public(at, market, merchant)
        if row.is_live and (campaign is None or campaign in (row.campaign.slug, row.campaign.public_id))
    }
    if not live:
        return Page([], None)
    # A revision that is being staged has changed the listings already; the published offers and channels decide.
    offers = Offer.objects.filter(
        product=OuterRef("product"), market=market, promotion=OuterRef("campaign__published__promotion")
    )
    on_shelf = ShelfSpan.objects.at(at).in_market(market).filter(product=OuterRef("product"))
    listings = Listing.objects.filter(
        _told_by(list(live.values())), Exists(offers), Exists(on_shelf), market=market, campaign__gte=min(live)
    )
    if channel is not None:
        listings = listings.filter(channel__code=channel)
    if after is not None:
        listings = listings.filter(TupleGreaterThan(Tuple(*map(F, ListingPosition._fields)), after))
    found = list(listings.select_related("channel").order_by(*ListingPosition._fields)[: limit + 1])
    rows = found[:limit]
    seen = _seen_by_product({listing.product_id for listing in rows}, market, at)
    told = [
        LiveListing(listing, by.campaign, by.revision, seen[listing.product_id])
        for listing in rows
        if listing.product_id in seen and (by := live[listing.campaign_id])
    ]
    return Page(told, _listing_position(rows[-1]) if len(found) > limit else None)


def _listing_position(listing: Listing) -> ListingPosition:
    return ListingPosition(listing.campaign_id, listing.product_id, listing.market_id, listing.channel_id)


def _told_by(live: Sequence[PublicCampaign]) -> Q:
    told = Q()
    for row in live:
        told |= Q(campaign=row.campaign, channel__code__in=row.revision.document["channels"])
    return told


def _seen_by_product(product_ids: set[int], market: Market, at: datetime) -> dict[int, ProductOnShelf]:
    products = list(Product.objects.filter(pk__in=product_ids).select_related("licence"))
    return {row.product.pk: row for row in shelf_rows(products, market, at=at)}


def _document(campaign: Campaign) -> dict[str, Any]:
    assert campaign.published is not None
    return campaign.published.document


def _as_public(
    campaign: Campaign, film: Film | None, markets: Sequence[Market], secret: set[tuple[int, str]], at: datetime
) -> PublicCampaign | None:
    revision = campaign.published
    assert revision is not None
    open_markets = _open_markets(revision, film, markets, secret)
    placements = [
        placement
        for placement in revision.document["placements"]
        if datetime.fromisoformat(placement["announced_at"]) <= at
    ]
    is_live = revision.starts_at <= at < revision.ends_at
    if not open_markets or not (is_live or placements):
        return None
    announced_at = min((datetime.fromisoformat(placement["announced_at"]) for placement in placements), default=None)
    return PublicCampaign(campaign, revision, film, open_markets, tuple(placements), announced_at, is_live)


def _open_markets(
    revision: Revision, film: Film | None, markets: Sequence[Market], secret: set[tuple[int, str]]
) -> tuple[str, ...]:
    told = set(revision.document["markets"])
    held = {market.pk for market in revision.promotion.held_markets.all()}
    return tuple(
        market.code
        for market in markets
        if market.code in told
        and market.pk not in held
        and not (film is not None and any((film.pk, country) in secret for country in ("", *market.countries)))
    )
