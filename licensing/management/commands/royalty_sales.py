"""`manage.py royalty_sales FILE --licence NUMBER`: sales, returns and deductions of a licensee, see docs/ledger.md."""

import json
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.errors import Refused
from licensing.ledger.files import rows_of
from licensing.ledger.sales import RowResult, record_sales
from licensing.models import Licence, SaleLine

#: So many refused rows are printed; with --json, every row is.
PRINTED = 50


class Command(BaseCommand):
    help = (
        "Record the sale lines of a file (CSV, or JSON Lines). Exit code 0: every row is recorded, 1: some were refused, "
        "2: the file was refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help=".csv, else JSON Lines; UTF-8")
        parser.add_argument("--licence", required=True, metavar="NUMBER", help="the licence's number, or lic_…")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen and record nothing")
        parser.add_argument("--json", action="store_true", help="print a JSON object for each row, then the counts")

    def handle(self, *_args: Any, **options: Any) -> None:
        counts: Counter[str] = Counter()
        try:
            licence = _licence(options["licence"])
            results = record_sales(
                licence, rows_of(options["file"]), source=SaleLine.Source.CSV, by=None, is_dry_run=options["dry_run"]
            )
            for result in results:
                counts[result.outcome] += 1
                counts["late"] += result.is_late
                counts["waiting"] += result.is_waiting
                self._tell(result, counts["refused"], options["json"])
        except Refused as refusal:
            path = refusal.facts.get("path", "")
            if options["json"]:
                error = {"code": refusal.code, "path": path, "sentence": refusal.sentence}
                self.stdout.write(json.dumps({"error": error, "recorded_before": dict(counts)}, ensure_ascii=False))
            elif counts:
                self.stdout.write(f"recorded before that: {counts['created']} created, {counts['unchanged']} unchanged")
            told = f"{path}: {refusal.sentence}" if path else refusal.sentence
            raise CommandError(f"{told} [{refusal.code}]", returncode=2) from refusal
        self._sum_up(counts, options)

    def _tell(self, result: RowResult, refused: int, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(result.as_plain(), ensure_ascii=False))
        elif result.refusal is not None and refused <= PRINTED:
            field = result.refusal.facts.get("path", "")
            at = f"{result.where}: {field}" if field else result.where
            self.stdout.write(f"{at}: {result.refusal.sentence} [{result.refusal.code}]")

    def _sum_up(self, counts: Counter[str], options: dict[str, Any]) -> None:
        names = ("created", "unchanged", "refused", "late", "waiting")
        told = {name: counts[name] for name in names}
        if options["json"]:
            self.stdout.write(json.dumps({"counts": told, "dry_run": options["dry_run"]}))
        else:
            if (more := counts["refused"] - PRINTED) > 0:
                self.stdout.write(f"{more} more rows were refused; --json lists them")
            self.stdout.write(" · ".join(f"{name} {count}" for name, count in told.items()))
        if counts["refused"]:
            total = counts["created"] + counts["unchanged"] + counts["refused"]
            verb = "would be refused" if options["dry_run"] else "were refused"
            raise CommandError(f"{counts['refused']} of {total} rows {verb}", returncode=1)


def _licence(name: str) -> Licence:
    found = Licence.objects.filter(public_id=name) | Licence.objects.filter(number=name)
    licence = found.first()
    if licence is None:
        raise Refused("unknown_licence", licence=name)
    return licence
