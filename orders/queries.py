"""Orders as a merchant sees them: its own parcels, what is in them, and what may leave."""

import csv
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Exists, F, OuterRef, Prefetch, QuerySet
from django.utils import timezone
from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _

from core.money import Money
from merchants.models import Merchant
from orders.models import Order, OrderLine, Parcel, Return, Shipment
from orders.sendable import Stop, stops_of

#: Parcels on a page.
PAGE = 50
SHOWN = ("open", "late", "returns", "all")
#: Parcels of a pick list that are read at once.
_CHUNK = 200
#: What spreadsheets take for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")

PICK_COLUMNS = (
    "order", "parcel", "paid_at", "country", "article", "variant", "title", "options", "pieces", "held", "street_on",
)  # fmt: skip


class ParcelState(NamedTuple):
    words: str
    tone: str


#: By code: words and tone.
_STATES = {
    "cancelled": (gettext_noop("Cancelled"), ""),
    "held": (gettext_noop("Held"), "bad"),
    "waits": (gettext_noop("Waits for its street date"), "info"),
    "to_send": (gettext_noop("To be sent"), "warn"),
    "partly": (gettext_noop("Sent in part"), "warn"),
    "sent": (gettext_noop("Sent"), "ok"),
    "delivered": (gettext_noop("Delivered"), "ok"),
    "returned": (gettext_noop("Came back"), ""),
}


def own_parcels(merchant: Merchant) -> QuerySet[Parcel]:
    """The merchant's parcels of orders that were paid, cancelled afterwards or not."""
    return Parcel.objects.filter(merchant=merchant, order__paid_at__isnull=False)


def open_parcels(merchant: Merchant) -> QuerySet[Parcel]:
    """Those with pieces that are still to be sent."""
    unsent = OrderLine.objects.filter(parcel=OuterRef("pk"), quantity__gt=F("cancelled") + F("shipped"))
    return own_parcels(merchant).filter(Exists(unsent), order__state=Order.State.PAID)


def parcel_list(merchant: Merchant, *, show: str, after: str, at: datetime, film: str = "") -> dict[str, Any]:
    """A page of parcels, the newest first, behind the one called `after`; `film`: the address of one that something in them is of.
    A constant number of queries."""
    parcels = open_parcels(merchant) if show in ("open", "late") else own_parcels(merchant)
    if show == "late":
        parcels = parcels.filter(arrives_from__lte=timezone.localdate(at))
    if show == "returns":
        announced = Return.objects.filter(parcel=OuterRef("pk"), state=Return.State.REQUESTED)
        parcels = parcels.filter(Exists(announced))
    if film:
        parcels = parcels.filter(Exists(OrderLine.objects.filter(parcel=OuterRef("pk"), product__film__slug=film)))
    if last := own_parcels(merchant).filter(public_id=after).values_list("pk", flat=True).first() if after else None:
        parcels = parcels.filter(pk__lt=last)
    found = list(with_lines(parcels).prefetch_related("shipments", "returns").order_by("-pk")[: PAGE + 1])
    shown = found[:PAGE]
    stops = stops_of([line for parcel in shown for line in lines_to_send(parcel)], at=at)
    rows = [
        {
            "parcel": parcel,
            "state": state_of(parcel, stops),
            "pieces": sum(line.quantity - line.cancelled for line in parcel.lines.all()),
            "to_send": sum(line.to_ship for line in lines_to_send(parcel)),
            "returns": sum(one.state == Return.State.REQUESTED for one in parcel.returns.all()),
        }
        for parcel in shown
    ]
    return {"rows": rows, "next": shown[-1].public_id if len(found) > PAGE else ""}


def own_parcel(merchant: Merchant, public_id: str) -> Parcel | None:
    """The merchant's parcel of this public id, with its order."""
    parcel = own_parcels(merchant).select_related("order__market", "merchant").filter(public_id=public_id).first()
    if parcel is not None:
        parcel.merchant = merchant
    return parcel


def parcel_page(parcel: Parcel, *, at: datetime) -> dict[str, Any]:
    """What a parcel holds, what of it has left, and what came back. A constant number of queries."""
    language = get_language() or "en"
    whole = with_lines(Parcel.objects.filter(pk=parcel.pk)).prefetch_related("shipments__lines__line").get()
    stops = stops_of(lines_to_send(whole), at=at)
    currency = parcel.order.currency
    returns = parcel.returns.prefetch_related("lines__line").order_by("-pk")
    return {
        "state": state_of(whole, stops),
        "lines": [_line_row(line, stops.get(line.pk), currency, language) for line in whole.lines.all()],
        "shipments": [_shipment_row(one, language) for one in whole.shipments.all()],
        "returns": [_return_row(one, language) for one in returns],
        "delivery": {"name": parcel.get_code_display(), "amount": Money(parcel.amount, currency).in_locale(language)},
        "is_held": any(not stop.waits for stop in stops.values()),
    }


