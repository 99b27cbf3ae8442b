"""What somebody means to buy: one basket per person and market."""

from django.db import models
from django.db.models import Q

from accounts.models import User
from catalog.models import Market, Variant


class Basket(models.Model):
    """Of a browser (`key`, the hash of what its cookie says) or of a member. orders/baskets.py is the only writer."""

    key = models.CharField(max_length=64, blank=True, editable=False)
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="baskets")
    market = models.ForeignKey(Market, on_delete=models.CASCADE, related_name="baskets")
    country = models.CharField(max_length=2, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "market"], condition=~Q(key=""), name="orders_basket_once_per_key"),
            models.UniqueConstraint(
                fields=["user", "market"], condition=Q(user__isnull=False), name="orders_basket_once_per_member"
            ),
            models.CheckConstraint(condition=~Q(key="") | Q(user__isnull=False), name="orders_basket_is_somebodys"),
        ]
        indexes = [models.Index(fields=["updated_at"], name="orders_basket_updated")]

    def __str__(self) -> str:
        return f"{self.market} {self.pk}"


class BasketLine(models.Model):
    """So many pieces of a variant. `seen_amount` is the price of one piece that the person was last shown and took."""

    basket = models.ForeignKey(Basket, on_delete=models.CASCADE, related_name="lines")
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="basket_lines")
    quantity = models.PositiveIntegerField()
    seen_amount = models.PositiveBigIntegerField()
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["added_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["basket", "variant"], name="orders_basket_line_once_per_variant"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="orders_basket_line_quantity_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.variant_id}"
