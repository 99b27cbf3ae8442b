"""The limit that writing is measured against: COPY of the same rows into the same tables."""

import time
from pathlib import Path

import psycopg
from psycopg import sql

_BLOCK = 1 << 20


def seconds_of_copy(raw: psycopg.Connection, tables: list[str], folder: Path, *, rounds: int) -> float:
    """The least seconds that COPY takes to write what `folder` holds of each table into the emptied tables, with their
    indexes and constraints, and commit. The files are gone afterwards."""
    seconds = []
    for _round in range(rounds):
        raw.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(map(sql.Identifier, tables))))
        began = time.perf_counter()
        # Foreign keys are checked at the commit, so the commit is part of it.
        with raw.transaction():
            for table in tables:
                _load(raw, table, folder / table)
        seconds.append(time.perf_counter() - began)
    for table in tables:
        (folder / table).unlink()
    return min(seconds)


def dump(raw: psycopg.Connection, query: sql.Composed, path: Path) -> int:
    """Write what `query`, a COPY to standard output, answers with to a file; return how many rows that is."""
    with raw.cursor() as cursor:
        with cursor.copy(query) as source, path.open("wb") as target:
            for block in source:
                target.write(block)
        return cursor.rowcount


def columns_of_table(raw: psycopg.Connection, table: str) -> sql.Composed:
    """Those that the database computes itself are left out: COPY takes none."""
    found = raw.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND table_schema = current_schema()"
        " AND is_generated = 'NEVER' ORDER BY ordinal_position",
        [table],
    )
    return sql.SQL(", ").join(sql.Identifier(name) for (name,) in found.fetchall())


def _load(raw: psycopg.Connection, table: str, path: Path) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), columns_of_table(raw, table))
    with raw.cursor() as cursor, cursor.copy(statement) as target, path.open("rb") as source:
        while block := source.read(_BLOCK):
            target.write(block)
