"""Saying what the columns of a table mean by choosing: the first rows of a file that is no known shop's, and a form for them."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.models import User
from catalog.importing import runs
from catalog.importing.layout import mapping_from
from catalog.models import ImportRun, Market
from core.errors import Refused
from core.importing import files
from core.importing.spreadsheet import Spreadsheet
from films.models import Film
from licensing.models import Category, Licence

#: What of a file is kept to be shown.
ROWS, COLUMNS, LETTERS = 5, 200, 120
#: Refusals that another mapping can mend.
MENDABLE = frozenset({"unknown_format", "bad_mapping"})

FIELDS = {
    "sku": gettext_lazy("Code of the variant"),
    "product": gettext_lazy("Code of the product"),
    "title": gettext_lazy("Title in English"),
    "title_zh": gettext_lazy("Title in Chinese"),
    "description": gettext_lazy("Description in English"),
    "description_zh": gettext_lazy("Description in Chinese"),
    "stock": gettext_lazy("Stock"),
    "gtin": gettext_lazy("Barcode (GTIN)"),
    "image": gettext_lazy("Address of a picture"),
    "image_position": gettext_lazy("Place of the picture"),
    "image_alt": gettext_lazy("What the picture shows"),
    "tags": gettext_lazy("Tags"),
    "state": pgettext_lazy("of a product", "State"),
    "published": gettext_lazy("Published"),
}
#: What a header often says, in lower case without spaces.
_USUAL = {
    "sku": ("sku", "code", "itemcode", "articlenumber", "货号"),
    "title": ("title", "name", "producttitle", "productname", "名称", "标题"),
    "stock": ("stock", "pieces", "quantity", "qty", "inventory", "库存"),
    "description": ("description", "text", "描述"),
    "image": ("image", "picture", "imageurl", "图片"),
    "gtin": ("gtin", "ean", "barcode", "条码"),
    "tags": ("tags",),
    "film": ("film", "movie", "影片"),
    "category": ("category", "type", "类别"),
    "option": ("size", "colour", "color", "尺码", "颜色"),
}


def sample_of(path: Path, options: Mapping[str, Any]) -> dict[str, Any]:
    """The header and the first rows of a table; nothing of what is none."""
    told = options.get("mapping") or {}
    try:
        table: Any
        if files.magic(path) == "zip":
            table = Spreadsheet(path, told.get("sheet", ""))
        else:
            found = files.recognise(path, options.get("encoding") or told.get("encoding", ""))
            if found.kind in (files.Kind.JSON, files.Kind.XML):
                return {}
            table = files.open_table(path, found.encoding.name)
        header = table.header[:COLUMNS]
        rows = [[row.cells.get(name, "")[:LETTERS] for name in header] for row in islice(table.rows(), ROWS)]
    except Refused:
        return {}
    return {"header": header, "rows": rows}


def may_map(run: ImportRun) -> bool:
    """Whether the run was refused because nobody has said what its columns mean."""
    return (
        run.state == ImportRun.State.REFUSED
        and bool(run.upload)
        and run.refusal.get("code") in MENDABLE
        and bool(run.details.get("sample", {}).get("header"))
    )


class ColumnsForm(forms.Form):
    """One choice for each column, and what is the same in every row. Becomes a mapping."""

    film = forms.ModelChoiceField(
        Film.objects.none(),
        label=gettext_lazy("Film of every row"),
        required=False,
        to_field_name="slug",
        empty_label=gettext_lazy("A column names it"),
        help_text=gettext_lazy("Where no column names it."),
    )
    category = forms.ModelChoiceField(
        Category.objects.none(),
        label=gettext_lazy("Category of every row"),
        required=False,
        to_field_name="code",
        empty_label=gettext_lazy("A column names it"),
        help_text=gettext_lazy("Where no column names it."),
    )
    preset_name = forms.CharField(
        label=gettext_lazy("Save the mapping as"),
        required=False,
        max_length=80,
        help_text=gettext_lazy("Then it can be chosen the next time."),
    )
    is_dry_run = forms.BooleanField(
        label=gettext_lazy("Only look at it first"),
        required=False,
        initial=True,
        help_text=gettext_lazy("Shows what would change."),
    )

    def __init__(self, *args: Any, run: ImportRun, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.run = run
        self.header: list[str] = run.details["sample"]["header"]
        licences = run.merchant.licences.exclude(state=Licence.State.DRAFT)
        films = Film.objects.filter(licences__in=licences).distinct().order_by("title_en")
        self.fields["film"].queryset = films  # type: ignore[attr-defined]
        categories = Category.objects.order_by("code")
        self.fields["category"].queryset = categories  # type: ignore[attr-defined]
        self.fields["category"].label_from_instance = lambda row: row.name_in(language)  # type: ignore[attr-defined]
        meanings = _meanings()
        for number, name in enumerate(self.header):
            self.fields[f"column-{number}"] = forms.ChoiceField(
                label=name, required=False, choices=meanings, initial=_usual(name, meanings)
            )
        self.order_fields([*(f"column-{number}" for number in range(len(self.header)))])

    @property
    def column_fields(self) -> Iterator[tuple[Any, list[str]]]:
        """Each column's choice with what stands in it."""
        rows: Sequence[Sequence[str]] = self.run.details["sample"]["rows"]
        for number in range(len(self.header)):
            yield self[f"column-{number}"], [row[number] for row in rows if row[number].strip()][:3]

    @property
    def other_fields(self) -> list[Any]:
        return [self[name] for name in ("film", "category", "preset_name", "is_dry_run")]

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if self.errors:
            return told
        try:
            told["mapping"] = self._mapping(told)
            mapping_from(told["mapping"]).layout_for(self.header)
        except Refused as refusal:
            raise forms.ValidationError(refusal.sentence) from None
        return told

    def start(self, *, by: User) -> ImportRun:
        """The file again, with what its columns mean now. Refuses what `map_again` and `save_preset` refuse."""
        told = self.cleaned_data
        if told["preset_name"]:
            runs.save_preset(self.run.merchant, told["preset_name"], told["mapping"], by=by)
        return runs.map_again(self.run, told["mapping"], by=by, is_dry_run=told["is_dry_run"])

    def _mapping(self, told: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {"columns": {}, "prices": {}, "options": {}}
        for name in ("film", "category"):
            if row := told.get(name):
                found[name] = {"fixed": row.slug if name == "film" else row.code}
        for number, column in enumerate(self.header):
            meaning = told.get(f"column-{number}", "")
            if not meaning:
                continue
            kind, _colon, rest = meaning.partition(":")
            if kind == "price":
                found["prices"][column] = rest
            elif kind == "option":
                found["options"][column.strip().lower()[:100]] = column
            elif kind in ("film", "category"):
                self._once(kind, number, "column" in found.get(kind, {}))
                found[kind] = {"column": column}
            else:
                self._once(kind, number, kind in found["columns"])
                found["columns"][kind] = column
        before = self.run.options.get("mapping") or {}
        return found | {name: before[name] for name in ("sheet", "encoding", "missing") if name in before}

    def _once(self, meaning: str, number: int, is_taken: bool) -> None:
        if is_taken:
            self.add_error(f"column-{number}", _("Another column means this already."))


def _meanings() -> list[tuple[str, Any]]:
    currencies = Market.objects.order_by("currency").values_list("currency", flat=True).distinct()
    prices = [(f"price:{code}", _("Price in %(currency)s") % {"currency": code}) for code in currencies]
    return [
        ("", _("Leave it out")),
        *FIELDS.items(),
        *prices,
        ("option", _("What buyers choose: a size, a colour")),
        ("film", _("Film")),
        ("category", _("Category")),
    ]


def _usual(column: str, meanings: Sequence[tuple[str, Any]]) -> str:
    """What a header of this name most likely means."""
    plain = "".join(column.lower().split()).replace("_", "")
    for meaning, names in _USUAL.items():
        if plain in names:
            return meaning
    known = {value for value, _label in meanings}
    for code in (plain.upper(), plain.removeprefix("price").upper()):
        if f"price:{code}" in known:
            return f"price:{code}"
    return ""
