"""An order as its page shows it. Words and sums, with no decision left but what its buyer may do."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.media import address_of
from core.money import Money
from core.territories import country_name
from merchstore.storefront.choices import variant_name
from merchstore.storefront.templatetags.storefront import day
from merchstore.storefront.visit import Visit
from orders.addresses import address_lines
from orders.links import order_path
from orders.models import Document, Order, OrderLine, Parcel, Refund
from orders.returning import returnable
from orders.timeline import Moment, timeline


@dataclass(frozen=True, slots=True)
class ShownOrderLine:
    title: str
    options: str
    image: str
    quantity: int
    amount: str
    #: What became of its pieces, where something did.
    notes: list[str]


@dataclass(slots=True)
class ShownOrderParcel:
    public_id: str
    maker: str
    way: str
    state: str
    can_be_returned: bool
    lines: list[ShownOrderLine] = field(default_factory=list)
    shipments: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ShownOrder:
    order: Order
    path: str
    state: str
    tone: str
    parcels: list[ShownOrderParcel]
    address: list[str]
    sums: list[tuple[str, str]]
    total: str
    refunds: list[tuple[str, str]]
    documents: list[tuple[str, str]]
    timeline: list[Moment]
    can_be_paid: bool
    can_be_cancelled: bool


def shown_order(order: Order, visit: Visit) -> ShownOrder:
    """A constant number of queries, whatever the number of lines."""
    lines = list(order.lines.select_related("merchant").order_by("position"))
    parcels = list(order.parcels.select_related("merchant").prefetch_related("shipments").order_by("pk"))
    most = returnable(lines)
    path = order_path(order, prefix=visit.prefix)
    is_open = order.state in (Order.State.PENDING, Order.State.PAID)
    return ShownOrder(
        order=order,
        path=path,
        state=state_words(order, lines),
        tone={"paid": "ok", "pending": "warn"}.get(order.state, "bad"),
        parcels=[
            _parcel(parcel, [line for line in lines if line.parcel_id == parcel.pk], most, visit) for parcel in parcels
        ],
        address=[*address_lines(order.address), country_name(order.country, visit.language)],
        sums=_sums(order, visit),
        total=_money(order.total_amount, order, visit),
        refunds=[
            (str(Refund.State(refund.state).label), _money(refund.amount, order, visit))
            for refund in order.refunds.order_by("pk")
        ],
        documents=[
            (f"{path}papers/{document.public_id}.pdf", f"{Document.Kind(document.kind).label} {document.number}")
            for document in order.documents.order_by("pk")
        ],
        timeline=timeline(order, visit.language, for_buyer=True),
        can_be_paid=order.state == Order.State.PENDING and visit.at < order.expires_at,
        can_be_cancelled=is_open and not any(line.shipped for line in lines),
    )


def state_words(order: Order, lines: Iterable[OrderLine]) -> str:
    """The state in words; of a paid order how far it is on its way."""
    if order.state != Order.State.PAID:
        return str(Order.State(order.state).label)
    counts = [(line.to_ship, line.shipped) for line in lines]
    if not any(shipped for _left, shipped in counts):
        return _("Paid, being prepared")
    return _("Partly sent") if any(left for left, _shipped in counts) else _("Sent")


def _parcel(parcel: Parcel, lines: list[OrderLine], most: dict[int, int], visit: Visit) -> ShownOrderParcel:
    shipments = list(parcel.shipments.all())
    if shipments and all(one.delivered_at for one in shipments) and not any(line.to_ship for line in lines):
        state = _("Delivered")
    elif shipments:
        state = _("Partly sent") if any(line.to_ship for line in lines) else _("Sent")
    elif parcel.arrives_from and parcel.arrives_to:
        state = _("%(first)s to %(last)s") % {
            "first": day(parcel.arrives_from, visit.language), "last": day(parcel.arrives_to, visit.language),
        }  # fmt: skip
    else:
        state = ""
    return ShownOrderParcel(
        public_id=parcel.public_id,
        maker=parcel.merchant.name_in(visit.language),
        way=str(parcel.get_code_display()),  # type: ignore[attr-defined]
        state=state,
        can_be_returned=any(most.get(line.pk) for line in lines),
        lines=[_line(line, parcel.order, visit) for line in lines],
        shipments=shipments,
    )


def _line(line: OrderLine, order: Order, visit: Visit) -> ShownOrderLine:
    counts = [
        (line.cancelled, ngettext("%(pieces)s cancelled", "%(pieces)s cancelled", line.cancelled)),
        (line.shipped, ngettext("%(pieces)s sent", "%(pieces)s sent", line.shipped)),
        (line.returned, ngettext("%(pieces)s came back", "%(pieces)s came back", line.returned)),
    ]
    notes = [words % {"pieces": pieces} for pieces, words in counts if pieces]
    if line.street_on and line.to_ship:
        notes.append(_("Pre-order: it is sent from %(day)s on.") % {"day": day(line.street_on, visit.language)})
    if line.refunded_amount:
        notes.append(_("%(amount)s given back") % {"amount": _money(line.refunded_amount, order, visit)})
    return ShownOrderLine(
        title=line.title_in(visit.language),
        options=variant_name(line.options),
        image=address_of(line.image) if line.image else "",
        quantity=line.quantity,
        amount=_money(line.amount, order, visit),
        notes=notes,
    )


def _sums(order: Order, visit: Visit) -> list[tuple[str, str]]:
    rows = [
        (_("Goods, together"), _money(order.goods_amount, order, visit)),
        (_("Delivery"), _money(order.delivery_amount, order, visit)),
    ]
    if order.tax_amount:
        label = _("Includes tax") if order.prices_include_tax else _("Sales tax")
        rows.append((label, _money(order.tax_amount, order, visit)))
    return rows


def _money(amount: int, order: Order, visit: Visit) -> str:
    return Money(amount, order.currency).in_locale(visit.language)
