"""What has to be found again while lines are counted: a sale by its id, returns that wait for it, digests in order.

In memory for a case, in a file of its own for a stream of any length: what a million lines take there is disk, not memory.
"""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from core.errors import Refused
from licensing.royalties.lines import Goods, Return

BATCH = 10_000


class Sold(NamedTuple):
    """A sale line that can be returned: which cell counted it, and what it was."""

    cell: int
    quantity: int
    amount: Decimal
    tax_rate: Decimal


@dataclass(frozen=True, slots=True)
class Waiting:
    """A return whose sale is looked up once all lines are counted; `since` is the part of its period that it falls in."""

    line: Return
    since: date
    where: str


class LineIndex(Protocol):
    def claim(self, kind: str, name: str) -> None:
        """Refuses `DUPLICATE_ID` for an id that another line of its kind has."""

    def sell(self, name: str, sold: Sold, where: str) -> None:
        """Remember a sale; refuses `DUPLICATE_ID` at `where` it stands, now or when it is written."""

    def wait(self, period: str, waiting: Waiting) -> None: ...

    def waiting(self, period: str) -> Iterator[Waiting]: ...

    def find(self, name: str) -> Sold | None: ...

    def take_back(self, name: str, quantity: int) -> int:
        """How many of a sale have come back, these among them."""

    def digest(self, period: str, digest: bytes) -> None: ...

    def digests(self, period: str) -> Iterator[bytes]:
        """Those of a period, sorted."""


class MemoryIndex:
    def __init__(self) -> None:
        self._claimed: set[tuple[str, str]] = set()
        self._sold: dict[str, Sold] = {}
        self._waiting: dict[str, list[Waiting]] = {}
        self._back: dict[str, int] = {}
        self._digests: dict[str, list[bytes]] = {}

    def claim(self, kind: str, name: str) -> None:
        if (kind, name) in self._claimed:
            raise Refused("DUPLICATE_ID", id=name)
        self._claimed.add((kind, name))

    def sell(self, name: str, sold: Sold, where: str) -> None:
        if name in self._sold:
            raise Refused("DUPLICATE_ID", path=where, id=name)
        self._sold[name] = sold

    def wait(self, period: str, waiting: Waiting) -> None:
        self._waiting.setdefault(period, []).append(waiting)

    def waiting(self, period: str) -> Iterator[Waiting]:
        return iter(self._waiting.get(period, ()))

    def find(self, name: str) -> Sold | None:
        return self._sold.get(name)

    def take_back(self, name: str, quantity: int) -> int:
        self._back[name] = self._back.get(name, 0) + quantity
        return self._back[name]

    def digest(self, period: str, digest: bytes) -> None:
        self._digests.setdefault(period, []).append(digest)

    def digests(self, period: str) -> Iterator[bytes]:
        return iter(sorted(self._digests.get(period, ())))


