"""What pages show of what was learnt."""

from collections.abc import Collection

from django.db.models import Sum

from insights.models import Companion


def companions_of(product_ids: Collection[int], *, limit: int) -> list[int]:
    """The products that were most often bought with one of these, and are none of them. One query."""
    found = Companion.objects.filter(product__in=product_ids).exclude(other__in=product_ids)
    together = found.values("other").annotate(times=Sum("orders")).order_by("-times", "-other")
    return list(together.values_list("other", flat=True)[:limit])
