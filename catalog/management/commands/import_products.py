"""`manage.py import_products PATH --merchant SLUG`: a merchant's products, see docs/importing.md."""

import time
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from catalog.importing.diffs import shown_changes
from catalog.importing.formats import FORMATS
from catalog.importing.ledger import RunReport
from catalog.importing.reports import write_report
from catalog.importing.run import Watch, import_products
from catalog.models import ImportRun
from core.errors import Refused
from core.importing.command import PRINTED, add_import_arguments, run_import
from core.importing.progress import ProgressLine, counted
from merchants.models import Merchant


class Command(BaseCommand):
    help = (
        "Bring a merchant's products in. Exit code 0: all landed, 1: some rows were refused, 2: the file was refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_import_arguments(parser)
        parser.add_argument("--merchant", required=True, metavar="SLUG", help="whose products they are")
        parser.add_argument("--format", choices=FORMATS, default="", help="otherwise told by the file")
        parser.add_argument("--map", type=Path, metavar="FILE", help="what the columns mean: a file of TOML or JSON")
        parser.add_argument("--preset", default="", metavar="NAME", help="a mapping that the merchant has saved")
        parser.add_argument("--currency", default="", help="of prices in a file that does not say it, like USD")
        parser.add_argument("--encoding", default="", help="otherwise told by the file; like utf-8, gb18030 or cp1252")
        parser.add_argument("--quiet", action="store_true", help="show no progress on standard error")

    def handle(self, *_args: Any, **options: Any) -> None:
        with ProgressLine(self.stderr) as line:
            watch = None if options["quiet"] else _Progress(line)
            run_import(
                lambda: _bring_in(options, watch),
                report_path=options["report"],
                out=self.stdout,
                write=lambda report, file: write_report(_run(report), file),
                print_changes=_changes,
            )


class _Progress:
    """Shows how far a run is, as its row says."""

    def __init__(self, line: ProgressLine) -> None:
        self._line = line
        self._began = time.monotonic()

    def __call__(self, run: ImportRun) -> None:
        columns = ("state", "counts", "bytes_read", "bytes_total")
        state, counts, read, size = ImportRun.objects.values_list(*columns).get(pk=run.pk)
        if not self._line.wants(is_last=state == ImportRun.State.DONE):
            return
        if state == ImportRun.State.WAITING:
            self._began = time.monotonic()
            self._line.show("waiting for another import of this merchant")
            return
        done = f"{min(100, 100 * read // size)} %: " if size else ""
        self._line.show(done + counted(counts["rows"], time.monotonic() - self._began))


def _run(report: RunReport) -> ImportRun:
    assert report.run is not None, "an import of products is always a run"
    return report.run


def _changes(report: RunReport) -> Iterator[str]:
    """What a dry run would do, product by product; the report file and the desk list the rest."""
    rows = _run(report).changes.select_related("product").order_by("pk")
    for change in shown_changes(list(rows[:PRINTED])):
        verb = "create" if change.is_creation else "update"
        yield f"{verb}: line {change.lines[0]}: {change.sku}: {change.title}"
        for one in change.differences:
            yield f"    {one.label}: {one.old or '–'} → {one.new or '–'}"
    if (more := rows.count() - PRINTED) > 0:
        yield f"{more} more products; --report lists them"


def _bring_in(options: dict[str, Any], watch: Watch | None) -> RunReport:
    merchant = Merchant.objects.filter(slug=options["merchant"]).first()
    if merchant is None:
        raise Refused("unknown_merchant", merchant=options["merchant"])
    return import_products(
        options["path"],
        merchant,
        by=None,
        format=options["format"],
        mapping_path=options["map"],
        preset=options["preset"],
        currency=options["currency"],
        encoding=options["encoding"],
        is_dry_run=options["dry_run"],
        watch=watch,
    )
