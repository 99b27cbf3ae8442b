"""`manage.py royalty_calculate CASE.json`: the statements of one agreement, see docs/royalties.md."""

import json
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.errors import Refused
from licensing.royalties.cases import Case, books_of, parse_json
from licensing.royalties.explaining import explained
from licensing.royalties.line_files import rows_of
from licensing.royalties.line_index import FileIndex
from licensing.royalties.statements import make_statements
from licensing.royalties.writing import as_plain


class Command(BaseCommand):
    help = "Calculate the royalty statements of a case and print them as JSON. Exit code 2: the case was refused."
    requires_system_checks: list[str] = []  # noqa: RUF012 — the calculation asks nothing of the site

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("case", metavar="CASE.json", help="the agreement with its periods; - for standard input")
        parser.add_argument(
            "--lines", type=Path, action="append", default=[], metavar="FILE",
            help="lines beside those of the case, one a row: .csv, else JSON Lines; read as a stream; may be given again",
        )  # fmt: skip
        parser.add_argument("--explain", metavar="GROUP", help="print the lines behind a group instead, one a row")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            for told in _told(options):
                self.stdout.write(told)
        except Refused as refusal:
            path = refusal.facts.get("path", "")
            error = {"code": refusal.code, "path": path, "sentence": refusal.sentence}
            self.stdout.write(json.dumps({"error": error}, ensure_ascii=False, indent=2))
            told = f"{path}: {refusal.sentence}" if path else refusal.sentence
            raise CommandError(f"{told} [{refusal.code}]", returncode=2) from refusal


def _told(options: dict[str, Any]) -> Iterator[str]:
    """What to print, piece by piece."""
    files: list[Path] = options["lines"]
    case = Case(parse_json(_text_of(options["case"])), partial(rows_of, files) if files else None)
    with ExitStack() as stack:
        index = None
        if files:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="royalties-"))
            index = FileIndex(Path(folder) / "lines.sqlite3")
            stack.callback(index.close)
        books = books_of(case, index=index, keeps_ids=not files)
        made = list(make_statements(books, opening=case.opening))
        if options["explain"]:
            yield from (
                json.dumps(line, ensure_ascii=False) for line in explained(case, books, made, options["explain"])
            )
            return
        plain = {
            "agreement": case.agreement.id,
            "currency": case.agreement.currency,
            "statements": [as_plain(statement, has_lines=not files) for statement in made],
            "digest": f"sha256:{made[-1].digest}",
        }
        yield json.dumps(plain, ensure_ascii=False, indent=2)


def _text_of(name: str) -> str:
    try:
        raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return raw.decode("utf-8-sig")
    except OSError as problem:
        raise Refused("FILE_UNREADABLE", path=name, problem=problem.strerror or str(problem)) from None
    except UnicodeDecodeError:
        raise Refused("FILE_UNREADABLE", path=name, problem="UTF-8") from None
