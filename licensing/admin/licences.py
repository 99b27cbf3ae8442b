"""A licence at the desk: the list, the form of its terms, and the page from which it is run."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import DeskAdmin, changed_fields
from licensing import services
from licensing.admin.licence_form import GrantInline, LicenceForm, kept_grants, may_edit
from licensing.admin.licence_page import licence_page
from licensing.admin.licence_verbs import VERBS
from licensing.models import Licence, LicenceDocument

State = Licence.State


class LicenceList(ChangeList):
    """A licence's number leads to its page, not to the form."""

    def url_for_result(self, result: Licence) -> str:
        return reverse("admin:licensing_licence_page", args=[result.pk])


@admin.register(Licence)
class LicenceAdmin(DeskAdmin):
    is_editable = can_add = True
    form = LicenceForm
    inlines = (GrantInline,)
    autocomplete_fields = ("merchant", "film")
    fieldsets = (
        (None, {"fields": ("number", "state", "merchant", "film", "is_exclusive")}),
        (_("Term"), {"fields": ("starts_on", "ends_on", "time_zone", "sell_off_days", "grace_days")}),
        (_("Articles"), {"fields": ("is_scheduled", "skus", "unit_cap", "units_used", "floors", "needs_labels")}),
        (
            _("Approval"),
            {"fields": ("needs_approval", "needs_page_approval", "review_days", "calendar", "silence_rule")},
        ),
        (_("Legal line"), {"fields": ("legal_line_en", "legal_line_zh")}),
        (_("Record"), {"fields": ("public_id", "created_at", "updated_at")}),
    )
    list_display = ("number", "merchant", "film", "state", "starts_on", "ends_on", "is_exclusive")
    list_filter = ("state", "is_exclusive", "ends_on")
    list_select_related = ("merchant", "film")
    search_fields = ("number", "public_id", "merchant__name", "film__title_en", "film__title_zh")
    verbs = VERBS

    # -- the form --------------------------------------------------------------------------------
    def has_change_permission(self, request: HttpRequest, obj: Licence | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or may_edit(request, obj))

    def get_readonly_fields(self, request: HttpRequest, obj: Licence | None = None) -> Any:
        guarded = ["state", "units_used", "public_id", "created_at", "updated_at"]
        if obj and obj.state != State.DRAFT:
            guarded += sorted(services.TERMS - services.AMENDABLE)
        return guarded

    def save_by_service(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> Licence:
        terms = changed_fields(form) if change else dict(form.cleaned_data)
        schedule = terms.pop("skus").splitlines() if "skus" in terms else None
        floors = terms.pop("floors", None)
        grants = kept_grants(formsets[0]) if formsets else None
        if change:
            return services.edit_licence(
                form.instance, by=request.user, grants=grants, schedule=schedule, floors=floors, **terms
            )
        return services.create_licence(
            by=request.user, grants=grants or (), schedule=schedule or (), floors=floors, **terms
        )

    def response_post_save_add(self, request: HttpRequest, obj: Licence) -> HttpResponse:
        return HttpResponseRedirect(self.home_url(obj))

    response_post_save_change = response_post_save_add

    # -- the page --------------------------------------------------------------------------------
    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return LicenceList

    def get_urls(self) -> list[URLPattern]:
        return [
            path("<int:licence_id>/page/", self.admin_site.admin_view(self.page_view), name="licensing_licence_page"),
            path(
                "<int:licence_id>/documents/<slug:public_id>/",
                self.admin_site.admin_view(self.document_view),
                name="licensing_licence_document",
            ),
            *super().get_urls(),
        ]

    def home_url(self, row: Licence) -> str:
        return reverse("admin:licensing_licence_page", args=[row.pk])

    def page_view(self, request: HttpRequest, licence_id: int) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        licence = Licence.objects.select_related("merchant", "film").filter(pk=licence_id).first()
        if licence is None:
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            "title": str(licence),
            "opts": self.opts,
            "original": licence,
            "licence": licence,
            "desk_verbs": self.offered_verbs(request, licence),
            "may_edit": self.has_change_permission(request, licence),
            **licence_page(licence, at=timezone.now(), may_act=self.may_do_verbs(request)),
        }
        return TemplateResponse(request, "admin/licensing/licence/page.html", context)

    def document_view(self, request: HttpRequest, licence_id: int, public_id: str) -> FileResponse:
        """The paper itself, to be kept and not shown: it is somebody else's file."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        document = LicenceDocument.objects.filter(licence=licence_id, public_id=public_id).first()
        if document is None or not document.file:
            raise Http404
        answer = FileResponse(
            document.file.open("rb"),
            as_attachment=True,
            filename=document.title,
            content_type="application/octet-stream",
        )
        answer["X-Content-Type-Options"] = "nosniff"
        return answer
