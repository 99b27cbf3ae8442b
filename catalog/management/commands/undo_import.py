"""`manage.py undo_import RUN`: take back what an import has written, see docs/importing.md."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.importing.runs import run_called
from catalog.importing.undo import undo_import, undone_counts
from core.errors import Refused


class Command(BaseCommand):
    help = "Take back what an import has written. What somebody has changed since stays and is named."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", help="its public id, like imp_9f2k…")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            run = undo_import(run_called(options["run"]), by=None)
        except Refused as refusal:
            raise CommandError(f"{refusal.sentence} [{refusal.code}]", returncode=2) from refusal
        counts = undone_counts(run)
        self.stdout.write(
            f"{run.public_id}: {counts['undone']} products as before, {counts['kept']} with something kept"
        )
        for change in run.changes.exclude(kept=[]).order_by("pk")[:50]:
            self.stdout.write(f"kept: {change.sku}: {', '.join(change.kept)}")
