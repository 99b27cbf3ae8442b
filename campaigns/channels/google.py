"""Google Merchant as a channel: Google fetches our feed (google_feed.py); pushing is writing it, reading back is reading it."""

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from campaigns.channels.base import Outcome, Payload, Result
from campaigns.channels.google_feed import feed_file, items_of
from campaigns.channels.google_item import problems_of
from catalog.models import Market, Product

_GROUP = re.compile(r"<g:item_group_id>([^<]+)</g:item_group_id>")


def validate(payloads: Sequence[Payload], *, at: datetime) -> dict[int, list[str]]:
    """The problems of each listing's items, as of `at`."""
    found: dict[int, list[str]] = {}
    for market, of_market in _by_market(payloads):
        problems: defaultdict[str, list[str]] = defaultdict(list)
        seen: set[str] = set()
        for item in items_of(market, at=at, product_ids=[p.product.pk for p in of_market]):
            seen.add(item.item_group_id)
            problems[item.item_group_id] += [
                x for x in problems_of(item, at=at) if x not in problems[item.item_group_id]
            ]
        for payload in of_market:
            group = payload.product.public_id
            if group not in seen:
                found[payload.listing_id] = ["It is not on the shelf then, so the feed does not hold it."]
            elif problems[group]:
                found[payload.listing_id] = problems[group]
    return found


def push(payloads: Sequence[Payload], *, at: datetime) -> list[Result]:
    """Write the feeds that hold these listings, and look which of them they hold."""
    problems = validate(payloads, at=at)
    results = []
    for market, of_market in _by_market(payloads):
        shown = read_back(market, [p.product.pk for p in of_market], at=at)
        for payload in of_market:
            if payload.product.pk in shown:
                results.append(Result(payload.listing_id, Outcome.TAKEN))
            elif payload.span is None:
                results.append(Result(payload.listing_id, Outcome.LATER, "It is not on the shelf yet."))
            else:
                reasons = problems.get(payload.listing_id, ["The feed does not hold it."])
                results.append(Result(payload.listing_id, Outcome.REFUSED, " ".join(reasons)))
    return results


def withdraw(payloads: Sequence[Payload], *, at: datetime) -> list[Result]:
    """The next feed says what the shelf says; Google drops what it no longer finds."""
    for market, _of_market in _by_market(payloads):
        feed_file(market, at=at)
    return [Result(payload.listing_id, Outcome.TAKEN) for payload in payloads]


def read_back(market: Market, product_ids: Collection[int], *, at: datetime) -> set[int]:
    wanted = dict(Product.objects.filter(pk__in=list(product_ids)).values_list("public_id", "pk"))
    file = feed_file(market, at=at)
    shown = _groups_in(file.path, file.etag)
    return {pk for public_id, pk in wanted.items() if public_id in shown}


@lru_cache(maxsize=8)
def _groups_in(path: Path, _etag: str) -> frozenset[str]:
    """The products a feed file holds. The two name its content, so it is read once."""
    with path.open(encoding="utf-8") as lines:
        return frozenset(match for line in lines for match in _GROUP.findall(line))


def _by_market(payloads: Sequence[Payload]) -> list[tuple[Market, list[Payload]]]:
    groups: defaultdict[int, list[Payload]] = defaultdict(list)
    for payload in payloads:
        groups[payload.market.pk].append(payload)
    return [(group[0].market, group) for group in groups.values()]
