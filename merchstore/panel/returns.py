"""What comes back to a merchant: received and refunded, or refused with a reason."""

from functools import partial

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
    found = parcel_of(visit, parcel)
    form = ReceiveForm(request.POST, row=_return(found, returned))
    if not form.is_valid():
        return order_page(request, visit, found, return_form=form, status=422)
    try:
        receive_return(form.row, by=visit.user, at=timezone.now(), **form.cleaned_data)
    except Refused as refusal:
        return order_page(request, visit, found, return_form=form, said=refusal.sentence, status=422)
    return HttpResponseRedirect(visit.address("order", parcel))


@require_POST
@partial(page, roles=ORDERS)
def refuse(request: HttpRequest, visit: PanelVisit, parcel: str, returned: str) -> HttpResponse:
    found = parcel_of(visit, parcel)
    form = RefuseForm(request.POST, row=_return(found, returned))
    if not form.is_valid():
        return order_page(request, visit, found, return_form=form, status=422)
    try:
        refuse_return(form.row, by=visit.user, at=timezone.now(), **form.cleaned_data)
    except Refused as refusal:
        return order_page(request, visit, found, return_form=form, said=refusal.sentence, status=422)
    return HttpResponseRedirect(visit.address("order", parcel))


def _return(parcel: Parcel, public_id: str) -> Return:
    found = parcel.returns.filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found
