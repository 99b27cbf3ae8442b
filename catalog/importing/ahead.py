"""Reading a page ahead: while the database takes one page in, the next is read by a thread beside it."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from django.utils import translation

from catalog.importing.drafts import Draft
from catalog.importing.formats import Reading
from core.importing.report import Counts, Problem, Report


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


class ReadAhead:
    """The batches of a file. The reading thread asks no database."""

    def __init__(self, reading: Reading, heard: Heard, *, size: int, skip: int) -> None:
        self._reading = reading
        self._drafts = iter(reading)
        self._heard = heard
        self._size = size
        self._skip = skip
        self._language = translation.get_language()

    def __iter__(self) -> Iterator[Batch]:
        """Every batch once, the last one marked; a file without products is one empty batch."""
        with ThreadPoolExecutor(1, "reading") as pool:
            following = pool.submit(self._next)
            while not (batch := following.result()).is_last:
                following = pool.submit(self._next)
                yield batch
            yield batch

    def _next(self) -> Batch:
        with translation.override(self._language):
            if self._skip:
                self._pass_over()
            drafts = list(islice(self._drafts, self._size))
        rows, subjects, problems = self._heard.take()
        return Batch(drafts, rows, subjects, problems, self._reading.bytes_read, len(drafts) < self._size)

    def _pass_over(self) -> None:
        """What a stopped run has done is read again, for what later rows refer to, but counts no second time."""
        for _draft in islice(self._drafts, self._skip):
            pass
        self._heard.take()
        self._skip = 0
