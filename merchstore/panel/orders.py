"""A merchant's orders: what is to be sent, sending it, and what became of it. Each page starts from the merchant's own parcels."""

from functools import partial
from typing import Any

from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from core.errors import Refused
from core.territories import country_name
from merchstore.panel.visit import ORDERS, PanelVisit, page, show
from orders.addresses import address_lines
from orders.closing import cancel_unsent
from orders.forms import CancelForm, ReceiveForm, RefuseForm, ShipForm
from orders.models import Order, Parcel
from orders.picking import films_sold, pick_sheet
from orders.queries import SHOWN, own_parcel, parcel_list, parcel_page, pick_pieces
from orders.shipping import mark_delivered, ship

_LABELS = {
    "open": gettext_lazy("To be sent"),
    "late": gettext_lazy("Late"),
    "returns": gettext_lazy("Returns"),
    "all": gettext_lazy("All"),
}


@require_safe
@page
def orders(request: HttpRequest, visit: PanelVisit) -> HttpResponse:
    shown = request.GET.get("show", "open")
    shown = shown if shown in SHOWN else "open"
    films = {film.slug: film.title_in(visit.language) for film in films_sold(visit.merchant)}
    film = request.GET.get("film", "")
    film = film if film in films else ""
    found = parcel_list(visit.merchant, show=shown, after=request.GET.get("after", ""), at=timezone.now(), film=film)
    for row in found["rows"]:
        row["address"] = visit.address("order", row["parcel"].public_id)
        row["country"] = country_name(row["parcel"].order.country, visit.language)
    context = {
        "found": found,
        "shown": shown,
        "filters": [(code, _LABELS[code], _asking(code, film), code == shown) for code in SHOWN],
        "films": films.items() if len(films) > 1 else [],
        "film": film,
        "sheet_address": visit.address("order_sheet"),
        "pick_address": visit.address("order_pick"),
        "title": _("Orders"),
        "section": "orders",
    }
    return show(request, visit, "orders", context)


