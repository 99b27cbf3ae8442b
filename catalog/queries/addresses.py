"""The addresses of what is on the shelf, for the sitemap."""

from collections.abc import Iterator
from datetime import datetime

from catalog.models import Market, Product, ShelfSpan


def last_product() -> int:
    """The highest primary key of any product, 0 without one. One query."""
    return Product.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def product_slugs(market: Market, *, at: datetime, first: int, end: int) -> Iterator[str]:
    """The addresses of what is on the shelf, of the products from `first` on and before `end`, streamed."""
    spans = ShelfSpan.objects.at(at).in_market(market).filter(product__gte=first, product__lt=end)
    return spans.order_by("product_id").values_list("product__slug", flat=True).iterator(chunk_size=5_000)
