"""The studio's own storefront as a channel. Its catalogue is the shelf, so nothing is sent: what is seen is what counts."""

from collections.abc import Collection, Sequence
from datetime import datetime

from campaigns.channels.base import Outcome, Payload, Result
from catalog.models import Market, ShelfSpan

TITLE_LIMIT = 200


def validate(payloads: Sequence[Payload], *, at: datetime) -> dict[int, list[str]]:
    problems = {payload.listing_id: _problems(payload) for payload in payloads}
    return {pk: found for pk, found in problems.items() if found}


def push(payloads: Sequence[Payload], *, at: datetime) -> list[Result]:
    return [
        Result(p.listing_id, Outcome.TAKEN)
        if p.span is not None
        else Result(p.listing_id, Outcome.LATER, "It is not on the shelf yet.")
        for p in payloads
    ]


def withdraw(payloads: Sequence[Payload], *, at: datetime) -> list[Result]:
    return [Result(payload.listing_id, Outcome.TAKEN) for payload in payloads]


def read_back(market: Market, product_ids: Collection[int], *, at: datetime) -> set[int]:
    spans = ShelfSpan.objects.at(at).in_market(market).for_products(product_ids)
    return set(spans.values_list("product_id", flat=True))


def _problems(payload: Payload) -> list[str]:
    found = []
    if payload.span is None:
        found.append("It is not on the shelf at the start.")
    if not payload.product.title_en.strip():
        found.append("It has no title.")
    if not payload.product.images.all():
        found.append("It has no picture.")
    return found
