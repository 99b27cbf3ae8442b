"""What a merchant declares to have left when a term ends; only that may be sold in the sell-off."""

from django.db import models

from core.ids import public_id_field
from licensing.models.licences import Licence


class InventoryStatement(models.Model):
    """Stock on hand at the end of a licence's term. A later statement of the same licence replaces the one before."""

    public_id = public_id_field("inv")
    licence = models.ForeignKey(Licence, on_delete=models.PROTECT, related_name="inventory_statements")
    stated_on = models.DateField()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.licence}: {self.stated_on}"


class InventoryLine(models.Model):
    """Units of one article declared, and sold in the sell-off since."""

    statement = models.ForeignKey(InventoryStatement, on_delete=models.CASCADE, related_name="lines")
    sku = models.CharField(max_length=80)
    declared = models.PositiveIntegerField()
    sold = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["statement", "sku"], name="licensing_inventory_sku_once"),
            models.CheckConstraint(
                condition=models.Q(sold__lte=models.F("declared")), name="licensing_inventory_sold_within_declared"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.statement}: {self.sku}"
