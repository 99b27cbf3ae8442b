"""Rows of one product that stand apart in a file, brought together.

They wait in a private database on disk (SQLite's, without a name: it is gone with its connection), which sorts them there.
Memory stays the same for a hundred rows and for a million; the price is that such a file is written and read once more.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

_CACHE_KB = 8_000
_AT_ONCE = 500


class Spool:
    """Rows with a few columns to sort by. `insert` everything, then read them back in an order."""

    def __init__(self, tables: str) -> None:
        self._connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._connection.execute(f"PRAGMA cache_size = -{_CACHE_KB}")
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "temp_store = FILE"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.executescript(tables)
        self._connection.execute("BEGIN")

    def insert(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        self._connection.executemany(statement, rows)

    def put(self, statement: str, row: tuple[Any, ...]) -> bool:
        """Whether the row was taken; an `INSERT OR IGNORE` leaves one out that is there already."""
        return self._connection.execute(statement, row).rowcount > 0

    def row(self, query: str, parameters: tuple[Any, ...]) -> tuple[Any, ...] | None:
        found: tuple[Any, ...] | None = self._connection.execute(query, parameters).fetchone()
        return found

    def rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        cursor = self._connection.execute(query)
        while page := cursor.fetchmany(_AT_ONCE):
            yield from page

    def close(self) -> None:
        self._connection.close()


def packed(cells: dict[str, str]) -> str:
    return json.dumps(list(cells.values()), ensure_ascii=False)


def unpacked(text: str, header: list[str]) -> dict[str, str]:
    return dict(zip(header, json.loads(text), strict=True))


class Spooled:
    """A table whose rows are read twice: how far the reading is, over both times."""

    def __init__(self, table: Any) -> None:
        self.table = table
        self.header: list[str] = table.header
        self._done = 0
        self._rows = 0

    @property
    def bytes_read(self) -> int:
        first: int = self.table.bytes_read
        if not self._rows:
            return first // 2
        return first // 2 + (first - first // 2) * self._done // self._rows
