"""What is there: pieces on hand, corrections of their number, and fans who wait for more."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models.goods import Market, Variant
from core.ids import public_id_field


class Stock(models.Model):
    """What is on hand of a variant, how much of it is promised to orders, and how much has left.

    Moved by catalog/stock.py alone, each time with one conditional update. A pre-order is promised from
    `pre_order_cap`: pieces that are made but have not arrived.
    """

    variant = models.OneToOneField(Variant, on_delete=models.CASCADE, related_name="stock")
    on_hand = models.IntegerField(default=0)
    reserved = models.IntegerField(default=0, help_text=_("Promised to orders, still here."))
    sold = models.PositiveIntegerField(default=0, help_text=_("Sent to buyers, less what came back."))
    pre_order_cap = models.PositiveIntegerField(
        default=0, help_text=_("Pieces that may be promised before they arrive.")
    )
    low_at = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("Tell the merchant when no more than this are left.")
    )
    # When the merchant was told that little is left; empty again once there is more.
    told_low_at = models.DateTimeField(null=True, blank=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "stock"
        indexes = [
            # The stock whose merchant wants to be told. Pieces are no part of it, so that a sale writes no index.
            models.Index(fields=["told_low_at"], condition=models.Q(low_at__isnull=False), name="catalog_stock_watched")
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    on_hand__gte=0, reserved__gte=0, reserved__lte=models.F("on_hand") + models.F("pre_order_cap")
                ),
                name="catalog_stock_never_oversold",
            )
        ]

    def __str__(self) -> str:
        return f"{self.variant}: {self.on_hand - self.reserved}"


class StockChange(models.Model):
    """A correction of the pieces on hand: from what was expected to what was found, and why."""

    class Reason(models.TextChoices):
        COUNT = "count", _("Counted")
        DELIVERY = "delivery", _("Delivered by the maker")
        DAMAGE = "damage", _("Damaged or lost")
        RETURN = "return", _("Came back")
        IMPORT = "import", _("From a file")

    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="stock_changes")
    before = models.IntegerField()
    after = models.IntegerField()
    reason = models.CharField(max_length=10, choices=Reason)
    note = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="stock_changes"
    )
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.variant}: {self.before} → {self.after}"


class StockAlert(models.Model):
    """A fan's "tell me": one mail when the variant can be had again in that market. Deleted some time after.

    Who sends it claims it first, so that two workers write one mail; a claim that nobody made good is old after a while.
    """

    public_id = public_id_field("tel")
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="alerts")
    market = models.ForeignKey(Market, on_delete=models.CASCADE, related_name="stock_alerts")
    email = models.EmailField()
    language = models.CharField(max_length=10)
    created_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True, editable=False)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["sent_at"], name="catalog_stock_alert_sent")]
        constraints = [
            models.UniqueConstraint(
                fields=["variant", "market", "email"],
                condition=models.Q(sent_at__isnull=True),
                name="catalog_stock_alert_once",
            )
        ]

    def __str__(self) -> str:
        return self.public_id
