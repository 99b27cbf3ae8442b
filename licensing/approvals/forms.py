"""What a merchant fills in for a round of its own: everything a draft says and shows, as one form."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.errors import Refused
from licensing.approvals import evidence, files
from licensing.approvals.rounds import asked_changes
from licensing.approvals.tracks import Change, Track
from licensing.models import Licence, Round, RoundFile

#: Texts that are longer than a line.
LONG = ("description", "art", "description_en", "description_zh")
_LINES = {
    "factory": _("Factory"),
    "legal_line_en": _("Legal line in English"),
    "legal_line_zh": _("Legal line in Chinese"),
}
_ACCEPTED = "image/jpeg,image/png,image/webp,image/avif,image/gif"


class SeveralFilesInput(forms.FileInput):
    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return files.getlist(name) if hasattr(files, "getlist") else files.get(name)


class SeveralFilesField(forms.FileField):
    """Any number of files; the value is a list, empty when none was chosen."""

    widget = SeveralFilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        given = data if isinstance(data, list | tuple) else [data] if data else []
        return [super(SeveralFilesField, self).clean(one, initial) for one in given]


class DraftForm(forms.Form):
    """A draft with its texts, files by kind, and ticks. What a file is, is looked at before anything is written."""

    def __init__(
        self, data: Any = None, given: "MultiValueDict[str, UploadedFile] | None" = None, *, row: Round
    ) -> None:
        super().__init__(data, given)
        self.row = row
        self.needs = evidence.needs_of(row.submission.track, row.stage)
        self.asked = asked_changes(row)
        self.said = self._add_texts()
        self.kinds = self._add_files()
        for change in self.asked:
            self._add_tick(change)

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        number = self.row.files.count()
        for kind in self.kinds:
            for file in told.get(f"files-{kind}", ()):
                number += 1
                self._check(kind, file, number)
        return told

    def _add_texts(self) -> dict[str, str]:
        """Texts that the stage asks for come first; returns field by column."""
        texts = evidence.TEXTS if self.row.submission.track == Track.MARKETING else {}
        said = {name: ("spec", label) for name, label in evidence.SPEC.items()}
        said |= {name: ("texts", label) for name, label in texts.items()}
        needed = [*self.needs.spec, *(name for name in ("title_en", "title_zh") if self.needs.title and name in said)]
        for name in [*needed, *(name for name in said if name not in needed)]:
            column, label = said[name]
            self.fields[name] = forms.CharField(
                label=label,
                required=False,
                max_length=evidence.LONGEST_TEXT,
                widget=forms.Textarea(attrs={"rows": 3}) if name in LONG else forms.TextInput(),
                initial=getattr(self.row, column).get(name, ""),
            )
        for name, label in _LINES.items():
            self.fields[name] = forms.CharField(
                label=label, required=False, max_length=300, initial=getattr(self.row, name)
            )
        return {name: column for name, (column, _label) in said.items()}

    def _add_files(self) -> list[str]:
        """One field for each kind that the stage asks for, and one for all else."""
        kinds = [*(str(kind) for kind in self.needs.files), str(RoundFile.Kind.OTHER)]
        for kind in kinds:
            is_picture = kind in evidence.PICTURES
            accepted = _ACCEPTED if is_picture else f"{_ACCEPTED},application/pdf"
            self.fields[f"files-{kind}"] = SeveralFilesField(
                label=RoundFile.Kind(kind).label,
                required=False,
                widget=SeveralFilesInput(attrs={"accept": accepted}),
                help_text=_("Pictures, up to 20 MB each. Several at once are fine.")
                if is_picture
                else _("JPEG, PNG, WebP, AVIF, GIF or PDF, up to 20 MB each. Several at once are fine."),
            )
        return kinds

    def _add_tick(self, change: Any) -> None:
        is_mine = change.done_in_id == self.row.pk
        self.fields[f"done-{change.number}"] = forms.BooleanField(label=_("Done"), required=False, initial=is_mine)
        self.fields[f"remark-{change.number}"] = forms.CharField(
            label=_("How"), required=False, max_length=500, initial=change.done_remark if is_mine else ""
        )

    def _check(self, kind: str, file: UploadedFile, number: int) -> None:
        try:
            if number > evidence.MOST_FILES:
                raise Refused("too_many_files", most=evidence.MOST_FILES)
            if (file.size or 0) > files.LARGEST:
                raise Refused("evidence_too_large", most=files.LARGEST >> 20)
            looked = files.look_at(file.read())
            if kind in evidence.PICTURES and looked.width is None:
                raise Refused("evidence_picture_needed", kind=RoundFile.Kind(kind).label)
        except Refused as refusal:
            name = files.plain_name(file.name or "")
            self.add_error(f"files-{kind}", _("%(name)s: %(problem)s") % {"name": name, "problem": refusal.sentence})
        finally:
            file.seek(0)

    # -- for the page ------------------------------------------------------------------------------

    @property
    def text_fields(self) -> list[Any]:
        return [self[name] for name in self.fields if name in self.said or name in _LINES]

    @property
    def file_fields(self) -> list[Any]:
        return [self[f"files-{kind}"] for kind in self.kinds]

    @property
    def ticks(self) -> list[tuple[Any, Any, Any]]:
        return [(change, self[f"done-{change.number}"], self[f"remark-{change.number}"]) for change in self.asked]


class VersionForm(forms.Form):
    """Which article, under which licence, and what is new about it. `licences` are those that may be chosen."""

    licence = forms.ModelChoiceField(
        Licence.objects.none(), label=_("Licence"), to_field_name="public_id", empty_label=_("Choose one")
    )
    sku = forms.CharField(label=_("Article"), max_length=80, help_text=_("Your own code of the product."))
    changes = forms.MultipleChoiceField(
        label=_("What changes"),
        choices=Change.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Of an article that is approved already; a new one is looked at from the beginning."),
    )

    def __init__(self, licences: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["licence"]
        field.queryset = licences  # type: ignore[attr-defined]
        field.label_from_instance = lambda licence: f"{licence.film}, {licence.number}"  # type: ignore[attr-defined]


class RemarkForm(forms.Form):
    """A merchant's comment on a round, at a point of one of its pictures or on the whole."""

    text = forms.CharField(label=_("Comment"), max_length=2_000, widget=forms.Textarea(attrs={"rows": 3}))
    file = forms.ModelChoiceField(
        RoundFile.objects.none(),
        label=_("On the picture"),
        required=False,
        to_field_name="public_id",
        empty_label=_("On the round as a whole"),
    )
    x = forms.IntegerField(
        label=pgettext_lazy("of a place on a picture", "Across, in thousandths"),
        required=False,
        min_value=0,
        max_value=1000,
    )
    y = forms.IntegerField(
        label=pgettext_lazy("of a place on a picture", "Down, in thousandths"),
        required=False,
        min_value=0,
        max_value=1000,
    )

    def __init__(self, *args: Any, row: Round, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].queryset = row.files.filter(width__isnull=False)  # type: ignore[attr-defined]
