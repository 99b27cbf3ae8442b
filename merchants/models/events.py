"""What happened to a merchant's things, and the programs that are told of it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.ids import public_id_field
from merchants.models.merchant import Merchant


class Event(models.Model):
    """One thing that happened, written in the transaction of the change itself. Kept for 30 days.

    `position` counts a merchant's events in the order in which they became visible. It is given after the commit, under the
    merchant's lock: rows that commit in another order than they were written leave no gap that a reader has passed already.
    """

    public_id = public_id_field("evt")
    # They live for a month and owe nobody anything.
    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="events")
    position = models.PositiveBigIntegerField(null=True, editable=False)
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=24, help_text=_("The public id of what it happened to."))
    data = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        ordering = ["merchant", "position"]
        constraints = [models.UniqueConstraint(fields=["merchant", "position"], name="merchants_event_position_once")]
        indexes = [
            models.Index(
                fields=["merchant", "id"], condition=models.Q(position__isnull=True), name="merchants_event_unnumbered"
            ),
            models.Index(fields=["at"], name="merchants_event_at"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class WebhookEndpoint(models.Model):
    """An address of a merchant's that is told of events."""

    class State(models.TextChoices):
        ENABLED = "enabled", _("Enabled")
        DISABLED = "disabled", _("Disabled")

    public_id = public_id_field("whe")
    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="webhook_endpoints")
    url = models.URLField(max_length=500)
    description = models.CharField(max_length=120, blank=True)
    kinds = models.JSONField(default=list, help_text=_("Which events; empty: all."))
    state = models.CharField(max_length=10, choices=State, default=State.ENABLED)
    disabled_reason = models.CharField(max_length=40, blank=True)
    # Encrypted: a signature needs the secret itself, so a hash would not do.
    secret = models.TextField(editable=False)
    # The one before, which signs beside it until then.
    previous_secret = models.TextField(blank=True, editable=False)
    previous_until = models.DateTimeField(null=True, blank=True, editable=False)
    # What the receiver asked for with Retry-After: nothing is sent before.
    not_before = models.DateTimeField(null=True, blank=True, editable=False)
    # Since when nothing at all was taken there.
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["merchant", "id"]

    def __str__(self) -> str:
        return self.url


class Delivery(models.Model):
    """One event on its way to one address."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DELIVERED = "delivered", _("Delivered")
        GIVEN_UP = "given_up", _("Given up")

    public_id = public_id_field("dlv")
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries")
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    # A worker has it in hand; one that was killed is taken over after a while.
    claimed_at = models.DateTimeField(null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["endpoint", "event"], name="merchants_delivery_once")]
        indexes = [
            models.Index(
                fields=["due_at", "id"], condition=models.Q(state="waiting"), name="merchants_delivery_waiting"
            )
        ]

    def __str__(self) -> str:
        return self.public_id


class DeliveryAttempt(models.Model):
    """One try: what came back, and how long it took."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="tries")
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    # Why no answer came: "address_not_allowed", "timeout", …
    problem = models.CharField(max_length=40, blank=True)
    milliseconds = models.PositiveIntegerField()
    answer = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.delivery} {self.status or self.problem}"
