"""A sheet of an Excel file (XLSX), row by row as text, in bounded memory.

The bytes are looked at before the library is: how large the parts say they are (a zip cannot unfold into more), how much
they shrank, and how long one row is. Then openpyxl reads strings, styles and cells; the sheet itself streams.
"""

import re
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import ParseError, iterparse

from django.utils.translation import gettext_noop as _
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.worksheet._reader import DATA_TAG, FORMULA_TAG, ROW_TAG, WorkSheetParser

from core.errors import Refused, said
from core.importing.files import MOST_COLUMNS, TableRow, column_names, rows_of
from core.importing.records import Record
from core.importing.report import Problem

#: What the parts of a file may unfold to. Excel's largest sheet, a million rows, stays below.
LARGEST_SHEET = 1 << 30
LARGEST_STRINGS = 128 << 20
_LARGEST_PART = 32 << 20
_MOST_PARTS = 10_000
#: Text shrinks to a tenth; what shrinks to less than a hundredth was made to.
_MOST_SHRUNK = 100
_HARMLESS = 4 << 20
_LONGEST_ROW = 4 << 20
_CHUNK = 1 << 20
_ROW_END = re.compile(rb"</(?:\w+:)?row>|<(?:\w+:)?row\b[^>]*/>")
_PASSWORD = "EncryptedPackage".encode("utf-16-le")
# What a broken package makes zipfile, the XML parser and openpyxl raise.
_BROKEN = (
    zipfile.BadZipFile, zlib.error, ParseError, KeyError, ValueError, TypeError, IndexError, AttributeError, EOFError,
    NotImplementedError, OSError, RuntimeError, OverflowError,
)  # fmt: skip


class Spreadsheet:
    """One sheet as a table: its first line with text is the header."""

    def __init__(self, path: Path, wanted: str = "") -> None:
        self.path = path
        _check_parts(path)
        try:
            with path.open("rb") as file, closing(_open(file)) as book:
                sheets = [(sheet, rel) for sheet, rel in book.parser.find_sheets() if _is_visible(sheet, rel)]
                self.names = [sheet.name for sheet, _rel in sheets]
                self.name = self._choose(wanted)
                self._part = next(rel.target for sheet, rel in sheets if sheet.name == self.name)
                self._size = book.archive.getinfo(self._part).file_size or 1
                self._strings = book.shared_strings
                self._epoch = book.wb.epoch
                self._dates = (book.wb._date_formats, book.wb._timedelta_formats)
        except _BROKEN as error:
            raise _unreadable(error) from error
        self._source: IO[bytes] | None = None
        self._check_rows()
        line, cells, problem = self._first()
        if problem is not None or not cells:
            text = _("its first line is no list of column names") if problem else _("the sheet is empty")
            raise Refused("file_unreadable", problem=said(text), line=line)
        self.header = column_names(cells, line)

    def __getstate__(self) -> dict[str, Any]:
        """For another process, which opens the file itself."""
        return {**self.__dict__, "_source": None}

    def _first(self) -> Record:
        with closing(self._records()) as records:
            return next(records, (1, [], None))

    def _choose(self, wanted: str) -> str:
        if not self.names:
            raise Refused("file_unreadable", problem=said(_("it has no sheet that can be seen")))
        if wanted and wanted not in self.names:
            facts = {"name": wanted[:80], "known": ", ".join(self.names)[:500]}
            raise Refused("bad_mapping", problem=said(_("there is no sheet “%(name)s”; there are %(known)s"), **facts))
        return wanted or self.names[0]

    @property
    def bytes_read(self) -> int:
        """As if the file were read at the pace of its sheet."""
        if self._source is None or self._source.closed:
            return 0
        return self.path.stat().st_size * min(self._source.tell(), self._size) // self._size

    def rows(self) -> Iterator[TableRow]:
        """Every row below the header, at its number in the sheet."""
        with closing(self._records()) as records:
            next(records)
            yield from rows_of(self._fitted(records), self.header)

    def _fitted(self, records: Iterator[Record]) -> Iterator[Record]:
        """A sheet leaves empty cells out at the end of a row."""
        width = len(self.header)
        for line, cells, problem in records:
            if problem is not None and problem.column:
                at = int(problem.column)
                problem = replace(problem, column=self.header[at - 1] if at <= width else "")
            yield line, cells + [""] * (width - len(cells)), problem

    def _records(self) -> Generator[Record, None, None]:
        try:
            with zipfile.ZipFile(self.path) as archive, archive.open(self._part) as source:
                self._source = source
                parser = _Cells(source, self._strings, True, self._epoch, *self._dates)
                for line, cells in parser.rows():
                    values, problem = _values(line, cells)
                    if problem is not None or any(values):
                        yield line, values, problem
        except _BROKEN as error:
            raise _unreadable(error) from error

    def _check_rows(self) -> None:
        """No row is longer than what is read of one: the parser holds a row at a time."""
        since, tail = 0, b""
        try:
            with zipfile.ZipFile(self.path) as archive, archive.open(self._part) as source:
                while chunk := source.read(_CHUNK):
                    _refuse_document_type(tail + chunk)
                    ends = [found.end() for found in _ROW_END.finditer(chunk)]
                    lengths = [after - before for before, after in zip([-since, *ends], ends, strict=False)]
                    since = len(chunk) - ends[-1] if ends else since + len(chunk)
                    if max([since, *lengths]) > _LONGEST_ROW:
                        raise Refused("file_unreadable", problem=said(_("a row of its sheet is longer than 4 MB")))
                    tail = chunk[-9:]
        except _BROKEN as error:
            raise _unreadable(error) from error


