"""What became of a file as a table: a row for each refusal, warning and change, in the order of the file."""

import csv
import heapq
import io
from collections.abc import Iterator
from typing import Any

from catalog.importing.reports import problem_of
from catalog.models import ImportRun
from core.importing.report import Outcome

HEADER = ("line", "outcome", "code", "column", "sku", "detail")
_CHUNK = 2_000
#: Rows per piece that is sent.
_PIECE = 500


def result_pieces(run: ImportRun) -> Iterator[bytes]:
    """The table in UTF-8, piece by piece. Sentences are in the reader's language."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADER)
    for number, row in enumerate(heapq.merge(_problems(run), _changes(run), key=lambda row: row[0]), start=1):
        writer.writerow([_plain(cell) for cell in row])
        if number % _PIECE == 0:
            yield _taken(out)
    yield _taken(out)


def _problems(run: ImportRun) -> Iterator[tuple[Any, ...]]:
    for row in run.problems.order_by("line", "pk").iterator(chunk_size=_CHUNK):
        outcome = Outcome.REFUSED.value if row.is_refusal else "warning"
        yield row.line, outcome, row.code, row.column, "", problem_of(row).sentence


def _changes(run: ImportRun) -> Iterator[tuple[Any, ...]]:
    for change in run.changes.order_by("pk").iterator(chunk_size=_CHUNK):
        outcome = Outcome.CREATED if change.is_creation else Outcome.UPDATED
        yield (change.lines or [0])[0], outcome.value, "", "", change.sku, ""


def _plain(cell: Any) -> Any:
    """A text that a spreadsheet program would take for a formula is marked as text."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _taken(out: io.StringIO) -> bytes:
    piece = out.getvalue().encode()
    out.seek(0)
    out.truncate()
    return piece
