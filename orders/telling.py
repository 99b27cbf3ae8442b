"""What merchants' programs are told of an order: each of its own parcel, and nothing of the buyer."""

from collections.abc import Collection
from datetime import datetime

from merchants.events import emit
from orders.models import Order


def tell_programs(order: Order, kind: str, *, at: datetime, of: Collection[int] | None = None) -> None:
    """Write down that `kind` happened to each parcel of the order, or to those whose keys are in `of`."""
    for parcel in order.parcels.order_by("pk"):
        if of is None or parcel.pk in of:
            emit(parcel.merchant_id, kind, parcel, at=at, order=order.number)
