"""Stock on hand when a term ends: only what was declared may be sold in the sell-off."""

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction

from accounts.models import User
from accounts.services import record
from core.clock import plausible
from core.errors import Refused
from licensing.locks import facts_changed, lock_licence
from licensing.models import InventoryLine, InventoryStatement, Licence
from licensing.terms import local_day


@transaction.atomic(durable=True)
def declare_inventory(
    licence: Licence, lines: Mapping[str, int], *, stated_on: date, by: User | None, at: datetime
) -> InventoryStatement:
    """`lines`: units on hand on `stated_on`, by the merchant's code. This statement replaces the one before it.

    Of the same day it is a correction: what was sold since still counts. Of a later day it is a new count of what is left.
    Refuses `no_sell_off`, `inventory_empty`, `inventory_in_future`, `inventory_outdated` and `inventory_below_sold`.
    """
    locked = lock_licence(licence)
    if locked.state == Licence.State.DRAFT:
        raise Refused("wrong_state", state=locked.get_state_display())
    if not locked.sell_off_days:
        raise Refused("no_sell_off", licence=locked.number)
    declared = {code: units for sku, units in lines.items() if (code := sku.strip())}
    if not declared:
        raise Refused("inventory_empty")
    if any(units < 0 for units in declared.values()):
        raise Refused("stock_negative")
    if plausible(stated_on) > local_day(locked, at):
        raise Refused("inventory_in_future", day=stated_on.isoformat())
    sold = _sold_since(locked, stated_on)
    for sku, units in sold.items():
        if units > declared.get(sku, 0):
            raise Refused("inventory_below_sold", sku=sku, sold=units)
    statement = InventoryStatement.objects.create(licence=locked, stated_on=stated_on, created_at=at)
    InventoryLine.objects.bulk_create(
        InventoryLine(statement=statement, sku=sku, declared=units, sold=sold.get(sku, 0))
        for sku, units in sorted(declared.items())
    )
    facts_changed(locked)
    record(
        "licence.inventory_declared",
        locked,
        by=by,
        stated_on=stated_on.isoformat(),
        units=dict(sorted(declared.items())),
    )
    return statement


def standing_statement(licence: Licence) -> InventoryStatement | None:
    """The statement that counts, with its lines. Two queries."""
    statements = licence.inventory_statements.order_by("-created_at", "-pk").prefetch_related("lines")
    return statements.first()


def _sold_since(licence: Licence, stated_on: date) -> dict[str, int]:
    """What was sold of the same day's statement. Nobody sells meanwhile: whoever does holds the licence's row first."""
    last = licence.inventory_statements.order_by("-created_at", "-pk").first()
    if last is None or last.stated_on < stated_on:
        return {}
    if last.stated_on > stated_on:
        raise Refused("inventory_outdated", day=last.stated_on.isoformat())
    return {line.sku: line.sold for line in last.lines.all() if line.sold}
