"""Orders of which something about the money had to be looked at by a person, and was."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.services import record
from core.errors import Refused
from orders.models import Order


@transaction.atomic(durable=True)
def resolve_review(order: Order, *, note: str, by: User | None, at: datetime) -> Order:
    """Somebody has looked at it, and says what was found. Refuses `reason_missing`, and `already_done` for an order that
    nobody has to look at any more."""
    if not note.strip():
        raise Refused("reason_missing")
    locked = Order.objects.select_for_update(no_key=True).get(pk=order.pk)
    if not locked.review:
        raise Refused("already_done")
    record("order.reviewed", locked, by=by, who="shop", review=[locked.review, ""], note=note.strip())
    locked.review = ""
    locked.save(update_fields=["review"])
    return locked
