"""Orders as a merchant's programs read them: its own parcels, in the order in which something happened to them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from core.money import Money
from core.paging import Page, Position, page_of
from merchants.models import Merchant
from orders.models import Order, OrderLine, Parcel, Return, Shipment
from orders.queries import code_of, lines_to_send, open_parcels, own_parcels, with_lines
from orders.sendable import Stop, stops_of

#: What a list may be narrowed to. `held` is a matter of the rights at the instant of asking, the others of rows.
STATES = ("open", "held", "sent", "delivered", "returned", "cancelled")
#: What one parcel may be. `open` ones are to be sent, sent in part, held, or waiting for their street date.
CODES = ("to_send", "partly", "held", "waits", "sent", "delivered", "returned", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilters:
    state: str | None = None
    updated_since: datetime | None = None
    paid_since: datetime | None = None


class RowPosition(NamedTuple):
    """Where a page by key ended."""

    pk: int


@dataclass(frozen=True, slots=True)
class OwnLine:
    """`stop`: why what is left of it may not be sent now."""

    line: OrderLine
    currency: str
    stop: Stop | None

    def money(self, amount: int) -> Money:
        return Money(amount, self.currency)


@dataclass(frozen=True, slots=True)
class OwnOrder:
    """A parcel with the order that it is part of. `state` is one of CODES."""

    parcel: Parcel
    order: Order
    state: str
    lines: list[OwnLine]
    shipments: list[Shipment] = field(default_factory=list)
    returns: list[Return] = field(default_factory=list)

    @property
    def pieces(self) -> int:
        """Neither counting what was cancelled."""
        return sum(one.line.quantity - one.line.cancelled for one in self.lines)

    @property
    def to_send(self) -> int:
        return sum(one.line.to_ship for one in self.lines) if self.order.state == Order.State.PAID else 0

    @property
    def open_returns(self) -> int:
        return sum(one.state == Return.State.REQUESTED for one in self.returns)


def orders_page(
    merchant: Merchant, filters: OrderFilters, *, at: datetime, after: Position | None, limit: int
) -> Page[OwnOrder]:
    """The merchant's parcels of paid orders, oldest change first. A constant number of queries.

    A page of held ones is read from a page of open ones, so it may hold fewer rows than `limit`, and none, and still go on.
    """
    parcels = _in_state(merchant, filters.state)
    if filters.updated_since is not None:
        parcels = parcels.filter(updated_at__gte=filters.updated_since)
    if filters.paid_since is not None:
        parcels = parcels.filter(order__paid_at__gte=filters.paid_since)
    parcels = with_lines(parcels).select_related("order__market", "merchant").prefetch_related("shipments", "returns")
    found, following = page_of(parcels, after, limit)
    rows = _as_own(found, at)
    if filters.state == "held":
        rows = [row for row in rows if row.state == "held"]
    return Page(rows, following)


def own_order(merchant: Merchant, public_id: str, *, at: datetime) -> OwnOrder | None:
    """The merchant's parcel of this public id, with what was sent and what came back of it."""
    parcels = with_lines(own_parcels(merchant).filter(public_id=public_id))
    parcels = parcels.select_related("order__market", "merchant")
    found = list(parcels.prefetch_related("shipments__lines__line__variant", "returns__lines__line__variant"))
    return _as_own(found, at)[0] if found else None


def own_shipments(merchant: Merchant) -> QuerySet[Shipment]:
    """With their parcels and pieces."""
    shipments = Shipment.objects.filter(parcel__in=own_parcels(merchant).select_related(None))
    return shipments.select_related("parcel__order").prefetch_related("lines__line__variant")


def own_returns(merchant: Merchant) -> QuerySet[Return]:
    """With their parcels and pieces."""
    returns = Return.objects.filter(parcel__in=own_parcels(merchant).select_related(None))
    return returns.select_related("parcel__order").prefetch_related("lines__line__variant")


def returns_page(merchant: Merchant, *, state: str | None, after: RowPosition | None, limit: int) -> Page[Return]:
    """The newest first. Three queries, however many."""
    returns = own_returns(merchant).order_by("-pk")
    if state is not None:
        returns = returns.filter(state=state)
    if after is not None:
        returns = returns.filter(pk__lt=after.pk)
    found = list(returns[: limit + 1])
    following = RowPosition(found[limit - 1].pk) if len(found) > limit else None
    return Page(found[:limit], following)


class PickRow(NamedTuple):
    """Pieces of one line that are to be sent."""

    parcel: Parcel
    line: OrderLine
    stop: Stop | None


def picks_page(merchant: Merchant, *, at: datetime, after: RowPosition | None, limit: int) -> Page[PickRow]:
    """What is to be sent of so many parcels, the oldest first: what the panel's pick list says, page by page."""
    parcels = with_lines(open_parcels(merchant)).order_by("pk")
    if after is not None:
        parcels = parcels.filter(pk__gt=after.pk)
    found = list(parcels[: limit + 1])
    shown = found[:limit]
    lines = [(parcel, line) for parcel in shown for line in lines_to_send(parcel)]
    stops = stops_of([line for _parcel, line in lines], at=at)
    rows = [PickRow(parcel, line, stops.get(line.pk)) for parcel, line in lines]
    return Page(rows, RowPosition(shown[-1].pk) if len(found) > limit else None)


def _as_own(parcels: list[Parcel], at: datetime) -> list[OwnOrder]:
    stops = stops_of([line for parcel in parcels for line in lines_to_send(parcel)], at=at)
    return [
        OwnOrder(
            parcel,
            parcel.order,
            code_of(parcel, stops),
            [OwnLine(line, parcel.order.currency, stops.get(line.pk)) for line in parcel.lines.all()],
            list(parcel.shipments.all()),
            list(parcel.returns.all()),
        )
        for parcel in parcels
    ]


def _in_state(merchant: Merchant, state: str | None) -> QuerySet[Parcel]:
    """As `code_of` says it of one parcel, for all of them in SQL; of `held`, those that may be."""
    if state is None:
        return own_parcels(merchant)
    if state in ("open", "held"):
        return open_parcels(merchant)
    lines = OrderLine.objects.filter(parcel=OuterRef("pk"))
    is_cancelled = Q(order__state=Order.State.CANCELLED) | ~Exists(lines.exclude(cancelled=F("quantity")))
    if state == "cancelled":
        return own_parcels(merchant).filter(is_cancelled)
    unsent = lines.filter(quantity__gt=F("cancelled") + F("shipped"))
    over = own_parcels(merchant).filter(~is_cancelled, ~Exists(unsent))
    kept = Exists(lines.filter(shipped__gt=F("returned")))
    if state == "returned":
        return over.filter(~kept)
    under_way = Exists(Shipment.objects.filter(parcel=OuterRef("pk"), delivered_at=None))
    return over.filter(kept, under_way if state == "sent" else ~under_way)
