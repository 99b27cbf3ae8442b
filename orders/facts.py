"""What licensing has to be told of sales and returns: written with the money that moved, told by a worker, once."""

from datetime import datetime

from core.jobs import enqueue
from orders.models import Order, Refund, SaleFact


def sales_of(order: Order, *, at: datetime) -> list[SaleFact]:
    """A sale for each licensed line. Call inside the transaction that makes the order paid."""
    lines = order.lines.exclude(licence=None).order_by("position")
    facts = [
        SaleFact(
            line=line, kind=SaleFact.Kind.SALE, quantity=line.quantity, amount=line.total_amount, happened_at=at, try_at=at
        )
        for line in lines
    ]
    SaleFact.objects.bulk_create(facts)
    enqueue("orders.tell_licensing")
    return facts


def return_of(refund: Refund, *, at: datetime) -> list[SaleFact]:
    """A return for each licensed line of which pieces were given back. Call inside the refund's own transaction."""
    rows = refund.lines.filter(line__licence__isnull=False, quantity__gt=0).order_by("pk")
    facts = [
        SaleFact(
            line_id=row.line_id, refund=refund, kind=SaleFact.Kind.RETURN, quantity=row.quantity, amount=row.amount,
            happened_at=at, try_at=at,
        )
        for row in rows
    ]  # fmt: skip
    SaleFact.objects.bulk_create(facts)
    enqueue("orders.tell_licensing")
    return facts


def tell_licensing(*, at: datetime) -> int:
    """MONEY is writing this."""
    return 0
