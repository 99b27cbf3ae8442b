"""The bench of pages runs and says what it has to say."""

import json

import pytest

from tests.bench.running import COLUMNS, run_bench


@pytest.mark.postgres
def test_pages_writes_json_to_standard_output_and_the_table_beside_it() -> None:
    told, table = run_bench("pages", "--products", "60", "--json", "-")

    rows = json.loads(told)
    names = [row["name"] for row in rows]
    assert [set(row) for row in rows] == [COLUMNS] * len(rows)
    assert names[:6] == [f"{page}, cold" for page in PAGES]
    assert names[6:12] == [f"{page}, warm" for page in PAGES]
    assert [row["name"] for row in rows if row["unit"] == "queries" and not row["ok"]] == []
    assert "bench pages, 60 products" in table
    assert "PostgreSQL" in table


PAGES = ("product", "home", "film", "list of 24", "list of 24, 12,000 down", "search")
