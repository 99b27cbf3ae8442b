"""The records of a table, cell by cell, each with the line it begins on. Memory is bounded whatever the file holds."""

import csv
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from django.utils.translation import gettext_noop as _

from core.errors import said
from core.importing.report import Problem

#: A record is given up when it is longer. A description of 100,000 letters is the longest text that is taken.
LONGEST_RECORD = 1 << 20
_AT_ONCE = 1 << 16

Record = tuple[int, list[str], Problem | None]


class _Unending(Exception):
    """The record has grown beyond LONGEST_RECORD."""


class _Lines:
    """The lines of a file for the csv module. Those of the record being read are held, so that they can be read again."""

    def __init__(self, file: IO[str]) -> None:
        self.file = file
        self.number = 0
        self.held: list[str] = []
        self.again: deque[str] = deque()
        self.size = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self.again.popleft() if self.again else self.file.readline(LONGEST_RECORD)
        if not line:
            raise StopIteration
        self.held.append(line)
        self.size += len(line)
        if self.size >= LONGEST_RECORD:
            raise _Unending
        return line

    def begin(self) -> int:
        """Nothing of the last record is wanted any more. The line that the next one begins on."""
        self.number += len(self.held)
        self.held.clear()
        self.size = 0
        return self.number + 1

    def step_back(self) -> int:
        """Read again what follows the first line of this record; the line at which it was given up."""
        ends = self.number + len(self.held)
        first = self.held[0]
        if not self.again and len(self.held) == 1 and not first.endswith(("\n", "\r")):
            self._skip_rest_of_line()
        self.again.extendleft(reversed(self.held[1:]))
        del self.held[1:]
        return ends

    def _skip_rest_of_line(self) -> None:
        while (piece := self.file.readline(_AT_ONCE)) and not piece.endswith(("\n", "\r")):
            pass


def read_records(
    path: Path, encoding: str, delimiter: str, *, on_file: Callable[[IO[str]], None] = lambda _file: None
) -> Iterator[Record]:
    """Every record of the file, blank lines left out. What cannot be read costs its own line: reading goes on below it.

    A quotation mark that is never closed would swallow the rest of the file; here it costs the line it stands on.
    """
    # One for the whole process, which is why it is the same value each time.
    csv.field_size_limit(LONGEST_RECORD)
    with path.open(encoding=encoding, newline="") as file:
        on_file(file)
        lines = _Lines(file)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        while True:
            begins = lines.begin()
            try:
                cells = next(reader, None)
            except (csv.Error, _Unending) as error:
                ends = lines.step_back()
                yield begins, [], _problem(error, begins, ends)
                reader = csv.reader(lines, delimiter=delimiter, strict=True)
                continue
            if cells is None:
                return
            if cells:
                yield begins, cells, None


def _problem(error: Exception, begins: int, ends: int) -> Problem:
    if isinstance(error, _Unending) and begins == ends:
        return Problem("too_long", begins, facts={"most": LONGEST_RECORD})
    if isinstance(error, _Unending) or "unexpected end" in str(error):
        problem = said(_("a quotation mark is opened and never closed"))
    else:
        text = _("after a closing quotation mark something other than the delimiter follows, on line %(line)s")
        problem = said(text, line=ends)
    return Problem("bad_quotes", begins, facts={"problem": problem})
