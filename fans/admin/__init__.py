"""The desk's pages for what fans say: reviews are read here before anybody else reads them."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import DeskAdmin, Verb, VerbForm
from fans.models import Review
from fans.reviews import hide_review, show_review


class ReadForm(VerbForm):
    """Which words were read: their author may write them anew while somebody reads."""

    version = forms.CharField(widget=forms.HiddenInput, max_length=20)


class HideForm(ReadForm):
    reason = forms.CharField(label=_("Why it is not shown"), max_length=300, help_text=_("Its author reads it."))


def _is_not_shown(review: Review, _at: datetime) -> bool:
    return review.state != Review.State.SHOWN


def _is_not_hidden(review: Review, _at: datetime) -> bool:
    return review.state != Review.State.HIDDEN


def _read(review: Review, *, at: datetime) -> dict[str, Any]:
    return {"review": review}


VERBS = (
    Verb(
        "show", _("Show the review"), _("The review is shown."), show_review, _is_not_shown, form=ReadForm, is_main=True,
        consequence=_("Everybody reads it on the product's page, at once."),
        preview=_read, preview_template="admin/fans/_review.html",
    ),
    Verb(
        "hide", _("Do not show the review"), _("The review is not shown."), hide_review, _is_not_hidden, form=HideForm,
        consequence=_("Nobody reads it, from this moment on. That somebody does not like the thing is no reason."),
        preview=_read, preview_template="admin/fans/_review.html",
    ),
)  # fmt: skip


class Unread(admin.SimpleListFilter):
    """What waits comes first: without a choice the list shows that alone."""

    title = _("state")
    parameter_name = "show"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("all", _("All")), *((str(code), words) for code, words in Review.State.choices if code != "waiting")]

    def choices(self, changelist: Any) -> Any:
        for number, choice in enumerate(super().choices(changelist)):
            yield choice | {"display": _("Waits to be read")} if number == 0 else choice

    def queryset(self, request: HttpRequest, queryset: QuerySet[Review]) -> QuerySet[Review]:
        if self.value() == "all":
            return queryset
        return queryset.filter(state=self.value() if self.value() in Review.State.values else Review.State.WAITING)


@admin.register(Review)
class ReviewAdmin(DeskAdmin):
    verbs = VERBS
    list_display = ("title", "stars", "product", "state", "language", "written_at")
    list_filter = (Unread,)
    list_select_related = ("product",)
    search_fields = ("public_id__exact", "product__slug__exact", "user__email__iexact")
    search_help_text = _("A public id, the address of a product or an e-mail address, written out.")
    sortable_by = ()
    ordering = ("pk",)
    fields = readonly_fields = (
        "public_id", "product", "stars", "title", "text", "name", "user", "language", "state", "written_at", "decided_at",
        "decided_by", "reason", "answer", "answered_at",
    )  # fmt: skip
