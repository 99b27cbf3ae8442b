"""Files of sale lines, read one row at a time: CSV or JSON Lines. A row that cannot be read is told with its line, and the next is
read; only a file that cannot be read at all is refused as a whole."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from core.errors import Refused
from licensing.ledger.sales import Row
from licensing.royalties.cases import parse_json
from licensing.royalties.line_files import LONGEST
from licensing.royalties.read_lines import ALIASES, DEDUCTION_FIELDS, RETURN_FIELDS, SALE_FIELDS

SEPARATORS = ",;\t"
FIELDS = SALE_FIELDS | RETURN_FIELDS | DEDUCTION_FIELDS


def rows_of(path: Path) -> Iterator[Row]:
    """The rows of a file: CSV by its name, else JSON Lines; UTF-8, with or without a byte order mark.

    Refuses `FILE_UNREADABLE`, and of a CSV file a header that names a field twice, or one that there is not.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from (csv_rows if path.suffix.lower() == ".csv" else json_rows)(file, path.name)
    except OSError as problem:
        raise Refused("FILE_UNREADABLE", path=str(path), problem=problem.strerror or str(problem)) from None
    except UnicodeDecodeError:
        raise Refused("FILE_UNREADABLE", path=str(path), problem="UTF-8") from None


def json_rows(file: TextIO, name: str) -> Iterator[Row]:
    number = 0
    while line := file.readline(LONGEST):
        number += 1
        where = f"{name}:{number}"
        if len(line) == LONGEST:
            while line and not line.endswith("\n"):  # the rest of it, in pieces
                line = file.readline(LONGEST)
            yield Row(where, refusal=Refused("LINE_TOO_LONG", path=""))
        elif not line.isspace():
            yield _json_row(line, where)


def _json_row(line: str, where: str) -> Row:
    try:
        return Row(where, parse_json(line))
    except Refused as refusal:
        return Row(where, refusal=refusal)


def csv_rows(file: TextIO, name: str) -> Iterator[Row]:
    first = file.readline(LONGEST)
    reader = csv.reader(_after(first, file), delimiter=_separator(first), strict=True)
    fields = _header(next(reader, []), name)
    while True:
        start = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as problem:
            where = _lines(name, start, reader.line_num)
            yield Row(where, refusal=Refused("FILE_UNREADABLE", path="", problem=str(problem)))
            continue
        if cells is None:
            return
        if any(cells):
            yield _csv_row(fields, cells, _lines(name, start, reader.line_num))


def _csv_row(fields: list[str], cells: list[str], where: str) -> Row:
    if len(cells) != len(fields):
        refusal = Refused("WRONG_NUMBER_OF_CELLS", path="", found=len(cells), wanted=len(fields))
        return Row(where, refusal=refusal)
    return Row(where, {field: cell for field, cell in zip(fields, cells, strict=True) if cell.strip()})


def _after(first: str, file: TextIO) -> Iterator[str]:
    yield first
    yield from file


def _separator(header: str) -> str:
    """A comma, unless the header has another and no comma: what spreadsheets of half of Europe write."""
    return max(SEPARATORS, key=lambda mark: (header.count(mark), mark == ","))


def _header(names: list[str], file: str) -> list[str]:
    fields = [ALIASES.get(name.strip().lower(), name.strip().lower()) for name in names]
    for field in fields:
        if fields.count(field) > 1:
            raise Refused("DUPLICATE_FIELD", path=f"{file}:1", field=field)
        if field not in FIELDS:
            raise Refused("UNKNOWN_FIELD", path=f"{file}:1", field=field, known=", ".join(sorted(FIELDS)))
    return fields


def _lines(name: str, first: int, last: int) -> str:
    """Where a row stands; one with line breaks in its cells, or a quote that never closes, takes several lines."""
    return f"{name}:{first}" if last <= first else f"{name}:{first}-{last}"
