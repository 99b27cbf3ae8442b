"""A file's drafts in pages. No models here: it runs in the reader's process too (reader.py)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from catalog.importing.drafts import Draft
from catalog.importing.known import KnownMarket
from catalog.importing.layout import PriceColumn
from core.importing.report import Counts, Problem, Report


class Reading(Protocol):
    """The drafts of a file, in its order, while it is read: iterate it once."""

    #: Columns of which nothing is left over once they are read; the others are kept with the product.
    used: set[str]
    #: Which market each column of prices is for; None where no market sells in its currency.
    markets: dict[PriceColumn, KnownMarket | None]
    #: It may be handed to another process before it has begun.
    is_portable: bool

    @property
    def header(self) -> "list[str] | tuple[str, ...]": ...

    @property
    def bytes_read(self) -> int: ...

    def __iter__(self) -> Iterator[Draft]: ...


class Heard(Report):
    """What reading says of rows that belong to no draft: counted and held until a batch takes it along."""

    def __init__(self) -> None:
        super().__init__("", "products")
        self.problems: list[tuple[bool, Problem]] = []

    def refuse(self, problem: Problem, rows: int = 1) -> None:
        super().refuse(problem, rows)
        self.problems.append((True, problem))

    def warn(self, problems: Iterable[Problem]) -> None:
        self.problems += [(False, problem) for problem in problems]

    def take(self) -> tuple[Counts, Counts, list[tuple[bool, Problem]]]:
        """Rows, products and problems since the last time."""
        taken = self.rows, self.subjects, self.problems
        self.rows, self.subjects, self.problems = Counts(), Counts(), []
        self.refusals.listed.clear()
        return taken


@dataclass(frozen=True, slots=True)
class Batch:
    """A page of drafts, with what was heard up to its end."""

    drafts: list[Draft]
    rows: Counts
    subjects: Counts
    problems: list[tuple[bool, Problem]]
    bytes_read: int
    is_last: bool


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be read, and how: pages of `size` drafts, behind the first `skip`."""

    reading: Reading
    heard: Heard
    size: int
    skip: int

    def batches(self) -> Iterator[Batch]:
        """Every batch once, the last one marked; a file without products is one empty batch.

        What a stopped run has done is read again, for what later rows refer to, but counts no second time.
        """
        drafts = iter(self.reading)
        for _draft in islice(drafts, self.skip):
            pass
        if self.skip:
            self.heard.take()
        is_last = False
        while not is_last:
            page = [draft.seal() for draft in islice(drafts, self.size)]
            is_last = len(page) < self.size
            yield Batch(page, *self.heard.take(), self.reading.bytes_read, is_last)
            del page
