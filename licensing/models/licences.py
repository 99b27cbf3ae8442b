"""Categories of goods, licences, their grants, documents and price floors."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.ids import public_id_field
from core.media import private_storage
from films.models import Film
from merchants.models import Merchant

#: In a grant's list: all of them.
EVERY = "*"


class DistributionChannel(models.TextChoices):
    """Where goods are sold, as licences speak of it (not the advertising channels of a campaign)."""

    OWN_SHOP = "own_shop", _("Own shop")
    MARKETPLACE = "marketplace", _("Marketplace")
    WHOLESALE = "wholesale", _("Wholesale")
    EXPORT = "export", _("Export")
    CINEMA_COUNTER = "cinema_counter", _("Cinema counter")


class Category(models.Model):
    """A product category. It lives here, not in the catalogue, because grants are made of it."""

    code = models.SlugField(max_length=40, unique=True)
    name_en = models.CharField(max_length=80)
    name_zh = models.CharField(max_length=80, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name_en

    def name_in(self, language: str) -> str:
        return (self.name_zh if language.startswith("zh") else "") or self.name_en


class Licence(models.Model):
    """The studio's permission to one merchant to make and sell articles of one film."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        EXECUTED = "executed", _("Executed")
        SUSPENDED = "suspended", _("Suspended")
        EXPIRED = "expired", _("Expired")
        TERMINATED = "terminated", _("Terminated")

    class SilenceRule(models.TextChoices):
        """What a submission becomes when its deadline passes and nobody has decided."""

        DEEMED_DISAPPROVED = "deemed_disapproved", _("Deemed disapproved")
        DEEMED_APPROVED = "deemed_approved", _("Deemed approved")
        ESCALATED = "escalated", _("Escalated")

    public_id = public_id_field("lic")
    number = models.CharField(max_length=40, unique=True)
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="licences")
    film = models.ForeignKey(Film, on_delete=models.PROTECT, related_name="licences")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    starts_on = models.DateField()
    ends_on = models.DateField(help_text=_("The last day of the term."))
    time_zone = models.CharField(max_length=40, default="Asia/Shanghai")
    is_exclusive = models.BooleanField(default=False)
    is_scheduled = models.BooleanField(default=False, help_text=_("Only articles on its schedule are licensed."))
    grace_days = models.PositiveSmallIntegerField(
        default=0, help_text=_("Days after the term to ship what was paid before.")
    )
    sell_off_days = models.PositiveSmallIntegerField(
        default=0, help_text=_("Calendar days after the term in which declared stock may still be sold. 0: none.")
    )
    unit_cap = models.PositiveIntegerField(null=True, blank=True, help_text=_("Most units in all. Blank: no limit."))
    units_used = models.PositiveIntegerField(default=0, editable=False)
    needs_approval = models.BooleanField(default=True, help_text=_("Articles need a final approval."))
    needs_page_approval = models.BooleanField(default=False, help_text=_("Pictures and texts of the page do too."))
    needs_labels = models.BooleanField(default=False, help_text=_("Each unit carries an authenticity label."))
    silence_rule = models.CharField(max_length=20, choices=SilenceRule, default=SilenceRule.DEEMED_DISAPPROVED)
    review_days = models.PositiveSmallIntegerField(
        default=10, help_text=_("Business days in which a submission is decided.")
    )
    calendar = models.CharField(
        max_length=10, default="CN", help_text=_("Whose business days count: an ISO country, or country-subdivision.")
    )
    legal_line_en = models.CharField(max_length=300, blank=True)
    legal_line_zh = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("starts_on")), name="licensing_licence_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=models.Q(unit_cap__isnull=True) | models.Q(units_used__lte=models.F("unit_cap")),
                name="licensing_licence_units_within_cap",
            ),
        ]
        indexes = [models.Index(fields=["updated_at", "id"], name="licensing_licence_updated")]

    def __str__(self) -> str:
        return self.number

    def legal_line_in(self, language: str) -> str:
        return (self.legal_line_zh if language.startswith("zh") else "") or self.legal_line_en


