"""What became of a file, row by row: in = created + updated + unchanged + refused."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from core.errors import spoken
from core.importing.sentences import PROBLEMS

#: So many problems and changes are listed one by one; beyond that they are counted, which keeps memory bounded.
LISTED = 10_000


class Outcome(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong at a line (and column) of the file. The sentence is translated when read."""

    code: str
    line: int
    column: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        return str(PROBLEMS[self.code]) % spoken(self.facts)

    def as_plain(self) -> dict[str, Any]:
        return {"line": self.line, "column": self.column, "code": self.code, "sentence": self.sentence}

    def __str__(self) -> str:
        return f"{self.line}: {self.column}: {self.sentence}" if self.column else f"{self.line}: {self.sentence}"


class RowRefused(Exception):
    """This row of the file, and only this row, cannot be taken."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


@dataclass
class Counts:
    """How many came in, and where each of them went: two counts, so that the one proves the other."""

    came_in: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)

    def add(self, outcome: Outcome, count: int = 1) -> None:
        self.outcomes[outcome] += count

    def as_plain(self) -> dict[str, int]:
        return {"in": self.came_in} | {outcome.value: self.outcomes[outcome] for outcome in Outcome}


@dataclass
class ProblemList:
    """The first problems in full, all of them by number."""

    listed: list[Problem] = field(default_factory=list)
    codes: Counter[str] = field(default_factory=Counter)

    def add(self, problem: Problem) -> None:
        self.codes[problem.code] += 1
        if len(self.listed) < LISTED:
            self.listed.append(problem)

    def in_order(self) -> list[Problem]:
        """As they stand in the file; they are found page by page."""
        return sorted(self.listed, key=lambda problem: problem.line)

    def as_plain(self) -> dict[str, Any]:
        return {
            "count": self.codes.total(),
            "by_code": dict(sorted(self.codes.items())),
            "listed": [problem.as_plain() for problem in self.in_order()],
        }


@dataclass
class Report:
    """What an import did, or with `is_dry_run` would do."""

    file: str
    things: str
    is_dry_run: bool = False
    format: str = ""
    rows: Counts = field(default_factory=Counts)
    subjects: Counts = field(default_factory=Counts)
    refusals: ProblemList = field(default_factory=ProblemList)
    warnings: ProblemList = field(default_factory=ProblemList)
    changes: list[dict[str, Any]] = field(default_factory=list)
    changes_left_out: int = 0
    details: dict[str, Any] = field(default_factory=dict)
    #: What else somebody should read, a line each.
    notes: list[str] = field(default_factory=list)

    def refuse(self, problem: Problem, rows: int = 1) -> None:
        """Count `rows` rows as refused, for one reason."""
        self.rows.add(Outcome.REFUSED, rows)
        self.refusals.add(problem)

    def warn(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            self.warnings.add(problem)

    def check_balance(self) -> None:
        """A row that went nowhere, or to two places, is a fault of the importer and not of the file."""
        for counts in (self.rows, self.subjects):
            if counts.came_in != counts.outcomes.total():
                raise AssertionError(f"{self.file}: the counts do not add up: {counts.as_plain()}")

    def note_change(self, change: dict[str, Any]) -> None:
        if len(self.changes) < LISTED:
            self.changes.append(change)
        else:
            self.changes_left_out += 1

    def as_plain(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "format": self.format,
            "dry_run": self.is_dry_run,
            "rows": self.rows.as_plain(),
            self.things: self.subjects.as_plain(),
            "refusals": self.refusals.as_plain(),
            "warnings": self.warnings.as_plain(),
            "changes": self.changes,
            "changes_left_out": self.changes_left_out,
        } | self.details
