"""Spree's product CSV: rows of one slug are one product. A product's row has its name; a variant's row may hold no more
than slug, SKU and a price; a price in another currency is one more row with the same SKU, which may stand far below."""

import re
from collections.abc import Iterator

from django.utils.translation import gettext_noop as _

from catalog.importing.groups import Rows
from catalog.importing.layout import Layout, Lookup, MappingFile, OptionColumn, PriceColumn, check_currency
from catalog.importing.shopify import Header
from catalog.importing.spool import Spool, Spooled, packed, unpacked
from core.errors import Refused, said
from core.importing.files import TableRow
from core.importing.text import one_line

_NEEDED = ["slug", "sku", "name", "price", "currency"]
_FILM = ["film", "custom_field.custom.film"]
_CATEGORIES = ["category1", "category2", "category3", "product_type"]
_IMAGE = re.compile(r"image[0-9]{1,2}_src", re.IGNORECASE)
#: A shop with more has a column of something else.
_MOST_CURRENCIES = 50
_TABLES = """
CREATE TABLE line_row (
    line INTEGER PRIMARY KEY, slug TEXT, sku TEXT, currency TEXT, has_name INTEGER, has_options INTEGER, cells TEXT
);
"""
# By product, then by variant, then by line. `is_apart`: the product's variants have rows of their own.
_ORDERED = """
SELECT line, slug, has_name, has_options, cells,
    min(sku) OVER product <> max(sku) OVER product AS is_apart,
    row_number() OVER (PARTITION BY slug, sku ORDER BY has_name DESC, has_options DESC, line) AS place,
    min(line) OVER product AS product_line, max(has_name) OVER variant AS is_named, min(line) OVER variant AS first
FROM line_row
WINDOW product AS (PARTITION BY slug), variant AS (PARTITION BY slug, sku)
ORDER BY product_line, is_named DESC, first, place
"""


def is_spree(header: list[str]) -> bool:
    known = Header(header)
    return all(known.first([name]) for name in _NEEDED) and bool(known.first(["option1_value", "compare_at_price"]))


class SpreeTable(Spooled):
    """The rows of the file, product by product, every further price right below its variant."""

    def __init__(self, table: Rows) -> None:
        super().__init__(table)
        known = Header(self.header)
        self.columns = {name: known.first([name]) for name in _NEEDED}
        self.choices = known.all([f"option{number}_value" for number in (1, 2, 3)])

    def currencies(self, fallback: str) -> list[str]:
        """Every currency that the file has prices in. Reads the file once. Refuses one that is none."""
        found: set[str] = set()
        for row in self.table.rows():
            if row.problem is None and self._cell(row, "price"):
                found.add(self._cell(row, "currency"))
            if len(found) > _MOST_CURRENCIES:
                raise Refused("unknown_format", problem=said(_("its column currency holds something else")))
        if "" in found and not fallback:
            raise Refused("currency_missing")
        for currency in found - {""}:
            check_currency(currency)
        return sorted(found)

    def _cell(self, row: TableRow, name: str) -> str:
        return one_line(row.cells.get(self.columns[name], ""))

    def rows(self) -> Iterator[TableRow]:
        self._done = self._rows = 0
        spool = Spool(_TABLES)
        try:
            for row in self.table.rows():
                if row.problem or not self._cell(row, "slug"):
                    yield row
                    continue
                self._rows += 1
                told = [self._cell(row, name) for name in ("slug", "sku", "currency")]
                has_options = any(row.cells[column].strip() for column in self.choices)
                values = (row.line, *told, bool(self._cell(row, "name")), has_options, packed(row.cells))
                spool.put("INSERT INTO line_row VALUES (?, ?, ?, ?, ?, ?, ?)", values)
            for line, slug, _name, has_options, cells, is_apart, place, _product, is_named, _first in spool.rows(
                _ORDERED
            ):
                self._done += 1
                is_heading = bool(is_named and is_apart and not has_options)
                is_price = place > 1 and not is_heading
                yield TableRow(line, unpacked(cells, self.header), None, slug, is_heading, is_price)
        finally:
            spool.close()


def spree_layout(table: SpreeTable, *, mapping: MappingFile, currency: str) -> Layout:
    """What a Spree table means. `currency` is that of rows which do not say theirs."""
    known = Header(table.header)
    if absent := [name for name in _NEEDED if not known.first([name])]:
        problem = said(_("it has no column %(absent)s, as Spree's export has"), absent=", ".join(absent))
        raise Refused("unknown_format", problem=problem)
    fallback = currency or mapping.currency
    price, told = known.first(["price"]), known.first(["currency"])
    names = {
        "product": "slug", "sku": "sku", "title": "name", "description": "description", "state": "status",
        "stock": "inventory_count", "tags": "tags", "gtin": "barcode",
    }  # fmt: skip
    return Layout(
        format="spree",
        columns={field: column for field, name in names.items() if (column := known.first([name]))},
        prices=mapping.prices()
        or [
            PriceColumn(price, name or fallback, currency_column=told, currency_word=name)
            for name in table.currencies(fallback)
        ],
        options=[
            OptionColumn(column, name_column=known.first([f"option{number}_name"]))
            for number in (1, 2, 3)
            if (column := known.first([f"option{number}_value"]))
        ],
        more_images=[column for column in table.header if _IMAGE.fullmatch(column)],
        tells_once=True,
    ).with_answers(mapping, film=known.all(_FILM), category=Lookup(known.all(_CATEGORIES)))
