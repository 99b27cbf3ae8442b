"""Size guides in the panel: a merchant's own, made once and put to many products."""

from functools import partial
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from catalog.models import SizeGuide
from catalog.sizes import Table, edit_size_guide, make_size_guide, remove_size_guide
from core.errors import Refused
from merchstore.panel.visit import CATALOGUE, PanelVisit, page, show


class SizeGuideForm(forms.Form):
    """A table as people copy it out of a spreadsheet: a line for each row, cells parted by tabs, semicolons or commas."""

    name_en = forms.CharField(label=gettext_lazy("Name"), max_length=80, help_text=gettext_lazy("T-shirts, unisex"))
    name_zh = forms.CharField(label=gettext_lazy("Name in Chinese"), max_length=80, required=False)
    unit = forms.ChoiceField(label=gettext_lazy("Measured in"), choices=SizeGuide.Unit.choices)
    columns_en = forms.CharField(
        label=gettext_lazy("Columns"), max_length=500, help_text=gettext_lazy("The size first: Size, Chest, Length")
    )
    columns_zh = forms.CharField(label=gettext_lazy("Columns in Chinese"), max_length=500, required=False)
    rows = forms.CharField(
        label=gettext_lazy("Rows"), max_length=20_000, widget=forms.Textarea(attrs={"rows": 8}),
        help_text=gettext_lazy("A line for each size: M, 52, 72. Rows of a spreadsheet can be pasted here."),
    )  # fmt: skip

    def table(self) -> Table:
        told = self.cleaned_data
        return Table(
            name_en=told["name_en"],
            name_zh=told["name_zh"],
            unit=told["unit"],
            columns_en=_cells(told["columns_en"]),
            columns_zh=_cells(told["columns_zh"]) if told["columns_zh"] else (),
            rows=[_cells(line) for line in told["rows"].splitlines() if line.strip()],
        )


def _cells(line: str) -> list[str]:
    parted_by = next((sign for sign in ("\t", ";", "；") if sign in line), ",")
    return [cell.strip() for cell in line.replace("，", ",").split(parted_by)]


@require_safe
@page
def size_guides(request: HttpRequest, visit: PanelVisit) -> HttpResponse:
    rows = [
        (row.name_in(visit.language), visit.address("size_guide", row.public_id))
        for row in visit.merchant.size_guides.all()
    ]
    context = {
        "rows": rows,
        "may_edit": visit.may(CATALOGUE),
        "new": visit.address("new_size_guide"),
        "back": visit.address("products"),
        "title": _("Size guides"),
        "section": "products",
    }
    return show(request, visit, "size_guides", context)


@require_http_methods(["GET", "HEAD", "POST"])
@partial(page, roles=CATALOGUE)
def new_size_guide(request: HttpRequest, visit: PanelVisit) -> HttpResponse:
    form = SizeGuideForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            make_size_guide(visit.merchant, form.table(), by=visit.user)
            return HttpResponseRedirect(visit.address("size_guides"))
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
    return _form_page(request, visit, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@partial(page, roles=CATALOGUE)
def size_guide(request: HttpRequest, visit: PanelVisit, guide: str) -> HttpResponse:
    found = visit.merchant.size_guides.filter(public_id=guide).first()
    if found is None:
        raise Http404
    if request.method != "POST":
        return _form_page(request, visit, SizeGuideForm(initial=_written(found)), found)
    if "remove" in request.POST:
        remove_size_guide(found, by=visit.user)
        return HttpResponseRedirect(visit.address("size_guides"))
    form = SizeGuideForm(request.POST)
    if form.is_valid():
        try:
            edit_size_guide(found, form.table(), by=visit.user)
            return HttpResponseRedirect(visit.address("size_guides"))
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
    return _form_page(request, visit, form, found)


def _written(guide: SizeGuide) -> dict[str, Any]:
    """As the form has it; semicolons, since a cell may hold a comma."""
    return {
        "name_en": guide.name_en,
        "name_zh": guide.name_zh,
        "unit": guide.unit,
        "columns_en": "; ".join(guide.columns_en),
        "columns_zh": "; ".join(guide.columns_zh),
        "rows": "\n".join("; ".join(row) for row in guide.rows),
    }


def _form_page(request: HttpRequest, visit: PanelVisit, form: SizeGuideForm, found: SizeGuide | None) -> HttpResponse:
    context = {
        "form": form,
        "guide": found,
        "back": visit.address("size_guides"),
        "title": found.name_in(visit.language) if found else _("New size guide"),
        "section": "products",
    }
    return show(request, visit, "size_guide", context, status=422 if form.is_bound else 200)
