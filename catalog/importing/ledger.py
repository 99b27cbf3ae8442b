"""The books of a run: what became of the file so far, written with each page in the page's own transaction."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from catalog.importing.batches import Batch
from catalog.importing.compare import ProductChange, digest_of_new
from catalog.importing.drafts import Draft
from catalog.importing.known import KnownMarket
from catalog.models import ImportChange, ImportProblem, ImportRun
from core.bulk import as_json, insert_new
from core.importing.report import Counts, Outcome, Problem, Report


class Superseded(Exception):
    """Somebody else works on this run now, or it was stopped: this process writes nothing more of it."""


@dataclass
class RunReport(Report):
    """A report that also holds what is not written yet."""

    run: ImportRun | None = None
    pending: list[tuple[bool, Problem]] = field(default_factory=list)
    #: Values of price columns without a market, by column and currency.
    homeless: Counter[tuple[str, str]] = field(default_factory=Counter)
    partly_refused: int = 0
    #: Products that landed and have no price there, by the code of the market: they stay off its shelf.
    unpriced: Counter[str] = field(default_factory=Counter)
    #: How the file was read, where that is worth telling: its encoding, its sheet.
    read_as: dict[str, Any] = field(default_factory=dict)

    def refuse(self, problem: Problem, rows: int = 1) -> None:
        self.rows.add(Outcome.REFUSED, rows)
        self.note_problem(problem, is_refusal=True)

    def warn(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            self.note_problem(problem, is_refusal=False)

    def note_problem(self, problem: Problem, *, is_refusal: bool) -> None:
        (self.refusals if is_refusal else self.warnings).add(problem)
        self.pending.append((is_refusal, problem))

    def restore(self, run: ImportRun) -> None:
        """Go on counting where the run was stopped."""
        for counts, told in ((self.rows, run.counts["rows"]), (self.subjects, run.counts["products"])):
            told = dict(told)
            counts.came_in = told.pop("in")
            counts.outcomes = Counter({Outcome(name): count for name, count in told.items()})
        homeless = run.details["without_market"]
        self.homeless = Counter({(told["column"], told["currency"]): told["values"] for told in homeless})
        self.partly_refused = run.details["partly_refused_products"]
        self.unpriced = Counter(run.details.get("without_price", {}))


class Ledger:
    """Takes in what reading and writing tell, page by page, and keeps the run's row up to date."""

    def __init__(self, run: ImportRun, report: RunReport, markets: Sequence[KnownMarket] = ()) -> None:
        self.run = run
        self.report = report
        self._markets = {market.pk: market.code for market in markets}

    def take(self, batch: Batch) -> list[Draft]:
        """Count what was refused while it was read; the drafts that may be written."""
        report, good = self.report, []
        for counts, heard in ((report.rows, batch.rows), (report.subjects, batch.subjects)):
            counts.came_in += heard.came_in
            counts.outcomes += heard.outcomes
        for is_refusal, problem in batch.problems:
            report.note_problem(problem, is_refusal=is_refusal)
        for draft in batch.drafts:
            for problem in draft.refusals:
                report.refuse(problem)
            report.warn(_worth_telling(draft))
            report.homeless.update({(price.column, price.currency): count for price, count in draft.homeless.items()})
            if draft.is_refused:
                report.subjects.add(Outcome.REFUSED)
            else:
                report.partly_refused += bool(draft.refusals)
                good.append(draft)
        return good

    def book(
        self,
        changes: Sequence[ProductChange],
        *,
        products: int,
        bytes_read: int,
        details: dict[str, Any],
        state: str = ImportRun.State.RUNNING,
    ) -> None:
        """Write what a page did and where the run is now, in the page's transaction. Raises `Superseded` where the run is
        no longer this process's. The books themselves move when it has committed (`close_page`)."""
        rows, subjects = self._counts_with(changes)
        mine = ImportRun.objects.filter(pk=self.run.pk, attempt=self.run.attempt, state=ImportRun.State.RUNNING)
        written = mine.update(
            counts={"rows": rows.as_plain(), "products": subjects.as_plain()},
            details=details | {"without_price": dict(self.report.unpriced + self._unpriced(changes))},
            format=self.report.format,
            cursor=self.run.cursor + products,
            bytes_read=bytes_read,
            heartbeat_at=timezone.now(),
            state=state,
        )
        if not written:
            raise Superseded(self.run.public_id)
        told = [(False, warning) for change in changes for warning in change.warnings]
        _write_problems(self.run, [*self.report.pending, *told])
        _write_changes(self.run, changes)

    def close_page(self, changes: Sequence[ProductChange], *, products: int) -> None:
        report = self.report
        report.rows, report.subjects = self._counts_with(changes)
        report.unpriced += self._unpriced(changes)
        for change in changes:
            for warning in change.warnings:
                report.warnings.add(warning)
            if change.outcome is not Outcome.UNCHANGED:
                report.note_change(change.as_plain())
        report.pending.clear()
        self.run.cursor += products

    def _unpriced(self, changes: Sequence[ProductChange]) -> Counter[str]:
        return Counter(code for change in changes for pk, code in self._markets.items() if pk not in change.priced)

    def _counts_with(self, changes: Sequence[ProductChange]) -> tuple[Counts, Counts]:
        rows, subjects = (
            Counts(counts.came_in, counts.outcomes.copy()) for counts in (self.report.rows, self.report.subjects)
        )
        for change in changes:
            subjects.add(change.outcome)
            for outcome in change.row_outcomes():
                rows.add(outcome)
        return rows, subjects


def _worth_telling(draft: Draft) -> list[Problem]:
    """Nobody has to look at the warnings of a row that was refused."""
    refused = {problem.line for problem in draft.refusals}
    return [warning for warning in draft.warnings if not draft.is_refused and warning.line not in refused]


def _write_problems(run: ImportRun, problems: Iterable[tuple[bool, Problem]]) -> None:
    rows = (
        (is_refusal, problem.line, problem.column[:200], problem.code, as_json(problem.facts))
        for is_refusal, problem in problems
    )
    insert_new(ImportProblem, ("is_refusal", "line", "column", "code", "facts"), rows, run_id=run.pk)


def _write_changes(run: ImportRun, changes: Sequence[ProductChange]) -> None:
    rows = (
        (change.pk or None, change.draft.key, str(change.lines()), change.is_new, *_sides(change))
        for change in changes
        if change.outcome is not Outcome.UNCHANGED
    )
    insert_new(ImportChange, ("product_id", "sku", "lines", "is_creation", "before", "after"), rows, run_id=run.pk)


def _sides(change: ProductChange) -> tuple[str, str]:
    """What was there before and what is there after. Of a new product a digest: it is undone whole, or not at all."""
    if not change.is_new:
        return as_json(change.side(0)), as_json(change.side(1))
    after = {"title_en": change.title, "variants": len(change.variants), "digest": digest_of_new(change)}
    return "{}", as_json(after)
