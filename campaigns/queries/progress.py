"""How far the channels have been told, and what a rollback will find."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count

from campaigns.models import Campaign, Channel, Listing, Revision
from catalog.models import Price, Product
from merchants.models import Merchant


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


def progress(campaign: Campaign, *, merchant: Merchant | None = None) -> list[ChannelProgress]:
    """How far each channel has been told, of everything or of a merchant's goods. Two queries."""
    counts: defaultdict[int, Counter[str]] = defaultdict(Counter)
    listings = Listing.objects.filter(campaign=campaign)
    if merchant is not None:
        listings = listings.filter(product__merchant=merchant)
    rows = listings.values("channel", "state").annotate(n=Count("pk"))
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


def bar_parts(counts: Iterable[tuple[str, int]], total: int) -> list[dict[str, Any]]:
    """Stretches of a bar of 1000; a kind that is there is never thinner than can be seen."""
    parts, x = [], 0
    for tone, count in counts:
        if count:
            width = min(max(8, count * 1000 // total), 1000 - x)
            parts.append({"tone": tone, "x": x, "width": width})
            x += width
    return parts


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
