"""The desk's part of imports: a file is given, looked at, brought in, watched and undone. The worker does the work."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_protect

from accounts.admin.base import DeskAdmin, Verb
from catalog.importing import runs, undo
from catalog.importing.forms import ImportForm
from catalog.importing.reports import report_pieces
from catalog.models import ImportRun, MappingPreset
from catalog.queries.imports import import_page, import_progress, offered_verbs, rows_in_words
from core.errors import Refused
from merchants.models import Merchant


class DeskImportForm(ImportForm):
    """As a merchant gives a file, for any merchant."""

    merchant = forms.ModelChoiceField(Merchant.objects.order_by("name"), label=_("Merchant"))
    field_order = ("merchant",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(MappingPreset.objects.select_related("merchant"), *args, **kwargs)
        self.fields["preset"].label_from_instance = lambda preset: f"{preset.merchant}: {preset.name}"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        preset = cleaned.get("preset")
        if preset and cleaned.get("merchant") and preset.merchant_id != cleaned["merchant"].pk:
            self.add_error("preset", _("This mapping is another merchant's."))
        return cleaned


def _run_url(run: ImportRun) -> str:
    return reverse("admin:catalog_importrun_run", args=[run.pk])


def _addresses(run: ImportRun) -> dict[str, str]:
    """Where the parts of a run's page lead."""
    parts = {"page": "run", "progress": "progress", "report": "report"}
    return {part: reverse(f"admin:catalog_importrun_{name}", args=[run.pk]) for part, name in parts.items()}


class RunList(ChangeList):
    """A run leads to its page."""

    def url_for_result(self, result: ImportRun) -> str:
        return _run_url(result)


@admin.register(ImportRun)
class ImportRunAdmin(DeskAdmin):
    can_add = True
    list_display = ("public_id", "merchant", "file_name", "shown_kind", "state", "shown_rows", "by", "created_at")
    list_filter = ("state", "is_dry_run")
    list_select_related = ("merchant", "by")
    search_fields = ("public_id__exact", "file_name", "merchant__slug__exact")
    search_help_text = _("A run, a merchant's address, or part of a file's name.")
    sortable_by = ()
    exclude = ("upload", "options", "details", "refusal")
    verbs = (
        Verb(
            "bring-in",
            _("Bring it in"),
            _("The file is being brought in."),
            runs.bring_in_dry_run,
            lambda run, at: "bring-in" in offered_verbs(run),
            is_main=True,
        ),
        Verb(
            "go-on",
            _("Go on"),
            _("The import goes on behind its last page."),
            runs.go_on,
            lambda run, at: "go-on" in offered_verbs(run),
            is_main=True,
        ),
        Verb(
            "undo",
            _("Undo"),
            _("The import is being undone."),
            undo.order_undo,
            lambda run, at: "undo" in offered_verbs(run),
            consequence=_(
                "What the import created goes, or is archived where something refers to it. What it changed is as before. "
                "What somebody has changed since stays and is named."
            ),
            asks_first=True,
            is_dangerous=True,
        ),
    )

    @admin.display(description=_("Kind"))
    def shown_kind(self, run: ImportRun) -> str:
        return str(_("Dry run") if run.is_dry_run else _("Import"))

    @admin.display(description=_("Rows"))
    def shown_rows(self, run: ImportRun) -> str:
        return rows_in_words(run)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return RunList

    def home_url(self, row: ImportRun) -> str:
        return _run_url(row)

    def after_verb_url(self, row: ImportRun) -> str:
        """A dry run that was brought in leads to the run that does it."""
        return _run_url(row.brought_in.order_by("-pk").first() or row)

    def get_urls(self) -> list[URLPattern]:
        def own(route: str, view: Any, name: str) -> URLPattern:
            return path(f"<int:run_id>/{route}", self.admin_site.admin_view(view), name=f"catalog_importrun_{name}")

        return [
            own("run/", self.run_view, "run"),
            own("progress/", self.progress_view, "progress"),
            own("report.json", self.report_view, "report"),
            *super().get_urls(),
        ]

    @method_decorator(csrf_protect)
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form, status = DeskImportForm(request.POST or None, request.FILES or None), 200
        if request.method == "POST":
            status = 422
            if form.is_valid():
                try:
                    run = form.start(form.cleaned_data["merchant"], by=request.user)
                except Refused as refusal:
                    form.add_error(None, refusal.sentence)
                else:
                    messages.success(request, str(_("The file is here. A worker takes it from now on.")))
                    return HttpResponseRedirect(_run_url(run))
        context = self._frame(request, _("Bring a file in"), None) | {"form": form}
        return TemplateResponse(request, "admin/catalog/importrun/start.html", context, status=status)

    def run_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        run = self._run(request, run_id)
        context = self._frame(request, str(run), run) | {**import_page(run, request.GET), "addresses": _addresses(run)}
        return TemplateResponse(request, "admin/catalog/importrun/run.html", context)

    def progress_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """What the page asks for every two seconds: one row. Once it moves no more the page is loaded again."""
        run = self._run(request, run_id)
        progress = import_progress(run)
        context = {"progress": progress, "addresses": _addresses(run)}
        answer = TemplateResponse(request, "admin/catalog/importrun/_progress.html", context)
        if not progress["is_moving"]:
            answer["HX-Refresh"] = "true"
        return answer

    def report_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        run = self._run(request, run_id)
        answer = StreamingHttpResponse(report_pieces(run), content_type="application/json")
        answer["Content-Disposition"] = f'attachment; filename="{run.public_id}.json"'
        return answer

    def _run(self, request: HttpRequest, run_id: int) -> ImportRun:
        if not self.has_view_permission(request):
            raise PermissionDenied
        run = ImportRun.objects.select_related("merchant", "by", "undone_by", "dry_run").filter(pk=run_id).first()
        if run is None:
            raise Http404
        return run

    def _frame(self, request: HttpRequest, title: Any, run: ImportRun | None) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "original": run,
            "run": run,
            "desk_verbs": self.offered_verbs(request, run) if run else [],
        }


@admin.register(MappingPreset)
class MappingPresetAdmin(DeskAdmin):
    list_display = ("name", "merchant", "updated_at")
    list_select_related = ("merchant",)
    search_fields = ("name", "merchant__slug__exact", "public_id__exact")
    readonly_fields = ("public_id", "created_at", "updated_at")
