"""The rows of a table, gathered into products."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from catalog.importing.layout import Layout
from catalog.importing.lines import FirstLines
from core.importing.files import TableRow
from core.importing.report import Outcome, Problem, Report
from core.importing.text import one_line

#: So many rows of one product are held at once; Shopify allows 2,048 variants.
MOST_ROWS = 5_000


class Rows(Protocol):
    """A table of any kind: text, a spreadsheet, or a shop's export put in order."""

    header: list[str]

    @property
    def bytes_read(self) -> int: ...

    def rows(self) -> Iterator[TableRow]: ...


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that stand together and name one product."""

    key: str
    rows: list[TableRow] = field(default_factory=list)


class GroupReader:
    """Gathers rows and refuses those that belong to no product. Remembers where each product began, by line."""

    def __init__(self, table: Rows, layout: Layout, report: Report) -> None:
        self.table = table
        self.layout = layout
        self.report = report
        self.gathers = "product" in layout.columns or layout.tells_once
        self.key_field = "product" if "product" in layout.columns else "sku"
        self.begun = FirstLines()

    def __iter__(self) -> Iterator[Group]:
        group: Group | None = None
        for row in self.table.rows():
            self.report.rows.came_in += 1
            key = "" if row.problem else row.group or one_line(self.layout.field(row.cells, self.key_field))
            if group is not None and self.gathers and key == group.key:
                if len(group.rows) < MOST_ROWS:
                    group.rows.append(row)
                else:
                    self.report.refuse(Problem("too_many_rows", row.line, facts={"most": MOST_ROWS}))
                continue
            if problem := row.problem or self._key_problem(row, key):
                self._refuse(row, problem)
                continue
            if group is not None:
                yield group
            self.report.subjects.came_in += 1
            group = Group(key, [row])
        if group is not None:
            yield group

    def _refuse(self, row: TableRow, problem: Problem) -> None:
        self.report.refuse(problem)
        if not self.gathers:
            self.report.subjects.came_in += 1
            self.report.subjects.add(Outcome.REFUSED)

    def _key_problem(self, row: TableRow, key: str) -> Problem | None:
        column = self.layout.column_of(self.key_field)
        if not key:
            return Problem("missing_value", row.line, column)
        if len(key) > 80:
            return Problem("too_long", row.line, column, {"most": 80})
        if (first := self.begun.first(key, row.line)) != row.line:
            code = "split_product" if self.gathers else "duplicate_row"
            return Problem(code, row.line, column, {"value": key, "first": first})
        return None
