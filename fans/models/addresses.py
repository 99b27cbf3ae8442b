"""Where a member has things sent to."""

from django.db import models
from django.db.models import Q

from accounts.models import User
from core.ids import public_id_field


class Address(models.Model):
    """An address that a member keeps, written as orders are: `orders.addresses` normalises it."""

    public_id = public_id_field("adr")
    # Nobody needs it but its owner: it goes with the account.
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="addresses")
    country = models.CharField(max_length=2)
    address = models.JSONField()
    phone = models.CharField(max_length=40, blank=True)
    is_first = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["-is_first", "id"]
        constraints = [
            models.UniqueConstraint(fields=["user"], condition=Q(is_first=True), name="fans_address_one_first")
        ]

    def __str__(self) -> str:
        return self.public_id
