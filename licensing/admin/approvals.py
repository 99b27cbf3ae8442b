"""The desk's part of approvals: the reviewer's queue, a submission's page, a version's, and certificates."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_protect

from accounts.admin.base import DeskAdmin
from core.errors import Refused
from licensing.admin import approval_pages as pages
from licensing.admin.approval_verbs import CERTIFICATE_VERBS, ROUND_VERBS, VERSION_VERBS, VersionForm
from licensing.approvals import people, queries, versions
from licensing.approvals.files import opened
from licensing.approvals.tracks import Track
from licensing.models import ArticleVersion, Certificate, Round

QUEUE_PAGE = 50
#: Verbs of the licensee; every other one is the licensor's.
LICENSEE = frozenset({"submit", "edit", "add-file", "remove-file", "tick", "discard", "draft", "change", "withdraw"})


class ApprovalAdmin(DeskAdmin):
    """Rows are read from who asks: what somebody may not see is not there."""

    def may_do_verbs(self, request: HttpRequest) -> bool:
        return people.may_review(request.user) or people.may_act_for_merchants(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_do_verbs(request) or queries.sees_as_licensor(request.user)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def may_do(self, request: HttpRequest, code: str) -> bool:
        if code == "comment":
            return self.may_do_verbs(request)
        if code == "revoke":
            return people.may_approve(request.user)
        return people.may_act_for_merchants(request.user) if code in LICENSEE else people.may_review(request.user)

    def offered_verbs(self, request: HttpRequest, row: Any) -> list[dict[str, Any]]:
        return [item for item in super().offered_verbs(request, row) if self.may_do(request, item["verb"].code)]

    def verb_view(self, request: HttpRequest, object_id: str, code: str) -> HttpResponse:
        if any(verb.code == code for verb in self.verbs) and not self.may_do(request, code):
            raise PermissionDenied
        return super().verb_view(request, object_id, code)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        context = self._frame(request, row) | self.page_of(request, row)
        return TemplateResponse(request, self.page_template, context)

    page_template = ""

    def page_of(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        raise NotImplementedError

    def _frame(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "title": str(row),
            "opts": self.opts,
            "original": row,
            "desk_verbs": self.offered_verbs(request, row),
        }


@admin.register(Round)
class RoundAdmin(ApprovalAdmin):
    verbs = ROUND_VERBS
    page_template = "admin/licensing/round/page.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Round]:
        return queries.rounds_seen_by(request.user)

    def page_of(self, request: HttpRequest, row: Round) -> dict[str, Any]:
        return pages.round_page(row, user=request.user, at=timezone.now())

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.file_view)
        return [
            path("<int:round_id>/file/<slug:public_id>/", view, name="licensing_round_file"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The queue: what waits for a decision, what is due first on top."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        chosen = {name: request.GET.get(name, "")[:20] for name in ("track", "merchant", "film")}
        rounds = queries.review_queue(
            request.user,
            track=chosen["track"] if chosen["track"] in Track.values else "",
            merchant=_number(chosen["merchant"]),
            film=_number(chosen["film"]),
        )
        at = timezone.now()
        page = Paginator(rounds, QUEUE_PAGE).get_page(request.GET.get("page"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Waiting for a decision"),
            "opts": self.opts,
            "filters": pages.queue_filters(request.user, chosen),
            "chosen": {name: value for name, value in chosen.items() if value},
            "page": page,
            "rows": pages.queue_rows(page.object_list, at=at),
            "overdue": rounds.filter(due_at__lte=at).count(),
        }
        return TemplateResponse(request, "admin/licensing/round/queue.html", context)

    def file_view(self, request: HttpRequest, round_id: int, public_id: str) -> HttpResponse:
        """A file's bytes as they were handed in: shown where it is a picture that Pillow knows, else downloaded. The
        page that a browser might make of it may do nothing."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        named = {"round": round_id, "public_id": public_id}
        stored = (
            queries.files_seen_by(request.user).filter(**named).first()
            or queries.marked_files_seen_by(request.user).filter(**named).first()
        )
        if stored is None:
            raise Http404
        try:
            content = opened(stored)
        except Refused as refusal:
            return HttpResponse(refusal.sentence, status=409, content_type="text/plain; charset=utf-8")
        answer = FileResponse(
            content, as_attachment=not stored.is_picture, filename=stored.name, content_type=stored.content_type
        )
        answer["X-Content-Type-Options"] = "nosniff"
        answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
        answer["Cache-Control"] = "private, max-age=600"
        return answer

    def after_verb_url(self, row: Round) -> str:
        """A draft that was thrown away leads to its version."""
        if Round.objects.filter(pk=row.pk).exists():
            return self.home_url(row)
        return pages.version_url(row.submission.version)


@admin.register(ArticleVersion)
class ArticleVersionAdmin(ApprovalAdmin):
    can_add = True
    verbs = VERSION_VERBS
    page_template = "admin/licensing/articleversion/page.html"
    list_display = ("article", "number", "licence", "shown_film", "state", "created_at")
    list_filter = ("state",)
    search_fields = ("article__sku", "public_id__exact", "licence__number", "article__merchant__name")
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[ArticleVersion]:
        return queries.versions_seen_by(request.user).order_by("-pk")

    @admin.display(description=_("Film"))
    def shown_film(self, version: ArticleVersion) -> str:
        return str(version.licence.film)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return people.may_act_for_merchants(request.user)

    def page_of(self, request: HttpRequest, row: ArticleVersion) -> dict[str, Any]:
        return pages.version_page(row, user=request.user)

    def answer_done(self, request: HttpRequest, row: Any, verb: Any, result: Any) -> HttpResponse:
        """A draft or a version that was begun is where the work goes on."""
        messages.success(request, str(verb.done))
        if isinstance(result, Round):
            return HttpResponseRedirect(pages.round_url(result))
        return HttpResponseRedirect(pages.version_url(result if isinstance(result, ArticleVersion) else row))

    @method_decorator(csrf_protect)
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form, status = VersionForm(request.POST or None), 200
        if request.method == "POST":
            status = 422
            if form.is_valid():
                told = form.cleaned_data
                try:
                    version = versions.start_version(
                        told["licence"], told["sku"], by=request.user, at=timezone.now(), changes=told["changes"]
                    )
                except Refused as refusal:
                    form.add_error(None, refusal.sentence)
                else:
                    return HttpResponseRedirect(pages.version_url(version))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Begin an approval"),
            "opts": self.opts,
            "form": form,
        }
        return TemplateResponse(request, "admin/licensing/articleversion/start.html", context, status=status)


@admin.register(Certificate)
class CertificateAdmin(ApprovalAdmin):
    verbs = CERTIFICATE_VERBS
    page_template = "admin/licensing/certificate/page.html"
    list_display = ("public_id", "article", "version", "licence", "issued_at", "revoked_at")
    search_fields = ("public_id__exact", "article__sku", "licence__number", "article__merchant__name")
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Certificate]:
        return queries.certificates_seen_by(request.user).order_by("-pk")

    def page_of(self, request: HttpRequest, row: Certificate) -> dict[str, Any]:
        return pages.certificate_page(row, user=request.user)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None
