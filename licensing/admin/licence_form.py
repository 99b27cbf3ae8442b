"""The form of a licence: its terms, grants, schedule and price floors, given to one service as a whole."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.errors import Refused
from core.money import Money
from licensing import services
from licensing.admin.history import LABELS
from licensing.models import EVERY, DistributionChannel, Grant, Licence

State = Licence.State


class CodesField(forms.CharField):
    """A list of codes, written with commas or spaces between them."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        return (super().to_python(value) or "").replace(",", " ").split()

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.to_python(self.prepare_value(initial)) != self.to_python(data)


class PairsField(forms.CharField):
    """Lines of a word and a figure: "CNY 19.90", "TEE-1 120"."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 4}), **kwargs)

    def to_python(self, value: Any) -> dict[str, str]:  # type: ignore[override]
        pairs: dict[str, str] = {}
        for line in (super().to_python(value) or "").splitlines():
            if not line.strip():
                continue
            word, _space, figure = line.strip().rpartition(" ")
            if not word or word.strip() in pairs:
                raise forms.ValidationError(
                    _("“%(line)s” is not a code and a figure, each code once."), params={"line": line}
                )
            pairs[word.strip()] = figure
        return pairs

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.to_python(initial) != self.to_python(data)
        except forms.ValidationError:
            return True


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
        return may_edit(request, obj)

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
    floors = PairsField(
        label=_("Price floors"),
        required=False,
        help_text=_("The least an article may be offered for, one currency a line: CNY 19.90."),
    )

    class Meta:
        model = Licence
        fields = "__all__"  # noqa: DJ007  # the admin's fieldsets say which
        labels = LABELS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "skus" in self.fields:
            self.initial["skus"] = "\n".join(self.instance.schedule.order_by("sku").values_list("sku", flat=True))
        if self.instance.pk and "floors" in self.fields:
            floors = self.instance.price_floors.order_by("currency").values_list("currency", "amount")
            self.initial["floors"] = "\n".join(f"{currency} {Money(amount, currency)}" for currency, amount in floors)

    def clean_floors(self) -> dict[str, int]:
        """Minor units by currency."""
        try:
            written = {currency.upper(): amount for currency, amount in self.cleaned_data["floors"].items()}
            return {currency: Money.parse(amount, currency).amount for currency, amount in written.items()}
        except Refused as refusal:
            raise forms.ValidationError(refusal.sentence) from None


def may_edit(request: HttpRequest, licence: Licence | None) -> bool:
    code = "licensing.change_licence" if licence else "licensing.add_licence"
    return request.user.has_perm(code) and (licence is None or licence.state not in {State.TERMINATED, State.EXPIRED})


def kept_grants(formset: Any) -> list[services.GrantTerms]:
    """The grants that the form asks for; rows that were taken away are not among them."""
    rows = (row.cleaned_data for row in formset.forms if row.has_changed() or row.instance.pk)
    return [
        services.GrantTerms(
            category=row["category"],
            countries=row["countries"],
            excluded_countries=row["excluded_countries"],
            channels=row["channels"],
        )
        for row in rows
        if row and not row.get("DELETE")
    ]
