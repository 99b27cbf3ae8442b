"""How far the channels have been told, and what a rollback will find."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count

from campaigns.models import Campaign, Channel, Listing, Revision
from catalog.models import Price, Product


@dataclass(frozen=True, slots=True)
class ChannelProgress:
    channel: Channel
    total: int
    sent: int
    waiting: int
    retry: int
    refused: int
    dead: int
    withdrawn: int


def progress(campaign: Campaign) -> list[ChannelProgress]:
    """How far each channel has been told. Two queries."""
    counts: defaultdict[int, Counter[str]] = defaultdict(Counter)
    rows = Listing.objects.filter(campaign=campaign).values("channel", "state").annotate(n=Count("pk"))
    for row in rows.values_list("channel", "state", "n"):
        counts[row[0]][row[1]] += row[2]
    return [
        ChannelProgress(
            channel=channel,
            total=sum(counts[channel.pk].values()),
            sent=counts[channel.pk][Listing.State.SENT],
            waiting=counts[channel.pk][Listing.State.STAGED],
            retry=counts[channel.pk][Listing.State.RETRY],
            refused=counts[channel.pk][Listing.State.REFUSED],
            dead=counts[channel.pk][Listing.State.DEAD],
            withdrawn=counts[channel.pk][Listing.State.WITHDRAWN],
        )
        for channel in Channel.objects.filter(
            pk__in=list(counts) or list(campaign.channels.values_list("pk", flat=True))
        )
    ]


def rollback_preview(campaign: Campaign, *, at: datetime) -> list[dict[str, Any]]:
    """The later edits that a rollback now would keep and list."""
    return later_edits(campaign, campaign.published)[0] if campaign.published else []


def later_edits(campaign: Campaign, revision: Revision, most: int = 200) -> tuple[list[dict[str, Any]], int]:
    """What people changed of the campaign's products since `revision` was published: (the first `most`, how many)."""
    since = revision.published_at
    products = Listing.objects.filter(campaign=campaign).values("product")
    prices = Price.objects.filter(
        variant__product__in=products, created_at__gt=since, market__in=campaign.markets.all()
    ).select_related("market", "variant__product")
    repriced = prices.values("variant__product")
    edited = Product.objects.filter(pk__in=products, updated_at__gt=since).exclude(pk__in=repriced)
    conflicts: list[dict[str, Any]] = [
        {
            "what": "price",
            "product": price.variant.product.public_id,
            "title": price.variant.product.title_en,
            "market": price.market.code,
            "kept": price.amount,
            "currency": price.market.currency,
            "at": price.created_at.isoformat(),
        }
        for price in prices.order_by("pk")[:most]
    ]
    conflicts += [
        {
            "what": "product",
            "product": p.public_id,
            "title": p.title_en,
            "kept": p.title_en,
            "at": p.updated_at.isoformat(),
        }
        for p in edited.order_by("pk")[: most - len(conflicts)]
    ]
    return conflicts, prices.count() + edited.count()
