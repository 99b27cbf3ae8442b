"""The bench of the checkout runs, sells what there is, and says what it has to say."""

import json

import pytest

from tests.bench.running import COLUMNS, run_bench


@pytest.mark.postgres
def test_checkout_sells_what_there_is_and_counts_it() -> None:
    told, table = run_bench("checkout", "--products", "60", "--seconds", "1", "--clients", "2", "--json", "-")

    rows = {row["name"]: row for row in json.loads(told)}
    assert all(set(row) == COLUMNS for row in rows.values())
    one, many, statements, beyond, unsold, disagreeing = rows.values()
    assert one["name"] == "orders a second, one variant"
    assert min(one["value"], many["value"]) > 0
    assert one["target"] == many["target"] == "≥ 0.12 ×"
    assert statements["ok"]
    assert (beyond["value"], unsold["value"], disagreeing["value"]) == (0, 0, 0)
    assert "bench checkout, 60 products" in table
