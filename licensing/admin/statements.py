"""A statement's pages at the desk: the sheet, the sales behind a figure, what is filed, and other terms tried on the same lines."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import DeskAdmin, Verb
from core.errors import Refused
from licensing.admin.royalty_forms import AgreementField, at_path, money
from licensing.ledger import statements
from licensing.ledger.account import account_of
from licensing.ledger.forecast import forecasts
from licensing.ledger.what_if import Compared, what_if
from licensing.models import Statement
from licensing.royalties import values
from licensing.sheets.behind import lines_behind
from licensing.sheets.sheet import Sheet, line_rows, sheet_of
from licensing.sheets.table import csv_pieces


class WhatIfForm(forms.Form):
    terms = AgreementField(label="", max_length=200_000)


class StatementList(ChangeList):
    """A statement leads to its sheet."""

    def url_for_result(self, result: Statement) -> str:
        return _address("sheet", result) if result.computed_at else super().url_for_result(result)


class StatementPages(DeskAdmin):
    """What StatementAdmin has besides its list and its row."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return StatementList

    def home_url(self, row: Statement) -> str:
        return _address("sheet", row) if row.computed_at else super().home_url(row)

    def get_urls(self) -> list[URLPattern]:
        def own(route: str, view: Any, name: str, **more: str) -> URLPattern:
            return path(f"<int:pk>/{route}", self.admin_site.admin_view(view), more, name=f"licensing_statement_{name}")

        return [
            own("sheet/", self.sheet_view, "sheet"),
            own("lines/<int:group>/", self.lines_view, "lines"),
            own("what-if/", self.what_if_view, "what_if"),
            own("statement.csv", self.csv_view, "csv"),
            own("statement.pdf", self.pdf_view, "pdf", language="en"),
            own("statement.zh.pdf", self.pdf_view, "zh_pdf", language="zh-hans"),
            *super().get_urls(),
        ]

    def sheet_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self._row(request, pk)
        sheet = _sheet(row)
        context = {
            "title": sheet.title,
            "sheet": sheet,
            "groups": [(_lines_of(row, one.number), one) for one in sheet.groups],
            "adjustments": [(_lines_of(row, one.number), one) for one in sheet.adjustments],
        }
        return self._answer(request, row, "sheet", context)

    def lines_view(self, request: HttpRequest, pk: int, group: int) -> HttpResponse:
        row = self._row(request, pk)
        after = request.GET.get("after", "")
        try:
            behind = lines_behind(row, group, after=int(after) if after.isdecimal() and len(after) < 18 else 0)
        except Refused:
            raise Http404 from None
        context = {
            "title": gettext("Sales behind the figure"),
            "group": _sheet(row).row(group),
            "lines": line_rows(behind.lines, behind.figure["currency"]),
            "next": behind.next,
        }
        return self._answer(request, row, "lines", context)

    def what_if_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The licence's lines under other terms. Nothing is kept, so the form may be sent as often as one likes."""
        row = self._row(request, pk)
        terms = account_of(row.licence).terms
        form = WhatIfForm(request.POST or None, initial={"terms": terms})
        compared: list[dict[str, str]] = []
        if request.method == "POST" and form.is_valid():
            try:
                compared = [_shown(one, row.currency) for one in what_if(row.licence, form.cleaned_data["terms"])]
            except Refused as refusal:
                form.add_error("terms", at_path(refusal))
        context = {"title": gettext("Other terms, the same sales"), "form": form, "compared": compared}
        return self._answer(request, row, "what_if", context, status=422 if form.errors else 200)

    def csv_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        row = self._row(request, pk)
        return _filed(StreamingHttpResponse(csv_pieces(row), content_type="text/csv; charset=utf-8"), row, "csv")

    def pdf_view(self, request: HttpRequest, pk: int, language: str) -> HttpResponseBase:
        row = self._row(request, pk)
        with translation.override(language):
            from licensing.sheets.pdf import pdf_of  # noqa: PLC0415 a third of a second, for what most processes never draw

            content = pdf_of(_sheet(row))
        return _filed(HttpResponse(content, content_type="application/pdf"), row, "pdf")

    def _row(self, request: HttpRequest, pk: int) -> Statement:
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = Statement.objects.select_related("licence__merchant", "licence__film")
        row = rows.filter(pk=pk, computed_at__isnull=False).first()
        if row is None:
            raise Http404
        return row

    def _answer(
        self, request: HttpRequest, row: Statement, template: str, context: dict[str, Any], *, status: int = 200
    ) -> HttpResponse:
        names = ("sheet", "csv", "pdf", "zh_pdf", "what_if")
        frame = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": row,
            "statement": row,
            "addresses": {name: _address(name, row) for name in names},
            "desk_verbs": self.offered_verbs(request, row),
        }
        return TemplateResponse(request, f"admin/licensing/statement/{template}.html", frame | context, status=status)


