"""The shelf: what each market sees of each product from one instant to another."""

from collections.abc import Iterable
from datetime import datetime

from django.db import models
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan
from django.utils.translation import gettext_lazy as _

from catalog.models.goods import Market, Product
from catalog.models.prices import Promotion
from films.models import Film
from licensing.models import Category

_SPAN_ORDERS = {
    "newest": ("-product_id",),
    "price": ("amount", "product_id"),
    "-price": ("-amount", "-product_id"),
}


class ShelfSpanQuerySet(models.QuerySet["ShelfSpan"]):
    def at(self, at: datetime) -> "ShelfSpanQuerySet":
        """What a shopper sees at `at`: at most one span per product and market."""
        return self.filter(starts_at__lte=at, ends_at__gt=at)

    def in_market(self, market: Market) -> "ShelfSpanQuerySet":
        return self.filter(market=market)

    def for_products(self, ids: Iterable[int]) -> "ShelfSpanQuerySet":
        return self.filter(product__in=list(ids))

    def sorted_by(self, sort: str) -> "ShelfSpanQuerySet":
        """In the order "newest", "price" or "-price"; the product decides between equals."""
        return self.order_by(*_SPAN_ORDERS[sort])

    def after(self, sort: str, amount: int, product_id: int) -> "ShelfSpanQuerySet":
        """What follows the span of `amount` and `product_id` in that order, without counting what is before."""
        if sort == "newest":
            return self.filter(product__lt=product_id).sorted_by(sort)
        position = Tuple("amount", "product_id"), (amount, product_id)
        comparison = TupleGreaterThan if sort == "price" else TupleLessThan
        return self.filter(comparison(*position)).sorted_by(sort)


class ShelfSpan(models.Model):
    """From one instant to another, this is what one market sees of one product: the storefront's one read model.

    Derived rows, written by catalog/shelf_store.py alone. The spans of a product and market are the steps of a
    step function: each ends where the next begins, and where there is none the product is absent. So the
    references carry no database constraint; the compiler and `check_invariants` keep them.
    """

    class Kind(models.TextChoices):
        ON_SALE = "on_sale", _("On sale")
        PRE_ORDER = "pre_order", _("Pre-order")
        COMING_SOON = "coming_soon", _("Coming soon")

    product = models.ForeignKey(
        Product, on_delete=models.CASCADE, related_name="spans", db_constraint=False, db_index=False
    )
    market = models.ForeignKey(
        Market, on_delete=models.CASCADE, related_name="spans", db_constraint=False, db_index=False
    )
    film = models.ForeignKey(Film, on_delete=models.CASCADE, related_name="spans", db_constraint=False, db_index=False)
    category = models.ForeignKey(
        Category, on_delete=models.CASCADE, related_name="spans", db_constraint=False, db_index=False
    )
    promotion = models.ForeignKey(
        Promotion, null=True, on_delete=models.CASCADE, related_name="spans", db_constraint=False, db_index=False
    )
    kind = models.CharField(max_length=12, choices=Kind)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    amount = models.PositiveBigIntegerField(help_text=_("The cheapest variant's price, minor units."))
    top_amount = models.PositiveBigIntegerField(
        help_text=_("The dearest variant's price: more than the amount means “from”.")
    )
    was_amount = models.PositiveBigIntegerField(null=True, help_text=_("The regular price, where an offer lowers it."))
    low_amount = models.PositiveBigIntegerField(
        null=True, help_text=_("Lowest price seen in the 30 days before the reduction.")
    )

    objects = ShelfSpanQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["market", "product", "starts_at"], name="catalog_span_once_per_start"),
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="catalog_span_ends_after_it_starts"
            ),
        ]
        indexes = [
            models.Index(
                fields=["market", "category", "amount", "product"],
                include=["starts_at", "ends_at"],
                name="catalog_span_category",
            ),
            models.Index(
                fields=["market", "film", "product"], include=["starts_at", "ends_at"], name="catalog_span_film"
            ),
            models.Index(
                fields=["market", "amount", "product"], include=["starts_at", "ends_at"], name="catalog_span_amount"
            ),
            # What is coming is little, and looked for on every home page.
            models.Index(
                fields=["market", "product"],
                condition=models.Q(kind__in=["coming_soon", "pre_order"]),
                name="catalog_span_soon",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} {self.market_id} {self.starts_at:%Y-%m-%dT%H:%M:%S.%fZ} {self.amount}"


class ShelfBoundary(models.Model):
    """An instant at which a market's shelf turns. The last one passed is half of the market's epoch."""

    market = models.ForeignKey(Market, on_delete=models.CASCADE, related_name="boundaries", db_index=False)
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "shelf boundaries"
        constraints = [models.UniqueConstraint(fields=["market", "at"], name="catalog_boundary_once")]

    def __str__(self) -> str:
        return f"{self.market} {self.at:%Y-%m-%dT%H:%M:%S.%fZ}"


class ShelfMark(models.Model):
    """How far `catch_up_shelf` has read the facts that other apps keep: one row per kind of fact."""

    source = models.CharField(max_length=40, unique=True)
    read_up_to = models.DateTimeField()

    def __str__(self) -> str:
        return self.source
