"""What is learnt from what people do in the shop. All of it can be made again from orders, and is, each night."""

from django.db import models

from catalog.models import Product


class Companion(models.Model):
    """Two products that were bought in one order, seen from the first."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="companions")
    other = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+")
    orders = models.PositiveIntegerField()

    class Meta:
        ordering = ["product", "-orders", "-other"]
        constraints = [models.UniqueConstraint("product", "other", name="insights_companion_once")]

    def __str__(self) -> str:
        return f"{self.product_id} with {self.other_id}: {self.orders}"