@require_safe
@page
def pick(request: HttpRequest, visit: PanelVisit) -> HttpResponseBase:
    """What is still to be sent, as a table."""
    at = timezone.now()
    response = StreamingHttpResponse(pick_pieces(visit.merchant, at=at), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{visit.merchant.slug}-{at:%Y-%m-%d}.csv"'
    return response


@require_safe
@page
def order(request: HttpRequest, visit: PanelVisit, parcel: str) -> HttpResponse:
    return order_page(request, visit, parcel_of(visit, parcel))


@require_POST
@partial(page, roles=ORDERS)
def send(request: HttpRequest, visit: PanelVisit, parcel: str) -> HttpResponse:
    """A shipment. What is refused is said above the form, which keeps what was written."""
    found = parcel_of(visit, parcel)
    form = ShipForm(request.POST, row=found)
    if not form.is_valid():
        return order_page(request, visit, found, form=form, status=422)
    try:
        ship(found, by=visit.user, at=timezone.now(), **form.cleaned_data)
    except Refused as refusal:
        return order_page(request, visit, parcel_of(visit, parcel), said=refusal.sentence, status=422)
    return HttpResponseRedirect(visit.address("order", parcel))


@require_POST
@partial(page, roles=ORDERS)
def cancel(request: HttpRequest, visit: PanelVisit, parcel: str) -> HttpResponse:
    """Pieces that will not be sent, and why. What was paid for them is given back."""
    found = parcel_of(visit, parcel)
    form = CancelForm(request.POST, row=found)
    if not form.is_valid():
        return order_page(request, visit, found, cancel_form=form, status=422)
    try:
        cancel_unsent(found, by=visit.user, at=timezone.now(), **form.cleaned_data)
    except Refused as refusal:
        again = parcel_of(visit, parcel)
        return order_page(request, visit, again, said=refusal.sentence, status=422)
    return HttpResponseRedirect(visit.address("order", parcel))


@require_POST
@partial(page, roles=ORDERS)
def delivered(request: HttpRequest, visit: PanelVisit, parcel: str, shipment: str) -> HttpResponse:
    found = parcel_of(visit, parcel)
    sent = found.shipments.filter(public_id=shipment).first()
    if sent is None:
        raise Http404
    try:
        mark_delivered(sent, by=visit.user, at=timezone.now())
    except Refused as refusal:
        return order_page(request, visit, found, said=refusal.sentence, status=422)
    return HttpResponseRedirect(visit.address("order", parcel))


@require_safe
@page
def sheet(request: HttpRequest, visit: PanelVisit) -> HttpResponse:
    """The pick list to be printed: what is to be fetched, article by article, with the orders that it goes to."""
    at = timezone.now()
    found = pick_sheet(visit.merchant, at=at, language=visit.language)
    context = {"found": found, "at": at, "list": visit.address("orders"), "pick_address": visit.address("order_pick")}
    return show(request, visit, "pick_sheet", context | {"title": _("Pick list"), "section": "orders"})


@require_safe
@partial(page, roles=ORDERS)
def slip(request: HttpRequest, visit: PanelVisit, parcel: str, shipment: str) -> HttpResponse:
    """What lies in a parcel, to be printed and put into it."""
    found = parcel_of(visit, parcel)
    sent = found.shipments.filter(public_id=shipment).first()
    if sent is None:
        raise Http404
    context = {
        "order": found.order,
        "shipment": sent,
        "lines": [
            (
                one.quantity,
                one.line.title_in(visit.language),
                ", ".join(map(str, one.line.options.values())),
                one.line.sku,
            )
            for one in sent.lines.select_related("line").order_by("line__position")
        ],
        "address": address_lines(found.order.address),
        "country": country_name(found.order.country, visit.language),
        "list": visit.address("order", parcel),
        "title": _("Packing slip of order %(number)s") % {"number": found.order.number},
        "section": "orders",
    }
    return show(request, visit, "packing_slip", context)


def _asking(code: str, film: str) -> str:
    return f"?{urlencode({'show': code} | ({'film': film} if film else {}))}"


def parcel_of(visit: PanelVisit, public_id: str) -> Parcel:
    found = own_parcel(visit.merchant, public_id)
    if found is None:
        raise Http404
    return found


def order_page(
    request: HttpRequest,
    visit: PanelVisit,
    parcel: Parcel,
    *,
    form: ShipForm | None = None,
    return_form: ReceiveForm | RefuseForm | None = None,
    cancel_form: CancelForm | None = None,
    said: str = "",
    status: int = 200,
) -> HttpResponse:
    """The parcel's page. Where to send it is for those who send; everybody else reads the country."""
    may_act = visit.may(ORDERS)
    told = parcel_page(parcel, at=timezone.now())
    for row in told["returns"]:
        row |= _return_forms(visit, parcel, row, return_form) if may_act and row["is_open"] else {}
    for row in told["shipments"]:
        sent = row["shipment"].public_id
        row["address"] = visit.address("order_delivered", parcel.public_id, sent)
        row["slip"] = visit.address("order_slip", parcel.public_id, sent) if may_act else ""
    if may_act and parcel.order.state == Order.State.PAID:
        form = form or ShipForm(row=parcel)
        cancel_form = cancel_form or CancelForm(row=parcel)
    context: dict[str, Any] = {
        "parcel": parcel,
        "order": parcel.order,
        "form": form if form is not None and form.lines else None,
        "cancel_form": cancel_form if cancel_form is not None and cancel_form.lines else None,
        "may_act": may_act,
        "country": country_name(parcel.order.country, visit.language),
        "address": address_lines(parcel.order.address) if may_act else [],
        "said": said,
        "title": _("Order %(number)s") % {"number": parcel.order.number},
        "section": "orders",
        "addresses": {
            "list": visit.address("orders"),
            "send": visit.address("order_ship", parcel.public_id),
            "cancel": visit.address("order_cancel", parcel.public_id),
        },
    }
    return show(request, visit, "order", told | context, status=status)


def _return_forms(
    visit: PanelVisit, parcel: Parcel, row: dict[str, Any], sent: ReceiveForm | RefuseForm | None
) -> dict[str, Any]:
    """The two forms of an open return; the one that was sent, as it was sent."""
    returned = row["return"]
    mine = sent if sent is not None and sent.row.pk == returned.pk else None
    return {
        "receive": mine if isinstance(mine, ReceiveForm) else ReceiveForm(row=returned),
        "refuse": mine if isinstance(mine, RefuseForm) else RefuseForm(row=returned),
        "receive_address": visit.address("return_receive", parcel.public_id, returned.public_id),
        "refuse_address": visit.address("return_refuse", parcel.public_id, returned.public_id),
    }