def state_of(parcel: Parcel, stops: dict[int, Stop]) -> ParcelState:
    """In a word. Its lines and shipments have to be read along."""
    words, tone = _STATES[code_of(parcel, stops)]
    return ParcelState(_(words), tone)


def code_of(parcel: Parcel, stops: dict[int, Stop]) -> str:
    """Its state by code. Its lines and shipments have to be read along."""
    lines = list(parcel.lines.all())
    if all(line.cancelled == line.quantity for line in lines) or parcel.order.state == Order.State.CANCELLED:
        return "cancelled"
    unsent = [line for line in lines if line.to_ship]
    if unsent and all(line.pk in stops for line in unsent):
        return "waits" if all(stops[line.pk].waits for line in unsent) else "held"
    if unsent:
        return "partly" if any(line.shipped for line in lines) else "to_send"
    if all(line.returned == line.shipped for line in lines):
        return "returned"
    return "delivered" if all(one.delivered_at for one in parcel.shipments.all()) else "sent"


def with_lines(parcels: QuerySet[Parcel]) -> QuerySet[Parcel]:
    lines = OrderLine.objects.select_related("order", "product", "variant", "licence").order_by("position")
    return parcels.select_related("order").prefetch_related(Prefetch("lines", lines))


def lines_to_send(parcel: Parcel) -> list[OrderLine]:
    """Those with pieces that are still to be sent."""
    if parcel.order.state != Order.State.PAID:
        return []
    return [line for line in parcel.lines.all() if line.to_ship]


def _line_row(line: OrderLine, stop: Stop | None, currency: str, language: str) -> dict[str, Any]:
    return {
        "line": line,
        "title": line.title_in(language),
        "options": ", ".join(map(str, line.options.values())),
        "variant": line.variant.sku if line.variant else "",
        "amount": Money(line.amount, currency).in_locale(language),
        "stop": stop,
    }


def _shipment_row(shipment: Shipment, language: str) -> dict[str, Any]:
    return {
        "shipment": shipment,
        "pieces": [f"{one.quantity} × {one.line.title_in(language)}" for one in shipment.lines.all()],
    }


def _return_row(returned: Return, language: str) -> dict[str, Any]:
    return {
        "return": returned,
        "is_open": returned.state == Return.State.REQUESTED,
        "tone": {Return.State.REQUESTED: "warn", Return.State.RECEIVED: "ok"}.get(Return.State(returned.state), ""),
        "lines": [(one, one.line.title_in(language)) for one in returned.lines.all()],
    }


# -- picking -----------------------------------------------------------------------------------------


def pick_pieces(merchant: Merchant, *, at: datetime) -> Iterator[bytes]:
    """Every piece that is still to be sent, the oldest order first, as CSV in UTF-8 with a byte order mark. Whatever is held
    says by which reason. Read in parts, so that thousands cost no more memory than a few."""
    writer = csv.DictWriter(_Echo(), PICK_COLUMNS)
    yield b"\xef\xbb\xbf"
    yield writer.writeheader().encode()
    last = 0
    while rows := list(with_lines(open_parcels(merchant).filter(pk__gt=last)).order_by("pk")[:_CHUNK]):
        last = rows[-1].pk
        lines = [line for parcel in rows for line in lines_to_send(parcel)]
        stops = stops_of(lines, at=at)
        for parcel in rows:
            for line in lines_to_send(parcel):
                told = _pick_row(parcel, line, stops.get(line.pk))
                yield writer.writerow({name: harmless(value) for name, value in told.items()}).encode()


def _pick_row(parcel: Parcel, line: OrderLine, stop: Stop | None) -> dict[str, Any]:
    order = parcel.order
    return {
        "order": order.number,
        "parcel": parcel.public_id,
        "paid_at": order.paid_at.isoformat(timespec="seconds") if order.paid_at else "",
        "country": order.country,
        "article": line.sku,
        "variant": line.variant.sku if line.variant else "",
        "title": line.title_in(get_language() or "en"),
        "options": ", ".join(map(str, line.options.values())),
        "pieces": line.to_ship,
        "held": " ".join(stop.codes) if stop else "",
        "street_on": line.street_on or "",
    }


def harmless(value: Any) -> Any:
    """Text that a spreadsheet would run is quoted; numbers stay numbers."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


class _Echo:
    """A file that hands back what is written."""

    def write(self, text: str) -> str:
        return text