class Grant(models.Model):
    """One cell of a licence: category × territory × channel. Exclusions beat inclusions."""

    licence = models.ForeignKey(Licence, on_delete=models.CASCADE, related_name="grants")
    category = models.ForeignKey(
        Category,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="grants",
        help_text=_("Blank: every category."),
    )
    countries = models.JSONField(default=list, help_text=_('ISO codes, or ["*"] for the world.'))
    excluded_countries = models.JSONField(default=list, blank=True)
    channels = models.JSONField(default=list, help_text=_('Channels of distribution, or ["*"].'))

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.licence}: {self.category or EVERY}"


class ScheduleLine(models.Model):
    """An article on a licence's schedule, by the merchant's own product code."""

    licence = models.ForeignKey(Licence, on_delete=models.CASCADE, related_name="schedule")
    sku = models.CharField(max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["licence", "sku"], name="licensing_schedule_sku_once")]

    def __str__(self) -> str:
        return f"{self.licence}: {self.sku}"


class PriceFloor(models.Model):
    """The least an article of the licence may be offered for, in one currency."""

    licence = models.ForeignKey(Licence, on_delete=models.CASCADE, related_name="price_floors")
    currency = models.CharField(max_length=3)
    amount = models.PositiveBigIntegerField(help_text=_("In minor units."))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["licence", "currency"], name="licensing_floor_once")]

    def __str__(self) -> str:
        return f"{self.licence}: {self.amount} {self.currency}"


class LicenceDocument(models.Model):
    """A paper that belongs to a licence: the signed agreement, an insurance certificate, a factory's audit."""

    class Kind(models.TextChoices):
        AGREEMENT = "agreement", _("Agreement")
        AMENDMENT = "amendment", _("Amendment")
        INSURANCE = "insurance", _("Insurance certificate")
        FACTORY_AUDIT = "factory_audit", _("Factory audit")
        SAFETY = "safety", _("Product safety")
        OTHER = "other", _("Other")

    public_id = public_id_field("doc")
    licence = models.ForeignKey(Licence, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=20, choices=Kind)
    title = models.CharField(max_length=160)
    file = models.FileField(storage=private_storage, upload_to="licences/", blank=True)
    sha256 = models.CharField(max_length=64, blank=True, editable=False)
    expires_on = models.DateField(null=True, blank=True, help_text=_("The last day on which it is valid."))
    is_required = models.BooleanField(default=False, help_text=_("The merchant is authorised only while it is valid."))
    created_at = models.DateTimeField(auto_now_add=True)
    #: Since when it has a successor or is of no use: kept, not required, nobody is reminded of its end.
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["expires_on", "id"]

    def __str__(self) -> str:
        return f"{self.licence}: {self.title}"


class LicenceNotice(models.Model):
    """A letter that was sent before something ended: once per licence, day that ends, and number of days before it."""

    class Subject(models.TextChoices):
        TERM = "term", _("Term")
        SELL_OFF = "sell_off", _("Sell-off")
        DOCUMENT = "document", _("Document")

    licence = models.ForeignKey(Licence, on_delete=models.CASCADE, related_name="notices")
    subject = models.CharField(max_length=10, choices=Subject)
    document = models.ForeignKey(
        LicenceDocument, null=True, blank=True, on_delete=models.CASCADE, related_name="notices"
    )
    ends_on = models.DateField()
    days_before = models.PositiveSmallIntegerField()
    sent_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["licence", "subject", "ends_on", "days_before"],
                condition=models.Q(document__isnull=True),
                name="licensing_notice_once",
            ),
            models.UniqueConstraint(
                fields=["document", "ends_on", "days_before"], name="licensing_notice_of_document_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.licence}: {self.subject} {self.days_before}"
