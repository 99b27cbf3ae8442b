"""The bench of the search runs and says what it has to say."""

import json

import pytest

from tests.bench.running import COLUMNS, run_bench


@pytest.mark.postgres
def test_search_measures_every_kind_of_question_beside_one_look_up() -> None:
    told, table = run_bench("search", "--products", "60", "--json", "-")

    rows = {row["name"]: row for row in json.loads(told)}
    assert all(set(row) == COLUMNS for row in rows.values())
    for kind in (
        "one word",
        "Chinese",
        "pinyin",
        "a typo, mended",
        "suggestions",
        "facets, filtered",
        "a filtered page",
    ):
        assert {f"{kind}, database", f"{kind}, application", f"{kind}, 19 of 20 within"} <= rows.keys()
    assert "bench search, 60 products" in table
