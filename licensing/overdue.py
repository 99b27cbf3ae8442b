"""Since when a licensee owes what has fallen due: a condition of selling stock off (row 8 of the gate)."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F, Min, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from licensing.models import RoyaltyPayment, Statement


def overdue_since(licence_ids: Iterable[int]) -> dict[int, datetime]:
    """Of these licences, those that owe: the instant from which they are overdue, the day after a closed statement's due day has
    ended in the agreement's zone. It may lie ahead. What was paid counts for the oldest statements first. Licences that owe nothing
    are absent. One query."""
    paid = (
        RoyaltyPayment.objects.filter(licence=OuterRef("licence"), kind=RoyaltyPayment.Kind.STATEMENT)
        .order_by()
        .values("licence")
        .annotate(total=Sum("amount"))
        .values("total")
    )
    owing = (
        Statement.objects.filter(licence__in=list(licence_ids), state=Statement.State.CLOSED)
        .annotate(paid=Coalesce(Subquery(paid), 0))
        .filter(Q(cum_payable__gt=F("paid")))
        .order_by()
    )
    return dict(owing.values_list("licence").annotate(since=Min("overdue_at")))
