"""What it costs: regular prices, tax, and what promotions make of them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models.goods import Market, Product, TaxClass, Variant
from core.ids import public_id_field


class Price(models.Model):
    """The regular price of a variant in a market from an instant on, until the next row. No amount: not sold there.

    What has begun is history and stays as it was; catalog/prices.py is the way in.
    """

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


class TaxRate(models.Model):
    """The rate of a tax class in one country of a market from a day on, until the next row.

    Where there is none, no rate is known, and pages name no figure.
    """

    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="tax_rates")
    country = models.CharField(max_length=2, help_text=_("ISO 3166-1 code, one of the market's."))
    region = models.CharField(
        max_length=8,
        blank=True,
        db_default="",
        help_text=_("Part of the country with a rate of its own, as addresses name it: NY."),
    )
    tax_class = models.CharField(max_length=10, choices=TaxClass, default=TaxClass.STANDARD)
    rate = models.DecimalField(max_digits=6, decimal_places=5, help_text=_("0.19 is 19 percent."))
    name_en = models.CharField(max_length=40, default="VAT")
    name_zh = models.CharField(max_length=40, default="增值税")
    starts_on = models.DateField(help_text=_("Local to the country."))

    class Meta:
        ordering = ["market", "country", "region", "tax_class", "starts_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["market", "country", "region", "tax_class", "starts_on"], name="catalog_tax_rate_once_per_start"
            ),
            models.CheckConstraint(
                condition=models.Q(rate__gte=0, rate__lt=1), name="catalog_tax_rate_between_0_and_1"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country} {self.tax_class} {self.rate}"

    def name_in(self, language: str) -> str:
        return self.name_zh if language.startswith("zh") else self.name_en


class Promotion(models.Model):
    """The window and rank of a set of offers. A campaign's revision hands one down; the catalogue knows no campaigns.

    Nothing of it counts before `is_published`: a promotion whose offers are still being written is not there.
    """

    public_id = public_id_field("prm")
    priority = models.IntegerField(default=0)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    is_published = models.BooleanField(default=False)
    # Since when it counts: a promotion that is published late asked nothing before.
    published_at = models.DateTimeField(null=True, blank=True)
    held_markets = models.ManyToManyField(Market, blank=True, related_name="held_promotions")
    # Who gives the discount: the merchant, less this much of it, in basis points, which the studio funds.
    studio_share = models.PositiveSmallIntegerField(default=0, db_default=0)
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


class PromotionRun(models.Model):
    """A promotion that was taken away counted in this market from one instant to another.

    Facts of the present make the shelf, also its past; what was asked before a promotion was withdrawn or held stands
    here, so that the lowest price of thirty days knows it. Its offers stay for the same reason.
    """

    promotion = models.ForeignKey(Promotion, on_delete=models.CASCADE, related_name="runs")
    market = models.ForeignKey(Market, on_delete=models.CASCADE, related_name="promotion_runs")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="catalog_promotion_run_ends_after_it_starts"
            )
        ]

    def __str__(self) -> str:
        return f"{self.promotion} {self.market} {self.starts_at:%Y-%m-%dT%H:%M:%SZ}"


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
