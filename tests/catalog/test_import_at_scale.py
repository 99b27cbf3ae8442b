"""Imports side by side, and what a page costs."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from catalog.importing.run import import_products
from catalog.models import Price, Product
from core.importing.report import Report
from films.models import Film
from films.services import import_films
from tests.factories import make_category, make_film, make_licence, make_market, make_merchant

MAPPING = """
[columns]
sku = "Code"
title = "Name"
stock = "Pieces"
[prices]
USD = "USD"
[film]
fixed = "the-ferryman"
[category]
fixed = "mugs"
"""


def write(folder: Path, count: int, price: str = "7.50") -> tuple[Path, Path]:
    path, mapping = folder / f"goods-{count}.csv", folder / "mapping.toml"
    rows = (f"code-{number},Mug,{price},{number}" for number in range(count))
    path.write_text("\n".join(["Code,Name,USD,Pieces", *rows]))
    mapping.write_text(MAPPING)
    return path, mapping


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_imports_of_one_file_at_once_write_it_once(tmp_path: Path) -> None:
    make_market("us")
    make_category("mugs")
    merchant = make_merchant()
    make_licence(make_film("the-ferryman"), merchant)
    path, mapping = write(tmp_path, 700)
    together = Barrier(2)

    def bring_in(_number: int) -> Report:
        together.wait()
        try:
            return import_products(path, merchant, by=None, mapping_path=mapping)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        reports = [report.rows.as_plain() for report in pool.map(bring_in, range(2))]

    assert [report["in"] for report in reports] == [700, 700]
    assert sum(report["created"] for report in reports) == 700
    assert sum(report["unchanged"] for report in reports) == 700
    assert (Product.objects.count(), Price.objects.count()) == (700, 700)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_imports_of_the_same_films_at_once_write_them_once(tmp_path: Path) -> None:
    path = tmp_path / "films.csv"
    path.write_text("id,name,directed_by\n" + "".join(f"{number},Ali,Michael Mann\n" for number in range(1_500)))
    together = Barrier(2)

    def bring_in(_number: int) -> Report:
        together.wait()
        try:
            return import_films(path, by=None)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        reports = [report.rows.as_plain() for report in pool.map(bring_in, range(2))]

    assert sum(report["created"] for report in reports) == 1_500
    assert sum(report["unchanged"] for report in reports) == 1_500
    assert Film.objects.values("slug").distinct().count() == 1_500


@pytest.mark.django_db
def test_a_page_costs_the_same_queries_with_one_row_and_with_three(tmp_path: Path) -> None:
    make_market("us")
    make_category("mugs")

    def queries(count: int, price: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            path, mapping = write(tmp_path, count, price)
            report = import_products(path, merchants[count], by=None, mapping_path=mapping)
        assert report.rows.as_plain()["refused"] == 0
        return len(captured)

    film = make_film("the-ferryman")
    merchants = {count: make_merchant() for count in (0, 1, 3)}
    for merchant in merchants.values():
        make_licence(film, merchant)
    path, mapping = write(tmp_path, 2, "7")
    import_products(path, merchants[0], by=None, mapping_path=mapping)  # search learns a new word once

    created, changed, unchanged = ([queries(count, price) for count in (1, 3)] for price in ("7", "8", "8"))

    assert created[0] == created[1]
    assert changed[0] == changed[1]
    assert unchanged[0] == unchanged[1] < changed[0]
