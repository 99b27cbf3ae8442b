"""What was submitted, looked at and approved."""

from django.db import models

from core.ids import public_id_field
from licensing.models.articles import LicensedArticle
from licensing.models.licences import Licence


class Certificate(models.Model):
    """The final approval of one version of an article, under one licence."""

    public_id = public_id_field("crt")
    article = models.ForeignKey(LicensedArticle, on_delete=models.PROTECT, related_name="certificates")
    licence = models.ForeignKey(Licence, on_delete=models.PROTECT, related_name="certificates")
    version = models.PositiveSmallIntegerField()
    issued_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoke_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["article", "licence", "version"]
        constraints = [
            models.UniqueConstraint(fields=["article", "licence", "version"], name="licensing_certificate_once")
        ]

    def __str__(self) -> str:
        return f"{self.public_id}: {self.article} v{self.version}"


class ApprovedAsset(models.Model):
    """A picture or text that may stand on the article's page, by the SHA-256 of its bytes."""

    article = models.ForeignKey(LicensedArticle, on_delete=models.PROTECT, related_name="approved_assets")
    licence = models.ForeignKey(Licence, on_delete=models.PROTECT, related_name="approved_assets")
    sha256 = models.CharField(max_length=64)
    approved_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["article", "licence", "sha256"], name="licensing_approved_asset_once")
        ]

    def __str__(self) -> str:
        return f"{self.article}: {self.sha256[:12]}"
