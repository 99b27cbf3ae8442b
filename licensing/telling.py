"""What merchants' programs are told of a licence whose units run out."""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from licensing.models import Licence
from merchants.events import emit
from merchants.models import Event

KIND = "licence.units_low"


def tell_units_low(*, at: datetime) -> int:
    """Say of each licence once that a tenth of its units is left, and once that none is; returns how many were said.

    What was said stands in the events themselves, which are kept for a month: a licence that is low for longer is said again.
    """
    low = Licence.objects.filter(
        state=Licence.State.EXECUTED, unit_cap__gt=0, units_used__gte=F("unit_cap") - F("unit_cap") / 10
    )
    return sum(_tell(pk, at) for pk in list(low.order_by("pk").values_list("pk", flat=True)))


@transaction.atomic(durable=True)
def _tell(pk: int, at: datetime) -> bool:
    # The row is the lock of its own news, so that two workers tell it once.
    licence = Licence.objects.select_for_update(no_key=True).get(pk=pk)
    left = max((licence.unit_cap or 0) - licence.units_used, 0)
    level = "some" if left else "none"
    told = Event.objects.filter(
        merchant=licence.merchant_id, kind=KIND, subject=licence.public_id, data__level=level
    ).exists()
    if told:
        return False
    emit(licence.merchant_id, KIND, licence, at=at, number=licence.number, left=left, level=level)
    return True
