"""The bench of the API runs and says what it has to say."""

import json

import pytest

from tests.bench.running import COLUMNS, run_bench


@pytest.mark.postgres
def test_api_asks_with_a_key_and_brings_a_file_in() -> None:
    told, table = run_bench("api", "--products", "60", "--json", "-")

    rows = json.loads(told)
    names = [row["name"] for row in rows]
    kinds = ("list of 100 products", "one product", "stock write")
    assert [set(row) for row in rows] == [COLUMNS] * len(rows)
    assert names[:6] == [f"{kind}, 60 products" for kind in kinds] + [f"{kind}, flat" for kind in kinds]
    assert names[6].startswith("file of 60 rows")
    assert min(row["value"] for row in rows) > 0
    assert "bench api, 60 products" in table
