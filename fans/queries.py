"""What pages read of what fans keep and say."""

from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal

from django.db.models import Count, QuerySet

from accounts.models import User
from catalog.models import Product
from core.prepared import Prepared
from fans.models import Review
from merchants.models import Merchant
from orders.models import OrderLine

#: Reviews on a page.
PAGE = 10


@dataclass(frozen=True, slots=True)
class Rating:
    """How many reviews of a product are shown, by their stars."""

    counts: dict[int, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return sum(self.counts.values())

    @property
    def average(self) -> Decimal:
        """To one place; nothing of none."""
        if not self.count:
            return Decimal(0)
        total = sum(stars * number for stars, number in self.counts.items())
        return (Decimal(total) / self.count).quantize(Decimal("0.1"), ROUND_HALF_EVEN)

    @property
    def rounded(self) -> int:
        """In whole stars, as they are drawn."""
        return int(self.average.quantize(Decimal(1), ROUND_HALF_EVEN))


def rating_of(product: Product) -> Rating:
    """Of the reviews that are shown. One query."""
    return Rating(dict(_RATING(product=product.pk)))


def shown_reviews(product: Product, *, before: int | None = None) -> list[Review]:
    """A page of them and one more, the newest first. One query."""
    reviews = Review.objects.shown().filter(product=product).order_by("-pk")
    if before is not None:
        reviews = reviews.filter(pk__lt=before)
    return list(reviews[: PAGE + 1])


def own_reviews(merchant: Merchant) -> QuerySet[Review]:
    """What everybody reads of a merchant's goods, the newest first."""
    return Review.objects.shown().filter(product__merchant=merchant).select_related("product").order_by("-pk")


def has_received(user: User, product: Product) -> bool:
    """Whether anything of it was ever sent to them."""
    return received_lines(user).filter(product=product).exists()


def received_lines(user: User) -> QuerySet[OrderLine]:
    return OrderLine.objects.filter(order__user=user, shipped__gt=0, product__isnull=False)


def to_review(user: User) -> list[Product]:
    """What was sent to them and they have said nothing of, the last first. One query."""
    wanted = received_lines(user).values("product")
    unsaid = Product.objects.filter(pk__in=wanted).exclude(reviews__user=user)
    return list(unsaid.order_by("-pk")[:50])


_RATING = Prepared(
    lambda *, product: (
        Review.objects.shown().filter(product=product).order_by().values_list("stars").annotate(Count("pk"))
    )
)
