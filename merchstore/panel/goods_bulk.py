"""Many products changed at once: looked at first, then brought in, with progress, report and undo as any file."""

from functools import partial

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from catalog.importing import bulk
from catalog.importing.run import run_import
from catalog.queries.own_list import NAMES, narrowed
from core.errors import Refused
from merchstore.panel.bulk_forms import BulkForm
from merchstore.panel.goods import list_page
from merchstore.panel.visit import CATALOGUE, PanelVisit, page


@require_POST
@partial(page, roles=CATALOGUE)
def edit(request: HttpRequest, visit: PanelVisit) -> HttpResponse:
    """What would change is worked out as a dry run, whose page brings it in."""
    filters = {name: request.GET[name][:160] for name in NAMES if request.GET.get(name)}
    form = BulkForm(request.POST, merchant=visit.merchant, language=visit.language, filters=filters)
    if not form.is_valid():
        return list_page(request, visit, bulk=form, status=422)
    change = form.edit()
    if form.errors:
        return list_page(request, visit, bulk=form, status=422)
    products = narrowed(visit.merchant, filters, at=timezone.now())
    if not form.cleaned_data["whole"]:
        products = visit.merchant.products.filter(public_id__in=request.POST.getlist("product"))
    try:
        run = bulk.look_at(
            visit.merchant, products, change, name=str(dict(form.fields["what"].choices)[change["what"]]), by=visit.user
        )
    except Refused as refusal:
        said = (
            _("Tick the products, or take all that the filter finds.")
            if refusal.code == "nothing_chosen"
            else refusal.sentence
        )
        return list_page(request, visit, bulk=form, said=said, status=422)
    if bulk.is_small(run):
        run_import(run.pk)  # the worker finds it done
    return HttpResponseRedirect(visit.address("import", run.public_id))
