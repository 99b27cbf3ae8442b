"""What an order holds: pieces of stock, units under licences, places in a person's allowance.

All of it is taken in one order everywhere, stock by variant, then persons, then licences, so that no two transactions wait for
each other; and each with one update that carries its own condition, so that the last piece goes to exactly one buyer.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from django.db.models import Sum

from catalog import stock
from catalog.models import Product
from licensing.models import Licence
from licensing.units import give_back_units, take_units
from orders.limits import count_persons, uncount_persons
from orders.models import Order, OrderLine, Reservation


def reservations_for(order: Order, lines: Iterable[OrderLine]) -> list[Reservation]:
    """A reservation for each variant of the lines, not written yet, in the order of variants."""
    found: dict[int, Reservation] = {}
    for line in lines:
        if line.variant_id is None:
            continue
        held = found.setdefault(
            line.variant_id,
            Reservation(order=order, variant_id=line.variant_id, pieces=0, is_pre_order=line.is_pre_order),
        )
        held.pieces += line.to_ship
    return [found[pk] for pk in sorted(found) if found[pk].pieces]


def hold(order: Order, lines: Sequence[OrderLine], *, at: datetime) -> None:
    """Take everything that the lines need, or refuse by name: `out_of_stock`, `per_person_reached`, `unit_cap_reached`,
    `sell_off_quantity_exhausted`. After a refusal the caller's transaction has to be given up. Call it late: the rows of a
    piece that many want are locked from here to the commit."""
    held = reservations_for(order, lines)
    Reservation.objects.bulk_create(held)
    for one in held:
        stock.reserve(one.variant_id, one.pieces, is_pre_order=one.is_pre_order, at=at)
    count_persons(order, _pieces_of(lines))
    _take_units(lines, at)


def lapsed_pieces(variant_ids: Collection[int], *, at: datetime) -> dict[int, int]:
    """Pieces of these variants that orders hold which may no longer be paid: free to whoever wants them, whether or not somebody
    has ended those orders yet. One query."""
    held = Reservation.objects.filter(variant__in=variant_ids, order__in=Order.objects.over(at=at))
    return dict(held.order_by().values_list("variant").annotate(total=Sum("pieces")))


def let_go(order: Order, *, at: datetime) -> None:
    """Give back everything the order still holds. Call with the order locked."""
    for held in order.reservations.order_by("variant_id"):
        stock.release(held.variant_id, held.pieces, at=at)
    order.reservations.all().delete()
    lines = list(order.lines.all())
    uncount_persons(order, _pieces_by_id((line, line.to_ship) for line in lines))
    give_units_back([(line, line.to_ship) for line in lines], at=at)


def let_go_of(order: Order, pieces_of: Sequence[tuple[OrderLine, int]], *, at: datetime) -> None:
    """Give back so many pieces of the order's lines, which come by variant and are still here. Call with the order locked."""
    for line, pieces in pieces_of:
        assert line.variant_id is not None  # seats have no reservation
        held = Reservation.objects.get(order=order, variant=line.variant_id)
        stock.release(line.variant_id, pieces, at=at)
        shrink(held, pieces)
    uncount_persons(order, _pieces_by_id(pieces_of))
    give_units_back(pieces_of, at=at)


def shrink(held: Reservation, pieces: int) -> None:
    """So many pieces less; a reservation of none is none."""
    held.pieces -= pieces
    if held.pieces:
        held.save(update_fields=["pieces"])
    else:
        held.delete()


def give_units_back(pieces_of: Iterable[tuple[OrderLine, int]], *, at: datetime) -> None:
    """Units that count under licences no more: cancelled, or come back."""
    wanted = sorted(
        (licence_id, line.sku, line.pk, line, pieces)
        for line, pieces in pieces_of
        if pieces and line.units_taken_at is not None
        for licence_id in line.licence_ids
    )
    licences = Licence.objects.in_bulk({one[0] for one in wanted})
    for licence_id, sku, _pk, line, pieces in wanted:
        assert line.units_taken_at is not None  # filtered above
        give_back_units(licences[licence_id], sku, pieces, taken_at=line.units_taken_at, at=at)


def _take_units(lines: Sequence[OrderLine], at: datetime) -> None:
    """In the order of licences and codes, last of all: the row of a licence is wanted by every order of its articles."""
    wanted: dict[tuple[int, str], int] = {}
    for line in lines:
        for licence_id in line.licence_ids:
            wanted[licence_id, line.sku] = wanted.get((licence_id, line.sku), 0) + line.to_ship
    licences = _licences_of(lines)
    missing = {licence_id for licence_id, _sku in wanted} - licences.keys()
    licences |= Licence.objects.in_bulk(missing) if missing else {}
    for licence_id, sku in sorted(wanted):
        take_units(licences[licence_id], sku, wanted[licence_id, sku], at=at)


def _licences_of(lines: Iterable[OrderLine]) -> dict[int, Licence]:
    """Those that were read along with the lines."""
    read = (line.licence for line in lines if "licence" in line._state.fields_cache)
    return {licence.pk: licence for licence in read if licence is not None}


def _pieces_of(lines: Iterable[OrderLine]) -> dict[Product, int]:
    pieces: dict[Product, int] = {}
    for line in lines:
        if line.product is not None:
            pieces[line.product] = pieces.get(line.product, 0) + line.to_ship
    return pieces


def _pieces_by_id(lines: Iterable[tuple[OrderLine, int]]) -> list[tuple[int, int]]:
    return [(line.product_id, pieces) for line, pieces in lines if line.product_id is not None and pieces]
