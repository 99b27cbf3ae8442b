"""What is allowed: categories of goods, licences and their grants."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.ids import public_id_field
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
        TERMINATED = "terminated", _("Terminated")

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
    legal_line_en = models.CharField(max_length=300, blank=True)
    legal_line_zh = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("starts_on")), name="licensing_licence_ends_after_it_starts"
            )
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
