"""What is to be fetched from the shelves, article by article: the pick list as people print it."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet

from films.models import Film
from merchants.models import Merchant
from orders.models import OrderLine
from orders.queries import lines_to_send, open_parcels, with_lines
from orders.sendable import stops_of

#: Orders on one sheet; the oldest first. The CSV holds all of them.
MOST = 300


@dataclass(slots=True)
class Picked:
    """One article in one make: how many pieces, and for which orders."""

    title: str
    options: str
    code: str
    pieces: int = 0
    orders: list[tuple[str, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PickSheet:
    rows: list[Picked]
    orders: int
    pieces: int
    #: Pieces that may not leave now.
    held: int
    is_whole: bool


def pick_sheet(merchant: Merchant, *, at: datetime, language: str) -> PickSheet:
    """Of the oldest orders that wait. What may not leave is counted and left out. A constant number of queries."""
    found = list(with_lines(open_parcels(merchant)).order_by("pk")[: MOST + 1])
    lines = [(parcel.order.number, line) for parcel in found[:MOST] for line in lines_to_send(parcel)]
    stops = stops_of([line for _number, line in lines], at=at)
    rows: dict[tuple[str, str, str], Picked] = {}
    held = 0
    for number, line in lines:
        if line.pk in stops:
            held += line.to_ship
            continue
        row = rows.setdefault(key := _key(line, language), Picked(*key))
        row.pieces += line.to_ship
        row.orders.append((number, line.to_ship))
    picked = sorted(rows.values(), key=lambda row: (row.title, row.options, row.code))
    numbers = {number for row in picked for number, _pieces in row.orders}
    return PickSheet(picked, len(numbers), sum(row.pieces for row in picked), held, len(found) <= MOST)


def _key(line: OrderLine, language: str) -> tuple[str, str, str]:
    options = ", ".join(map(str, line.options.values()))
    return line.title_in(language), options, line.variant.sku if line.variant else line.sku


def films_sold(merchant: Merchant) -> QuerySet[Film]:
    """Those that the merchant has goods of."""
    return Film.objects.filter(pk__in=merchant.products.values("film")).order_by("title_en")
