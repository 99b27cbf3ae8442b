"""Opening a stranger's file: what kind of file it is by its bytes, and its rows with their lines.

What is wrong with the whole file is `Refused` here, before a single row is written.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from core.errors import Refused, said
from core.importing.encodings import Encoding, find_encoding
from core.importing.records import LONGEST_RECORD, Record, read_records
from core.importing.report import Problem
from core.importing.text import LONGEST_TEXT, one_line, unprintable_character

#: JSON is held in memory while it is read; tables and XML are not.
LARGEST_JSON = 64 * 1024 * 1024
LARGEST_FILE = 2 * 1024 * 1024 * 1024
#: More columns than any shop's export has.
MOST_COLUMNS = 2_000
_LOOKED_AT = 1 << 16
_DELIMITERS = ",;\t|"
#: A number, a price, a date or an address: what a cell holds, and no column is called.
_DATA = re.compile(r"[-+]?[0-9]+([.,][0-9]+)*( ?[A-Z]{3})?|[$€£¥][0-9.,]+|[0-9]{4}-[0-9]{2}-[0-9]{2}.*|https?://.*")
#: A year can be the name of a column; these cannot.
_SURELY_DATA = re.compile(r"[-+]?[0-9]+[.,][0-9]{2}|[$€£¥][0-9.,]+|https?://.*")
_MAGIC = {
    b"PK\x03\x04": "zip", b"PK\x05\x06": "zip", b"\xd0\xcf\x11\xe0": "ole", b"\x1f\x8b": "gzip", b"%PDF": "pdf",
    b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"GIF8": "gif", b"Rar!": "rar", b"7z\xbc\xaf": "7z",
}  # fmt: skip


class Kind(StrEnum):
    JSON = "json"
    XML = "xml"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Recognised:
    """What the bytes of a file are, and how its text is written."""

    kind: Kind
    encoding: Encoding


@dataclass(slots=True)
class TableRow:
    """A record of a table at the line it begins on: its cells by column, or what is wrong with it.

    A format may know more about a row than its cells say: which product it belongs to (`group`), and that it speaks of the
    product alone (`is_heading`) or of a further price of the variant before it (`is_price`).
    """

    line: int
    cells: dict[str, str]
    problem: Problem | None = None
    group: str = ""
    is_heading: bool = False
    is_price: bool = False
    #: Something about it that somebody should know.
    doubt: Problem | None = None


class Table:
    """A table of text. Rows are read from the beginning each time they are asked for."""

    def __init__(self, path: Path, encoding: str, delimiter: str, header: list[str]) -> None:
        self.path = path
        self.encoding = encoding
        self.delimiter = delimiter
        self.header = header
        self._file: IO[str] | None = None

    @property
    def bytes_read(self) -> int:
        """How far in the file the reading is: a little ahead of the row that came last."""
        return self._file.buffer.tell() if self._file is not None and not self._file.closed else 0  # type: ignore[attr-defined]

    def rows(self) -> Iterator[TableRow]:
        """Every record below the header, one at a time. Lines without any cell text are not records."""
        records = read_records(self.path, self.encoding, self.delimiter, on_file=self._keep)
        next(records)
        return rows_of(records, self.header)

    def __getstate__(self) -> dict[str, Any]:
        """For another process, which opens the file itself."""
        return {**self.__dict__, "_file": None}

    def _keep(self, file: IO[str]) -> None:
        self._file = file


def rows_of(records: Iterator[Record], header: list[str]) -> Iterator[TableRow]:
    """Records with their cells by column; what does not fit the header or cannot be stored is a problem."""
    width = len(header)
    for line, cells, problem in records:
        if problem is not None:
            yield TableRow(line, {}, problem)
            continue
        joined = "".join(cells)
        if not joined or joined.isspace():
            continue
        if len(cells) != width:
            yield TableRow(line, {}, Problem("ragged_row", line, facts={"found": len(cells), "expected": width}))
            continue
        named = dict(zip(header, cells, strict=True))
        # The whole row at once: nearly every row is without fault, and this runs for every cell of a million rows.
        is_fit = len(joined) <= LONGEST_TEXT and not unprintable_character(joined)
        yield TableRow(line, named, None if is_fit else _unfit_cell(line, named))


def _unfit_cell(line: int, cells: dict[str, str]) -> Problem | None:
    for column, text in cells.items():
        if len(text) > LONGEST_TEXT:
            return Problem("too_long", line, column, {"most": LONGEST_TEXT})
        if character := unprintable_character(text):
            return Problem("control_character", line, column, {"character": character})
    return None


def magic(path: Path) -> str:
    """What kind of file its first bytes say it is, where they say it ("zip", "png"), else nothing.

    Refuses what cannot be opened, is empty or is too large.
    """
    try:
        if path.is_dir():
            raise Refused("file_unreadable", problem=said(_("this is a folder")))
        if (size := path.stat().st_size) > LARGEST_FILE:
            raise Refused("file_unreadable", problem=said(_("it is larger than 2 GB")))
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        raise Refused("file_unreadable", problem=error.strerror or str(error)) from error
    if not size:
        raise Refused("file_unreadable", problem=said(_("it is empty")))
    return next((kind for mark, kind in _MAGIC.items() if start.startswith(mark)), "")


def recognise(path: Path, encoding: str = "") -> Recognised:
    """What the bytes of the file are. Refuses what cannot be opened, is empty, or is no text."""
    if kind := magic(path):
        if kind in ("zip", "ole"):
            problem = said(_("this is a spreadsheet or an archive, which cannot be read here"))
            raise Refused("unknown_format", problem=problem)
        raise Refused("unknown_format", problem=said(_("this is no text file")))
    found = find_encoding(path, encoding)
    with path.open(encoding=found.name, newline="") as file:
        start = file.read(_LOOKED_AT)
        while start and not (first := start.lstrip("\ufeff \t\r\n\x00")[:1]):
            start = file.read(_LOOKED_AT)
    if not start:
        raise Refused("file_unreadable", problem=said(_("it is empty")))
    if start.count("\x00") * 4 > len(start):
        raise Refused("file_unreadable", problem=said(_("it is not text; if it is UTF-16, save it as UTF-8")))
    if first in "[{<":
        kind = Kind.XML if first == "<" else Kind.JSON
        _refuse_other_encodings(path, kind, found)
        return Recognised(kind, found)
    return Recognised(Kind.TABLE, found)


def _refuse_other_encodings(path: Path, kind: Kind, found: Encoding) -> None:
    if found.name == "utf-8-sig":
        return
    if found.is_guessed:
        find_encoding(path, "utf-8")  # refuses it with the line and the byte
    facts = {"encoding": found.label, "kind": kind.upper()}
    problem = said(_("its text is %(encoding)s, and %(kind)s has to be UTF-8; save it as UTF-8"), **facts)
    raise Refused("file_unreadable", problem=problem)


def refuse_large_json(path: Path) -> None:
    """For what has to be held in memory whole."""
    if path.stat().st_size > LARGEST_JSON:
        raise Refused("file_unreadable", problem=said(_("a JSON file may have 64 MB at most")))


def open_table(path: Path, encoding: str = "utf-8-sig") -> Table:
    """The table in a file that `recognise` has called one: delimiter by its header, header without doubts."""
    with path.open(encoding=encoding, newline="") as file:
        delimiter = _sniff(file.read(_LOOKED_AT))
    record = next(read_records(path, encoding, delimiter), None)
    if record is None:
        raise Refused("file_unreadable", problem=said(_("it is empty")))
    line, cells, problem = record
    if problem is not None:
        text = _("its quotation marks do not match on line %(line)s, where the names of the columns have to be")
        if problem.code == "too_long":
            text = _("line %(line)s is too long to be a list of column names")
        raise Refused("file_unreadable", problem=said(text, line=line), line=line)
    return Table(path, encoding, delimiter, column_names(cells, line))


def _sniff(start: str) -> str:
    """The delimiter that cuts the first line into most cells; a comma when none of them is there."""
    first = start.lstrip("\r\n").splitlines() or [""]
    csv.field_size_limit(LONGEST_RECORD)

    def width(delimiter: str) -> int:
        try:
            return len(next(csv.reader(first[:1], delimiter=delimiter), []))
        except csv.Error:
            return 0

    return max(_DELIMITERS, key=width)


def column_names(cells: list[str], line: int = 1) -> list[str]:
    """The header: every column has a name of its own. Refuses `header_missing` where it holds data instead of names."""
    if len(cells) > MOST_COLUMNS:
        facts = {"found": len(cells), "most": MOST_COLUMNS}
        raise Refused(
            "file_unreadable", problem=said(_("it has %(found)s columns; %(most)s are read at most"), **facts)
        )
    names = [one_line(cell) or gettext("column %(number)s") % {"number": i} for i, cell in enumerate(cells, 1)]
    for number, name in enumerate(names, 1):
        if unprintable_character(name) or len(name) > 200:
            raise Refused("file_unreadable", problem=said(_("its first line is no list of column names")), line=line)
        if _SURELY_DATA.fullmatch(name):
            raise header_missing(name, number, line)
    seen: set[str] = set()
    for number, name in enumerate(names, 1):
        if name in seen:
            if _DATA.fullmatch(name):
                raise header_missing(name, number, line)
            problem = said(_("two columns are called “%(name)s”"), name=name)
            raise Refused("file_unreadable", problem=problem, line=line, column=name)
        seen.add(name)
    return names


def refuse_data_as_header(header: list[str], line: int = 1) -> None:
    """For a header that nobody knows: where it holds a number, a price or an address, the names are missing."""
    for number, name in enumerate(header, 1):
        if _DATA.fullmatch(name):
            raise header_missing(name, number, line)


def header_missing(value: str, column: int, line: int) -> Refused:
    return Refused("header_missing", value=value[:80], column=column, line=line)
