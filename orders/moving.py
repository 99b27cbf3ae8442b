"""When something has happened to a parcel, so that a merchant's programs find it by `updated_since`."""

from django.utils import timezone

from orders.models import Order, Parcel


def moved(what: Order | Parcel) -> None:
    """Note it at the parcel, or at every parcel of the order. Call inside the change's transaction."""
    parcels = Parcel.objects.filter(order=what) if isinstance(what, Order) else Parcel.objects.filter(pk=what.pk)
    parcels.update(updated_at=timezone.now())
