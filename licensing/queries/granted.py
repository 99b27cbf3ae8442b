"""What a merchant's licences grant: category × territory × channel, for the desk's page of a licence and for the merchant's.

Cells are read as the gate reads them: an exclusion beats every inclusion, and a grant without a category holds for each.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import Prefetch, Sum

from core.money import Money
from licensing.models import EVERY, Category, DistributionChannel, Grant, InventoryStatement, Licence
from licensing.queries.licences import own_licences
from licensing.terms import is_over_on, local_day, sell_off_ends_on
from merchants.models import Merchant


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a category may be sold through a channel: everywhere but in `excluded`, or in `countries`."""

    is_world: bool
    countries: tuple[str, ...]
    excluded: tuple[str, ...]

    @property
    def is_granted(self) -> bool:
        return self.is_world or bool(self.countries)

    def covers(self, country: str) -> bool:
        return country not in self.excluded and (self.is_world or country in self.countries)


@dataclass(frozen=True, slots=True)
class GridRow:
    """A category, or with None every other one, and its cells by channel."""

    category: Category | None
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class GrantedLicence:
    """A licence with what a seller asks of it. `phase`: one of coming, term, sell_off, over, suspended, terminated."""

    licence: Licence
    phase: str
    sell_off_ends_on: date | None
    units_left: int | None
    #: Of the declared stock, in a sell-off; None: no inventory was stated.
    declared_left: int | None
    floors: tuple[Money, ...]
    rows: tuple[GridRow, ...] = field(default_factory=tuple)


def granted(
    merchant: Merchant, *, at: datetime, film: str = "", licence: str = "", country: str = ""
) -> list[GrantedLicence]:
    """The merchant's licences of this film (slug) or number, those that hold or will first; with a country, only those
    that grant something there. Five queries, however many."""
    sums = {"declared": Sum("lines__declared"), "sold": Sum("lines__sold")}
    statements = InventoryStatement.objects.annotate(**sums).order_by("-created_at", "-pk")
    licences = own_licences(merchant).select_related("film")
    if film:
        licences = licences.filter(film__slug=film)
    if licence:
        licences = licences.filter(number=licence)
    rows = licences.prefetch_related(
        "grants__category", "price_floors", Prefetch("inventory_statements", statements)
    ).order_by("-ends_on", "number")
    found = [_granted(row, at) for row in rows]
    if country:
        found = [one for one in found if any(cell.covers(country) for row in one.rows for cell in row.cells)]
    return sorted(found, key=lambda one: _ORDER[one.phase])


def grid_rows(grants: Sequence[Grant]) -> list[GridRow]:
    """Categories in their order, what holds for every other one last."""
    categories = {grant.category_id: grant.category for grant in grants}
    order = sorted(categories, key=lambda pk: (pk is None, _position(categories[pk]), pk or 0))
    return [
        GridRow(categories[pk], tuple(cell_of(grants, pk, channel) for channel in DistributionChannel.values))
        for pk in order
    ]


def cell_of(grants: Iterable[Grant], category: int | None, channel: str) -> Cell:
    holding = [
        grant
        for grant in grants
        if grant.category_id in (None, category) and (EVERY in grant.channels or channel in grant.channels)
    ]
    excluded = tuple(sorted({country for grant in holding for country in grant.excluded_countries}))
    included = list(dict.fromkeys(country for grant in holding for country in grant.countries))
    if EVERY in included:
        return Cell(True, (), excluded)
    return Cell(False, tuple(country for country in included if country not in excluded), ())


_ORDER = {"term": 0, "sell_off": 1, "coming": 2, "suspended": 3, "over": 4, "terminated": 5}


def phase_of(licence: Licence, today: date) -> str:
    if licence.state == Licence.State.TERMINATED:
        return "terminated"
    if licence.state == Licence.State.SUSPENDED:
        return "suspended"
    if today < licence.starts_on:
        return "coming"
    if today <= licence.ends_on and licence.state != Licence.State.EXPIRED:
        return "term"
    has_sell_off = bool(licence.sell_off_days) and today <= sell_off_ends_on(licence) and today < is_over_on(licence)
    return "sell_off" if has_sell_off else "over"


def _granted(licence: Licence, at: datetime) -> GrantedLicence:
    stated = next(iter(licence.inventory_statements.all()), None)
    left = None if stated is None else (stated.declared or 0) - (stated.sold or 0)  # type: ignore[attr-defined]
    return GrantedLicence(
        licence=licence,
        phase=phase_of(licence, local_day(licence, at)),
        sell_off_ends_on=sell_off_ends_on(licence) if licence.sell_off_days else None,
        units_left=None if licence.unit_cap is None else max(licence.unit_cap - licence.units_used, 0),
        declared_left=left,
        floors=tuple(Money(floor.amount, floor.currency) for floor in licence.price_floors.all()),
        rows=tuple(grid_rows(list(licence.grants.all()))),
    )


def _position(category: Category | None) -> int:
    return category.position if category else 0
