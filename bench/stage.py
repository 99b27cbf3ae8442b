"""Staging beside the raw COPY of the rows it wrote, into the same tables with their indexes and constraints."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection
from psycopg import sql

from bench.copying import dump, seconds_of_copy
from bench.databases import new_database
from bench.goods import FILMS, film_slugs
from bench.report import Row, bounded, compared
from campaigns.models import Listing
from catalog.models import Offer, ShelfSpan
from scripts.steps import ROOT, Failed, step

#: A time is the best of so many: whatever else the machine did made the others longer. Staging very many products takes
#: minutes, in which such things even out, so it is done once; and so few that nothing is proved, once too.
ROUNDS, FEW, MANY = 2, 1_000, 50_000


@dataclass(frozen=True, slots=True)
class Staged:
    first: float
    second: float
    peak: float
    #: Product × market × channel, refused ones counted once for each channel too.
    listings: int
    copied: float
    rows: int


def staging_rows(products: int, *, server: str, folder: Path) -> list[Row]:
    """Measure N products and a tenth of them, each in a copy of the data set."""
    slugs = film_slugs()
    source = os.environ["DATABASE_URL"]
    rounds = ROUNDS if FEW <= products < MANY else 1
    connection.close()  # nobody may be connected to what is copied
    tenth = [_stage(server, source, slugs[: FILMS // 10], folder, "a tenth") for _round in range(rounds)]
    whole = [_stage(server, source, slugs, folder, f"all {products:,} products") for _round in range(rounds)]
    small, large = min(tenth, key=lambda run: run.first), min(whole, key=lambda run: run.first)
    copied = min(run.copied for run in whole)
    return [
        compared(
            f"staging {products:,} products × 4 markets", large.first, "s", limit=copied, most=2.5,
            against=f"COPY of the same {large.rows:,} rows",
        ),
        compared(
            "staging, time per listing", large.first / large.listings * 1e6, "µs",
            limit=small.first / small.listings * 1e6, against="at a tenth of the products", most=1.2,
        ),
        compared(
            "staging again, nothing changed", min(run.second for run in whole), "s", limit=large.first,
            against="staging the first time", most=0.2,
        ),
        bounded("staging, memory of the worker at most", max(run.peak for run in whole), "MB", most=400, against="a fixed bound"),
    ]  # fmt: skip


def _stage(server: str, source: str, films: list[str], folder: Path, what: str) -> Staged:
    with new_database(server, copy_of=source) as database:
        with step(f"staging {what}"):
            told = _in_a_child(database, films)
        with step("copying the same rows"):
            rows, copied = _copy_again(database, folder)
    return Staged(told["first"], told["second"], told["peak"], told["listings"] + 2 * told["refused"], copied, rows)


def _in_a_child(database: str, films: list[str]) -> dict[str, Any]:
    """Stage in a process of its own. Its jobs go nowhere: what the workers would do beside it is not measured."""
    environ = {**os.environ, "DATABASE_URL": database, "BROKER_URL": "memory://"}
    command = [sys.executable, "-m", "bench.stage_once", *films]
    child = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)
    if child.returncode:
        raise Failed(f"staging failed: {child.stderr.strip()}")
    told: dict[str, Any] = json.loads(child.stdout.splitlines()[-1])
    return told


def _copy_again(database: str, folder: Path) -> tuple[int, float]:
    """How many rows staging wrote, and the seconds that COPY takes to write them into the emptied tables and commit."""
    tables = [model._meta.db_table for model in (Offer, Listing, ShelfSpan)]
    with psycopg.connect(database, autocommit=True) as raw:
        rows = sum(_dump(raw, table, folder / table) for table in tables)
        return rows, seconds_of_copy(raw, tables, folder, rounds=ROUNDS)


def _dump(raw: psycopg.Connection, table: str, path: Path) -> int:
    """Write the rows of `table` that the campaign's products and markets have; return how many they are."""
    query = sql.SQL(
        "COPY (SELECT rows.* FROM {} AS rows WHERE EXISTS (SELECT FROM catalog_offer AS offer"
        " WHERE offer.product_id = rows.product_id AND offer.market_id = rows.market_id)) TO STDOUT"
    ).format(sql.Identifier(table))
    return dump(raw, query, path)
