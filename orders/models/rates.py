"""What merchants ask for sending goods."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from catalog.models import Market
from core.ids import public_id_field
from merchants.models import Merchant


class ShippingRate(models.Model):
    """One way in which a merchant sends to a market: so much for the first piece, so much for each further one."""

    class Code(models.TextChoices):
        STANDARD = "standard", _("Standard")
        EXPRESS = "express", _("Express")

    public_id = public_id_field("rat")
    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="shipping_rates")
    market = models.ForeignKey(Market, on_delete=models.CASCADE, related_name="shipping_rates")
    code = models.CharField(max_length=10, choices=Code, default=Code.STANDARD)
    countries = models.JSONField(default=list, blank=True, help_text=_("Of the market; none: all of them."))
    amount = models.PositiveBigIntegerField(help_text=_("Of the first piece, in minor units of the market's currency."))
    further_amount = models.PositiveBigIntegerField(default=0, help_text=_("Of each further piece."))
    free_from = models.PositiveBigIntegerField(
        null=True, blank=True, help_text=_("Nothing is asked when the merchant's goods come to this.")
    )
    min_days = models.PositiveSmallIntegerField(default=3, help_text=_("Business days, from payment."))
    max_days = models.PositiveSmallIntegerField(default=8)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["merchant", "market", "amount", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(max_days__gte=F("min_days")), name="orders_shipping_rate_days_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.merchant} {self.market} {self.code}"
