"""`manage.py import_films PATH`: films from Wikipedia's lists or the Solr example, see docs/importing.md."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from core.importing.command import add_import_arguments, run_import
from films.services import import_films


class Command(BaseCommand):
    help = "Bring films in from a file. Exit code 0: all landed, 1: some rows were refused, 2: the file was refused."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_import_arguments(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        run_import(
            lambda: import_films(options["path"], by=None, is_dry_run=options["dry_run"]),
            report_path=options["report"],
            out=self.stdout,
        )
