"""What every page of the desk has in common: it reads, and writes through services alone.

A model is read only unless its admin says `is_editable` and saves through a service. What changes a state is a verb: a
button that posts, or a page that first asks. A service that refuses is answered with its sentence and 422.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.views.decorators.csrf import csrf_protect

from core.clock import known_zone, plausible
from core.errors import Refused


class VerbForm(forms.Form):
    """What a verb has to be told. `row` is the object it is done to."""

    def __init__(self, *args: Any, row: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.row = row


def plausible_moment(value: datetime) -> None:
    """A form field's validator: the service's own rule, said at the field."""
    try:
        plausible(value)
    except Refused as refusal:
        raise forms.ValidationError(refusal.sentence) from None


@dataclass(frozen=True)
class Verb:
    """A button. `run(row, by=…, at=…, **form)` does it; `is_offered(row, at)` says in which state it is shown."""

    code: str
    label: Any
    done: Any
    run: Callable[..., Any]
    is_offered: Callable[[Any, datetime], bool]
    consequence: Any = ""
    form: type[VerbForm] | None = None
    asks_first: bool = False
    is_dangerous: bool = False
    is_main: bool = False
    #: False: its button stands in the page's own text, beside what it is about.
    is_in_bar: bool = True
    #: The zone in which the form's instants are written and read.
    zone: Callable[[Any], str] | None = None
    #: More for the page that asks: a template fragment's context.
    preview: Callable[..., dict[str, Any]] | None = None
    preview_template: str = ""

    @property
    def has_page(self) -> bool:
        """Whether something is asked before it is done."""
        return self.asks_first or self.form is not None


class BoundedPaginator(Paginator):
    """Counts up to a limit, so that no list of the desk counts a large table. Filters lead to what lies beyond."""

    limit = 5_000

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        return rows.order_by()[: self.limit].count() if isinstance(rows, models.QuerySet) else len(rows)


class DeskAdmin(admin.ModelAdmin):
    """The desk's page for a model. See the module's docstring for its rules."""

    actions = None
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = BoundedPaginator

    is_editable = False
    can_add = False
    verbs: Sequence[Verb] = ()
    #: The field that names the zone in which the form's instants are meant.
    zone_field = ""

    # -- who may do what -------------------------------------------------------------------------
    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.can_add and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.is_editable and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_do_verbs(request) or super().has_view_permission(request, obj)

    def may_do_verbs(self, request: HttpRequest) -> bool:
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")

    # -- forms -----------------------------------------------------------------------------------
    @method_decorator(csrf_protect)
    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Without the transaction that Django puts around it: the service owns the only one."""
        with self._in_meant_zone(request, object_id):
            try:
                response = self._changeform_view(request, object_id, form_url, extra_context)
            except Refused as refusal:
                request.refusal = refusal  # type: ignore[attr-defined]  # the form says it, see get_form
                response = self._changeform_view(request, object_id, form_url, extra_context)
            return response.render() if isinstance(response, TemplateResponse) else response

    def _in_meant_zone(self, request: HttpRequest, object_id: Any) -> AbstractContextManager[None]:
        if not self.zone_field:
            return nullcontext()
        zone = request.POST.get(self.zone_field, "")
        if not zone and object_id:
            row = self.get_object(request, unquote(object_id))
            zone = getattr(row, self.zone_field, "")
        try:
            return timezone.override(known_zone(zone or self.opts.get_field(self.zone_field).get_default()))
        except Refused:
            return nullcontext()  # the form or the service refuses it

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        refusal = getattr(request, "refusal", None)
        if refusal is None:
            return form

        def clean(self: forms.ModelForm) -> Any:
            self.add_error(None, refusal.sentence)
            return self.cleaned_data

        return type(form.__name__, (form,), {"clean": clean})

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        original = context.get("original")
        context["desk_verbs"] = self.offered_verbs(request, original) if original else []
        response = super().render_change_form(request, context, *args, **kwargs)
        if request.method == "POST":
            response.status_code = 422
        return response

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Nothing: `save_related` has the whole form and calls the service once."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        for formset in formsets:
            formset.save(commit=False)  # only names what changed, for the admin's own log
        saved = self.save_by_service(request, form, formsets, change)
        form.instance.pk = saved.pk

    def save_by_service(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> Any:
        """One call of one service; returns the row. Every editable admin says which."""
        raise NotImplementedError

    # -- verbs -----------------------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        verb_view = self.admin_site.admin_view(self.verb_view)
        name = f"{self.opts.app_label}_{self.opts.model_name}_verb"
        return [path("<path:object_id>/do/<slug:code>/", verb_view, name=name), *super().get_urls()]

    def verb_url(self, row: Any, code: str) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_verb", args=[row.pk, code])

    def home_url(self, row: Any) -> str:
        """Where a verb leads back to."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk])

    def offered_verbs(self, request: HttpRequest, row: Any) -> list[dict[str, Any]]:
        """The buttons for this person and the row's state now."""
        if not self.may_do_verbs(request):
            return []
        at = timezone.now()
        return [
            {"verb": verb, "url": self.verb_url(row, verb.code), "is_main": verb.is_main}
            for verb in self.verbs
            if verb.is_in_bar and verb.is_offered(row, at)
        ]

    @method_decorator(csrf_protect)
    def verb_view(self, request: HttpRequest, object_id: str, code: str) -> HttpResponse:
        """GET asks, POST does. A form that is wrong, or a service that refuses, answers 422 in words."""
        verb = next((verb for verb in self.verbs if verb.code == code), None)
        if verb is None:
            raise Http404
        if not self.may_do_verbs(request):
            raise PermissionDenied
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        with timezone.override(verb.zone(row)) if verb.zone else nullcontext():
            return self._answer_verb(request, row, verb)

    def _answer_verb(self, request: HttpRequest, row: Any, verb: Verb) -> HttpResponse:
        is_post = request.method == "POST"
        given = (request.POST, request.FILES) if is_post else ()
        form = verb.form(*given, **self._form_arguments(verb, row)) if verb.form else None
        if not is_post:
            return self._verb_page(request, row, verb, form)
        if form is not None and not form.is_valid():
            return self._verb_page(request, row, verb, form, status=422)
        try:
            result = verb.run(row, by=request.user, at=timezone.now(), **(form.cleaned_data if form else {}))
        except Refused as refusal:
            return self._verb_page(request, row, verb, form, status=422, refusal=refusal)
        return self.answer_done(request, row, verb, result)

    def answer_done(self, request: HttpRequest, row: Any, verb: Verb, _result: Any) -> HttpResponse:
        """What follows a verb that was done: its sentence, on the page it leads back to."""
        messages.success(request, str(verb.done))
        return HttpResponseRedirect(self.after_verb_url(row))

    def after_verb_url(self, row: Any) -> str:
        if self.get_queryset_exists(row):
            return self.home_url(row)
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def get_queryset_exists(self, row: Any) -> bool:
        return self.model._default_manager.filter(pk=row.pk).exists()

    def _form_arguments(self, verb: Verb, row: Any) -> dict[str, Any]:
        names = verb.form.base_fields if verb.form else ()
        return {"row": row, "initial": {name: getattr(row, name) for name in names if hasattr(row, name)}}

    def _verb_page(
        self, request: HttpRequest, row: Any, verb: Verb, form: Any, *, status: int = 200, refusal: Any = None
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": verb.label,
            "subtitle": str(row),
            "opts": self.opts,
            "original": row,
            "verb": verb,
            "form": form,
            "refusal": refusal,
            "home_url": self.home_url(row),
            "is_offered": verb.is_offered(row, timezone.now()),
            **(verb.preview(row, at=timezone.now()) if verb.preview and refusal is None else {}),
        }
        return TemplateResponse(request, "admin/verb.html", context, status=status).render()


class ReadOnlyInline(admin.TabularInline):
    """Rows of another model below their parent, to look at."""

    extra = 0
    can_delete = False
    #: What a row's own line needs: without it each row would ask the database once more.
    related: Sequence[str] = ()

    def get_queryset(self, request: HttpRequest) -> Any:
        return (
            super().get_queryset(request).select_related(*self.related)
            if self.related
            else super().get_queryset(request)
        )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True


def changed_fields(form: forms.ModelForm) -> dict[str, Any]:
    """What the person changed, so that a service never overwrites what somebody else changed meanwhile."""
    return {name: form.cleaned_data[name] for name in form.changed_data}
