"""Files that a merchant brings in: given, looked at, brought in, watched and undone. A worker does the work."""

from collections.abc import Callable
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
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.importing import bulk, runs, undo
from catalog.importing.columns import ColumnsForm, may_map
from catalog.importing.forms import ImportForm
from catalog.importing.reports import report_pieces
from catalog.importing.run import run_import
from catalog.models import ImportRun
from catalog.queries.imports import import_list, import_page, import_progress, offered_verbs
from core.errors import Refused
from merchstore.panel.visit import CATALOGUE, PanelVisit, page, show

#: Each gives the run to look at next, or nothing: then it is the same.
_VERBS: dict[str, Callable[..., ImportRun | None]] = {
    "bring-in": runs.bring_in_dry_run,
    "go-on": runs.go_on,
    "undo": undo.order_undo,
}
_LABELS = {
    "bring-in": gettext_lazy("Bring it in"),
    "go-on": gettext_lazy("Go on"),
    "undo": gettext_lazy("Undo"),
}


@require_safe
@page
def imports(request: HttpRequest, visit: PanelVisit) -> HttpResponse:
    found = import_list(visit.merchant, after=request.GET.get("after", ""))
    for row in found["rows"]:
        row["address"] = visit.address("import", row["run"].public_id)
    context = {"found": found, "may_import": visit.may(CATALOGUE), "new_address": visit.address("new_import")}
    return show(request, visit, "imports", context | {"title": _("Imports"), "section": "imports"})


@require_http_methods(["GET", "HEAD", "POST"])
@partial(page, roles=CATALOGUE)
def new_import(request: HttpRequest, visit: PanelVisit) -> HttpResponse:
    form = ImportForm(visit.merchant.mapping_presets.all(), request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                run = form.start(visit.merchant, by=visit.user)
            except Refused as refusal:
                form.add_error(None, refusal.sentence)
            else:
                return HttpResponseRedirect(visit.address("import", run.public_id))
    context = {"form": form, "title": _("Bring a file in"), "section": "imports", "back": visit.address("imports")}
    return show(request, visit, "import_new", context, status=status)


@require_safe
@page
def import_run(request: HttpRequest, visit: PanelVisit, run: str) -> HttpResponse:
    return _run_page(request, visit, _run(visit, run))


@require_http_methods(["GET", "HEAD", "POST"])
@partial(page, roles=CATALOGUE)
def columns(request: HttpRequest, visit: PanelVisit, run: str) -> HttpResponse:
    """What the columns of a file mean that is no known shop's: its first rows, and a choice for each column."""
    found = _run(visit, run)
    if not may_map(found):
        raise Http404
    form = ColumnsForm(request.POST or None, run=found, language=visit.language)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                begun = form.start(by=visit.user)
            except Refused as refusal:
                form.add_error(None, refusal.sentence)
            else:
                return HttpResponseRedirect(visit.address("import", begun.public_id))
    context = {
        "form": form,
        "run": found,
        "title": _("What the columns mean"),
        "section": "imports",
        "back": visit.address("import", run),
    }
    return show(request, visit, "import_columns", context, status=status)


@require_safe
@page
def progress(request: HttpRequest, visit: PanelVisit, run: str) -> HttpResponse:
    """What the page asks for every two seconds. Once the run moves no more, the page is loaded again."""
    found = _run(visit, run)
    context = {"progress": import_progress(found), "addresses": _addresses(visit, found)}
    response = show(request, visit, "_import_progress", context)
    if not context["progress"]["is_moving"]:
        response["HX-Refresh"] = "true"
    return response


@require_safe
@page
def report(request: HttpRequest, visit: PanelVisit, run: str) -> HttpResponseBase:
    found = _run(visit, run)
    response = StreamingHttpResponse(report_pieces(found), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{found.public_id}.json"'
    return response


@require_POST
@partial(page, roles=CATALOGUE)
def act(request: HttpRequest, visit: PanelVisit, run: str, verb: str) -> HttpResponse:
    """Bring a dry run in, go on with a stopped one, undo. What is refused is said on the run's page."""
    found = _run(visit, run)
    try:
        changed = _VERBS[verb](found, by=visit.user, at=timezone.now()) or found
    except Refused as refusal:
        return _run_page(request, visit, _run(visit, run), said=refusal.sentence, status=422)
    if bulk.is_small(changed) and changed.state == ImportRun.State.WAITING:
        run_import(changed.pk)  # the worker finds it done
    return HttpResponseRedirect(visit.address("import", changed.public_id))


def _run(visit: PanelVisit, public_id: str) -> ImportRun:
    runs_of_merchant = visit.merchant.import_runs.select_related("by", "dry_run", "undone_by")
    run = runs_of_merchant.filter(public_id=public_id).first()
    if run is None:
        raise Http404
    # The visit has read it; no page reads it again.
    run.merchant = visit.merchant
    return run


def _run_page(
    request: HttpRequest, visit: PanelVisit, run: ImportRun, *, said: str = "", status: int = 200
) -> HttpResponse:
    told = import_page(run, request.GET)
    context: dict[str, Any] = {
        "run": run,
        "addresses": _addresses(visit, run),
        "said": said,
        "title": run.file_name,
        "section": "imports",
        "verbs": [],
    }
    if visit.may(CATALOGUE):
        context["columns_address"] = visit.address("import_columns", run.public_id) if may_map(run) else ""
        address = partial(visit.address, "import_verb", run.public_id)
        context["verbs"] = [(code, _LABELS[code], address(code)) for code in offered_verbs(run)]
    return show(request, visit, "import_run", told | context, status=status)


def _addresses(visit: PanelVisit, run: ImportRun) -> dict[str, str]:
    """Where the parts of a run's page lead."""
    related = {"dry_run": run.dry_run, "followed_by": run.brought_in.order_by("-pk").first()}
    found = {part: visit.address("import", other.public_id) for part, other in related.items() if other}
    return found | {
        "page": visit.address("import", run.public_id),
        "progress": visit.address("import_progress", run.public_id),
        "report": visit.address("import_report", run.public_id),
        "list": visit.address("imports"),
    }
