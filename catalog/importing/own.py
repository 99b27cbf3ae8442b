"""The plain table that our own export writes: its names of columns say what they mean, so it needs no mapping."""

from collections.abc import Iterator
from dataclasses import replace

from catalog.importing.groups import Rows
from catalog.importing.layout import Layout, Lookup, MappingFile, OptionColumn, PriceColumn, bad_mapping, check_currency
from core.importing.files import TableRow

COLUMNS = ["product", "sku", "title", "title_zh", "description", "description_zh", "film", "category", "state", "stock",
           "gtin", "images"]  # fmt: skip
OPTION, PRICE = "option ", "price "
#: A spreadsheet takes a cell that begins like this for a formula; an apostrophe before it makes it text.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "'=", "'+", "'-", "'@", "'\t", "'\r")
_GUARDED = tuple(f"'{mark}" for mark in FORMULA)


def is_own(header: list[str]) -> bool:
    return {"product", "sku", "title", "film", "category"} <= set(header)


def own_layout(header: list[str], *, mapping: MappingFile) -> Layout:
    """What its columns mean. Refuses `bad_mapping` where a column of prices does not say its currency."""
    prices = []
    for column in header:
        if column.startswith(PRICE):
            market, _space, currency = column.removeprefix(PRICE).partition(" ")
            check_currency(currency)
            prices.append(PriceColumn(column, currency, market))
    options = [OptionColumn(column, column.removeprefix(OPTION)) for column in header if column.startswith(OPTION)]
    fields = ("product", "sku", "title", "title_zh", "description", "description_zh", "state", "stock", "gtin")
    layout = Layout(
        format="csv",
        columns={name: name for name in fields if name in header} | ({"image": "images"} if "images" in header else {}),
        prices=mapping.prices() or prices,
        options=options,
        image_separator=",",
    )
    layout = layout.with_answers(mapping, film=["film"], category=Lookup(["category"]))
    if any(not option.name for option in layout.options):
        raise bad_mapping(f"“{OPTION.strip()}”")
    return replace(layout, missing=mapping.missing)


class OwnTable:
    """The rows with the apostrophes taken off that the export put before what looks like a formula."""

    def __init__(self, table: Rows) -> None:
        self.table = table
        self.header = table.header

    @property
    def bytes_read(self) -> int:
        return self.table.bytes_read

    def rows(self) -> Iterator[TableRow]:
        for row in self.table.rows():
            for column, text in row.cells.items():
                if text.startswith(_GUARDED):
                    row.cells[column] = text[1:]
            yield row
