"""Channels follow the shelf: what a live campaign lists and the shelf no longer shows is taken down, and comes back with it.

Pages and feeds are made from the shelf, so they turn at the instant. Channels that were sent something have to be told:
at once when a licence, takedown, recall or certificate moved the shelf (`catch_up_shelf` asks for it), and soon after the
clock has passed one of its boundaries. Nothing has to be remembered: what is listed is what the published revision made
offers for, and whether it is seen now is what the shelf says.
"""

import logging
from collections.abc import Iterable
from datetime import datetime

from django.core.cache import cache
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from campaigns.models import Campaign, Listing
from campaigns.staging import take_back
from catalog.epoch import read_epoch
from catalog.models import Market, Offer, ShelfSpan
from core.jobs import enqueue

logger = logging.getLogger(__name__)

#: How long it is remembered that a campaign has been compared with its markets' shelves, in seconds.
REMEMBERED = 3600


def follow_shelf(*, at: datetime) -> int:
    """Bring the listings of every live campaign in line with the shelf at `at`; returns how many turned. Harmless at any
    time and twice; a campaign whose markets have not turned since the last look costs one query for each of them."""
    live = Campaign.objects.filter(
        published__starts_at__lte=at, published__ends_at__gt=at, state=Campaign.State.SCHEDULED
    )
    turned = 0
    for campaign in live.select_related("published").order_by("pk"):
        key, seen = f"campaigns.followed.{campaign.public_id}", _seen_in(campaign.markets.order_by("pk"), at)
        seen.append(str(campaign.published_id))
        if cache.get(key) != seen:
            turned += _follow(campaign.pk, at)
            cache.set(key, seen, REMEMBERED)
    if turned:
        enqueue("campaigns.resume_work")
    return turned


def _seen_in(markets: Iterable[Market], at: datetime) -> list[str]:
    epochs = [read_epoch(market.code, at) for market in markets]
    return [epoch.revision for epoch in epochs if epoch is not None]


@transaction.atomic(durable=True)
def _follow(campaign_id: int, at: datetime) -> int:
    """Under the campaign's lock, so that no staging and no pause comes between."""
    campaign = Campaign.objects.select_for_update(of=("self",)).select_related("published").get(pk=campaign_id)
    revision = campaign.published
    if (
        campaign.state != Campaign.State.SCHEDULED
        or revision is None
        or not revision.starts_at <= at < revision.ends_at
    ):
        return 0
    listings = Listing.objects.filter(campaign=campaign, revision_number=revision.number)
    spans = ShelfSpan.objects.at(at).filter(product=OuterRef("product"), market=OuterRef("market"))
    offers = Offer.objects.filter(
        promotion=revision.promotion_id, product=OuterRef("product"), market=OuterRef("market")
    )
    lost = _ids(listings.filter(~Exists(spans), is_wanted=True).exclude(_waits_for_its_time(at)))
    found = _ids(listings.filter(Exists(spans), Exists(offers), is_wanted=False))
    if lost:
        take_back(Listing.objects.filter(pk__in=lost))
    Listing.objects.filter(pk__in=found).update(
        is_wanted=True, state=Listing.State.STAGED, attempts=0, next_try_at=None, problem=""
    )
    if lost or found:
        facts = {"campaign": campaign.public_id, "taken_down": len(lost), "restored": len(found)}
        logger.info("campaign.followed_shelf", extra=facts)
    return len(lost) + len(found)


def _waits_for_its_time(at: datetime) -> Q:
    """Staged for later in the window: nobody was told of it yet."""
    return Q(state=Listing.State.STAGED, attempts=0, next_try_at__gt=at)


def _ids(listings: QuerySet[Listing]) -> list[int]:
    """Locked, because a worker may be writing what a channel has just said of them."""
    return list(listings.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
