"""What comes back to a merchant: received and refunded, or refused with a reason."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from core.errors import Refused
from merchstore.panel.orders import order_page, parcel_of
from merchstore.panel.visit import ORDERS, PanelVisit, page
from orders.forms import ReceiveForm, RefuseForm
from orders.models import Parcel, Return
from orders.returning import receive_return, refuse_return


@require_POST
@partial(page, roles=ORDERS)
def receive(request: HttpRequest, visit: PanelVisit, parcel: str, returned: str) -> HttpResponse:
    return _settle(request, visit, parcel, returned, ReceiveForm, receive_return)


@require_POST
@partial(page, roles=ORDERS)
def refuse(request: HttpRequest, visit: PanelVisit, parcel: str, returned: str) -> HttpResponse:
    return _settle(request, visit, parcel, returned, RefuseForm, refuse_return)


def _settle(
    request: HttpRequest, visit: PanelVisit, parcel: str, returned: str, form_class: Any, verb: Callable[..., Any]
) -> HttpResponse:
    """Do what the form says to an announced return; what is wrong with it, or refused, is said on the order's page."""
    found = parcel_of(visit, parcel)
    form = form_class(request.POST, row=_return(found, returned))
    if not form.is_valid():
        return order_page(request, visit, found, return_form=form, status=422)
    try:
        verb(form.row, by=visit.user, at=timezone.now(), **form.cleaned_data)
    except Refused as refusal:
        return order_page(request, visit, found, return_form=form, said=refusal.sentence, status=422)
    return HttpResponseRedirect(visit.address("order", parcel))


def _return(parcel: Parcel, public_id: str) -> Return:
    found = parcel.returns.filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found
