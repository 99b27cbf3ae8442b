"""One variant of a product in the panel: its code and options are changed, and it is taken away while nobody has ordered it."""

from functools import partial

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from catalog.models import Variant
from catalog.queries.own_goods import own_variant
from catalog.services import edit_variant, remove_variant
from core.errors import Refused
from merchstore.panel.goods_forms import VariantForm
from merchstore.panel.product import product_of, product_page
from merchstore.panel.visit import CATALOGUE, PanelVisit, page


@require_POST
@partial(page, roles=CATALOGUE)
def edit(request: HttpRequest, visit: PanelVisit, product: str, variant: str) -> HttpResponse:
    row = _variant(visit, product, variant)
    form = VariantForm(request.POST, standing=row, auto_id=f"{variant}-of-%s")
    if form.is_valid():
        try:
            edit_variant(row, by=visit.user, **form.cleaned_data)
            return _back(visit, product)
        except Refused as refusal:
            form.add_error("sku" if refusal.code == "variant_sku_taken" else None, refusal.sentence)
    return product_page(request, visit, product_of(visit, product), changed=(variant, form), status=422)


@require_POST
@partial(page, roles=CATALOGUE)
def remove(request: HttpRequest, visit: PanelVisit, product: str, variant: str) -> HttpResponse:
    row = _variant(visit, product, variant)
    # What it is taken away as: a page that is older than another's change does not take away something else.
    if request.POST.get("sku") != row.sku:
        said = _("This variant has been changed meanwhile. Look at it again.")
        return product_page(request, visit, product_of(visit, product), said=said, status=422)
    try:
        remove_variant(row, by=visit.user)
    except Refused as refusal:
        return product_page(request, visit, product_of(visit, product), said=refusal.sentence, status=422)
    return _back(visit, product)


def _variant(visit: PanelVisit, product: str, public_id: str) -> Variant:
    row = own_variant(visit.merchant, public_id)
    if row is None or row.product.public_id != product:
        raise Http404
    return row


def _back(visit: PanelVisit, product: str) -> HttpResponse:
    return HttpResponseRedirect(visit.address("product", product) + "#stock")
