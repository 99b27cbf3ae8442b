"""What can be sold: markets, products, variants, prices, stock, offers, and the shelf they compile into."""

from collections.abc import Iterable
from datetime import datetime

from django.db import models
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan
from django.utils.translation import gettext_lazy as _

from core.ids import public_id_field
from films.models import Film, Tier
from licensing.models import Category, Licence
from merchants.models import Merchant


class Market(models.Model):
    """Countries that see the same prices in the same currency. A market has one currency."""

    code = models.SlugField(max_length=8, unique=True)
    name_en = models.CharField(max_length=80)
    name_zh = models.CharField(max_length=80)
    currency = models.CharField(max_length=3)
    countries = models.JSONField(help_text=_("ISO 3166-1 codes, the main one first."))
    default_language = models.CharField(max_length=10, default="en")
    time_zone = models.CharField(max_length=40)
    prices_include_tax = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)
    # Counts the compilations that changed what this market sees; half of its epoch (catalog/epoch.py).
    shelf_version = models.PositiveBigIntegerField(default=1, editable=False)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.code.upper()

    def name_in(self, language: str) -> str:
        return self.name_zh if language.startswith("zh") else self.name_en


class Product(models.Model):
    """A licensed article: made by one merchant, of one film, under one licence."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ACTIVE = "active", _("Active")
        ARCHIVED = "archived", _("Archived")

    class Listing(models.TextChoices):
        OPEN = "open", _("Whenever rights and price allow")
        CAMPAIGN = "campaign", _("Only while a campaign covers it")

    public_id = public_id_field("prd")
    slug = models.SlugField(max_length=160, unique=True)
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="products")
    film = models.ForeignKey(Film, on_delete=models.PROTECT, related_name="products")
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="products")
    licence = models.ForeignKey(Licence, null=True, blank=True, on_delete=models.PROTECT, related_name="products")
    sku = models.CharField(max_length=80, help_text=_("The merchant's own code."))
    title_en = models.CharField(max_length=200)
    title_zh = models.CharField(max_length=200, blank=True)
    description_en = models.TextField(blank=True)
    description_zh = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    listing = models.CharField(max_length=10, choices=Listing, default=Listing.OPEN)
    reveals = models.CharField(max_length=10, choices=Tier, default=Tier.TITLE)
    on_sale_at = models.DateTimeField(null=True, blank=True, help_text=_("Before it: coming soon."))
    street_on = models.DateField(null=True, blank=True, help_text=_("Before it, in each territory: pre-order."))
    # Columns of the merchant's file that have no place here; they come back on export.
    extra = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["merchant", "sku"], name="catalog_product_sku_once_per_merchant")
        ]
        indexes = [
            models.Index(fields=["updated_at", "id"], name="catalog_product_updated"),
            models.Index(fields=["film", "id"], name="catalog_product_film"),
        ]

    def __str__(self) -> str:
        return self.title_en

    def title_in(self, language: str) -> str:
        return (self.title_zh if language.startswith("zh") else "") or self.title_en

    def description_in(self, language: str) -> str:
        return (self.description_zh if language.startswith("zh") else "") or self.description_en


class Variant(models.Model):
    """What is actually bought: one size, one colour."""

    public_id = public_id_field("var")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="variants")
    sku = models.CharField(max_length=80)
    options = models.JSONField(default=dict, blank=True, help_text=_('{"size": "M", "colour": "Midnight"}'))
    gtin = models.CharField(max_length=14, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["product", "sku"], name="catalog_variant_sku_once_per_product")]

    def __str__(self) -> str:
        return self.sku


class Price(models.Model):
    """The regular price of a variant in a market from an instant on, until the next row. No amount: not sold there."""

    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="prices")
    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="prices")
    amount = models.PositiveBigIntegerField(null=True, blank=True, help_text=_("Minor units of the market's currency."))
    starts_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["starts_at"]
        constraints = [
            models.UniqueConstraint(fields=["variant", "market", "starts_at"], name="catalog_price_once_per_start"),
            models.CheckConstraint(
                condition=models.Q(amount__isnull=True) | models.Q(amount__gt=0), name="catalog_price_amount_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.variant} {self.market} {self.amount}"


class Stock(models.Model):
    """What is on hand of a variant, and how much of it is promised to orders."""

    variant = models.OneToOneField(Variant, on_delete=models.CASCADE, related_name="stock")
    on_hand = models.IntegerField(default=0)
    reserved = models.IntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "stock"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(reserved__gte=0, on_hand__gte=models.F("reserved")),
                name="catalog_stock_never_oversold",
            )
        ]

    def __str__(self) -> str:
        return f"{self.variant}: {self.on_hand - self.reserved}"


class Image(models.Model):
    """A picture of a product. Files are named after their content, so embargoed art cannot be guessed."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="images")
    file = models.FileField(upload_to="goods", max_length=200, help_text=_("What pages show."))
    channel_file = models.FileField(
        upload_to="goods", max_length=200, blank=True, help_text=_("JPEG or PNG, for channels that take no vector art.")
    )
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    alt_en = models.CharField(max_length=200, blank=True)
    alt_zh = models.CharField(max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return f"{self.product} {self.position}"

    def alt_in(self, language: str) -> str:
        return (self.alt_zh if language.startswith("zh") else "") or self.alt_en


class Promotion(models.Model):
    """The window and rank of a set of offers. A campaign's revision hands one down; the catalogue knows no campaigns.

    Nothing of it counts before `is_published`: a promotion whose offers are still being written is not there.
    """

    public_id = public_id_field("prm")
    priority = models.IntegerField(default=0)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    is_published = models.BooleanField(default=False)
    held_markets = models.ManyToManyField(Market, blank=True, related_name="held_promotions")
    # The age that decides between equals is the campaign's, which a new revision does not make younger.
    since = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="catalog_promotion_ends_after_it_starts"
            )
        ]

    def __str__(self) -> str:
        return self.public_id


class Offer(models.Model):
    """What a promotion does to the price of one product in one market. It follows later changes of the regular price."""

    class Kind(models.TextChoices):
        NONE = "none", _("Regular price")
        PERCENT = "percent", _("Percent off, in basis points")
        AMOUNT = "amount", _("Amount off, in minor units")
        FIXED = "fixed", _("Fixed price, in minor units")

    promotion = models.ForeignKey(Promotion, on_delete=models.CASCADE, related_name="offers")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="offers")
    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="offers")
    kind = models.CharField(max_length=8, choices=Kind)
    value = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            # In this order it also serves the compiler, which reads by product.
            models.UniqueConstraint(fields=["product", "market", "promotion"], name="catalog_offer_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


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


class SearchDocument(models.Model):
    """The words a product is found by, already cut (catalog/search.py)."""

    product = models.OneToOneField(Product, primary_key=True, on_delete=models.CASCADE, related_name="search_document")
    terms = models.TextField()

    def __str__(self) -> str:
        return self.terms[:60]
