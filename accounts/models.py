"""People, and the trail of what they did."""

from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.crypto import salted_hmac

from core.ids import public_id_field


class User(AbstractUser):
    """Anybody who signs in: staff at the desk, a merchant's member, later a fan."""

    public_id = public_id_field("usr")
    # Part of what each session was opened with: another mark ends them all, listed or not.
    session_mark = models.CharField(max_length=16, blank=True, default="", editable=False)

    def _get_session_auth_hash(self, secret: Any = None) -> str:
        """Django's own, with the mark. Blank, it is Django's own."""
        salt = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"
        return salted_hmac(salt, self.password + self.session_mark, secret=secret, algorithm="sha256").hexdigest()


class AuditEntry(models.Model):
    """Who did what to which object, written in the same transaction as the change itself."""

    at = models.DateTimeField(auto_now_add=True)
    # The trail outlives the account.
    actor = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="audit_entries")
    verb = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=40)
    changes = models.JSONField(default=dict)
    # Whose business it was: the number of the merchant's row, which this floor does not know (accounts/trail.py). NULL: nobody's
    # in particular, or written before the trail said so.
    merchant_key = models.BigIntegerField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "-id"], name="accounts_audit_subject"),
            models.Index(
                fields=["merchant_key", "-id"],
                condition=models.Q(merchant_key__isnull=False),
                name="accounts_audit_merchant",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_type} {self.subject_id}"


class Letter(models.Model):
    """A mail to somebody that has to go out, and whether it has. Written with the change that it tells of."""

    template = models.CharField(max_length=40)
    to = models.EmailField()
    language = models.CharField(max_length=10)
    # What the text says besides; emptied when the letter is out, since it may hold an address that opens something.
    said = models.JSONField(default=dict)
    # What it is about, so that it is told once; empty: it may be told again.
    about = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["template", "to", "about"], condition=~models.Q(about=""), name="accounts_letter_once"
            )
        ]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(sent_at__isnull=True), name="accounts_letter_to_send")
        ]

    def __str__(self) -> str:
        return f"{self.template} {self.to}"
