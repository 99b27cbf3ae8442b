"""What the columns of a merchant's table mean. A mapping file and Shopify's header both become a Layout."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_noop as _

from catalog.importing.choices import LISTINGS, REVEALS
from core.errors import Refused, Saying, said

#: Fields that a column, or a constant, can give.
FIELDS = frozenset(
    {"product", "sku", "title", "title_zh", "description", "description_zh", "state", "published", "stock", "gtin"}
    | {"image", "image_position", "image_alt", "tags"}
)
#: Fields that only a constant can give, with what they may be.
CHOICES = {"listing": LISTINGS, "reveals": REVEALS}
_TEXTS = ("currency", "sheet", "encoding")
_SECTIONS = frozenset({"columns", "constants", "prices", "options", "film", "category", "missing", *_TEXTS})
#: A mapping of a merchant is small; a file of another kind is not read as one.
_LARGEST_MAPPING = 1 << 20


@dataclass(frozen=True, slots=True)
class PriceColumn:
    """A column of prices: in which currency, for which market where several have it, and what else means no price."""

    column: str
    currency: str
    market: str = ""
    missing: frozenset[str] = frozenset()
    #: The column that says which currency a row is in, and what stands there where the price counts.
    currency_column: str = ""
    currency_word: str = ""


@dataclass(frozen=True, slots=True)
class OptionColumn:
    """A column of option values ("M"), whose name ("size") stands in another column or is fixed."""

    column: str
    name: str = ""
    name_column: str = ""


@dataclass(frozen=True, slots=True)
class Lookup:
    """How a row names something we know: by one of these columns, through a table, or always the same."""

    columns: list[str] = field(default_factory=list)
    table: dict[str, str] = field(default_factory=dict)
    fixed: str = ""
    #: A cell may name several things: "Clothing > Tops, Sale".
    separator: str = ""

    def names_in(self, texts: list[str]) -> list[str]:
        if not self.separator:
            return texts
        return [*texts, *(part.strip() for text in texts for part in text.split(self.separator))]


@dataclass(frozen=True, slots=True)
class Layout:
    format: str
    columns: dict[str, str]
    constants: dict[str, str] = field(default_factory=dict)
    prices: list[PriceColumn] = field(default_factory=list)
    options: list[OptionColumn] = field(default_factory=list)
    film: Lookup = field(default_factory=Lookup)
    category: Lookup = field(default_factory=Lookup)
    missing: frozenset[str] = frozenset({""})
    #: Further columns of pictures, and what stands between several in one cell.
    more_images: list[str] = field(default_factory=list)
    image_separator: str = ""
    #: Texts of a product stand on its first row alone; what other rows say there is their own.
    tells_once: bool = False
    #: An option's cell that holds several values is a list of what there is, not a choice.
    option_separator: str = ""
    #: What a stock cell says where another row holds the number.
    stock_elsewhere: frozenset[str] = frozenset()

    def with_answers(self, mapping: "MappingFile", film: list[str], category: Lookup) -> "Layout":
        """The layout of a shop's own format, with what the merchant's mapping says of film, category and the rest.

        `film` and `category` are where they stand otherwise.
        """
        told_film, told_category = mapping.lookup("film"), mapping.lookup("category")
        return replace(
            self,
            constants=mapping.section("constants"),
            film=told_film if told_film.columns or told_film.fixed else Lookup(film, told_film.table),
            category=(
                told_category
                if told_category.columns or told_category.fixed
                else replace(category, table=told_category.table)
            ),
            missing=mapping.missing,
        )

    def used_columns(self) -> Iterator[str]:
        """Every column that the layout gives a meaning, prices included."""
        yield from self.columns.values()
        yield from self.more_images
        for price in self.prices:
            yield price.column
            if price.currency_column:
                yield price.currency_column
        for option in self.options:
            yield option.column
            if option.name_column:
                yield option.name_column
        yield from self.film.columns
        yield from self.category.columns

    def value(self, cells: Mapping[str, str], column: str) -> str:
        """The cell of a column; empty when it is missing or says one of the words for missing."""
        text = cells.get(column, "").strip()
        return "" if text in self.missing else text

    def field(self, cells: Mapping[str, str], name: str) -> str:
        """What a row says for a field: its column's cell, else the constant."""
        column = self.columns.get(name)
        return (self.value(cells, column) if column else "") or self.constants.get(name, "")

    def column_of(self, name: str) -> str:
        return self.columns.get(name, name)


@dataclass(frozen=True, slots=True)
class MappingFile:
    """A merchant's mapping file, checked for itself; `layout_for` checks it against a header."""

    content: dict[str, Any]

    def section(self, name: str) -> dict[str, Any]:
        return self.content.get(name, {})

    @property
    def currency(self) -> str:
        return self.content.get("currency", "")

    @property
    def sheet(self) -> str:
        return self.content.get("sheet", "")

    @property
    def encoding(self) -> str:
        return self.content.get("encoding", "")

    @property
    def missing(self) -> frozenset[str]:
        return frozenset(self.content.get("missing", [])) | {""}

    def lookup(self, name: str) -> Lookup:
        section = self.section(name)
        columns = [section["column"]] if "column" in section else []
        return Lookup(columns, section.get("table", {}), section.get("fixed", ""))

    def prices(self) -> list[PriceColumn]:
        prices = []
        for column, meaning in self.section("prices").items():
            meaning = {"currency": meaning} if isinstance(meaning, str) else meaning
            missing = frozenset(meaning.get("missing", []))
            prices.append(PriceColumn(column, meaning["currency"], meaning.get("market", ""), missing))
        return prices

    def layout_for(self, header: list[str]) -> Layout:
        """What the table with this header means. Refuses `bad_mapping` where it names columns that are not there."""
        if not {"sku", "product"} & self.section("columns").keys() or "title" not in self.section("columns"):
            raise bad_mapping(said(_("under [columns] it has to name the columns for sku and title")))
        if not self.section("film") or not self.section("category"):
            raise bad_mapping(said(_("it has to say where the film and the category stand: [film] and [category]")))
        layout = Layout(
            format="csv",
            columns=self.section("columns"),
            constants=self.section("constants"),
            prices=self.prices(),
            options=[OptionColumn(column, name.lower()) for name, column in self.section("options").items()],
            film=self.lookup("film"),
            category=self.lookup("category"),
            missing=self.missing,
        )
        check_columns(layout, header)
        return layout


