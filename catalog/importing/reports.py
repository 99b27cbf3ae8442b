"""The report of a run, made from its rows: the same whenever it is asked for, with every problem and every change."""

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TextIO

from django.db.models import Count

from catalog.models import ImportChange, ImportProblem, ImportRun
from core.errors import Refused
from core.importing.report import Outcome, Problem

_CHUNK = 2_000


def report_pieces(run: ImportRun) -> Iterator[bytes]:
    """The report to be sent piece by piece. It is written to a file first, because it may be longer than memory."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as file:
        write_report(run, file)
        file.seek(0)
        while piece := file.read(1 << 16):
            yield piece.encode()


def write_report(run: ImportRun, out: TextIO) -> None:
    """The whole report as JSON, piece by piece: it may be longer than memory."""
    if run.refusal:
        facts = dict(run.refusal)
        refusal = Refused(facts.pop("code"), **facts)
        _write_document(out, {"refused": {"code": refusal.code, "sentence": refusal.sentence}}, {})
        return
    head = {
        "run": run.public_id,
        "file": run.file_name,
        "format": run.format,
        "dry_run": run.is_dry_run,
        "rows": run.counts.get("rows", {}),
        "products": run.counts.get("products", {}),
        "refusals": _counted(run, is_refusal=True),
        "warnings": _counted(run, is_refusal=False),
        **run.details,
    }
    lists = {
        "refusals.listed": _problems(run, is_refusal=True),
        "warnings.listed": _problems(run, is_refusal=False),
        "changes": (_change_as_plain(change) for change in run.changes.order_by("pk").iterator(chunk_size=_CHUNK)),
    }
    _write_document(out, head, lists)


def problem_of(row: ImportProblem) -> Problem:
    """The problem a row remembers; its sentence is in the reader's language."""
    return Problem(row.code, row.line, row.column, row.facts)


def _counted(run: ImportRun, *, is_refusal: bool) -> dict[str, Any]:
    codes = run.problems.filter(is_refusal=is_refusal).order_by().values_list("code").annotate(count=Count("pk"))
    by_code = dict(sorted(codes))
    return {"count": sum(by_code.values()), "by_code": by_code}


def _problems(run: ImportRun, *, is_refusal: bool) -> Iterator[dict[str, Any]]:
    rows = run.problems.filter(is_refusal=is_refusal).order_by("line", "pk")
    return (problem_of(row).as_plain() for row in rows.iterator(chunk_size=_CHUNK))


def _change_as_plain(change: ImportChange) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "lines": change.lines,
        "outcome": (Outcome.CREATED if change.is_creation else Outcome.UPDATED).value,
        "sku": change.sku,
    }
    if change.is_creation:
        return plain | {"title": change.after.get("title_en", "")}
    return plain | {"before": change.before, "after": change.after} | ({"kept": change.kept} if change.kept else {})


def _write_document(out: TextIO, head: dict[str, Any], lists: Mapping[str, Iterable[dict[str, Any]]]) -> None:
    """The head as it is, then each list by a name of its own, or of a name in the head ("refusals.listed")."""
    inner = {name.partition(".")[0]: rows for name, rows in lists.items() if "." in name}
    out.write("{")
    is_first = True
    for name, value in head.items():
        out.write(("" if is_first else ",") + f"\n  {json.dumps(name)}: ")
        is_first = False
        if name in inner:
            out.write(json.dumps(value, ensure_ascii=False)[:-1] + ', "listed": ')
            _write_list(out, inner[name])
            out.write("}")
        else:
            out.write(json.dumps(value, ensure_ascii=False))
    for name, rows in lists.items():
        if "." not in name:
            out.write(f",\n  {json.dumps(name)}: ")
            _write_list(out, rows)
    out.write("\n}\n")


def _write_list(out: TextIO, rows: Iterable[dict[str, Any]]) -> None:
    out.write("[")
    for number, row in enumerate(rows):
        out.write((",\n    " if number else "\n    ") + json.dumps(row, ensure_ascii=False))
    out.write("]")
