"""The rows of a table, gathered into products."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from catalog.importing.layout import Layout
from core.importing.files import Table, TableRow
from core.importing.report import Outcome, Problem, Report
from core.importing.text import one_line


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that stand together and name one product."""

    key: str
    rows: list[TableRow] = field(default_factory=list)


class GroupReader:
    """Gathers rows and refuses those that belong to no product. Remembers where each product began, by line."""

    def __init__(self, table: Table, layout: Layout, report: Report) -> None:
        self.table = table
        self.layout = layout
        self.report = report
        self.gathers = "product" in layout.columns
        self.key_field = "product" if self.gathers else "sku"
        self.begun: dict[str, int] = {}

    def __iter__(self) -> Iterator[Group]:
        group: Group | None = None
        for row in self.table.rows():
            self.report.rows.came_in += 1
            key = "" if row.problem else one_line(self.layout.field(row.cells, self.key_field))
            if group is not None and self.gathers and key == group.key:
                group.rows.append(row)
                continue
            if problem := row.problem or self._key_problem(row, key):
                self._refuse(row, problem)
                continue
            if group is not None:
                yield group
            self.begun[key] = row.line
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
        if key in self.begun:
            code = "split_product" if self.gathers else "duplicate_row"
            return Problem(code, row.line, column, {"value": key, "first": self.begun[key]})
        return None
