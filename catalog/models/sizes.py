"""How large goods are: tables that a merchant writes once and puts to many products."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.ids import public_id_field
from merchants.models import Merchant


class SizeGuide(models.Model):
    """A table of sizes. Its first column names them, the others hold measures in one unit, or words."""

    class Unit(models.TextChoices):
        CM = "cm", _("Centimetres")
        INCH = "in", _("Inches")

    public_id = public_id_field("szg")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="size_guides")
    name_en = models.CharField(max_length=80)
    name_zh = models.CharField(max_length=80, blank=True)
    unit = models.CharField(max_length=2, choices=Unit, default=Unit.CM)
    columns_en = models.JSONField(default=list)
    columns_zh = models.JSONField(default=list, blank=True)
    rows = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["merchant", "name_en", "id"]

    def __str__(self) -> str:
        return self.name_en

    def name_in(self, language: str) -> str:
        return (self.name_zh if language.startswith("zh") else "") or self.name_en

    def columns_in(self, language: str) -> list[str]:
        return (self.columns_zh if language.startswith("zh") else []) or self.columns_en
