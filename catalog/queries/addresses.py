"""The addresses of what is on the shelf, for the sitemap."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from django.db.models import Exists, OuterRef

from catalog.models import Market, Product, ShelfSpan
from licensing.models import Category


class Address(NamedTuple):
    """A product on the shelf of `markets` (primary keys). `changed_at`: its words, or what any of the shelves says of it."""

    slug: str
    markets: frozenset[int]
    changed_at: datetime


def last_product() -> int:
    """The highest primary key of any product, 0 without one. One query."""
    return Product.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def shelf_addresses(markets: Sequence[Market], *, at: datetime, first: int, end: int) -> Iterator[Address]:
    """What is on the shelf of any of these markets, of the products from `first` on and before `end`. One query, streamed."""
    spans = ShelfSpan.objects.at(at).filter(market__in=markets, product__gte=first, product__lt=end)
    rows = spans.order_by("product_id").values_list(
        "product_id", "product__slug", "product__updated_at", "starts_at", "market_id"
    )
    for _product, spans_of_one in groupby(rows.iterator(chunk_size=5_000), itemgetter(0)):
        found = list(spans_of_one)
        _pk, slug, updated_at, *_rest = found[0]
        changed_at = max(updated_at, *(starts_at for *_columns, starts_at, _market in found))
        yield Address(slug, frozenset(row[-1] for row in found), changed_at)


def shelved_categories(market: Market, *, at: datetime) -> list[str]:
    """The codes of the categories of which something is on the shelf. One query."""
    spans = ShelfSpan.objects.at(at).in_market(market).filter(category=OuterRef("pk"))
    return list(Category.objects.filter(Exists(spans)).values_list("code", flat=True))
