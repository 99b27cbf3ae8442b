"""Licensed articles and disputes at the desk: recalls, further properties, takedowns."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import DeskAdmin, Verb, VerbForm
from licensing.admin.licence_form import CodesField
from licensing.admin.licence_verbs import TakedownForm
from licensing.articles import article_of, lift_recall, recall_article, set_properties
from licensing.models import Licence, LicensedArticle, Takedown
from licensing.takedowns import release_takedown, start_takedown


class RecallForm(VerbForm):
    reason = forms.CharField(label=_("Reason"), max_length=300)


class PropertiesForm(VerbForm):
    licences = CodesField(
        label=_("Further licences"),
        required=False,
        help_text=_("Numbers of the merchant's licences for the other films on it. Every one of them has to pass."),
    )

    def __init__(self, *args: Any, row: LicensedArticle, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        self.initial["licences"] = list(
            row.properties.order_by("licence__number").values_list("licence__number", flat=True)
        )

    def clean_licences(self) -> list[Licence]:
        numbers = self.cleaned_data["licences"]
        found = {licence.number: licence for licence in Licence.objects.filter(number__in=numbers)}
        if missing := [number for number in numbers if number not in found]:
            raise forms.ValidationError(_("There is no licence %(numbers)s."), params={"numbers": ", ".join(missing)})
        return [found[number] for number in dict.fromkeys(numbers)]


class OutcomeForm(VerbForm):
    outcome = forms.CharField(label=_("How it ended"), max_length=500)


def _set_properties(article: LicensedArticle, *, by: Any, at: datetime, licences: list[Licence]) -> None:
    set_properties(article, licences, by=by)


@admin.register(LicensedArticle)
class LicensedArticleAdmin(DeskAdmin):
    """Only articles of which something is known have a row."""

    can_add = True
    fields = ("merchant", "sku", "recalled_at", "recall_reason", "created_at", "updated_at")
    autocomplete_fields = ("merchant",)
    list_display = ("sku", "merchant", "recalled_at", "updated_at")
    list_select_related = ("merchant",)
    search_fields = ("sku__exact", "public_id__exact")
    search_help_text = _("A code, written out.")
    verbs = (
        Verb(
            "properties",
            _("Set further properties"),
            _("The properties are set."),
            _set_properties,
            lambda article, at: True,
            form=PropertiesForm,
        ),
        Verb(
            "lift-recall",
            _("Lift the recall"),
            _("The recall is lifted."),
            lambda article, *, by, at: lift_recall(article, by=by),
            lambda article, at: article.recalled_at is not None,
            consequence=_("The article is seen, sold and shipped again where its licence allows it."),
            asks_first=True,
            is_main=True,
        ),
        Verb(
            "recall",
            _("Recall"),
            _("The article is recalled."),
            recall_article,
            lambda article, at: article.recalled_at is None,
            consequence=_("At once, everywhere: the article is not seen, sold or shipped."),
            form=RecallForm,
            is_dangerous=True,
        ),
        Verb(
            "takedown",
            _("Take down"),
            _("The article is frozen."),
            start_takedown,
            lambda article, at: True,
            consequence=_(
                "At once, everywhere: it is not listed, sold, shipped or paid out until the dispute is released."
            ),
            form=TakedownForm,
            is_dangerous=True,
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: LicensedArticle | None = None) -> Any:
        return ("recalled_at", "recall_reason", "created_at", "updated_at")

    def save_by_service(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> LicensedArticle:
        return article_of(form.cleaned_data["merchant"], form.cleaned_data["sku"])


class StartForm(forms.ModelForm):
    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if sum(given.get(name) is not None for name in ("film", "merchant", "licence", "article")) != 1:
            raise forms.ValidationError(_("Choose one film, merchant, licence or article."))
        return given


@admin.register(Takedown)
class TakedownAdmin(DeskAdmin):
    can_add = True
    form = StartForm
    fields = ("film", "merchant", "licence", "article", "claimant", "reason", "starts_at", "released_at", "outcome")
    autocomplete_fields = ("film", "merchant", "licence", "article")
    list_display = ("public_id", "claimant", "touches", "starts_at", "released_at")
    list_filter = ("starts_at", ("released_at", admin.EmptyFieldListFilter))
    list_select_related = ("film", "merchant", "licence", "article__merchant")
    search_fields = ("public_id__exact", "claimant")
    verbs = (
        Verb(
            "release",
            _("Release"),
            _("The dispute is closed. What it froze is as it was before."),
            release_takedown,
            lambda takedown, at: takedown.released_at is None,
            consequence=_(
                "Listings, feeds, orders and payouts go on where they were held, unless another dispute holds them."
            ),
            form=OutcomeForm,
            is_main=True,
        ),
    )

    @admin.display(description=_("Touches"))
    def touches(self, takedown: Takedown) -> str:
        return str(takedown.film or takedown.merchant or takedown.licence or takedown.article)

    def get_readonly_fields(self, request: HttpRequest, obj: Takedown | None = None) -> Any:
        return ("starts_at", "released_at", "outcome")

    def save_by_service(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> Takedown:
        given = form.cleaned_data
        subject = given["film"] or given["merchant"] or given["licence"] or given["article"]
        return start_takedown(
            subject, claimant=given["claimant"], reason=given["reason"], by=request.user, at=timezone.now()
        )
