"""A merchant's own licences, as its programs read them."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Prefetch, Q, QuerySet, Sum

from core.clock import end_of_day, start_of_day
from core.paging import Page, Position, page_of
from licensing.models import InventoryStatement, Licence
from merchants.models import Merchant


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceFilters:
    """`film` by slug or public id."""

    film: str | None = None
    state: str | None = None
    updated_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class SellOff:
    """Days after the term in which declared stock may be sold. `units_left` is None until an inventory was stated."""

    days: int
    ends_on: date
    ends_at: datetime
    inventory: InventoryStatement | None
    units_left: int | None


@dataclass(frozen=True, slots=True)
class OwnLicence:
    """A licence with its days as instants."""

    licence: Licence
    starts_at: datetime
    ends_at: datetime
    sell_off: SellOff | None
    schedule: tuple[str, ...] | None = None

    @property
    def units_left(self) -> int | None:
        cap = self.licence.unit_cap
        return None if cap is None else cap - self.licence.units_used


def own_licences(merchant: Merchant) -> QuerySet[Licence]:
    """What the merchant knows of: a draft is the studio's own paper until it is executed."""
    return merchant.licences.exclude(state=Licence.State.DRAFT)


def licences_page(
    merchant: Merchant, filters: LicenceFilters, *, after: Position | None, limit: int
) -> Page[OwnLicence]:
    """The merchant's licences, oldest change first. Five queries, however many rows."""
    licences = own_licences(merchant)
    if filters.film is not None:
        licences = licences.filter(Q(film__slug=filters.film) | Q(film__public_id=filters.film))
    if filters.state is not None:
        licences = licences.filter(state=filters.state)
    if filters.updated_since is not None:
        licences = licences.filter(updated_at__gte=filters.updated_since)
    rows, following = page_of(_with_relations(licences), after, limit)
    return Page([_as_own(row) for row in rows], following)


def own_licence(merchant: Merchant, public_id: str) -> OwnLicence | None:
    """The merchant's licence of this public id with its schedule."""
    licence = _with_relations(own_licences(merchant)).filter(public_id=public_id).first()
    if licence is None:
        return None
    return _as_own(licence, tuple(licence.schedule.order_by("sku").values_list("sku", flat=True)))


def _with_relations(licences: QuerySet[Licence]) -> QuerySet[Licence]:
    sums = {"declared": Sum("lines__declared"), "sold": Sum("lines__sold")}
    # In words, because sums forget the order of the model. The last one stated counts.
    statements = InventoryStatement.objects.annotate(**sums).order_by("-created_at", "-pk")
    return licences.select_related("film").prefetch_related(
        "grants__category", "price_floors", "documents", Prefetch("inventory_statements", statements)
    )


def _as_own(licence: Licence, schedule: tuple[str, ...] | None = None) -> OwnLicence:
    zone = licence.time_zone
    ends_at = end_of_day(licence.ends_on, zone)
    return OwnLicence(licence, start_of_day(licence.starts_on, zone), ends_at, _sell_off(licence), schedule)


def _sell_off(licence: Licence) -> SellOff | None:
    if not licence.sell_off_days:
        return None
    ends_on = licence.ends_on + timedelta(days=licence.sell_off_days)
    stated = next(iter(licence.inventory_statements.all()), None)
    left = None if stated is None else (stated.declared or 0) - (stated.sold or 0)  # type: ignore[attr-defined]
    return SellOff(licence.sell_off_days, ends_on, end_of_day(ends_on, licence.time_zone), stated, left)


def licence_named(merchant: Merchant, name: str) -> Licence | None:
    """The merchant's own licence of this public id or number."""
    return own_licences(merchant).filter(Q(public_id=name) | Q(number=name)).first()
