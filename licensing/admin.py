"""The desk's pages for categories and licences."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.admin.base import DeskAdmin, Verb, changed_fields
from licensing import services
from licensing.models import EVERY, Category, DistributionChannel, Grant, Licence

State = Licence.State


class CodesField(forms.CharField):
    """A list of codes, written with commas or spaces between them."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        return (super().to_python(value) or "").replace(",", " ").split()

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.to_python(self.prepare_value(initial)) != self.to_python(data)


class GrantForm(forms.ModelForm):
    countries = CodesField(label=_("Countries"), help_text=_("ISO codes, or * for the world."))
    excluded_countries = CodesField(label=_("Except"), required=False)
    channels = forms.MultipleChoiceField(
        label=_("Channels"),
        choices=[(EVERY, _("Every channel")), *DistributionChannel.choices],
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Grant
        fields = ("category", "countries", "excluded_countries", "channels")


class GrantInline(admin.TabularInline):
    """Grants are given as a whole to the service when the licence is saved."""

    model = Grant
    form = GrantForm
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _may_edit(request, obj)

    has_change_permission = has_delete_permission = has_add_permission

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True


class LicenceForm(forms.ModelForm):
    skus = forms.CharField(
        label=pgettext_lazy("articles of a licence", "Schedule"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("The merchant's codes, one a line. They count when the licence is scheduled."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "skus" in self.fields:
            self.initial["skus"] = "\n".join(self.instance.schedule.order_by("sku").values_list("sku", flat=True))


def _may_edit(request: HttpRequest, licence: Licence | None) -> bool:
    code = "licensing.change_licence" if licence else "licensing.add_licence"
    return request.user.has_perm(code) and (licence is None or licence.state != State.TERMINATED)


VERBS = (
    Verb(
        "execute",
        _("Execute licence"),
        _("The licence is executed."),
        lambda licence, *, by, at: services.execute_licence(licence, by=by),
        lambda licence, at: licence.state == State.DRAFT,
        consequence=_(
            "From now on the licence allows what it grants. Only its end, grace days, legal lines, grants "
            "and schedule can be amended afterwards."
        ),
        asks_first=True,
        is_main=True,
    ),
    Verb(
        "reinstate",
        _("Reinstate"),
        _("The licence is reinstated."),
        lambda licence, *, by, at: services.reinstate_licence(licence, by=by),
        lambda licence, at: licence.state == State.SUSPENDED,
        is_main=True,
    ),
    Verb(
        "suspend",
        _("Suspend"),
        _("The licence is suspended."),
        lambda licence, *, by, at: services.suspend_licence(licence, by=by),
        lambda licence, at: licence.state == State.EXECUTED,
        consequence=_("Every article under this licence leaves the shelf until it is reinstated."),
        asks_first=True,
        is_dangerous=True,
    ),
    Verb(
        "terminate",
        _("Terminate"),
        _("The licence is terminated."),
        lambda licence, *, by, at: services.terminate_licence(licence, by=by),
        lambda licence, at: licence.state in {State.EXECUTED, State.SUSPENDED},
        consequence=_(
            "Every article under this licence leaves the shelf for good. A terminated licence cannot come back."
        ),
        asks_first=True,
        is_dangerous=True,
    ),
)


@admin.register(Licence)
class LicenceAdmin(DeskAdmin):
    is_editable = can_add = True
    form = LicenceForm
    inlines = (GrantInline,)
    autocomplete_fields = ("merchant", "film")
    fieldsets = (
        (None, {"fields": ("number", "state", "merchant", "film", "is_exclusive")}),
        (_("Term"), {"fields": ("starts_on", "ends_on", "time_zone", "grace_days")}),
        (_("Articles"), {"fields": ("is_scheduled", "skus")}),
        (_("Legal line"), {"fields": ("legal_line_en", "legal_line_zh")}),
        (_("Record"), {"fields": ("public_id", "created_at", "updated_at")}),
    )
    list_display = ("number", "merchant", "film", "state", "starts_on", "ends_on", "is_exclusive")
    list_filter = ("state", "is_exclusive", "ends_on")
    list_select_related = ("merchant", "film")
    search_fields = ("number", "public_id", "merchant__name", "film__title_en", "film__title_zh")
    verbs = VERBS

    def has_change_permission(self, request: HttpRequest, obj: Licence | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.state != State.TERMINATED)

    def get_readonly_fields(self, request: HttpRequest, obj: Licence | None = None) -> Any:
        guarded = ["state", "public_id", "created_at", "updated_at"]
        if obj and obj.state != State.DRAFT:
            guarded += sorted(services.TERMS - services.AMENDABLE)
        return guarded

    def save_by_service(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> Licence:
        terms = changed_fields(form) if change else dict(form.cleaned_data)
        schedule = terms.pop("skus").splitlines() if "skus" in terms else None
        grants = [_terms(row) for row in _kept_rows(formsets[0])] if formsets else None
        if change:
            return services.edit_licence(form.instance, by=request.user, grants=grants, schedule=schedule, **terms)
        return services.create_licence(by=request.user, grants=grants or (), schedule=schedule or (), **terms)


def _kept_rows(formset: Any) -> list[dict[str, Any]]:
    rows = (row.cleaned_data for row in formset.forms if row.has_changed() or row.instance.pk)
    return [row for row in rows if row and not row.get("DELETE")]


def _terms(row: dict[str, Any]) -> services.GrantTerms:
    return services.GrantTerms(
        category=row["category"],
        countries=row["countries"],
        excluded_countries=row["excluded_countries"],
        channels=row["channels"],
    )


@admin.register(Category)
class CategoryAdmin(DeskAdmin):
    can_add = True
    fields = ("code", "name_en", "name_zh", "position")
    list_display = ("name_en", "name_zh", "code", "position")
    search_fields = ("name_en", "name_zh", "code")

    def save_by_service(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> Category:
        return services.create_category(by=request.user, **form.cleaned_data)
