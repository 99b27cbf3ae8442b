"""A merchant's orders: what is to be sent, sending it, what comes back. The same services and checks as the panel's."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import override
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.response import Response

from core.paging import Page, Position
from merchants.models import PartnerKey
from merchstore.api import order_serializers as serializers
from merchstore.api import parameters as named_parameters
from merchstore.api.answers import OwnReadView, OwnView, named
from merchstore.api.cursors import read_cursor
from merchstore.api.problems import Fault, Problem
from merchstore.api.schema import documented, documented_post
from merchstore.api.serializers import page_of
from merchstore.api.writing import done_once, written_once
from orders import partners
from orders.closing import cancel_unsent
from orders.models import OrderLine, Parcel, Return, Shipment
from orders.partners import RowPosition
from orders.queries import own_parcel, pick_pieces
from orders.returning import receive_return, refuse_return
from orders.shipping import mark_delivered, ship

Scope = PartnerKey.Scope
_PAGING = (named_parameters.LIMIT, named_parameters.CURSOR)


@documented("List orders", page_of(serializers.OrderSerializer), example="orders", is_own=True)
class Orders(OwnReadView):
    """The merchant's parts of paid orders, oldest change first. A rival's part of the same order is another one.

    What the clock or the rights alone bring (a street date, a takedown) changes no row. With `state=held` a page may hold fewer
    rows than `limit`: go on until `next_cursor` is null.
    """

    scope = Scope.ORDERS_READ
    parameters = (
        named_parameters.ORDER_STATE,
        named_parameters.UPDATED_SINCE,
        named_parameters.PAID_SINCE,
        *_PAGING,
    )

    def get(self, _request: Any) -> Response:
        after = read_cursor("orders", self.given["cursor"], Position)
        filters = partners.OrderFilters(**{name: self.given[name] for name in ("state", "updated_since", "paid_since")})
        page = partners.orders_page(self.merchant, filters, at=self.at, after=after, limit=self.given["limit"])
        return self.with_link(Response(self.page("orders", page, serializers.OrderSerializer)))


class _Csv(BaseRenderer):
    """Names the type, so that `Accept` may ask for it; the view writes it itself."""

    media_type, format, charset = "text/csv", "csv", "utf-8"

    def render(self, data: Any, *_args: Any) -> Any:
        return JSONRenderer().render(data)


@documented(
    "List picks",
    page_of(serializers.PickSerializer),
    example="picks",
    is_own=True,
    also_as=("text/csv",),
)
class PickList(OwnReadView):
    """Every piece that is still to be sent, the order that was paid first first, and what holds it. `limit` counts orders.

    With `Accept: text/csv` it is the panel's table: the whole list at once.
    """

    scope = Scope.ORDERS_READ
    renderer_classes = (JSONRenderer, _Csv)
    parameters = _PAGING

    def get(self, request: Any) -> HttpResponseBase:
        after = read_cursor("picks", self.given["cursor"], RowPosition)
        if request.accepted_renderer.media_type == _Csv.media_type:
            return self._table()
        with override("en"):
            page = partners.picks_page(self.merchant, at=self.at, after=after, limit=self.given["limit"])
        return self.with_link(Response(self.page("picks", page, serializers.PickSerializer)))

    def _table(self) -> StreamingHttpResponse:
        table = StreamingHttpResponse(_in_english(pick_pieces(self.merchant, at=self.at)))
        table["Content-Type"] = "text/csv; charset=utf-8"
        return table


def _in_english(pieces: Iterable[bytes]) -> Iterable[bytes]:
    """Each piece is made in the language that is on when it is asked for."""
    going = iter(pieces)
    while True:
        with override("en"):
            piece = next(going, None)
        if piece is None:
            return
        yield piece


@documented("Get an order", serializers.OrderDetailSerializer, example="order", is_own=True, by_name="order")
class Order(OwnReadView):
    """The merchant's part of one order: its lines with what stops them, where it goes, what was sent and what came back.

    The address is there for keys that may send; the buyer's e-mail address is there for none.
    """

    scope = Scope.ORDERS_READ

    def get(self, _request: Any, name: str) -> Response:
        return Response(_order_body(self, name))


@documented(
    "List shipments of an order",
    page_of(serializers.ShipmentSerializer),
    example="shipments",
    is_own=True,
    by_name="order",
)
@documented_post(
    "Send pieces of an order",
    serializers.ShipmentSerializer,
    request=serializers.ShipmentShape,
    example="shipment",
    request_examples=(("application/json", "shipment_to_make"),),
    status=201,
    by_name="order",
)
class Shipments(OwnReadView):
    """What was sent of the order; with POST, pieces that leave now, all at once or in parts.

    Everything is asked again when goods leave: whether so many pieces are left (422 `too_many_pieces`), whether the rights
    still allow it (409 `not_to_be_shipped`, `pre_order_waits`). The buyer is written to.
    """

    http_method_names = ("get", "head", "post")
    scope, write_scope = Scope.ORDERS_READ, Scope.ORDERS_WRITE

    def get(self, _request: Any, name: str) -> Response:
        parcel = _parcel(self, name)
        sent = list(partners.own_shipments(self.merchant).filter(parcel=parcel))
        return Response(self.page("shipments", Page(sent, None), serializers.ShipmentSerializer))

    def post(self, _request: Any, name: str) -> HttpResponse:
        parcel = _parcel(self, name)
        return written_once(self, serializers.ShipmentShape, lambda given: self._send(parcel, given))

    def _send(self, parcel: Parcel, given: dict[str, Any]) -> Response:
        said = _by_line(parcel.lines.select_related("variant"), given["lines"])
        made = ship(
            parcel,
            {line: row["pieces"] for line, row in said.items()},
            carrier=given.get("carrier", ""),
            tracking=given.get("tracking_number", ""),
            tracking_url=given.get("tracking_url", ""),
            is_labelled=given.get("is_labelled", False),
            by=None,
            at=self.at,
        )
        address = reverse("api:shipment", kwargs={"name": made.public_id})
        return Response(_shipment_body(self, made.public_id), status=201, headers={"Location": address})


@documented_post(
    "Cancel pieces of an order",
    serializers.OrderDetailSerializer,
    request=serializers.CancellationShape,
    example="order",
    request_examples=(("application/json", "cancellation"),),
    by_name="order",
)
class Cancellation(OwnView):
    """Pieces that the merchant will not send, and why. Their exact share is given back to the buyer at once, and with the last
    piece of an order of which nothing was sent its delivery."""

    http_method_names = ("post",)
    scope = Scope.ORDERS_WRITE

    def post(self, _request: Any, name: str) -> HttpResponse:
        parcel = _parcel(self, name)
        return written_once(self, serializers.CancellationShape, lambda given: self._cancel(parcel, given))

    def _cancel(self, parcel: Parcel, given: dict[str, Any]) -> Response:
        said = _by_line(parcel.lines.select_related("variant"), given["lines"])
        pieces = {line: row["pieces"] for line, row in said.items()}
        cancel_unsent(parcel, pieces, reason=given["reason"], by=None, at=self.at)
        return Response(_order_body(self, parcel.public_id))


@documented("Get a shipment", serializers.ShipmentSerializer, example="shipment", is_own=True, by_name="shipment")
class ShipmentView(OwnReadView):
    """What was sent at once."""

    scope = Scope.ORDERS_READ

    def get(self, _request: Any, name: str) -> Response:
        return Response(_shipment_body(self, named(name)))


@documented_post(
    "Mark as delivered a shipment",
    serializers.ShipmentSerializer,
    request=None,
    example="delivered_shipment",
    by_name="shipment",
)
class Delivered(OwnView):
    """It has arrived: from now on the days for sending it back are counted. Once (409 `already_done`)."""

    http_method_names = ("post",)
    scope = Scope.ORDERS_WRITE

    def post(self, _request: Any, name: str) -> HttpResponse:
        sent = _shipment(self, named(name))
        return done_once(self, lambda: self._delivered(sent))

    def _delivered(self, sent: Shipment) -> Response:
        mark_delivered(sent, by=None, at=self.at)
        return Response(_shipment_body(self, sent.public_id))


@documented("List returns", page_of(serializers.ReturnSerializer), example="returns", is_own=True)
class Returns(OwnReadView):
    """What buyers send back, or have, the newest first."""

    scope = Scope.ORDERS_READ
    parameters = (named_parameters.RETURN_STATE, *_PAGING)

    def get(self, _request: Any) -> Response:
        after = read_cursor("returns", self.given["cursor"], RowPosition)
        page = partners.returns_page(self.merchant, state=self.given["state"], after=after, limit=self.given["limit"])
        return self.with_link(Response(self.page("returns", page, serializers.ReturnSerializer)))


@documented("Get a return", serializers.ReturnSerializer, example="return_of_goods", is_own=True, by_name="return")
class ReturnView(OwnReadView):
    """One announcement of goods that come back, and what became of it."""

    scope = Scope.ORDERS_READ

    def get(self, _request: Any, name: str) -> Response:
        return Response(_return_body(self, named(name)))


class _Settling(OwnView):
    """What is done with an announced return, once (409 `already_done`)."""

    http_method_names = ("post",)
    scope = Scope.ORDERS_WRITE
    shape: type[serializers.Shape]

    def post(self, _request: Any, name: str) -> HttpResponse:
        returned = _return(self, named(name))
        return written_once(self, self.shape, lambda given: self._settled(returned, given))

    def _settled(self, returned: Return, given: dict[str, Any]) -> Response:
        self.settle(returned, given)
        return Response(_return_body(self, returned.public_id))

    def settle(self, returned: Return, given: dict[str, Any]) -> None:
        raise NotImplementedError


@documented_post(
    "Receive a return",
    serializers.ReturnSerializer,
    request=serializers.ReceiptShape,
    example="return_of_goods",
    request_examples=(("application/json", "receipt"),),
    by_name="return",
)
class Receive(_Settling):
    """What came of it, and how much of that can be sold again. Exactly what came is refunded at once; what is fit goes back
    into stock. Lines that are not named did not come."""

    shape = serializers.ReceiptShape

    def settle(self, returned: Return, given: dict[str, Any]) -> None:
        announced = OrderLine.objects.filter(return_lines__of=returned).select_related("variant")
        said = _by_line(announced, given["lines"])
        received = {line: (row["received"], row["resaleable"]) for line, row in said.items()}
        receive_return(returned, received, by=None, at=self.at)


@documented_post(
    "Refuse a return",
    serializers.ReturnSerializer,
    request=serializers.RefusalShape,
    example="refused_return",
    request_examples=(("application/json", "refusal"),),
    by_name="return",
)
class Refuse(_Settling):
    """It is not taken back. The buyer is told the reason; nothing is refunded."""

    shape = serializers.RefusalShape

    def settle(self, returned: Return, given: dict[str, Any]) -> None:
        refuse_return(returned, reason=given["reason"], by=None, at=self.at)


def _parcel(view: OwnView, name: str) -> Parcel:
    return _found(own_parcel(view.merchant, named(name)))


def _shipment(view: OwnView, name: str) -> Shipment:
    return _found(partners.own_shipments(view.merchant).filter(public_id=name).first())


def _return(view: OwnView, name: str) -> Return:
    return _found(partners.own_returns(view.merchant).filter(public_id=name).first())


def _found(row: Any) -> Any:
    if row is None:
        raise Problem("not_found")
    return row


def _order_body(view: OwnView, name: str) -> Mapping[str, Any]:
    with override("en"):
        row = _found(partners.own_order(view.merchant, named(name), at=view.at))
    shows_address = Scope.ORDERS_WRITE in view.request.auth.scopes
    return serializers.OrderDetailSerializer(row, context={"shows_address": shows_address}).data


def _shipment_body(view: OwnView, name: str) -> Mapping[str, Any]:
    return serializers.ShipmentSerializer(_shipment(view, name)).data


def _return_body(view: OwnView, name: str) -> Mapping[str, Any]:
    return serializers.ReturnSerializer(_return(view, name)).data


def _by_line(lines: Iterable[OrderLine], rows: Sequence[dict[str, Any]]) -> dict[OrderLine, dict[str, Any]]:
    """What is said of each line. Raises `invalid_body` where a row names none, or one that others name, or not one alone."""
    known = list(lines)
    said: dict[OrderLine, dict[str, Any]] = {}
    faults = []
    for place, row in enumerate(rows):
        field, is_meant = _meant(row)
        found = [line for line in known if is_meant(line)]
        if len(found) != 1:
            many = f"Several lines have this {field}: name the line by its id."
            code, detail = ("ambiguous", many) if found else ("unknown", "There is no such line here.")
            faults.append(Fault(f"/lines/{place}/{field}", code, detail))
        elif found[0] in said:
            faults.append(Fault(f"/lines/{place}/{field}", "duplicate", "This line is named twice."))
        else:
            said[found[0]] = row
    if faults:
        raise Problem("invalid_body", errors=faults)
    return said


def _meant(row: dict[str, Any]) -> tuple[str, Callable[[OrderLine], bool]]:
    if "line" in row:
        return "line", lambda line: line.public_id == row["line"]
    return "sku", lambda line: line.variant is not None and line.variant.sku == row["sku"]
