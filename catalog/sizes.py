"""Size guides: written by merchants, shown on the pages of their goods."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from accounts.models import User
from accounts.services import record
from catalog.models import Market, Product, SizeGuide
from catalog.shelf_store import turn_epoch
from core.errors import Refused
from merchants.models import Merchant

#: Of one merchant; and of one guide what fits on a page.
MOST, MOST_COLUMNS, MOST_ROWS, LONGEST_CELL = 100, 10, 40, 40


@dataclass(frozen=True, slots=True)
class Table:
    """What a guide says. Each row has a cell for each column."""

    name_en: str
    unit: str
    columns_en: Sequence[str]
    rows: Sequence[Sequence[str]]
    name_zh: str = ""
    columns_zh: Sequence[str] = ()


@transaction.atomic(durable=True)
def make_size_guide(merchant: Merchant, table: Table, *, by: User | None) -> SizeGuide:
    """Refuses `too_many_size_guides`, and as `edit_size_guide`."""
    Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
    if merchant.size_guides.count() >= MOST:
        raise Refused("too_many_size_guides", most=MOST)
    guide = SizeGuide(merchant=merchant)
    _write(guide, table)
    record("size_guide.made", guide, by=by, name=guide.name_en)
    return guide


@transaction.atomic(durable=True)
def edit_size_guide(guide: SizeGuide, table: Table, *, by: User | None) -> SizeGuide:
    """Every product that shows it says so at once. Refuses `size_table_uneven` where a row has more or fewer cells than there
    are columns, and `size_table_too_large`."""
    locked = SizeGuide.objects.select_for_update(no_key=True).get(pk=guide.pk)
    _write(locked, table)
    record("size_guide.edited", locked, by=by, name=locked.name_en)
    turn_epoch(Market.objects.order_by("pk"))
    return locked


@transaction.atomic(durable=True)
def remove_size_guide(guide: SizeGuide, *, by: User | None) -> None:
    """Its products show none any more."""
    locked = SizeGuide.objects.select_for_update().get(pk=guide.pk)
    # By merchant, which has an index; the reference has none.
    Product.objects.filter(merchant=locked.merchant_id, size_guide=locked.pk).update(size_guide=None)
    record("size_guide.removed", locked, by=by, name=locked.name_en)
    locked.delete()
    turn_epoch(Market.objects.order_by("pk"))


def _write(guide: SizeGuide, table: Table) -> None:
    wide = len(table.columns_en)
    cells = [*table.columns_en, *table.columns_zh, *(cell for row in table.rows for cell in row)]
    if wide > MOST_COLUMNS or len(table.rows) > MOST_ROWS or any(len(cell) > LONGEST_CELL for cell in cells):
        raise Refused("size_table_too_large", columns=MOST_COLUMNS, rows=MOST_ROWS, letters=LONGEST_CELL)
    for number, row in enumerate(table.rows, 1):
        if len(row) != wide:
            raise Refused("size_table_uneven", row=number, cells=len(row), columns=wide)
    if table.columns_zh and len(table.columns_zh) != wide:
        raise Refused("size_columns_differ", columns=wide)
    guide.name_en, guide.name_zh, guide.unit = table.name_en, table.name_zh, table.unit
    guide.columns_en, guide.columns_zh = list(table.columns_en), list(table.columns_zh)
    guide.rows = [list(row) for row in table.rows]
    guide.save()
