"""What members keep for later, and the list that they may show to others."""

from django.db import models

from accounts.models import User
from catalog.models import Market, Product
from core.ids import public_id_field


class Wish(models.Model):
    """One product on a member's list, in one market: its price there is what letters go by."""

    public_id = public_id_field("wsh")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="wishes")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+")
    market = models.ForeignKey(Market, on_delete=models.CASCADE, related_name="+")
    language = models.CharField(max_length=10)
    wished_at = models.DateTimeField()
    # What it cost when it was kept, in the market's minor units; and what it cost when this was last looked at.
    seen_amount = models.PositiveBigIntegerField()
    known_amount = models.PositiveBigIntegerField()
    # When this was last looked at, no piece of it could be had.
    is_gone = models.BooleanField(default=False)
    # Whether letters about it are wanted; and when the last one was written.
    is_told = models.BooleanField(default=True)
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "wishes"
        constraints = [models.UniqueConstraint("user", "product", "market", name="fans_wish_once")]

    def __str__(self) -> str:
        return self.public_id


class Wishlist(models.Model):
    """How a member shows the wishes to others: whoever has the link sees them. Without a row nobody does."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="wishlist")
    token = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=40, blank=True)
    shared_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name or str(self.pk)
