"""`python -m bench import [--rows N]`: a merchant's Shopify file beside the raw COPY of the very rows that it became."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
from django.apps import apps
from django.db import connection
from psycopg import sql

from accounts.models import AuditEntry
from bench.copying import columns_of_table, dump, seconds_of_copy
from bench.databases import new_database
from bench.goods import film_slugs, make_shop
from bench.merchant_file import write_shopify
from bench.report import Row, bounded, compared
from licensing.models import Category
from scripts.steps import ROOT, Failed, step

#: Rows a second that are promised.
RATE = 5_000
#: Times what COPY takes.
MOST = 8
#: How much more memory the largest file may take than the smallest.
MORE_MEMORY = 1.5
#: The best of so many; of a small file once is enough to see that it works.
ROUNDS, SMALL = 2, 1_000


def measure(rows: int, *, server: str, folder: Path) -> list[Row]:
    """N rows brought in, a tenth of them, and ten times as many looked at by a dry run: it takes the memory of reading,
    comparing and reporting, and spares the machine the writing of a million rows."""
    make_shop()
    source = os.environ["DATABASE_URL"]
    slugs, categories = film_slugs(), list(Category.objects.order_by("pk").values_list("code", flat=True))
    connection.close()  # nobody may be connected to what is copied
    files = {}
    for count in sorted({max(rows // 10, 1), rows, rows * 10}):
        files[count] = folder / f"{count}.csv"
        write_shopify(files[count], count, slugs, categories)
    small, large, largest = sorted(files)[0], rows, rows * 10
    with new_database(server, copy_of=source) as database, step(f"importing {small:,} rows"):
        few = _in_a_child(database, files[small])
    whole = [_import(server, source, files[large], folder, large) for _round in range(ROUNDS if rows > SMALL else 1)]
    best = min((told for told, _count, _seconds in whole), key=lambda told: told["first"])
    copied, seconds = whole[0][1], min(seconds for _told, _count, seconds in whole)
    with new_database(server, copy_of=source) as database, step("looking at files: memory"):
        little = _in_a_child(database, files[small], "--dry-run")
        much = _in_a_child(database, files[largest], "--dry-run")
    for path in files.values():
        path.unlink()
    rate = large / best["first"]
    spent = f"{best['cpu']:.1f} s worker, {best['reader']:.1f} s reader, {best['database']:.1f} s database"
    cpu = f"{large:,} rows in {best['first']:.1f} s; CPU: {spent}"
    return [
        Row("import, rows a second", round(rate), "rows/s", round(rate / RATE, 3), cpu, f"≥ {RATE:,}", rate >= RATE),
        compared(
            f"import of {large:,} rows", best["first"], "s", limit=seconds, most=MOST,
            against=f"COPY of the same {copied:,} rows",
        ),
        compared(
            "import again, nothing changed", best["second"], "s", limit=best["first"], most=0.75,
            against="importing the first time",
        ),
        compared(
            f"memory of worker and reader, {large:,} rows", best["peak"], "MB", limit=few["peak"], most=MORE_MEMORY,
            against=f"{small:,} rows",
        ),
        compared(
            f"memory of a dry run, {largest:,} rows", much["peak"], "MB", limit=little["peak"], most=MORE_MEMORY,
            against=f"{small:,} rows",
        ),
        bounded(
            f"rows that went astray, of {largest:,}", largest - much["landed"], "rows", most=0,
            against="created by the dry run, one by one",
        ),
    ]  # fmt: skip


def _import(server: str, source: str, path: Path, folder: Path, rows: int) -> tuple[dict[str, Any], int, float]:
    """What an import took, how many rows of the database it wrote, and the seconds that COPY takes for them."""
    with new_database(server, copy_of=source) as database:
        with step(f"importing {rows:,} rows"):
            told = _in_a_child(database, path)
        with step("copying the same rows"):
            return told, *copy_again(database, source, folder)


def _in_a_child(database: str, path: Path, *options: str) -> dict[str, Any]:
    """Import in a process of its own. Its jobs go nowhere: what the workers would do beside it is not measured."""
    environ = {**os.environ, "DATABASE_URL": database, "BROKER_URL": "memory://"}
    command = [sys.executable, "-m", "bench.import_once", str(path), *options]
    child = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)
    if child.returncode:
        raise Failed(f"the import failed: {child.stderr.strip()}")
    told: dict[str, Any] = json.loads(child.stdout.splitlines()[-1])
    return told


def copy_again(database: str, source: str, folder: Path) -> tuple[int, float]:
    """How many rows the import left in tables that were empty before it, and the seconds that COPY takes to write them
    into the emptied tables, with their indexes and constraints, and commit."""
    with psycopg.connect(source, autocommit=True) as before:
        tables = [table for table in _tables() if not _holds_rows(before, table)]
    with psycopg.connect(database, autocommit=True) as raw:
        tables = [table for table in tables if _holds_rows(raw, table)]
        rows = sum(_dump(raw, table, folder / table) for table in tables)
        return rows, seconds_of_copy(raw, tables, folder, rounds=ROUNDS)


def _tables() -> list[str]:
    models = [*apps.get_app_config("catalog").get_models(include_auto_created=True), AuditEntry]
    return [model._meta.db_table for model in models]


def _holds_rows(raw: psycopg.Connection, table: str) -> bool:
    found = raw.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(table))).fetchone()
    return bool(found and found[0])


def _dump(raw: psycopg.Connection, table: str, path: Path) -> int:
    query = sql.SQL("COPY {} ({}) TO STDOUT").format(sql.Identifier(table), columns_of_table(raw, table))
    return dump(raw, query, path)
