"""A merchant's royalty statements: what is owed, why, and by which sales."""

from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core.errors import Refused
from licensing.ledger.forecast import forecasts
from licensing.models import Statement
from licensing.queries.statements import computed_statements, own_statement
from licensing.sheets.behind import lines_behind
from licensing.sheets.sheet import Sheet, line_rows, sheet_of, statement_rows
from licensing.sheets.table import csv_pieces
from merchstore.panel.visit import FINANCE, PanelVisit, page, show


@require_safe
@partial(page, roles=FINANCE)
def statements(request: HttpRequest, visit: PanelVisit) -> HttpResponse:
    found = computed_statements(visit.merchant, after=request.GET.get("after", ""))
    rows = [
        (visit.address("statement", row.public_id), visit.address("royalties", row.licence.public_id), told)
        for row, told in zip(found.rows, statement_rows(found.rows), strict=True)
    ]
    context = {"rows": rows, "next": found.after, "title": _("Royalty statements"), "section": "statements"}
    return show(request, visit, "statements", context)


@require_safe
@partial(page, roles=FINANCE)
def statement_page(request: HttpRequest, visit: PanelVisit, statement: str) -> HttpResponse:
    found = _statement(visit, statement)
    sheet = _sheet(found)
    context = {
        "sheet": sheet,
        "groups": [(_lines_of(visit, statement, row.number), row) for row in sheet.groups],
        "adjustments": [(_lines_of(visit, statement, row.number), row) for row in sheet.adjustments],
        "title": sheet.title,
        "section": "statements",
        "addresses": _addresses(visit, statement),
    }
    return show(request, visit, "statement", context)


@require_safe
@partial(page, roles=FINANCE)
def lines(request: HttpRequest, visit: PanelVisit, statement: str, group: str) -> HttpResponse:
    """The sale lines behind one figure."""
    found = _statement(visit, statement)
    after = request.GET.get("after", "")
    try:
        behind = lines_behind(found, int(group), after=int(after) if after.isdecimal() and len(after) < 18 else 0)
    except Refused:
        raise Http404 from None
    context: dict[str, Any] = {
        "group": _sheet(found).row(int(group)),
        "lines": line_rows(behind.lines, behind.figure["currency"]),
        "next": behind.next,
        "title": _("Sales behind the figure"),
        "statement": found,
        "section": "statements",
        "addresses": _addresses(visit, statement),
    }
    return show(request, visit, "statement_lines", context)


@require_safe
@partial(page, roles=FINANCE)
def as_csv(request: HttpRequest, visit: PanelVisit, statement: str) -> HttpResponseBase:
    found = _statement(visit, statement)
    response = StreamingHttpResponse(csv_pieces(found), content_type="text/csv; charset=utf-8")
    return _named(response, found, "csv")


@require_safe
@partial(page, roles=FINANCE)
def as_pdf(request: HttpRequest, visit: PanelVisit, statement: str) -> HttpResponseBase:
    found = _statement(visit, statement)
    from licensing.sheets.pdf import pdf_of  # noqa: PLC0415 a third of a second, for what most processes never draw

    return _named(HttpResponse(pdf_of(_sheet(found)), content_type="application/pdf"), found, "pdf")


def _statement(visit: PanelVisit, public_id: str) -> Statement:
    found = own_statement(visit.merchant, public_id)
    if found is None or found.computed_at is None:
        raise Http404
    return found


def _sheet(statement: Statement) -> Sheet:
    """A closed statement looks ahead from its last day, an open one from today."""
    today = timezone.localdate()
    return sheet_of(statement, outlooks=forecasts(statement.licence, as_of=min(today, statement.last_day)))


def _lines_of(visit: PanelVisit, statement: str, number: int | None) -> str:
    """Where the sales behind a figure are; nowhere for a sum that somebody set."""
    return "" if number is None else visit.address("statement_lines", statement, str(number))


def _addresses(visit: PanelVisit, statement: str) -> dict[str, str]:
    return {
        "list": visit.address("statements"),
        "page": visit.address("statement", statement),
        "csv": visit.address("statement_csv", statement),
        "pdf": visit.address("statement_pdf", statement),
    }


def _named(response: HttpResponseBase, statement: Statement, kind: str) -> HttpResponseBase:
    name = f"{statement.licence.number}-{statement.period}.{kind}".encode("ascii", "replace").decode().replace('"', "")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
