"""A statement as a table: one row for each group and property, each adjustment and each sum. For programs, so in no language."""

import csv
from collections.abc import Iterator
from typing import Any

from licensing.models import Statement

COLUMNS = (
    "kind", "statement", "licence", "period", "name", "property", "category", "territory", "channel", "basis", "article",
    "sell_off", "currency", "units", "units_returned", "gross", "returns", "deductions", "net", "fx", "share", "base",
    "rates", "royalty", "statement_currency",
)  # fmt: skip
#: The sums at the end, in the order of the formula.
SUMS = (
    "base", "royalty", "adjustments", "earned", "cum_earned", "cum_advance", "advance_unrecouped", "due", "cum_due", "shortfall",
    "shortfall_due", "cmf", "cmf_due", "payable", "paid", "balance", "paid_in_all",
)  # fmt: skip
#: What spreadsheets take for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_pieces(statement: Statement) -> Iterator[bytes]:
    """The table as CSV, UTF-8 with a byte order mark, so that spreadsheets read Chinese names."""
    writer = csv.DictWriter(_Echo(), COLUMNS, restval="")
    yield b"\xef\xbb\xbf"
    yield writer.writeheader().encode()
    for row in rows(statement):
        yield writer.writerow({name: _harmless(value) for name, value in row.items()}).encode()


def rows(statement: Statement) -> Iterator[dict[str, Any]]:
    """Each row by the names of COLUMNS; amounts are decimal text, those of the sales side in the row's `currency`."""
    figures = statement.figures
    about = {
        "statement": statement.public_id,
        "licence": statement.licence.number,
        "period": statement.period,
        "statement_currency": statement.currency,
    }
    for group in figures["groups"]:
        told = {name: group.get(name, "") for name in COLUMNS if name in group}
        for first, part in zip(_once(told), group["parts"], strict=False):
            yield about | first | {
                "kind": "group", "name": group["group"], "property": part["property"], "share": part["share"],
                "base": part["base"], "royalty": part["royalty"],
                "rates": " ".join(one["rate"] for one in part["slices"]),
            }  # fmt: skip
    for line in figures["adjustment_lines"]:
        name = line.get("reason") or line.get("of") or line.get("group") or ""
        yield about | {"kind": "adjustment", "name": name, "royalty": line["amount"]}
    for name in SUMS:
        yield about | {"kind": "sum", "name": name, "royalty": figures[name]}


def _once(told: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The group's own columns; its amounts only in the first of its rows, so that a column may be added up."""
    yield told
    amounts = {"units", "units_returned", "gross", "returns", "deductions", "net"}
    rest = {name: value for name, value in told.items() if name not in amounts}
    while True:
        yield rest


def _harmless(value: Any) -> Any:
    """Text that a spreadsheet would run is quoted; numbers, also negative ones, stay numbers."""
    if not isinstance(value, str) or not value.startswith(_FORMULA):
        return value
    return value if value.lstrip("-").replace(".", "", 1).isdecimal() else f"'{value}"


class _Echo:
    """A file that hands back what is written."""

    def write(self, text: str) -> str:
        return text