class FileIndex:
    """The same in a temporary SQLite file at `path`: nothing of it outlives the run, so nothing of it is made durable."""

    def __init__(self, path: Path) -> None:
        self._file = sqlite3.connect(path, isolation_level=None)
        self._file.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE; PRAGMA cache_size=-16384;"
            "PRAGMA temp_store=FILE;"
            "CREATE TABLE claimed (kind TEXT, id TEXT, PRIMARY KEY (kind, id)) WITHOUT ROWID;"
            "CREATE TABLE sold (id TEXT PRIMARY KEY, cell INTEGER, quantity INTEGER, amount TEXT, tax_rate TEXT,"
            " number INTEGER, back INTEGER DEFAULT 0) WITHOUT ROWID;"
            "CREATE TABLE waiting (period TEXT, line TEXT);"
            "CREATE TABLE digests (period TEXT, digest BLOB);"
            "BEGIN;"
        )
        self._sold: list[tuple[str, int, int, str, str, int]] = []
        self._wheres: list[str] = []
        self._digests: list[tuple[str, bytes]] = []
        self._count = 0

    def close(self) -> None:
        self._file.close()

    def claim(self, kind: str, name: str) -> None:
        try:
            self._file.execute("INSERT INTO claimed VALUES (?, ?)", (kind, name))
        except sqlite3.IntegrityError:
            raise Refused("DUPLICATE_ID", id=name) from None

    def sell(self, name: str, sold: Sold, where: str) -> None:
        self._count += 1
        self._sold.append((name, sold.cell, sold.quantity, str(sold.amount), str(sold.tax_rate), self._count))
        self._wheres.append(where)
        if len(self._sold) >= BATCH:
            self._write()

    def wait(self, period: str, waiting: Waiting) -> None:
        self._file.execute("INSERT INTO waiting VALUES (?, ?)", (period, _as_text(waiting)))

    def waiting(self, period: str) -> Iterator[Waiting]:
        for (text,) in self._file.execute("SELECT line FROM waiting WHERE period = ? ORDER BY rowid", (period,)):
            yield _from_text(text)

    def find(self, name: str) -> Sold | None:
        if self._sold:
            self._write()
        row = self._file.execute("SELECT cell, quantity, amount, tax_rate FROM sold WHERE id = ?", (name,)).fetchone()
        return row and Sold(row[0], row[1], Decimal(row[2]), Decimal(row[3]))

    def take_back(self, name: str, quantity: int) -> int:
        self._file.execute("UPDATE sold SET back = back + ? WHERE id = ?", (quantity, name))
        return int(self._file.execute("SELECT back FROM sold WHERE id = ?", (name,)).fetchone()[0])

    def digest(self, period: str, digest: bytes) -> None:
        self._digests.append((period, digest))
        if len(self._digests) >= BATCH:
            self._write()

    def digests(self, period: str) -> Iterator[bytes]:
        self._write()
        for (digest,) in self._file.execute("SELECT digest FROM digests WHERE period = ? ORDER BY digest", (period,)):
            yield digest

    def _write(self) -> None:
        sold, self._sold = self._sold, []
        wheres, self._wheres = self._wheres, []
        columns = "(id, cell, quantity, amount, tax_rate, number)"
        before = self._file.total_changes
        self._file.executemany(f"INSERT OR IGNORE INTO sold {columns} VALUES (?, ?, ?, ?, ?, ?)", sold)  # noqa: S608 — constants
        if self._file.total_changes - before < len(sold):
            name, where = next(
                (row[0], at) for row, at in zip(sold, wheres, strict=True) if self._number_of(row[0]) != row[-1]
            )
            raise Refused("DUPLICATE_ID", path=where, id=name)
        self._file.executemany("INSERT INTO digests VALUES (?, ?)", self._digests)
        self._digests = []

    def _number_of(self, name: str) -> int:
        return int(self._file.execute("SELECT number FROM sold WHERE id = ?", (name,)).fetchone()[0])


def _as_text(waiting: Waiting) -> str:
    line = waiting.line
    plain: list[Any] = [
        line.id,
        line.quantity,
        line.amount,
        line.tax_rate,
        line.of,
        line.sold_in,
        line.goods,
        line.rate,
    ]
    return json.dumps([*plain, line.fx, line.returned_on, line.currency, waiting.since, waiting.where], default=str)


def _from_text(text: str) -> Waiting:
    name, quantity, amount, tax_rate, of, sold_in, goods, rate, fx, returned_on, currency, since, where = json.loads(
        text
    )
    line = Return(
        name,
        quantity,
        Decimal(amount) if amount is not None else None,
        Decimal(tax_rate),
        of,
        sold_in,
        Goods(tuple((name, points) for name, points in goods[0]), *goods[1:]) if goods else None,
        Fraction(rate) if rate is not None else None,
        Decimal(fx) if fx is not None else None,
        date.fromisoformat(returned_on) if returned_on else None,
        currency,
    )
    return Waiting(line, date.fromisoformat(since), where)
