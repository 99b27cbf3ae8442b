"""What disputes hold of orders that were placed before them: neither sent nor paid out until they are released.

Rights are decided when an order is placed. What is disputed afterwards is still paid for (the money came for an order that was
right), and then held; nothing is cancelled by itself.
"""

from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from licensing.models import ArticleProperty, LicensedArticle
from licensing.takedowns import Frozen, frozen_at
from orders.models import Order, OrderLine


def frozen_lines(at: datetime) -> QuerySet[OrderLine]:
    """Lines of paid orders with pieces still to be sent, that a dispute holds at `at`. One query for the disputes."""
    unsent = OrderLine.objects.filter(order__state=Order.State.PAID, quantity__gt=F("cancelled") + F("shipped"))
    return touched(unsent, frozen_at(at))


def touched(lines: QuerySet[OrderLine], frozen: Frozen) -> QuerySet[OrderLine]:
    """Those of `lines` that these disputes touch: by merchant, film, licence or article, or by a further property of the
    article, as `Frozen.touches` says of one."""
    if not any((frozen.films, frozen.merchants, frozen.licences, frozen.articles)):
        return lines.none()
    own = Q(merchant__in=frozen.merchants) | Q(film__in=frozen.films) | Q(licence__in=frozen.licences)
    article = LicensedArticle.objects.filter(merchant=OuterRef("merchant"), sku=OuterRef("sku"))
    if frozen.articles:
        named = Q(*(Q(merchant=merchant, sku=sku) for merchant, sku in sorted(frozen.articles)), _connector=Q.OR)
        own |= Q(Exists(article.filter(named)))
    if frozen.films or frozen.licences:
        further = ArticleProperty.objects.filter(
            Q(film__in=frozen.films) | Q(licence__in=frozen.licences), article__merchant=OuterRef("merchant"),
            article__sku=OuterRef("sku"),
        )  # fmt: skip
        own |= Q(Exists(further))
    return lines.filter(own)
