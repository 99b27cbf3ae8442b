"""Licensed articles as rights know them, and disputes about them."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.ids import public_id_field
from films.models import Film
from licensing.models.licences import Licence
from merchants.models import Merchant


class LicensedArticle(models.Model):
    """What licensing knows of one product, by its merchant's code. Most products need no such row; one is made when the
    article is submitted, recalled, or made of several properties."""

    public_id = public_id_field("art")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="articles")
    sku = models.CharField(max_length=80)
    recalled_at = models.DateTimeField(null=True, blank=True)
    recall_reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["merchant", "sku"]
        constraints = [models.UniqueConstraint(fields=["merchant", "sku"], name="licensing_article_once")]
        indexes = [models.Index(fields=["updated_at", "id"], name="licensing_article_updated")]

    def __str__(self) -> str:
        return f"{self.merchant}: {self.sku}"


class ArticleProperty(models.Model):
    """A further property on an article, besides the one its product is of. Every licence has to pass."""

    article = models.ForeignKey(LicensedArticle, on_delete=models.CASCADE, related_name="properties")
    film = models.ForeignKey(Film, on_delete=models.PROTECT, related_name="article_properties")
    licence = models.ForeignKey(Licence, on_delete=models.PROTECT, related_name="article_properties")

    class Meta:
        verbose_name_plural = "article properties"
        constraints = [models.UniqueConstraint(fields=["article", "film"], name="licensing_article_property_once")]

    def __str__(self) -> str:
        return f"{self.article}: {self.film}"


class Takedown(models.Model):
    """A dispute: what it touches is frozen (not listed, sold, shipped or paid out) from one instant until it is released."""

    public_id = public_id_field("tkd")
    claimant = models.CharField(max_length=160)
    reason = models.CharField(max_length=500)
    film = models.ForeignKey(Film, null=True, blank=True, on_delete=models.PROTECT, related_name="takedowns")
    merchant = models.ForeignKey(Merchant, null=True, blank=True, on_delete=models.PROTECT, related_name="takedowns")
    licence = models.ForeignKey(Licence, null=True, blank=True, on_delete=models.PROTECT, related_name="takedowns")
    article = models.ForeignKey(
        LicensedArticle, null=True, blank=True, on_delete=models.PROTECT, related_name="takedowns"
    )
    starts_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=500, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-starts_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(film__isnull=False, merchant__isnull=True, licence__isnull=True, article__isnull=True)
                | Q(film__isnull=True, merchant__isnull=False, licence__isnull=True, article__isnull=True)
                | Q(film__isnull=True, merchant__isnull=True, licence__isnull=False, article__isnull=True)
                | Q(film__isnull=True, merchant__isnull=True, licence__isnull=True, article__isnull=False),
                name="licensing_takedown_touches_one",
                violation_error_message=_("A takedown touches one film, merchant, licence or article."),
            ),
            models.CheckConstraint(
                condition=Q(released_at__isnull=True) | Q(released_at__gte=models.F("starts_at")),
                name="licensing_takedown_released_after_it_starts",
            ),
        ]
        indexes = [models.Index(fields=["updated_at", "id"], name="licensing_takedown_updated")]

    def __str__(self) -> str:
        return f"{self.public_id}: {self.claimant}"