def _address(name: str, row: Statement, *more: int) -> str:
    return reverse(f"admin:licensing_statement_{name}", args=[row.pk, *more])


def _lines_of(row: Statement, number: int | None) -> str:
    """Where the sales behind a figure are; nowhere for a sum that somebody set."""
    return "" if number is None else _address("lines", row, number)


def _sheet(row: Statement) -> Sheet:
    today = timezone.localdate()
    return sheet_of(row, outlooks=forecasts(row.licence, as_of=min(today, row.last_day)))


def _shown(one: Compared, currency: str) -> dict[str, str]:
    figures = {
        "earned": one.earned,
        "would_earn": one.would_earn,
        "payable": one.payable,
        "would_be": one.would_be,
        "difference": one.would_be - one.payable,
    }
    return {"period": one.period, **{name: money(amount, currency) for name, amount in figures.items()}}


def _filed(response: HttpResponseBase, row: Statement, kind: str) -> HttpResponseBase:
    response["Content-Disposition"] = f'attachment; filename="{row.public_id}-{row.period}.{kind}"'
    return response


def _compute(statement: Statement, *, by: Any, at: Any) -> Any:
    return statements.compute_statement(statement.licence, statement.period, at=at)


def _is_over(statement: Statement, at: Any) -> bool:
    return statement.state == Statement.State.OPEN and statement.last_day < at.date()


@admin.register(Statement)
class StatementAdmin(StatementPages):
    fields = readonly_fields = (
        "public_id", "licence", "period", "first_day", "last_day", "state", "shown_payable", "shown_royalty", "waiting",
        "is_stale", "computed_at", "due_on", "closed_at", "closed_by", "digest",
    )  # fmt: skip
    list_display = ("licence", "period", "state", "shown_royalty", "shown_payable", "due_on", "waiting", "is_stale")
    list_filter = ("state", "period")
    list_select_related = ("licence",)
    search_fields = ("public_id", "licence__number", "licence__merchant__name")
    ordering = ("-first_day", "licence")
    sortable_by = ()
    verbs = (
        Verb(
            "compute",
            _("Compute"),
            _("The statement is computed."),
            _compute,
            lambda statement, at: statement.state == Statement.State.OPEN,
        ),
        Verb(
            "close",
            _("Close statement"),
            _("The statement is closed."),
            lambda statement, *, by, at: statements.close_statement(statement, by=by, at=at),
            _is_over,
            consequence=_(
                "A closed statement never changes. What comes in later for its period counts in the next one; what comes "
                "back is credited there."
            ),
            asks_first=True,
            is_main=True,
        ),
    )

    @admin.display(description=_("Payable"))
    def shown_payable(self, statement: Statement) -> str:
        return money(statement.payable if statement.computed_at else None, statement.currency)

    @admin.display(description=_("Royalty"))
    def shown_royalty(self, statement: Statement) -> str:
        if not statement.figures:
            return "–"
        return money(
            values.minor(statement.figures["royalty"], "", statement.currency, is_signed=True), statement.currency
        )
