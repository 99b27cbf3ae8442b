"""People, and the trail of what they did."""

from django.contrib.auth.models import AbstractUser
from django.db import models

from core.ids import public_id_field


class User(AbstractUser):
    """Anybody who signs in: staff at the desk, a merchant's member, later a fan."""

    public_id = public_id_field("usr")


class AuditEntry(models.Model):
    """Who did what to which object, written in the same transaction as the change itself."""

    at = models.DateTimeField(auto_now_add=True)
    # The trail outlives the account.
    actor = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="audit_entries")
    verb = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=40)
    changes = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "audit entries"
        indexes = [models.Index(fields=["subject_type", "subject_id", "-id"], name="accounts_audit_subject")]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_type} {self.subject_id}"
