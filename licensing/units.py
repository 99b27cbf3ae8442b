"""Units that a licence lets be sold: in all, and of declared stock in the sell-off.

Called inside the transaction of an order. Each count is one update that carries its own condition, so that of many who take
the last units exactly as many succeed as there are; whoever rolls back gives them back.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import F, Q, QuerySet

from core.errors import Refused
from core.jobs import enqueue
from licensing.models import InventoryLine, InventoryStatement, Licence
from licensing.terms import local_day, term_of


def take_units(licence: Licence, sku: str, quantity: int, *, at: datetime) -> None:
    """Count `quantity` units of an article as sold under the licence at `at`; after its term, from what was declared.

    Refuses `unit_cap_reached` and `sell_off_quantity_exhausted`; then nothing is counted. Holds the licence's row until the
    transaction ends: take several lines in the order of licence and code, and take them late.
    """
    _positive(quantity)
    if at < term_of(licence).ends_at:
        _count(licence, quantity)
        return
    with transaction.atomic():
        _count(licence, quantity)
        _take_declared(licence, sku, quantity, at=at)


def _count(licence: Licence, quantity: int) -> None:
    room = Q(unit_cap=None) | Q(unit_cap__gte=F("units_used") + quantity)
    if not Licence.objects.filter(room, pk=licence.pk).update(units_used=F("units_used") + quantity):
        cap, used = Licence.objects.values_list("unit_cap", "units_used").get(pk=licence.pk)
        raise Refused("unit_cap_reached", licence=licence.number, cap=cap, left=max((cap or 0) - used, 0))


def _take_declared(licence: Licence, sku: str, quantity: int, *, at: datetime) -> None:
    lines = _declared(licence, sku)
    if not lines.filter(declared__gte=F("sold") + quantity).update(sold=F("sold") + quantity):
        left = next((line.declared - line.sold for line in lines), 0)
        raise Refused("sell_off_quantity_exhausted", sku=sku, left=left)
    if lines.filter(sold=F("declared")).exists():
        shelf_may_turn(licence, at=at)


@transaction.atomic
def give_back_units(licence: Licence, sku: str, quantity: int, *, taken_at: datetime, at: datetime) -> None:
    """Take back what `take_units` counted at `taken_at`, because the order was cancelled or the goods came back. Refuses
    `not_taken` for more than that.

    Declared stock grows again only by what was taken from the statement that counts now: what was sold before it was not
    on hand when the stock was counted.
    """
    _positive(quantity)
    taken = Licence.objects.filter(pk=licence.pk, units_used__gte=quantity)
    if not taken.update(units_used=F("units_used") - quantity):
        raise Refused("not_taken")
    if taken_at < term_of(licence).ends_at:
        return
    lines = _declared(licence, sku).filter(statement__stated_on__lte=local_day(licence, taken_at))
    was_empty = lines.filter(sold=F("declared")).exists()
    if lines.filter(sold__gte=quantity).update(sold=F("sold") - quantity) and was_empty:
        shelf_may_turn(licence, at=at)


def shelf_may_turn(licence: Licence, *, at: datetime) -> None:
    """The last declared unit has gone, or one is there again: what is listed changes with it."""
    Licence.objects.filter(pk=licence.pk).update(updated_at=at)
    enqueue("catalog.catch_up_shelf")


def _positive(quantity: int) -> None:
    if quantity < 1:
        raise Refused("quantity_not_positive")


def _declared(licence: Licence, sku: str) -> QuerySet[InventoryLine]:
    """The article's line in the statement that counts: none or one. Read after the licence's row is held, so that a new
    statement is either seen whole or not yet there."""
    last = InventoryStatement.objects.filter(licence=licence.pk).order_by("-created_at", "-pk").values("pk")[:1]
    return InventoryLine.objects.filter(statement=last, sku=sku)
