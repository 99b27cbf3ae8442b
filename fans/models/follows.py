"""Who follows a film, and what followers were told."""

from django.db import models
from django.db.models import Q

from accounts.models import User
from catalog.models import Market
from core.ids import public_id_field
from films.models import Film


class FollowQuerySet(models.QuerySet["Follow"]):
    def confirmed(self) -> "FollowQuerySet":
        """Of members, and of addresses whose reader has said that they want it."""
        return self.filter(confirmed_at__isnull=False)


class Follow(models.Model):
    """Somebody wants to hear of a film in a market: a member, at the address of the account; or a bare address, once its reader
    has confirmed it."""

    public_id = public_id_field("flw")
    film = models.ForeignKey(Film, on_delete=models.CASCADE, related_name="follows")
    market = models.ForeignKey(Market, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="follows")
    email = models.EmailField(blank=True)
    language = models.CharField(max_length=10)
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)

    objects = FollowQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=False, email="") | (Q(user__isnull=True) & ~Q(email="")),
                name="fans_follow_of_a_member_or_an_address",
            ),
            models.UniqueConstraint("film", "market", "user", name="fans_follow_member_once"),
            models.UniqueConstraint(
                fields=["film", "market", "email"], condition=~Q(email=""), name="fans_follow_address_once"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def address(self) -> str:
        """Where letters go; "" for a member without one."""
        return self.user.email if self.user is not None else self.email


class News(models.Model):
    """Something that followers of a film in a market are told, once. The row is how far the telling has come."""

    class Kind(models.TextChoices):
        GOODS = "goods"
        CAMPAIGN = "campaign"
        RELEASE = "release"

    film = models.ForeignKey(Film, on_delete=models.CASCADE, related_name="+")
    market = models.ForeignKey(Market, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind)
    # What tells it from other news of its kind: the campaign's public id, the country and day of a release.
    key = models.CharField(max_length=40, blank=True)
    said = models.JSONField(default=dict)
    found_at = models.DateTimeField()
    # The last follow that was written to; those that were not confirmed when the news was found are not.
    upto = models.PositiveBigIntegerField(default=0)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "news"
        constraints = [models.UniqueConstraint("film", "market", "kind", "key", name="fans_news_once")]
        indexes = [models.Index(fields=["found_at"], condition=Q(done_at=None), name="fans_news_open")]

    def __str__(self) -> str:
        return f"{self.film} {self.market}: {self.kind}"
