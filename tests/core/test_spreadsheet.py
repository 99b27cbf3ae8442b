"""Sheets of Excel files: values as people read them, and files made to harm."""

import re
import time
import zipfile
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from openpyxl import Workbook

from core.errors import Refused
from core.importing import spreadsheet
from core.importing.spreadsheet import Spreadsheet, as_text

SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRINGS = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"


def book(path: Path, rows: Iterable[list[Any]], *, title: str = "Goods", more: str = "") -> Path:
    workbook = Workbook()
    sheet = workbook.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    if more:
        workbook.create_sheet(more).append(["other"])
    workbook.save(path)
    return path


def rewritten(path: Path, parts: dict[str, bytes]) -> Path:
    """The same package with some parts replaced."""
    with zipfile.ZipFile(path) as archive:
        kept = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (kept | parts).items():
            archive.writestr(name, content)
    return path


def test_values_are_read_as_a_person_reads_them(tmp_path: Path) -> None:
    rows = [
        ["sku", "price", "when", "yes", "big", "text"],
        ["a", 1299.0, date(2026, 11, 22), True, 4006381333931, " padded "],
        ["b", 12.5, datetime(2026, 11, 22, 10, 30), False, 19.99, "two\nlines"],  # noqa: DTZ001 — a sheet knows no zones
        [None, None, None, None, None, None],
        ["c", 0.1 + 0.2, None, None, None, "007"],
    ]

    sheet = Spreadsheet(book(tmp_path / "a.xlsx", rows))

    assert sheet.header == rows[0]
    assert [(row.line, list(row.cells.values())) for row in sheet.rows()] == [
        (2, ["a", "1299", "2026-11-22", "TRUE", "4006381333931", "padded"]),
        (3, ["b", "12.5", "2026-11-22 10:30:00", "FALSE", "19.99", "two\nlines"]),
        (5, ["c", "0.3", "", "", "", "007"]),
    ]


def test_numbers_carry_no_noise() -> None:
    assert [as_text(value) for value in (19.989999999999998, 1e21, 5e-5, 100, -0.5, 1234567.891)] == [
        "19.99", "1000000000000000000000", "0.00005", "100", "-0.5", "1234567.891",
    ]  # fmt: skip


