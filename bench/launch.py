"""`python -m bench launch`: staging beside COPY, and what shoppers see around the start of a campaign."""

from pathlib import Path

from bench.goods import make_goods
from bench.report import Row
from bench.stage import staging_rows


def measure(products: int, *, server: str, folder: Path) -> list[Row]:
    make_goods(products)
    return staging_rows(products, server=server, folder=folder)