def check_columns(layout: Layout, header: list[str]) -> None:
    if absent := [column for column in layout.used_columns() if column not in header]:
        facts = {"absent": ", ".join(absent), "present": ", ".join(header)[:1_000]}
        raise bad_mapping(said(_("the file has no column %(absent)s; it has %(present)s"), **facts))


def bad_mapping(problem: str | Saying) -> Refused:
    return Refused("bad_mapping", problem=problem)


def read_mapping(path: Path) -> MappingFile:
    """The mapping in a file of TOML or JSON. Refuses `bad_mapping` by the name of what is wrong."""
    try:
        if path.stat().st_size > _LARGEST_MAPPING:
            raise bad_mapping(said(_("it is larger than 1 MB")))
        text = path.read_text(encoding="utf-8-sig")
        content = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except OSError as error:
        raise bad_mapping(error.strerror or str(error)) from error
    except (ValueError, RecursionError) as error:  # no TOML, or no UTF-8
        raise bad_mapping(str(error)) from error
    return mapping_from(content)


def mapping_from(content: Any) -> MappingFile:
    """The mapping that a merchant has saved (`MappingPreset.content`) or sent. Refuses `bad_mapping`."""
    if not isinstance(content, dict):
        raise bad_mapping(said(_("it has to be an object with sections")))
    _check_shape(content)
    return MappingFile(content)


def _check_shape(content: dict[str, Any]) -> None:
    _only("", content, _SECTIONS)
    _check_words("missing", content.get("missing", []))
    for name in _TEXTS:
        if not isinstance(content.get(name, ""), str):
            raise bad_mapping(said(_("“%(name)s” has to be a text"), name=name))
    if content.get("currency"):
        check_currency(content["currency"])
    for name in ("columns", "constants", "prices", "options", "film", "category"):
        if not isinstance(content.get(name, {}), dict):
            raise bad_mapping(said(_("[%(name)s] has to be a section"), name=name))
    _check_texts("columns", content.get("columns", {}), FIELDS)
    _check_texts("options", content.get("options", {}), None)
    _check_texts("constants", content.get("constants", {}), FIELDS | CHOICES.keys())
    for name, allowed in CHOICES.items():
        value = content.get("constants", {}).get(name)
        if value is not None and value not in allowed:
            raise bad_mapping(
                said(_("“%(name)s” is one of %(allowed)s"), name=name, allowed=", ".join(sorted(allowed)))
            )
    _check_prices(content.get("prices", {}))
    for name in ("film", "category"):
        _check_lookup(name, content.get(name, {}))


def _only(where: str, section: Mapping[str, Any], allowed: frozenset[str] | set[str]) -> None:
    for name in section:
        if name not in allowed:
            facts = {"name": f"{where}.{name}" if where else name, "allowed": ", ".join(sorted(allowed))}
            raise bad_mapping(said(_("“%(name)s” is not known here; known are %(allowed)s"), **facts))


def _check_texts(where: str, section: Mapping[str, Any], allowed: frozenset[str] | set[str] | None) -> None:
    if allowed is not None:
        _only(where, section, allowed)
    for name, value in section.items():
        if not isinstance(value, str) or not value or len(value) > 1_000:
            raise bad_mapping(said(_("“%(name)s” has to be a text"), name=f"{where}.{name}"))


def _check_words(where: str, words: Any) -> None:
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise bad_mapping(said(_("“%(name)s” has to be a list of texts"), name=where))


def _check_prices(section: Mapping[str, Any]) -> None:
    for column, meaning in section.items():
        where = f"prices.{column}"
        meaning = {"currency": meaning} if isinstance(meaning, str) else meaning
        if not isinstance(meaning, dict) or "currency" not in meaning:
            raise bad_mapping(said(_("“%(name)s” has to name a currency"), name=where))
        _only(where, meaning, {"currency", "market", "missing"})
        _check_words(f"{where}.missing", meaning.get("missing", []))
        _check_texts(where, {name: value for name, value in meaning.items() if name != "missing"}, None)
        check_currency(meaning["currency"])


def check_currency(currency: str) -> None:
    if len(currency) != 3 or not currency.isascii() or not currency.isupper():
        raise bad_mapping(said(_("“%(currency)s” is no currency; a currency looks like USD"), currency=currency))


def _check_lookup(name: str, section: Mapping[str, Any]) -> None:
    _only(name, section, {"column", "table", "fixed"})
    table = section.get("table", {})
    if not isinstance(table, dict):
        raise bad_mapping(said(_("[%(name)s] has to be a section"), name=f"{name}.table"))
    _check_texts(f"{name}.table", table, None)
    _check_texts(name, {key: value for key, value in section.items() if key != "table"}, None)
    if section and not {"column", "fixed"} & section.keys():
        raise bad_mapping(said(_("[%(name)s] has to name a column, or what is fixed"), name=name))
