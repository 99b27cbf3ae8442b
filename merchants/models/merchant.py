"""Merchants and the people who act for them."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from core.ids import public_id_field


class Merchant(models.Model):
    class State(models.TextChoices):
        APPLIED = "applied", _("Applied")
        IN_REVIEW = "in_review", pgettext_lazy("state of a merchant", "In review")
        APPROVED = "approved", _("Approved")
        SUSPENDED = "suspended", _("Suspended")
        CLOSED = "closed", _("Closed")

    public_id = public_id_field("mer")
    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    name_zh = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.APPLIED)
    city = models.CharField(max_length=80, blank=True)
    country = models.CharField(max_length=2)
    # The last day on which the papers that allow the merchant to trade are valid, in the merchant's country.
    documents_expire_on = models.DateField(null=True, blank=True)
    # Somebody's programmers try things out with it: its goods are for sale nowhere (sandboxes/services.py).
    is_sandbox = models.BooleanField(default=False, editable=False)
    # Whose sandbox it is: that merchant's people are its people, and it opens nothing when that merchant may not trade.
    sandbox_for = models.ForeignKey(
        "self", null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="sandboxes"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        indexes = [models.Index(fields=["updated_at", "id"], name="merchants_merchant_updated")]
        constraints = [
            models.UniqueConstraint(
                fields=["sandbox_for"],
                condition=models.Q(sandbox_for__isnull=False) & ~models.Q(state="closed"),
                name="merchants_merchant_one_sandbox",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def name_in(self, language: str) -> str:
        return (self.name_zh if language.startswith("zh") else "") or self.name


class Member(models.Model):
    """A user acting for a merchant, in one role."""

    class Role(models.TextChoices):
        OWNER = "owner", _("Owner")
        CATALOGUE = "catalogue", _("Catalogue")
        ORDERS = "orders", _("Orders")
        FINANCE = "finance", _("Finance")
        READ_ONLY = "read_only", _("Read only")

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="members")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "user"], name="merchants_member_once_per_merchant")]

    def __str__(self) -> str:
        return f"{self.user} at {self.merchant} ({self.role})"