def test_a_sheet_is_chosen_by_name_and_the_others_are_known(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", [["sku"], ["a"]], more="Notes")

    assert (Spreadsheet(path).name, Spreadsheet(path).names) == ("Goods", ["Goods", "Notes"])
    assert Spreadsheet(path, "Notes").header == ["other"]
    with pytest.raises(Refused, match="Goods, Notes"):
        Spreadsheet(path, "Prices")


def test_a_formula_is_its_result_or_a_problem(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", [["sku", "price"], ["a", "=1+1"], ["b", 2], ["c", "=1/0"]])
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")

    problems = [row.problem for row in Spreadsheet(path).rows()]
    with_result = re.sub(rb"(<f>1\+1</f>)<v ?/>", rb"\1<v>2</v>", sheet)
    rows = list(Spreadsheet(rewritten(path, {"xl/worksheets/sheet1.xml": with_result})).rows())

    assert [(problem.line, problem.code) if problem else None for problem in problems] == [
        (2, "formula_cell"), None, (4, "formula_cell"),
    ]  # fmt: skip
    assert [row.cells.get("price") for row in rows[:2]] == ["2", "2"]


def test_rows_wider_than_the_header_are_ragged(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", [["sku", "name"], ["a", "A", "extra"], ["b"]])

    rows = list(Spreadsheet(path).rows())

    assert rows[0].problem is not None
    assert (rows[0].line, rows[0].problem.code, rows[0].problem.facts) == (2, "ragged_row", {"found": 3, "expected": 2})
    assert rows[1].cells == {"sku": "b", "name": ""}


def bomb(path: Path) -> None:
    book(path, [["sku"], ["a"]])
    rewritten(path, {"xl/worksheets/sheet1.xml": b"<worksheet>" + b" " * (60 << 20)})


def long_row(path: Path) -> None:
    """One row of a million cells, which shrinks no more than text does."""
    book(path, [["sku"], ["a"]])
    cells = "".join(f'<c t="n"><v>{number * 7919}</v></c>' for number in range(300_000))
    sheet = f'<worksheet xmlns="{SHEET}"><sheetData><row r="1">{cells}</row></sheetData></worksheet>'
    rewritten(path, {"xl/worksheets/sheet1.xml": sheet.encode()})


def entities(path: Path) -> None:
    book(path, [["sku"], ["a"]])
    laughs = b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><worksheet>&b;</worksheet>'
    rewritten(path, {"xl/worksheets/sheet1.xml": laughs})


def other_archive(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("products.csv", "a,b\n1,2\n")


def cut_off(path: Path) -> None:
    book(path, [["sku"], ["a"]])
    path.write_bytes(path.read_bytes()[:-200])


def damaged(path: Path) -> None:
    book(path, [["sku"], ["a"]])
    rewritten(path, {"xl/worksheets/sheet1.xml": b"<worksheet><sheetData><row></worksheet>"})


def no_sheet(path: Path) -> None:
    book(path, [])


@pytest.mark.parametrize(
    "make, code, word",
    [
        (bomb, "file_unreadable", "60 MB"),
        (long_row, "file_unreadable", "4 MB"),
        (entities, "file_unreadable", "document type"),
        (other_archive, "unknown_format", "archive"),
        (cut_off, "file_unreadable", "damaged"),
        (damaged, "file_unreadable", "damaged"),
        (no_sheet, "file_unreadable", "empty"),
    ],
)
def test_files_made_to_harm_are_refused_at_once(tmp_path: Path, make: Any, code: str, word: str) -> None:
    path = tmp_path / "a.xlsx"
    make(path)

    begun = time.process_time()
    with pytest.raises(Refused) as refusal:
        list(Spreadsheet(path).rows())

    assert (refusal.value.code, word in refusal.value.sentence) == (code, True), refusal.value.sentence
    assert time.process_time() - begun < 2


@pytest.mark.parametrize("mark, word", [(b"", ".xls"), ("EncryptedPackage".encode("utf-16-le"), "password")])
def test_old_and_locked_files_are_refused_by_name(tmp_path: Path, mark: bytes, word: str) -> None:
    path = tmp_path / "a.xls"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500) + mark)

    with pytest.raises(Refused, match=word) as refusal:
        spreadsheet.refuse_office_file(path)

    assert refusal.value.code == "unknown_format"


def test_strings_that_unfold_too_far_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = with_shared_strings(book(tmp_path / "a.xlsx", [["sku"], ["a"]]), "name", "Ferry & mug")
    assert [row.cells for row in Spreadsheet(path).rows()] == [{"name": "Ferry & mug"}]

    monkeypatch.setattr(spreadsheet, "LARGEST_STRINGS", 100)

    with pytest.raises(Refused, match="sharedStrings"):
        Spreadsheet(path)


def with_shared_strings(path: Path, *strings: str) -> Path:
    """As Excel writes a sheet: texts stand in a table of their own."""
    with zipfile.ZipFile(path) as archive:
        types = archive.read("[Content_Types].xml")
    part = b'<Override PartName="/xl/sharedStrings.xml" ContentType="' + STRINGS + b'" /></Types>'
    items = "".join(f"<si><t>{escape(text)}</t></si>" for text in strings)
    rows = "".join(f'<row r="{at + 1}"><c r="A{at + 1}" t="s"><v>{at}</v></c></row>' for at in range(len(strings)))
    return rewritten(
        path,
        {
            "[Content_Types].xml": types.replace(b"</Types>", part),
            "xl/sharedStrings.xml": f'<sst xmlns="{SHEET}">{items}</sst>'.encode(),
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{SHEET}"><sheetData>{rows}</sheetData></worksheet>'.encode(),
        },
    )
