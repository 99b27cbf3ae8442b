"""The desk's pages for the checklist: its points, and what merchants have given for them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import DeskAdmin, ReadOnlyInline, Verb, VerbForm
from core.territories import normalise_country
from merchants import checklist, onboarding
from merchants.models import Application, Requirement, Submittal


class ReasonForm(VerbForm):
    reason = forms.CharField(label=_("Reason"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))


class RequirementForm(forms.ModelForm):
    countries = forms.CharField(
        label=_("Countries"),
        required=False,
        help_text=_("Codes of two letters, parted by spaces. None: all countries."),
    )

    class Meta:
        model = Requirement
        fields = (
            "kind", "name_en", "name_zh", "text_en", "text_zh", "countries", "is_required", "has_expiry", "version", "position",
            "is_active",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["countries"] = " ".join(self.instance.countries)

    def clean_countries(self) -> list[str]:
        return sorted({normalise_country(code) for code in self.cleaned_data["countries"].replace(",", " ").split()})


@admin.register(Requirement)
class RequirementAdmin(DeskAdmin):
    """A text that was accepted stays as it was: who changes an agreement's text gives it the next version."""

    is_editable = can_add = True
    form = RequirementForm
    list_display = ("name_en", "name_zh", "kind", "countries", "is_required", "version", "is_active", "position")
    list_filter = ("kind", "is_active")
    search_fields = ("name_en", "name_zh", "public_id")

    def save_by_service(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> Requirement:
        return checklist.write_requirement(
            form.instance if change else None,
            by=request.user,
            **{name: form.cleaned_data[name] for name in form.Meta.fields},
        )


class SubmittalInline(ReadOnlyInline):
    model = Submittal
    related = ("requirement", "merchant")
    fields = readonly_fields = ("requirement", "state", "expires_on", "given_at", "decided_at", "reason")
    show_change_link = True


@admin.register(Submittal)
class SubmittalAdmin(DeskAdmin):
    """What was given is looked at, then accepted or returned. Nobody edits it."""

    fields = (
        "merchant", "requirement", "version", "state", "given", "document", "expires_on", "reason", "given_by",
        "given_at", "decided_by", "decided_at", "public_id",
    )  # fmt: skip
    list_display = ("requirement", "merchant", "state", "expires_on", "given_at")
    list_filter = ("state", "requirement__kind")
    list_select_related = ("requirement", "merchant")
    search_fields = ("merchant__name", "merchant__slug", "public_id")
    verbs = (
        Verb(
            "accept",
            _("Accept"),
            _("It is accepted."),
            lambda row, *, by, at: onboarding.accept(row, by=by, at=at),
            lambda row, at: row.state == Submittal.State.GIVEN,
            is_main=True,
        ),
        Verb(
            "return",
            _("Return"),
            _("It is returned."),
            lambda row, *, by, at, reason: onboarding.send_back(row, reason=reason, by=by, at=at),
            lambda row, at: row.state == Submittal.State.GIVEN,
            consequence=_("The owners are told the reason, and give it again."),
            form=ReasonForm,
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Submittal | None = None) -> Any:
        return self.fields

    @admin.display(description=_("Given"))
    def given(self, row: Submittal) -> SafeString:
        shown = row.values | onboarding.secrets_of(row)
        return format_html_join("", "<p><strong>{}</strong> {}</p>", sorted(shown.items()))

    @admin.display(description=_("File"))
    def document(self, row: Submittal) -> str | SafeString:
        if not row.file:
            return ""
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:merchants_submittal_file", args=[row.pk]), row.file_name
        )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.file_view)
        return [path("<int:pk>/file/", view, name="merchants_submittal_file"), *super().get_urls()]

    def file_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = Submittal.objects.filter(pk=pk).exclude(file="").first()
        if row is None:
            raise Http404
        return download(row)


def download(row: Submittal) -> FileResponse:
    """Always saved, never shown by the browser: it is a stranger's file."""
    answer = FileResponse(
        row.file.open("rb"), as_attachment=True, filename=row.file_name, content_type="application/octet-stream"
    )
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Cache-Control"] = "private, no-store"
    return answer


@admin.register(Application)
class ApplicationAdmin(DeskAdmin):
    """Who has applied, and with which words. It becomes a merchant when the letter's link is followed."""

    fields = readonly_fields = (
        "company",
        "country",
        "contact",
        "email",
        "interest",
        "created_at",
        "expires_at",
        "merchant",
    )
    list_display = ("company", "country", "contact", "created_at", "merchant")
    list_select_related = ("merchant",)
    search_fields = ("company", "email")
