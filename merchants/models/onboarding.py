"""How a merchant comes in: the application, the checklist that the studio sets, what the merchant answers, and invitations."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from core.ids import public_id_field
from core.media import private_storage
from merchants.models.merchant import Member, Merchant


class Application(models.Model):
    """What somebody has written who wants to sell. It becomes a merchant when they follow the link of their letter."""

    email = models.EmailField()
    language = models.CharField(max_length=10)
    company = models.CharField(max_length=120)
    country = models.CharField(max_length=2)
    contact = models.CharField(max_length=120)
    interest = models.TextField(max_length=2000, blank=True)
    # Of the link: SHA-256, so that no copy of this table opens one.
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    merchant = models.OneToOneField(
        Merchant, null=True, blank=True, on_delete=models.PROTECT, related_name="application"
    )

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.company


class Requirement(models.Model):
    """One point of the checklist. The studio writes it at the desk."""

    class Kind(models.TextChoices):
        COMPANY = "company", _("Company data")
        TAX = "tax", _("Tax")
        BANK = "bank", _("Bank")
        DOCUMENT = "document", _("Document")
        AGREEMENT = "agreement", _("Agreement")

    public_id = public_id_field("req")
    kind = models.CharField(max_length=10, choices=Kind)
    name_en = models.CharField(max_length=120)
    name_zh = models.CharField(max_length=120)
    text_en = models.TextField(blank=True, help_text=_("What is asked for; of an agreement its whole text."))
    text_zh = models.TextField(blank=True)
    countries = models.JSONField(default=list, blank=True, help_text=_("Countries it applies to. None: all."))
    is_required = models.BooleanField(default=True)
    is_active = models.BooleanField(default=True)
    has_expiry = models.BooleanField(default=False, help_text=_("A document: the merchant says its last day."))
    # A text that has to be accepted anew is another version.
    version = models.PositiveSmallIntegerField(default=1)
    position = models.PositiveSmallIntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(version__gte=1), name="merchants_requirement_version_positive")
        ]

    def __str__(self) -> str:
        return self.name_en

    def name_in(self, language: str) -> str:
        return (self.name_zh if language.startswith("zh") else "") or self.name_en

    def text_in(self, language: str) -> str:
        return (self.text_zh if language.startswith("zh") else "") or self.text_en

    def applies_to(self, country: str) -> bool:
        return not self.countries or country in self.countries


class Submittal(models.Model):
    """What a merchant has given for a point of the checklist, and what the studio said to it. Never changed afterwards: who gives
    something else gives it anew."""

    class State(models.TextChoices):
        GIVEN = "given", pgettext_lazy("state of an answer", "Given")
        ACCEPTED = "accepted", pgettext_lazy("state of an answer", "Accepted")
        RETURNED = "returned", pgettext_lazy("state of an answer", "Returned")

    public_id = public_id_field("smt")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="submittals")
    requirement = models.ForeignKey(Requirement, on_delete=models.PROTECT, related_name="submittals")
    version = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.GIVEN)
    values = models.JSONField(default=dict)
    # Numbers of tax and bank (core/sealing.py). What pages show of them is in `values`: the last four signs.
    sealed = models.TextField(blank=True)
    file = models.FileField(storage=private_storage, max_length=200, blank=True)
    file_name = models.CharField(max_length=120, blank=True)
    content_type = models.CharField(max_length=40, blank=True)
    expires_on = models.DateField(null=True, blank=True)
    reason = models.TextField(blank=True)
    given_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="submittals")
    given_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="decided_submittals"
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["merchant", "requirement", "-id"], name="merchants_submittal_latest")]
        constraints = [
            # One answer at a time waits for the studio.
            models.UniqueConstraint(
                fields=["merchant", "requirement"], condition=Q(state="given"), name="merchants_submittal_one_given"
            )
        ]

    def __str__(self) -> str:
        return f"{self.requirement}: {self.get_state_display()}"


class Invitation(models.Model):
    """Somebody is asked by mail to act for a merchant. The link works once, until it expires or is revoked."""

    public_id = public_id_field("inv")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=10, choices=Member.Role)
    language = models.CharField(max_length=10)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="invitations")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="accepted_invitations"
    )
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "email"],
                condition=Q(accepted_at__isnull=True, revoked_at__isnull=True),
                name="merchants_invitation_one_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.email} at {self.merchant} ({self.role})"