def _refuse_document_type(piece: bytes) -> None:
    if b"<!DOCTYPE" in piece or b"<!ENTITY" in piece:
        raise Refused("file_unreadable", problem=said(_("its XML declares a document type")))


class _Cells(WorkSheetParser):
    """openpyxl's own reading of cells; rows are let go one by one, and a formula without a result is told."""

    def rows(self) -> Iterator[tuple[int, list[dict[str, Any]]]]:
        sheet = None
        for event, element in iterparse(self.source, ("start", "end")):  # noqa: S314 — checked in _check_rows
            if event == "start":
                sheet = element if element.tag == DATA_TAG else sheet
            elif element.tag == ROW_TAG:
                yield self.parse_row(element)
                if sheet is not None:
                    sheet.clear()
            elif element.tag == DATA_TAG:
                return

    def parse_cell(self, element: Any) -> dict[str, Any]:
        cell: dict[str, Any] = super().parse_cell(element)
        if cell["value"] is None and element.find(FORMULA_TAG) is not None and element.get("t") != "str":
            cell |= {"data_type": "e", "value": "?"}
        return cell


def _values(line: int, cells: list[dict[str, Any]]) -> tuple[list[str], Problem | None]:
    values: list[str] = []
    for cell in cells:
        at, value = cell["column"], cell["value"]
        if value is None or value == "":
            continue
        if at > MOST_COLUMNS:
            return values, Problem("ragged_row", line, facts={"found": at, "expected": MOST_COLUMNS})
        if cell["data_type"] == "e":
            return values, Problem("formula_cell", line, str(cell["column"]), {"value": value})
        values += [""] * (at - len(values))
        values[at - 1] = as_text(value)
    return values, None


def as_text(value: Any) -> str:
    """A cell as a person reads it: 1299.0 is "1299", 19.989999999999998 (so Excel stores it) is "19.99"."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        # Fifteen digits are what a spreadsheet keeps; the rest is noise.
        text = f"{value:.15g}"
        return text if "e" not in text else f"{value:.15f}".rstrip("0").rstrip(".")
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, (date, time)):
        return value.isoformat()
    return str(value) if isinstance(value, timedelta) else str(value).strip()


def refuse_office_file(path: Path) -> None:
    """For what is no XLSX and comes from an office program: an old XLS, or a file with a password."""
    with path.open("rb") as file:
        start = file.read(_CHUNK)
    if _PASSWORD in start:
        raise Refused("unknown_format", problem=said(_("it is locked with a password; save it without one")))
    raise Refused("unknown_format", problem=said(_("it is an old Excel file (.xls); save it as .xlsx or CSV")))


def _check_parts(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except _BROKEN as error:
        raise _unreadable(error) from error
    names = {part.filename for part in parts}
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise Refused("unknown_format", problem=said(_("it is an archive and no spreadsheet; take the file out of it")))
    if any(part.flag_bits & 1 for part in parts):
        raise Refused("unknown_format", problem=said(_("it is locked with a password; save it without one")))
    if len(parts) > _MOST_PARTS or len(names) != len(parts):
        raise Refused("file_unreadable", problem=said(_("it is no file that a spreadsheet program has written")))
    for part in parts:
        _check_part(part)


def _check_part(part: zipfile.ZipInfo) -> None:
    is_bomb = part.file_size > _HARMLESS and part.file_size > part.compress_size * _MOST_SHRUNK
    if part.filename.startswith("xl/worksheets/"):
        most = LARGEST_SHEET
    else:
        most = LARGEST_STRINGS if part.filename.endswith("sharedStrings.xml") else _LARGEST_PART
    # Pictures and the like are never unfolded.
    if is_bomb or (part.filename.endswith((".xml", ".rels")) and part.file_size > most):
        facts = {"name": part.filename[:80], "size": part.file_size >> 20}
        problem = said(
            _("its part %(name)s unfolds to %(size)s MB, which is more than is read here; save it as CSV"), **facts
        )
        raise Refused("file_unreadable", problem=problem)


def _open(file: IO[bytes]) -> ExcelReader:
    """The workbook without its sheets: openpyxl would read each to the end where it does not tell its size."""
    reader = ExcelReader(file, read_only=True, data_only=True, keep_links=False)
    reader.close = reader.archive.close
    for name in reader.archive.namelist():
        if name.endswith((".xml", ".rels")) and not name.startswith("xl/worksheets/"):
            with reader.archive.open(name) as part:
                _refuse_document_type(part.read(1 << 16))
    reader.read_manifest()
    reader.read_strings()
    reader.read_workbook()
    apply_stylesheet(reader.archive, reader.wb)
    return reader


def _is_visible(sheet: Any, relation: Any) -> bool:
    return sheet.state == "visible" and "worksheet" in relation.Type


def _unreadable(error: Exception) -> Refused:
    problem = said(_("it is damaged: %(error)s"), error=str(error)[:200] or type(error).__name__)
    return Refused("file_unreadable", problem=problem)
