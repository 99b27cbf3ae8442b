"""What a person says when giving a file to be brought in: the same at the desk and in the panel."""

import tomllib
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from catalog.importing import runs
from catalog.importing.formats import FORMATS
from catalog.models import ImportRun, MappingPreset, Market
from merchants.models import Merchant


class ImportForm(forms.Form):
    """A file and what is to be known about it. `presets` are those that may be chosen."""

    file = forms.FileField(label=_("File"), help_text=_("The export of a shop, or any table: CSV, XLSX or JSON Lines."))
    format = forms.ChoiceField(
        label=_("Format"), required=False, choices=[("", _("Told by the file")), *((name, name) for name in FORMATS)]
    )
    currency = forms.ChoiceField(
        label=_("Currency"), required=False, help_text=_("Of prices in a file that does not say it.")
    )
    preset = forms.ModelChoiceField(
        MappingPreset.objects.none(),
        label=_("Saved mapping"),
        required=False,
        empty_label=_("None of them"),
        help_text=_("What the columns mean, as the merchant has saved it."),
    )
    mapping = forms.CharField(
        label=_("Mapping"),
        required=False,
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        help_text=_("What the columns mean, as TOML. Not needed for a shop that is known here."),
    )
    preset_name = forms.CharField(
        label=_("Save the mapping as"),
        required=False,
        max_length=80,
        help_text=_("Then it can be chosen the next time."),
    )
    is_dry_run = forms.BooleanField(
        label=_("Only look at it first"), required=False, initial=True, help_text=_("Shows what would change.")
    )

    def __init__(self, presets: QuerySet[MappingPreset], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["preset"].queryset = presets  # type: ignore[attr-defined]
        currencies = (
            Market.objects.filter(is_public=True).order_by("currency").values_list("currency", flat=True).distinct()
        )
        self.fields["currency"].choices = [("", "–"), *((code, code) for code in currencies)]  # type: ignore[attr-defined]

    def clean_mapping(self) -> dict[str, Any] | None:
        text = self.cleaned_data["mapping"]
        if not text.strip():
            return None
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise forms.ValidationError(_("This is no TOML: %(problem)s") % {"problem": error}) from None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        preset = cleaned.get("preset")
        if preset and cleaned.get("mapping"):
            self.add_error("mapping", _("Choose a saved mapping or write one, not both."))
        if cleaned.get("preset_name") and not cleaned.get("mapping"):
            self.add_error("preset_name", _("There is no mapping to save."))
        return cleaned

    def start(self, merchant: Merchant, *, by: User) -> ImportRun:
        """Hand the file to a worker. Refuses what `start_import` and `save_preset` refuse."""
        told = self.cleaned_data
        if told["preset_name"]:
            runs.save_preset(merchant, told["preset_name"], told["mapping"], by=by)
        options = {
            "format": told["format"],
            "currency": told["currency"],
            "mapping": told["mapping"],
            "preset": told["preset"].name if told["preset"] else "",
        }
        return runs.start_import(merchant, told["file"], options, by=by, is_dry_run=told["is_dry_run"])
