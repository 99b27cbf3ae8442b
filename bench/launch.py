"""`python -m bench launch`: staging beside COPY, and what shoppers see around the start of a campaign."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.databases import new_database
from bench.goods import make_goods
from bench.report import Row, bounded
from bench.stage import staging_rows
from bench.watch import AFTER, BEFORE, RATE
from scripts.steps import ROOT, Failed

#: The launch that is watched needs no more goods than these.
MOST_WATCHED = 10_000


def measure(products: int, *, server: str, folder: Path) -> list[Row]:
    make_goods(products)
    rows = staging_rows(products, server=server, folder=folder)
    with new_database(server) as database:
        environ = {**os.environ, "DATABASE_URL": database}
        command = [sys.executable, "-m", "bench.watch_once", str(min(products, MOST_WATCHED)), str(folder)]
        child = subprocess.run(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True)
    if child.returncode:
        raise Failed("the launch could not be watched; the reason stands above")
    alive, killed = json.loads(child.stdout.splitlines()[-1])
    return [*rows, *_watched_rows("workers alive", alive), *_watched_rows("workers killed", killed)]


def _watched_rows(how: str, told: dict[str, Any]) -> Iterator[Row]:
    against = f"{told['answers']} answers across the start of {told['listings']:,} listings"
    for verdict in ("mixed", "early", "late", "failed"):
        yield bounded(f"launch, {how}: {verdict} answers", told[verdict], "answers", most=0, against=against)
    rate = told["answers"] / (BEFORE + AFTER)
    asked = f"{RATE * 5} a second asked for"
    yield Row(
        f"launch, {how}: requests",
        round(rate, 1),
        "a second",
        round(rate / RATE / 5, 3),
        asked,
        "≥ 0.9 ×",
        rate >= RATE * 4.5,
    )
    slowest = max(told["first"], key=told["first"].__getitem__)
    yield bounded(
        f"launch, {how}: first new answer",
        told["first"][slowest],
        "polls",
        most=1,
        against=f"of every kind; last: {slowest}",
    )
