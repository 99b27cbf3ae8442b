"""Writing a merchant's products out. Memory is bounded: products are read a page at a time; rows of a table wait on disk
until every column that one of them has is known."""

import csv
import io
import json
import os
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.utils import timezone

from catalog.exporting.goods import Goods, goods_of
from catalog.exporting.jsonl import line_of
from catalog.exporting.shopify import ShopifyRows
from catalog.exporting.table import TableRows
from catalog.importing.layout import Layout
from catalog.importing.load import load_known
from catalog.importing.spool import Spool
from catalog.models import Market, Price
from catalog.queries.markets import markets_of
from core.errors import Refused
from merchants.models import Merchant

FORMATS = ("shopify", "jsonl", "csv")
_ROW = "CREATE TABLE line (number INTEGER PRIMARY KEY, cells TEXT);"


def export_products(
    merchant: Merchant,
    *,
    format: str = "shopify",  # noqa: A002 — what it is called on the command line
    market: str = "",
    at: datetime | None = None,
) -> Iterator[str]:
    """The merchant's products as text, a line or so at a time; `market` says whose prices a Shopify file holds.

    Refuses `unknown_format`, `unknown_market`, and `market_missing` where prices stand in several markets and none is named.
    What is refused is refused before the first piece. Market, films and categories are read then; products as they are asked for.
    """
    now = at or timezone.now()
    markets = list(markets_of(merchant.pk))
    if format not in FORMATS:
        raise Refused("unknown_format", problem=", ".join(FORMATS))
    if market and market not in {known.code for known in markets}:
        raise Refused("unknown_market", market=market, choices=", ".join(known.code for known in markets))
    goods = goods_of(merchant, at=now)
    if format == "jsonl":
        return (line_of(one, markets) for one in goods)
    if format == "csv":
        chosen = [known for known in markets if not market or known.code == market]
        return _table(TableRows(chosen), goods)
    known = load_known(merchant, Layout("shopify", {}), at=now)
    return _table(ShopifyRows(known, _market(merchant, markets, market)), goods)


def export_to(path: Path, pieces: Iterator[str]) -> int:
    """Write the pieces to a file that is there whole or not at all; how many bytes it has."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return size


def _market(merchant: Merchant, markets: list[Market], wanted: str) -> Market:
    """A Shopify file has one column of prices: of the market that is named, or of the only one with prices."""
    if wanted:
        return next(market for market in markets if market.code == wanted)
    priced = [
        market
        for market in markets
        if Price.objects.filter(variant__product__merchant=merchant, market=market).exists()
    ]
    if len(priced) > 1:
        raise Refused("market_missing", choices=", ".join(market.code for market in priced))
    if not markets:
        raise Refused("unknown_market", market=wanted, choices="")
    return (priced or markets)[0]


def _table(writer: ShopifyRows | TableRows, goods: Iterator[Goods]) -> Iterator[str]:
    """CSV of the writer's columns and, behind them, of every other that a row has."""
    spool = Spool(_ROW)
    others: set[str] = set()
    try:
        for one in goods:
            for row in writer.rows(one):
                told = {column: text for column, text in row.items() if text}
                others.update(told)
                spool.insert("INSERT INTO line (cells) VALUES (?)", [(json.dumps(told, ensure_ascii=False),)])
        columns = [*writer.columns, *sorted(others - set(writer.columns))]
        yield _line(columns)
        for _number, cells in spool.rows("SELECT number, cells FROM line ORDER BY number"):
            told = json.loads(cells)
            yield _line([told.get(column, "") for column in columns])
    finally:
        spool.close()


def _line(cells: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()
