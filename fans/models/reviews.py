"""What buyers say of a product."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from catalog.models import Product
from core.ids import public_id_field


class ReviewQuerySet(models.QuerySet["Review"]):
    def shown(self) -> "ReviewQuerySet":
        return self.filter(state=Review.State.SHOWN)


class Review(models.Model):
    """What one person says of one product. Nobody reads it before the studio has; what is written anew is read anew."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waits to be read")
        SHOWN = "shown", _("Shown")
        HIDDEN = "hidden", _("Not shown")

    public_id = public_id_field("rev")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="reviews")
    # The author's own words: they go with the account.
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="reviews")
    name = models.CharField(max_length=40, blank=True, help_text=_("As its author wants to be called; empty: a buyer."))
    stars = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=120)
    text = models.TextField(max_length=4000, blank=True)
    language = models.CharField(max_length=10)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    written_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(max_length=300, blank=True, help_text=_("Why it is not shown: its author reads it."))
    answer = models.TextField(max_length=2000, blank=True, help_text=_("What the maker says to it."))
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["user", "product"], name="fans_review_once"),
            models.CheckConstraint(condition=Q(stars__gte=1, stars__lte=5), name="fans_review_stars"),
            models.CheckConstraint(
                condition=Q(state="waiting") | Q(decided_at__isnull=False), name="fans_review_decided_says_when"
            ),
        ]
        indexes = [
            models.Index(fields=["product", "-id"], condition=Q(state="shown"), name="fans_review_shown"),
            models.Index(fields=["id"], condition=Q(state="waiting"), name="fans_review_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.stars} {self.title}"

    @property
    def version(self) -> str:
        """Which of its author's words these are."""
        return str(int(self.written_at.timestamp() * 1_000_000))
