"""Spree's file of translations: a product's texts in one more language, by its slug. It changes products that are here.

Which of them are here is asked before the reading begins, page by page, and waits on disk: whoever reads asks no database.
"""

from collections.abc import Iterator
from typing import Any

from catalog.importing.drafts import LONGEST_TITLE, Draft, cleaned_description, cleaned_title
from catalog.importing.groups import Rows
from catalog.importing.known import Known, KnownMarket
from catalog.importing.layout import Layout, PriceColumn
from catalog.importing.lines import FirstLines
from catalog.importing.shopify import Header
from catalog.importing.spool import Spool
from catalog.models import Product
from core.bulk import in_pages
from core.importing.files import TableRow
from core.importing.report import Outcome, Problem, Report, RowRefused
from core.importing.text import one_line

_NEEDED = ["slug", "locale", "name"]
#: What we keep, by what files call it. Traditional Chinese is another language to its readers.
_LANGUAGES = {"en": "en", "zh": "zh", "zh-cn": "zh", "zh-hans": "zh", "zh-hans-cn": "zh", "zh-sg": "zh"}
_AT_ONCE = 500
_TABLES = "CREATE TABLE product (sku TEXT PRIMARY KEY, film INTEGER, category INTEGER, licence INTEGER) WITHOUT ROWID;"


def is_translations(header: list[str]) -> bool:
    known = Header(header)
    return all(known.first([name]) for name in _NEEDED) and not known.first(["price", "sku"])


def translations_layout(header: list[str]) -> Layout:
    known = Header(header)
    columns = {"product": "slug", "title": "name", "description": "description"}
    return Layout("spree-translations", {field: known.first([name]) for field, name in columns.items()})


class TranslationReading:
    """A draft for each row: a product that is here, with nothing but the texts of one language. It has no variants."""

    #: What it has asked waits in a database of this process.
    is_portable = False

    def __init__(self, table: Rows, layout: Layout, known: Known, report: Report) -> None:
        self.table = table
        self.header = table.header
        self.known = known
        self.report = report
        names = Header(self.header)
        self.columns = {name: names.first([name]) for name in (*_NEEDED, "description")}
        self.used = {column for column in self.columns.values() if column}
        self.markets: dict[PriceColumn, KnownMarket | None] = {}
        self._begun = FirstLines()
        self._standing = Spool(_TABLES)
        for rows in in_pages(table.rows(), _AT_ONCE):
            slugs = {self._cell(row, "slug") for row in rows if row.problem is None}
            found = Product.objects.filter(merchant=known.merchant_id, sku__in=slugs)
            columns = found.values_list("sku", "film_id", "category_id", "licence_id")
            self._standing.insert("INSERT OR IGNORE INTO product VALUES (?, ?, ?, ?)", columns)

    @property
    def bytes_read(self) -> int:
        return self.table.bytes_read

    def __iter__(self) -> Iterator[Draft]:
        for row in self.table.rows():
            self.report.rows.came_in += 1
            self.report.subjects.came_in += 1
            try:
                yield self._read(row)
            except RowRefused as refusal:
                self.report.refuse(refusal.problem)
                self.report.subjects.add(Outcome.REFUSED)

    def _cell(self, row: TableRow, name: str) -> str:
        return one_line(row.cells.get(self.columns[name], ""))

    def _read(self, row: TableRow) -> Draft:
        def refused(code: str, name: str, **facts: Any) -> RowRefused:
            return RowRefused(Problem(code, row.line, self.columns[name], facts))

        if row.problem is not None:
            raise RowRefused(row.problem)
        slug, locale = self._cell(row, "slug"), self._cell(row, "locale")
        if not slug or not locale:
            raise refused("missing_value", "locale" if slug else "slug")
        language = _LANGUAGES.get(locale.lower().replace("_", "-"))
        if language is None:
            raise refused("bad_language", "locale", value=locale[:40])
        if (first := self._begun.first((slug, language), row.line)) != row.line:
            raise refused("duplicate_row", "slug", value=slug[:80], first=first)
        product = self._standing.row("SELECT film, category, licence FROM product WHERE sku = ?", (slug,))
        if product is None:
            raise refused("unknown_product", "slug", value=slug[:80])
        draft = Draft(slug, row.line, is_one_row=True)
        title, doubts = cleaned_title(row.cells[self.columns["name"]], row.line, self.columns["name"])
        if len(title) > LONGEST_TITLE:
            raise refused("too_long", "name", most=LONGEST_TITLE)
        column = self.columns["description"]
        description, more = cleaned_description(row.cells.get(column, ""), row.line, column)
        draft.warnings = doubts + more
        texts = {f"title_{language}": title, f"description_{language}": description}
        draft.fields = {name: text for name, text in texts.items() if text}
        draft.fields |= dict(zip(("film_id", "category_id", "licence_id"), product, strict=True))
        draft.extra = {
            f"{column} [{locale}]": text
            for column, cell in row.cells.items()
            if column not in self.used and (text := cell.strip())
        }
        return draft
