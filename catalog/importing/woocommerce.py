"""WooCommerce's product CSV: a product, or a variable product whose variations name it by SKU or as `id:123`.

A variation may stand anywhere in the file, before its parent too, so the rows are sorted on disk first (spool.py).
"""

from collections.abc import Iterator

from django.utils.translation import gettext_noop as _

from catalog.importing.groups import Rows
from catalog.importing.layout import Layout, Lookup, MappingFile, OptionColumn, PriceColumn
from catalog.importing.shopify import Header
from catalog.importing.spool import Spool, Spooled, packed, unpacked
from core.errors import Refused, said
from core.importing.files import TableRow
from core.importing.report import Problem
from core.importing.text import one_line

_NEEDED = ["ID", "Type", "SKU", "Name", "Published", "Regular price", "Parent"]
_FILM = ["Film", "Meta: film"]
_MOST_ATTRIBUTES = 20
_TABLES = """
CREATE TABLE line_row (line INTEGER PRIMARY KEY, own TEXT, parent TEXT, rank INTEGER, is_variable INTEGER, cells TEXT);
CREATE TABLE name (name TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID;
"""
# A product and, below it, its variations in the shop's own order; all of them where the product stands in the file.
_ORDERED = """
SELECT row.line, row.own, row.parent, row.is_variable, row.cells, parent.line
FROM line_row AS row LEFT JOIN name ON name.name = row.parent LEFT JOIN line_row AS parent
    ON parent.line = name.line AND parent.is_variable
ORDER BY coalesce(parent.line, row.line), row.parent <> '', row.rank, row.line
"""
_UNSHIPPED = {"downloadable", "virtual"}
_REFUSED_TYPES = {"grouped": "grouped_product", "external": "external_product"}


def is_woocommerce(header: list[str]) -> bool:
    """Whether these columns are WooCommerce's, in English as it exports them."""
    known = Header(header)
    return all(known.first([name]) for name in ("Type", "SKU", "Name", "Regular price", "Parent"))


def woocommerce_layout(header: list[str], *, mapping: MappingFile, currency: str) -> Layout:
    """What a WooCommerce table means. The mapping may say where the film and the category stand.

    Refuses `unknown_format` when it is not WooCommerce's, and `currency_missing`: the file never says its currency.
    """
    known = Header(header)
    if absent := [name for name in _NEEDED if not known.first([name])]:
        problem = said(_("it has no column %(absent)s, as WooCommerce's export has"), absent=", ".join(absent))
        raise Refused("unknown_format", problem=problem)
    currency = currency or mapping.currency
    if not currency:
        raise Refused("currency_missing")
    names = {
        "sku": "SKU", "title": "Name", "description": "Description", "published": "Published", "stock": "Stock",
        "in_stock": "In stock?", "tags": "Tags", "image": "Images",
        "gtin": "GTIN, UPC, EAN, or ISBN",
    }  # fmt: skip
    return Layout(
        format="woocommerce",
        columns={field: column for field, name in names.items() if (column := known.first([name]))},
        prices=mapping.prices() or [PriceColumn(known.first(["Regular price"]), currency)],
        options=[
            OptionColumn(column, name_column=name)
            for number in range(1, _MOST_ATTRIBUTES + 1)
            if (column := known.first([f"Attribute {number} value(s)"]))
            and (name := known.first([f"Attribute {number} name"]))
        ],
        image_separator=",",
        tells_once=True,
        option_separator=",",
        stock_elsewhere=frozenset({"parent"}),
    ).with_answers(mapping, film=known.all(_FILM), category=Lookup(known.all(["Categories"]), separator=","))


class WooCommerceTable(Spooled):
    """The rows of the file, every variation right below its product."""

    def __init__(self, table: Rows) -> None:
        super().__init__(table)
        known = Header(self.header)
        self.columns = {name: known.first([name]) for name in (*_NEEDED, "Position")}

    def rows(self) -> Iterator[TableRow]:
        """Rows that belong to no product come first, each with what is wrong with it; then product by product."""
        self._done = self._rows = 0
        spool = Spool(_TABLES)
        try:
            for row in self.table.rows():
                if problem := row.problem or self._put(spool, row):
                    yield TableRow(row.line, {}, problem)
                else:
                    self._rows += 1
            yield from self._ordered(spool)
        finally:
            spool.close()

    def _cell(self, row: TableRow, name: str) -> str:
        return one_line(row.cells.get(self.columns[name], ""))

    def _types(self, row: TableRow) -> list[str]:
        """A cell may say more than one: "simple, downloadable, virtual"."""
        return [part.strip().lower() for part in self._cell(row, "Type").split(",")]

    def _put(self, spool: Spool, row: TableRow) -> Problem | None:
        """Put a row by; what is wrong with it where it is no product and no variation."""
        types = self._types(row)
        if code := next((_REFUSED_TYPES[part] for part in types if part in _REFUSED_TYPES), ""):
            return Problem(code, row.line, self.columns["Type"])
        is_variation, is_variable = "variation" in types, "variable" in types
        if not is_variation and not is_variable and "simple" not in types:
            return Problem("unknown_type", row.line, self.columns["Type"], {"value": self._cell(row, "Type")[:80]})
        sku, number = self._cell(row, "SKU"), self._cell(row, "ID")
        own = sku or (f"id:{number}" if number else "")
        parent = self._cell(row, "Parent") if is_variation else ""
        if not own or (is_variation and not parent):
            return Problem("missing_value", row.line, self.columns["Parent" if is_variation else "SKU"])
        if is_variation and self._cell(row, "Published") in ("0", "-1"):
            return Problem("unpublished_variation", row.line, self.columns["Published"])
        if not is_variation and not spool.put("INSERT OR IGNORE INTO name VALUES (?, ?)", (own, row.line)):
            first = spool.row("SELECT line FROM name WHERE name = ?", (own,)) or (row.line,)
            return Problem("duplicate_row", row.line, self.columns["SKU"], {"value": own[:80], "first": first[0]})
        if not is_variation and number:
            spool.put("INSERT OR IGNORE INTO name VALUES (?, ?)", (f"id:{number}", row.line))
        position = self._cell(row, "Position")
        rank = int(position) if position.isascii() and position.isdigit() and len(position) < 10 else 0
        values = (row.line, own, parent, rank, is_variable, packed(row.cells))
        spool.put("INSERT INTO line_row VALUES (?, ?, ?, ?, ?, ?)", values)
        return None

    def _ordered(self, spool: Spool) -> Iterator[TableRow]:
        product = ""
        for line, own, parent, is_variable, cells, parent_line in spool.rows(_ORDERED):
            self._done += 1
            if parent and parent_line is None:
                facts = {"value": parent[:80]}
                yield TableRow(line, {}, Problem("unknown_parent", line, self.columns["Parent"], facts))
                continue
            product = product if parent else own
            row = TableRow(line, unpacked(cells, self.header), group=product, is_heading=bool(is_variable))
            if _UNSHIPPED & set(self._types(row)):
                row.doubt = Problem("not_shipped", line, self.columns["Type"])
            yield row
