"""What a merchant's programs show at the API, and what they asked for under an `Idempotency-Key`."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.ids import public_id_field
from merchants.models.merchant import Merchant


class PartnerKeyQuerySet(models.QuerySet["PartnerKey"]):
    def live(self, *, at: datetime) -> "PartnerKeyQuerySet":
        """Those that open something at `at`."""
        return self.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=at), revoked_at__isnull=True)


class PartnerKey(models.Model):
    """What a merchant's program shows at the API. The secret itself is nowhere: `merchants.keys` says how it is compared."""

    class Scope(models.TextChoices):
        LICENCES_READ = "licences:read", _("Read licences")
        RIGHTS_READ = "rights:read", _("Ask the rights gate")
        PRODUCTS_READ = "products:read", _("Read own products")
        PRODUCTS_WRITE = "products:write", _("Write products, prices and pictures, and bring in files")
        STOCK_WRITE = "stock:write", _("Write stock")
        SUBMISSIONS_READ = "submissions:read", _("Read submissions")
        SUBMISSIONS_WRITE = "submissions:write", _("Submit articles for approval")
        CAMPAIGNS_READ = "campaigns:read", _("Read own campaigns and listings")
        CAMPAIGNS_WRITE = "campaigns:write", _("Plan, apply and roll back own campaigns")
        ORDERS_READ = "orders:read", _("Read orders")
        ORDERS_WRITE = "orders:write", _("Send orders and take goods back")
        SALES_WRITE = "sales:write", _("Report sales")
        STATEMENTS_READ = "statements:read", _("Read royalty statements")
        EVENTS_READ = "events:read", _("Read events")
        WEBHOOKS_WRITE = "webhooks:write", _("Set up webhooks")

    public_id = public_id_field("key")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="partner_keys")
    name = models.CharField(
        max_length=60, help_text=_("What uses it. Two keys of one name may be live, so that one can replace the other.")
    )
    # How the secret begins: people know the key by it, and it is looked up by it.
    prefix = models.CharField(max_length=24, unique=True, editable=False)
    secret_hash = models.CharField(max_length=64, editable=False)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True, help_text=_("Blank: it stays valid until it is revoked."))
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = PartnerKeyQuerySet.as_manager()

    class Meta:
        ordering = ["merchant", "name", "-created_at", "-id"]
        indexes = [models.Index(fields=["merchant", "name"], name="merchants_partnerkey_name")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def is_live(self, at: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > at)


class IdempotentRequest(models.Model):
    """A request that was made under an `Idempotency-Key`: written before the work, its answer afterwards.

    `merchants.idempotency` is its only writer. `status` is empty while the work goes on.
    """

    # The rows live for a day and owe nobody anything.
    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="idempotent_requests")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    run = models.CharField(max_length=32)
    started_at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=b"")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "key"], name="merchants_idempotency_key_once")]
        indexes = [models.Index(fields=["started_at"], name="merchants_idempotency_started")]

    def __str__(self) -> str:
        return f"{self.merchant}: {self.key}"
