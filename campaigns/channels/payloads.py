"""Listings as payloads, as of an instant, in a constant number of queries."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db.models import Prefetch

from campaigns.channels.base import Payload
from campaigns.models import Listing
from catalog.models import Image, Product, ShelfSpan


def payloads_of(listings: Sequence[Listing], *, at: datetime) -> list[Payload]:
    """A payload for each listing (loaded with its market), saying what the shelf says at `at`."""
    products = (
        Product.objects.filter(pk__in={listing.product_id for listing in listings})
        .select_related("merchant", "category", "film")
        .prefetch_related(Prefetch("images", Image.objects.ready()))
        .in_bulk()
    )
    by_market: defaultdict[int, list[int]] = defaultdict(list)
    for listing in listings:
        by_market[listing.market_id].append(listing.product_id)
    spans = {
        (span.product_id, span.market_id): span
        for market_id, product_ids in by_market.items()
        for span in ShelfSpan.objects.at(at).filter(market=market_id, product__in=product_ids)
    }
    return [
        Payload(
            listing_id=listing.pk,
            public_id=listing.public_id,
            key=f"{listing.public_id}.{listing.digest}",
            product=products[listing.product_id],
            market=listing.market,
            span=spans.get((listing.product_id, listing.market_id)),
        )
        for listing in listings
    ]
