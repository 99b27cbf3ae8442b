"""What is sold: markets, products and their variants."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models.sizes import SizeGuide
from core.ids import public_id_field
from films.models import Film, Tier
from licensing.models import Category, Licence
from merchants.models import Merchant


class TaxClass(models.TextChoices):
    """What kind of goods tax law sees. The rates stand in TaxRate, by market and country."""

    STANDARD = "standard", _("Standard rate")
    REDUCED = "reduced", _("Reduced rate")
    ZERO = "zero", _("No tax")


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
    # The sandbox's is not: it has no page, no feed and no place in any list.
    is_public = models.BooleanField(default=True, editable=False)
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
    tax_class = models.CharField(max_length=10, choices=TaxClass, default=TaxClass.STANDARD)
    on_sale_at = models.DateTimeField(null=True, blank=True, help_text=_("Before it: coming soon."))
    street_on = models.DateField(null=True, blank=True, help_text=_("Before it, in each territory: pre-order."))
    per_person = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text=_("Pieces that one person may buy in all; blank: any number.")
    )
    # Its pages read the guide from the product, never the other way round on a page: no index.
    size_guide = models.ForeignKey(
        SizeGuide, null=True, blank=True, on_delete=models.SET_NULL, related_name="products", db_index=False
    )
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
