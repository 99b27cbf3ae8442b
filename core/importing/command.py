"""What the import commands share: their options, the printed report, and what their exit code says.

0: every row landed or stood already. 1: some rows were refused, the others landed. 2: the file or the order as a
whole was refused and nothing was written.
"""

import json
from argparse import ArgumentParser
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TextIO, TypeVar

from django.core.management.base import CommandError, OutputWrapper

from core.errors import Refused
from core.importing.report import Outcome, ProblemList, Report

#: So many problems are printed; the report file lists the rest.
PRINTED = 50

AnyReport = TypeVar("AnyReport", bound=Report)


def add_import_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("path", type=Path, help="the file to bring in")
    parser.add_argument("--dry-run", action="store_true", help="report what would happen and write nothing")
    parser.add_argument("--report", type=Path, metavar="OUT.json", help="write the whole report to this file")


def run_import(
    bring_in: Callable[[], AnyReport],
    *,
    report_path: Path | None,
    out: OutputWrapper,
    write: Callable[[AnyReport, TextIO], None] | None = None,
    print_changes: Callable[[AnyReport], Iterable[str]] = lambda _report: (),
) -> None:
    """Bring a file in, print and write the report, and leave with the exit code that it deserves.

    `write` writes a report that is kept elsewhere than in memory; `print_changes` tells what a dry run would change.
    """
    if report_path is not None and not report_path.parent.is_dir():
        raise CommandError(f"the folder of the report is not there: {report_path.parent}", returncode=2)
    try:
        report = bring_in()
    except Refused as refusal:
        _write(report_path, {"refused": {"code": refusal.code, "sentence": refusal.sentence}})
        raise CommandError(f"{refusal.sentence} [{refusal.code}]", returncode=2) from refusal
    if write is None or report_path is None:
        _write(report_path, report.as_plain())
    else:
        with report_path.open("w", encoding="utf-8") as file:
            write(report, file)
    if report.is_dry_run:
        for line in print_changes(report):
            out.write(line)
    _print(report, out)
    if refused := report.rows.outcomes[Outcome.REFUSED]:
        verb = "would be refused" if report.is_dry_run else "were refused"
        raise CommandError(f"{refused} of {report.rows.came_in} rows {verb}", returncode=1)


def _write(path: Path | None, content: dict[str, Any]) -> None:
    if path is not None:
        path.write_text(json.dumps(content, ensure_ascii=False, indent=2, default=str) + "\n", encoding="utf-8")


def _print(report: Report, out: OutputWrapper) -> None:
    out.write(f"{report.file}: {report.format}{', dry run: nothing written' if report.is_dry_run else ''}")
    _print_problems("refused", report.refusals, out)
    _print_problems("warning", report.warnings, out)
    for line in report.notes:
        out.write(line)
    for name, counts in (("rows", report.rows), (report.things, report.subjects)):
        plain = counts.as_plain()
        out.write(f"{name}: {plain.pop('in')} in = " + " + ".join(f"{count} {word}" for word, count in plain.items()))


def _print_problems(kind: str, problems: ProblemList, out: OutputWrapper) -> None:
    for problem in problems.in_order()[:PRINTED]:
        where = f"line {problem.line}" + (f", {problem.column}" if problem.column else "")
        out.write(f"{kind}: {where}: {problem.sentence} [{problem.code}]")
    if (more := problems.codes.total() - PRINTED) > 0:
        out.write(f"{kind}: {more} more; --report lists them")
