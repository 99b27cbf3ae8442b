"""Pictures of products."""

import hashlib
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.models.goods import Product
from core.errors import Refused
from core.media import private_storage


class ImageQuerySet(models.QuerySet["Image"]):
    def ready(self) -> Self:
        """What may be shown."""
        return self.filter(state=Image.State.READY)


class Image(models.Model):
    """A picture of a product. Files are named after their content, so embargoed art cannot be guessed.

    The studio's own vector art is shown as it is (`file`, no `widths`). What a merchant gives waits until the worker has
    looked at its bytes (catalog/images/): then `file` is the widest JPEG and `widths` names the renditions beside it.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        READY = "ready", _("Ready")
        REFUSED = "refused", _("Refused")

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="images")
    state = models.CharField(max_length=8, choices=State, default=State.READY)
    source = models.URLField(max_length=1000, blank=True, help_text=_("Where the merchant's file says it is."))
    upload = models.FileField(
        storage=private_storage, upload_to="pictures", max_length=200, blank=True,
        help_text=_("Until it has been looked at."),
    )  # fmt: skip
    refusal = models.CharField(max_length=40, blank=True, help_text=_("Why it was refused: a code of core.errors."))
    attempts = models.PositiveSmallIntegerField(default=0)
    try_at = models.DateTimeField(null=True, blank=True, help_text=_("When it is looked at next."))
    digest = models.CharField(max_length=64, blank=True, db_index=True, help_text=_("Of the bytes that came."))
    file = models.FileField(upload_to="goods", max_length=200, blank=True, help_text=_("What pages show."))
    channel_file = models.FileField(
        upload_to="goods", max_length=200, blank=True, help_text=_("JPEG or PNG, for channels that take no vector art.")
    )
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    widths = models.JSONField(default=list, blank=True, help_text=_("Of the renditions in AVIF, WebP and JPEG."))
    colour = models.CharField(max_length=7, blank=True, help_text=_("Shown while the picture comes: #rrggbb."))
    alt_en = models.CharField(max_length=200, blank=True)
    alt_zh = models.CharField(max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    objects = ImageQuerySet.as_manager()

    class Meta:
        ordering = ["position", "id"]
        indexes = [
            models.Index(fields=["try_at"], condition=Q(state="waiting"), name="catalog_image_waiting"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="waiting") | Q(try_at__isnull=False), name="catalog_image_waits_until"
            ),
            models.CheckConstraint(
                condition=~Q(state="waiting") | ~Q(source="") | ~Q(upload=""), name="catalog_image_waits_for_something"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.position}"

    @property
    def public_id(self) -> str:
        """What programs call it, beside its product: made of the key, which it does not show."""
        return f"img_{hashlib.sha256(f'catalog.image:{self.pk}'.encode()).hexdigest()[:16]}"

    @property
    def refusal_sentence(self) -> str:
        return Refused(self.refusal).sentence if self.refusal else ""

    def alt_in(self, language: str) -> str:
        return (self.alt_zh if language.startswith("zh") else "") or self.alt_en
