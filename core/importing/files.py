"""Opening a stranger's file: what kind of file it is by its bytes, and its rows with their lines.

What is wrong with the whole file is `Refused` here, before a single row is written.
"""

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from django.utils.translation import gettext as _

from core.errors import Refused
from core.importing.report import Problem
from core.importing.text import LONGEST_TEXT, unprintable_character

#: JSON is held in memory while it is read; tables and XML are not.
LARGEST_JSON = 64 * 1024 * 1024
LARGEST_FILE = 2 * 1024 * 1024 * 1024
#: The longest cell the parser reads before it gives the row up; ours are refused far earlier (LONGEST_TEXT).
_LONGEST_CELL = 8 * 1024 * 1024
_CHUNK = 1 << 20
_DELIMITERS = ",;\t"


class Kind(StrEnum):
    JSON = "json"
    XML = "xml"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class TableRow:
    """A record of a table at the line it begins on: its cells by column, or what is wrong with it."""

    line: int
    cells: dict[str, str]
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Table:
    path: Path
    delimiter: str
    header: list[str]

    def rows(self) -> Iterator[TableRow]:
        """Every record below the header, one at a time. Lines without any cell text are not records."""
        records = _records(self.path, self.delimiter)
        next(records)
        for line, cells, problem in records:
            if problem is not None:
                yield TableRow(line, {}, problem)
            elif any(cell.strip() for cell in cells):
                yield self._row(line, cells)

    def _row(self, line: int, cells: list[str]) -> TableRow:
        if len(cells) != len(self.header):
            facts = {"found": len(cells), "expected": len(self.header)}
            return TableRow(line, {}, Problem("ragged_row", line, facts=facts))
        named = dict(zip(self.header, cells, strict=True))
        return TableRow(line, named, _unfit_cell(line, named))


def recognise(path: Path) -> Kind:
    """What the bytes of the file are. Refuses what cannot be opened, is empty, or is not UTF-8 text."""
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise Refused("file_unreadable", problem=_("this is a folder"))
        if size > LARGEST_FILE:
            raise Refused("file_unreadable", problem=_("it is larger than 2 GB"))
        first = _check_encoding(path)
    except OSError as error:
        raise Refused("file_unreadable", problem=error.strerror or str(error)) from error
    if not first:
        raise Refused("file_unreadable", problem=_("it is empty"))
    if first in "[{":
        if size > LARGEST_JSON:
            raise Refused("file_unreadable", problem=_("a JSON file may have 64 MB at most"))
        return Kind.JSON
    return Kind.XML if first == "<" else Kind.TABLE


def _check_encoding(path: Path) -> str:
    """Read the whole file once as UTF-8, with or without a byte order mark; its first visible character."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    first, line, nulls, size = "", 1, 0, 0
    with path.open("rb") as file:
        while True:
            chunk = file.read(_CHUNK)
            if size == 0:
                _refuse_other_encodings(chunk)
            held, size = decoder.getstate()[0], size + len(chunk)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                bad = held + chunk
                line += bad[: error.start].count(b"\n")
                raise Refused("file_unreadable", problem=_not_utf8(line, bad[error.start])) from error
            first = first or text.lstrip("\ufeff \t\r\n\x00")[:1]
            line, nulls = line + text.count("\n"), nulls + text.count("\x00")
            if not chunk:
                break
    if nulls * 4 > size:
        raise Refused("file_unreadable", problem=_("it is not text; if it is UTF-16, save it as UTF-8"))
    return first


def _refuse_other_encodings(start: bytes) -> None:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)):
        raise Refused("file_unreadable", problem=_("its text is UTF-16 or UTF-32; save it as UTF-8"))
    if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise Refused("unknown_format", problem=_("this is a spreadsheet or an archive; save it as CSV (UTF-8)"))
    if start.startswith((b"\x1f\x8b", b"%PDF", b"\x89PNG", b"\xff\xd8\xff")):
        raise Refused("unknown_format", problem=_("this is no text file"))


def _not_utf8(line: int, byte: int) -> str:
    return _("its text is not UTF-8 (line %(line)s, byte %(byte)s); save it as UTF-8") % {
        "line": line,
        "byte": f"0x{byte:02X}",
    }


def open_table(path: Path) -> Table:
    """The table in a file that `recognise` has called one: delimiter by its header, header without doubts."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        start = file.read(1 << 16)
    delimiter = _sniff(start)
    line, cells, problem = next(_records(path, delimiter))
    if problem is not None:
        raise Refused(
            "file_unreadable", problem=_("line %(line)s: %(problem)s") % {"line": line, "problem": problem.sentence}
        )
    return Table(path, delimiter, _header(cells))


def _sniff(start: str) -> str:
    """The delimiter that cuts the first line into most cells; a comma when none of them is there."""
    first = start.lstrip("\r\n").splitlines() or [""]

    def width(delimiter: str) -> int:
        try:
            return len(next(csv.reader(first[:1], delimiter=delimiter), []))
        except csv.Error:
            return 0

    return max(_DELIMITERS, key=width)


def _header(cells: list[str]) -> list[str]:
    names = [cell.strip() or _("column %(number)s") % {"number": i} for i, cell in enumerate(cells, 1)]
    for name in names:
        if unprintable_character(name) or len(name) > 200:
            raise Refused("file_unreadable", problem=_("its first line is no list of column names"))
        if names.count(name) > 1:
            raise Refused("file_unreadable", problem=_("two columns are called “%(name)s”") % {"name": name})
    return names


def _records(path: Path, delimiter: str) -> Iterator[tuple[int, list[str], Problem | None]]:
    """Every record with the line it begins on, blank lines left out. The reader goes on after a record it cannot read.

    The limit is one for the whole process, which is why it is set to the same value each time.
    """
    csv.field_size_limit(_LONGEST_CELL)
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        while True:
            begins = reader.line_num + 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                problem = _("%(error)s, from line %(begins)s to line %(ends)s") % {
                    "error": error,
                    "begins": begins,
                    "ends": reader.line_num,
                }
                yield begins, [], Problem("bad_quotes", begins, facts={"problem": problem})
                continue
            if cells is None:
                return
            if cells:
                yield begins, cells, None


def _unfit_cell(line: int, cells: dict[str, str]) -> Problem | None:
    for column, text in cells.items():
        if len(text) > LONGEST_TEXT:
            return Problem("too_long", line, column, {"most": LONGEST_TEXT})
        if character := unprintable_character(text):
            return Problem("control_character", line, column, {"character": character})
    return None
