"""`manage.py import_report RUN [--report OUT.json]`: the report of an import of long ago, from its rows."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.importing.reports import write_report
from catalog.importing.runs import run_called
from core.errors import Refused


class Command(BaseCommand):
    help = "Write the whole report of an import again: every problem, every change."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", help="its public id, like imp_9f2k…")
        parser.add_argument("--report", type=Path, metavar="OUT.json", help="a file; otherwise it is printed")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            run = run_called(options["run"])
        except Refused as refusal:
            raise CommandError(f"{refusal.sentence} [{refusal.code}]", returncode=2) from refusal
        if options["report"] is None:
            write_report(run, self.stdout)  # type: ignore[arg-type]  # it writes text like a file
            return
        with options["report"].open("w", encoding="utf-8") as out:
            write_report(run, out)
