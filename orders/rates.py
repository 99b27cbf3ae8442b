"""What merchants ask for sending, as the desk keeps it. An order copies what was chosen; a change reaches no order."""

from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.services import record
from core.errors import Refused
from orders.models import ShippingRate

FIELDS = ("countries", "amount", "further_amount", "free_from", "min_days", "max_days", "is_active")


@transaction.atomic(durable=True)
def save_rate(rate: ShippingRate, *, by: User | None) -> ShippingRate:
    """Make or change a rate. Refuses `country_elsewhere` for a country that is not the market's, and `days_reversed`."""
    if set(rate.countries) - set(rate.market.countries):
        raise Refused("country_elsewhere")
    if rate.max_days < rate.min_days:
        raise Refused("days_reversed")
    old = ShippingRate.objects.filter(pk=rate.pk).first()
    rate.save()
    record("rate.changed" if old else "rate.made", rate, by=by, merchant=rate.merchant.slug, **_moved(old, rate))
    return rate


def _moved(old: ShippingRate | None, rate: ShippingRate) -> dict[str, Any]:
    """What is different from before; of a new rate everything."""
    if old is None:
        return {name: getattr(rate, name) for name in FIELDS}
    pairs = {name: [getattr(old, name), getattr(rate, name)] for name in FIELDS}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
